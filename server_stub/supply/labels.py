"""The projections `label_facts` and `pick_labels`: what was said of pick labels, and what became of each package.

Whatever is new makes everything of its serial near that time be worked out again from all facts (generations.py), so
that a delivery may come before its pick: what the tables hold in the end does not depend on the order of arrival. A
corrected label follows from the one it replaces, and is worked out after it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, tuple_, update

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.supply import schema
from server_stub.supply.generations import WINDOW_MS, Fact, Label, Origin, build
from server_stub.supply.settings import DEFAULT_HOURS, LABEL_HOURS, said

MINUTE_MS = 60_000
_SETTING = (kinds.OPERATOR, kinds.PICKING_RULES)

_F, _L, _S = schema.label_facts.c, schema.pick_labels.c, schema.supply_settings.c
_ENTRY = ("station", "log", "seq")
_JUDGED = ("picked_ms", "taken", "finding")
_JUDGE = (
    update(schema.label_facts)
    .where(and_(*(_F[name] == bindparam(f"of_{name}") for name in _ENTRY)))
    .values({name: bindparam(f"now_{name}") for name in _JUDGED})
)
_GONE = delete(schema.pick_labels).where(and_(_L.label == bindparam("serial"), _L.picked_ms == bindparam("at_ms")))


class _Span(NamedTuple):
    """What is worked out at once: these serials, near these times."""

    labels: set[str]
    first_ms: int
    last_ms: int

    def near(self, times: Any, windows: int) -> Any:
        """A condition: within so many windows of the span."""
        return times.between(self.first_ms - windows * WINDOW_MS, self.last_ms + windows * WINDOW_MS)

    def has(self, ms: int) -> bool:
        """Is everything known that decides what is at `ms`?"""
        return self.first_ms - WINDOW_MS <= ms <= self.last_ms + WINDOW_MS


class Labels:
    """What the fold keeps of packages between pharmacy and pocket."""

    KINDS = frozenset((kinds.PICKED, kinds.CHECKED, kinds.DELIVERED, *_SETTING))

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def apply(self, entry: Entry) -> None:
        """A pick, a check, a delivery, or a setting from now on."""
        if entry.kind not in _SETTING or said(entry):
            self._entries.append(entry)

    def flush(self, conn: Connection) -> None:
        """Write what the entries since the last flush changed."""
        if not self._entries:
            return
        facts = list(_facts(conn, self._entries))
        self._entries = []
        if facts:
            conn.execute(insert(schema.label_facts), [fact._asdict() for fact in facts])
        touched = {(fact.label, fact.ms) for fact in facts}
        while touched:
            touched = _work_out(conn, touched)


def good_hours(conn: Connection) -> int:
    """For how many hours a label of a pick that comes now is good."""
    return conn.scalar(select(_S.value).where(_S.name == LABEL_HOURS)) or DEFAULT_HOURS


def _facts(conn: Connection, entries: Iterable[Entry]) -> Iterable[Fact]:
    good = good_hours(conn)
    for entry in entries:
        if entry.kind in _SETTING:
            settings = said(entry)
            good = settings.get(LABEL_HOURS, good)
            rows = [{"name": name, "value": value} for name, value in settings.items()]
            conn.execute(upsert(conn, schema.supply_settings, ("name",)), rows)
        else:
            yield _READ[entry.kind](entry, good * 60)


def _fact(entry: Entry, label: str, ms: int, *, until_min: int, **more: Any) -> Fact:
    known: dict[str, Any] = {"for_station": "", "result": 0, "new_label": "", "purpose": "", "address": "", **more}
    head = (entry.station, entry.log, entry.seq, entry.kind, label, ms, entry.actor, entry.item or "")
    return Fact(*head, until_min=until_min, **known)


def _picked(entry: Entry, good_min: int) -> Fact:
    label, ms, station, quantity, purpose, address = entry.ext[:6]
    more = {"for_station": station, "quantity": quantity, "purpose": purpose, "address": address}
    return _fact(entry, label, ms, until_min=ms // MINUTE_MS + good_min, **more)


def _checked(entry: Entry, good_min: int) -> Fact:
    label, ms, quantity, result, new, address = entry.ext[:6]
    more = {"quantity": quantity, "result": result, "new_label": new, "address": address}
    return _fact(entry, label, ms, until_min=ms // MINUTE_MS + good_min, **more)


def _delivered(entry: Entry, _good_min: int) -> Fact:
    label, _via, until_min = entry.ext[:3]
    return _fact(entry, label, entry.utc_ms, until_min=until_min, quantity=entry.change or 0)


_READ: dict[int, Callable[[Entry, int], Fact]] = {
    kinds.PICKED: _picked,
    kinds.CHECKED: _checked,
    kinds.DELIVERED: _delivered,
}


def _work_out(conn: Connection, touched: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Bring the rows of these serials up to date; gives the corrected labels that may have changed by it."""
    times = [ms for _, ms in touched]
    span = _Span({label for label, _ in touched}, min(times), max(times))
    facts, issues, held = _told(conn, span), _issues(conn, span), _held(conn, span)
    follow: set[tuple[str, int]] = set()
    for label in sorted(span.labels):
        made, said = _built(facts[label], issues[label])
        judged = [fact for fact in said if span.has(fact.ms)]
        rows = {row.picked_ms: row for row in made if span.has(row.picked_ms)}
        changed = {ms for ms, row in rows.items() if row != held[label].get(ms)}
        fresh = set(judged) - set(facts[label])
        _forget(conn, label, held[label].keys() - rows.keys())
        _write(conn, [rows[ms] for ms in sorted(changed)], sorted(fresh))
        follow |= {(f.new_label, f.ms) for f in judged if f.new_label and (f in fresh or f.picked_ms in changed)}
    return follow


