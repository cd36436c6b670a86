"""The casebook: facts and cases of the patients in question, kept in memory so that an entry costs no query.

It holds nothing that the tables do not; whoever is not in it is loaded from them, and the longest unused go.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, and_, select, tuple_

from server_stub.verify import provisional, schema
from server_stub.verify.case import Alert, Case
from server_stub.verify.facts import Back, Chart, Fact, Key, Move, Removal, Word
from server_stub.verify.matching import match
from server_stub.verify.settings import DEFAULT_MINUTES, MINUTES
from server_stub.verify.verdict import SUPPLY, Stay, authority, matched, overridden, stays

MAX_PATIENTS = 2000
_AT_ONCE = 500

FACTS: dict[type[Any], Table] = {
    Removal: schema.removals,
    Back: schema.given_back,
    Chart: schema.charted,
    Move: schema.movements,
    Word: schema.order_words,
}


@dataclass
class Drug:
    """What is known of one item for one patient."""

    cases: list[Case] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)


@dataclass
class Patient:
    """What is known of one patient."""

    drugs: dict[str, Drug] = field(default_factory=lambda: defaultdict(Drug))
    moves: list[Move] = field(default_factory=list)
    words: dict[str, list[Word]] = field(default_factory=lambda: defaultdict(list))
    stays: list[Stay] | None = None
    stale: set[str] = field(default_factory=set)

    def add(self, fact: Fact) -> set[str]:
        """Take a fact in; gives the items whose cases it may change."""
        touched = self._take(fact)
        self.stale |= touched
        return touched

    def _take(self, fact: Fact) -> set[str]:
        if isinstance(fact, Move):
            self.moves.append(fact)
            self.stays = None
            return set(self.drugs)
        if isinstance(fact, Word):
            self.words[fact.order].append(fact)
            return {word.item for word in self.words[fact.order]} & self.drugs.keys()
        drug = self.drugs[fact.item]
        if isinstance(fact, Removal):
            drug.cases.append(Case(fact))
        elif isinstance(fact, Back):
            drug.backs.append(fact)
        else:
            drug.charts.append(fact)
        return {fact.item}

    def judge(self, item: str) -> list[Case]:
        """The cases of an item, judged anew if a fact has touched them since."""
        drug = self.drugs[item]
        if item not in self.stale:
            return drug.cases
        self.stale.discard(item)
        if self.stays is None:
            self.stays = stays(self.moves)
        orders = [words for words in self.words.values() if any(word.item == item for word in words)]
        shares = match([case.removal for case in drug.cases], drug.backs, drug.charts)
        for case in drug.cases:
            case.share = shares[case.removal.key]
            at_ms = case.removal.utc_ms
            case.authority = authority(item, at_ms, orders, self.stays)
            if case.removal.override:
                case.authority = overridden(case.authority)
                case.matched = matched(item, at_ms, orders)
        return drug.cases


class Touched(NamedTuple):
    """Cases that may have changed: one item of one patient."""

    patient: str
    item: str


class Book:
    """The casebook; `changed` are the removals whose verdict changed, for whoever drains it (`keep_changes`)."""

    def __init__(self, *, keep_changes: bool = False) -> None:
        self.changed: dict[Key, None] = {}
        self._keep_changes = keep_changes
        self.forget()

    def forget(self) -> None:
        """Read everything anew (after a transaction that failed)."""
        self._patients: OrderedDict[str, Patient] = OrderedDict()
        self._cases: dict[Key, Case] = {}
        self._minutes: int | None = None
        self._merged: dict[tuple[str, str], str] | None = None
        self.changed.clear()

    def interval_ms(self, conn: Connection) -> int:
        """The time there is for charting a removal taken in now."""
        if self._minutes is None:
            table = schema.verify_settings.c
            self._minutes = conn.scalar(select(table.value).where(table.name == MINUTES)) or DEFAULT_MINUTES
        return self._minutes * 60_000

    def set_minutes(self, minutes: int) -> None:
        """As an entry of the centre's log says."""
        self._minutes = minutes

    def forget_merged(self) -> None:
        """Somebody said who a provisional patient is, or that there is a new one."""
        self._merged = None

    def of_whom(self, conn: Connection, fact: Fact) -> Fact:
        """The fact with the patient whom a provisional one turned out to be."""
        if self._merged is None:
            self._merged = provisional.merged(conn)
        if not self._merged or not isinstance(fact, Removal | Back):
            return fact
        return fact._replace(patient=self._merged.get((fact.station, fact.patient), fact.patient))

    def join(self, conn: Connection, patient: str, into: str) -> list[Case]:
        """The facts of one patient have become another's in the tables: read both anew; gives the other's cases."""
        for name in {patient, into} & self._patients.keys():
            self._drop(name)
        self._load(conn, {into})
        return [case for drug in self._patients[into].drugs.values() for case in drug.cases]

    def take(self, conn: Connection, facts: Iterable[Fact]) -> set[Touched]:
        """Take in facts that are in the tables already; gives what they touch."""
        facts = list(facts)
        new = self._load(conn, {fact.patient for fact in facts})
        touched: set[Touched] = set()
        for fact in facts:
            patient = self._patients[fact.patient]
            items = patient.drugs.keys() if fact.patient in new else patient.add(fact)
            touched.update(Touched(fact.patient, item) for item in items)
            if isinstance(fact, Removal) and fact.patient not in new:
                self._cases[fact.key] = patient.drugs[fact.item].cases[-1]
        return touched

    def judge(self, touched: Iterable[Touched]) -> list[Case]:
        """Judge anew; gives the cases."""
        return [case for patient, item in sorted(touched) for case in self._patients[patient].judge(item)]

    def note(self, case: Case) -> None:
        """The verdict of this case has changed."""
        if self._keep_changes:
            self.changed[case.removal.key] = None

    def cases(self, conn: Connection, keys: Iterable[Key]) -> dict[Key, Case]:
        """The cases of these removals, judged, as far as there are such."""
        keys = list(keys)
        owners = {self._cases[key].removal.patient for key in keys if key in self._cases}
        self._load(conn, owners | _owners(conn, [key for key in keys if key not in self._cases]))
        return {key: self._cases[key] for key in keys if key in self._cases}

    def _load(self, conn: Connection, patients: set[str]) -> set[str]:
        """Load those who are not here; gives who was loaded."""
        for patient in patients & self._patients.keys():
            self._patients.move_to_end(patient)
        new = patients - self._patients.keys()
        self._make_room(len(new), keep=patients)
        ordered = sorted(new)
        for at in range(0, len(ordered), _AT_ONCE):
            self._load_some(conn, ordered[at : at + _AT_ONCE])
        return new

    def _make_room(self, coming: int, keep: set[str]) -> None:
        for patient in list(self._patients):
            if len(self._patients) + coming <= MAX_PATIENTS or patient in keep:
                break
            self._drop(patient)

    def _drop(self, patient: str) -> None:
        for drug in self._patients.pop(patient).drugs.values():
            for case in drug.cases:
                del self._cases[case.removal.key]

    def _load_some(self, conn: Connection, names: list[str]) -> None:
        for name in names:
            self._patients[name] = Patient()
        for made, table in FACTS.items():
            for row in conn.execute(select(table).where(table.c.patient.in_(names))):
                self._patients[row.patient].add(made(*row))
        self._load_decisions(conn, names)
        for name in names:
            for item in list(self._patients[name].drugs):
                self._patients[name].judge(item)

    def _load_decisions(self, conn: Connection, names: list[str]) -> None:
        drugs = [drug for name in names for drug in self._patients[name].drugs.values()]
        cases = {case.removal.key: case for drug in drugs for case in drug.cases}
        if not cases:
            return
        self._cases.update(cases)
        for row in conn.execute(_of(schema.verdicts, names)):
            case = cases[row.station, row.log, row.seq]
            case.row, case.expired, case.supply = dict(row._mapping), bool(row.expired), row.verdict == SUPPLY
        for row in conn.execute(_of(schema.alerts, names)):
            alert = Alert(row.code, row.state, row.by, row.user, row.raised_ms, row.over_ms)
            cases[row.station, row.log, row.seq].alerts[row.facet] = alert


def _owners(conn: Connection, keys: list[Key]) -> set[str]:
    table = schema.removals.c
    found: set[str] = set()
    for at in range(0, len(keys), _AT_ONCE):
        some = tuple_(table.station, table.log, table.seq).in_(keys[at : at + _AT_ONCE])
        found.update(conn.scalars(select(table.patient).where(some)))
    return found


def _of(table: Table, names: list[str]) -> Any:
    removal = schema.removals.c
    same = and_(table.c.station == removal.station, table.c.log == removal.log, table.c.seq == removal.seq)
    return select(table).join(schema.removals, same).where(removal.patient.in_(names))