def _built(facts: Iterable[Fact], issues: Iterable[Origin]) -> tuple[list[Label], list[Fact]]:
    picks = [fact for fact in facts if fact.kind == kinds.PICKED]
    return build(picks, issues, [fact for fact in facts if fact.kind != kinds.PICKED])


def _forget(conn: Connection, label: str, gone: Iterable[int]) -> None:
    rows = [{"serial": label, "at_ms": ms} for ms in gone]
    if rows:
        conn.execute(_GONE, rows)


def _write(conn: Connection, rows: list[Label], judged: list[Fact]) -> None:
    if rows:
        statement = upsert(conn, schema.pick_labels, ("label", "picked_ms"))
        conn.execute(statement, [row._asdict() for row in rows])
    if judged:
        conn.execute(_JUDGE, [_judgement(fact) for fact in judged])


def _judgement(fact: Fact) -> dict[str, Any]:
    which = {f"of_{name}": getattr(fact, name) for name in _ENTRY}
    return {**which, **{f"now_{name}": getattr(fact, name) for name in _JUDGED}}


def _told(conn: Connection, span: _Span) -> dict[str, list[Fact]]:
    query = select(*(_F[name] for name in Fact._fields))
    found: dict[str, list[Fact]] = defaultdict(list)
    for row in conn.execute(query.where(and_(_F.label.in_(span.labels), span.near(_F.ms, 2)))):
        found[row.label].append(Fact(*row))
    return found


def _held(conn: Connection, span: _Span) -> dict[str, dict[int, Label]]:
    query = select(*(_L[name] for name in Label._fields))
    found: dict[str, dict[int, Label]] = defaultdict(dict)
    for row in conn.execute(query.where(and_(_L.label.in_(span.labels), span.near(_L.picked_ms, 1)))):
        found[row.label][row.picked_ms] = Label(*row)
    return found


def _issues(conn: Connection, span: _Span) -> dict[str, list[Origin]]:
    """The checks that made corrected labels of these serials, with what they replaced."""
    query = select(*(_F[name] for name in Fact._fields))
    which = and_(_F.new_label.in_(span.labels), _F.taken == 1, span.near(_F.ms, 2))
    checks = [Fact(*row) for row in conn.execute(query.where(which))]
    keys = {(check.label, check.picked_ms) for check in checks}
    parents = {(row.label, row.picked_ms): row for row in _rows(conn, keys)}
    found: dict[str, list[Origin]] = defaultdict(list)
    for check in checks:
        parent = parents.get((check.label, check.picked_ms or 0))
        if parent is not None:
            found[check.new_label].append(Origin(check, parent))
    return found


def _rows(conn: Connection, keys: Iterable[tuple[str, int | None]]) -> list[Label]:
    wanted = list(keys)
    if not wanted:
        return []
    query = select(*(_L[name] for name in Label._fields)).where(tuple_(_L.label, _L.picked_ms).in_(wanted))
    return [Label(*row) for row in conn.execute(query)]
