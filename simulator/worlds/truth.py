"""What really happened, written down by one who sees everything, and what must never be, checked as it happens."""

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from firmware import codes
from firmware.journal import chain, entry, kinds
from firmware.journal.flash import SLOTS
from firmware.journal.journal import RESERVE_PAGES
from simulator.worlds.cabinet import Action, Cabinet
from simulator.worlds.timeline import Timeline

QUIET_MS = 5_000


@dataclass(frozen=True)
class Violation:
    """Something that must never be: its kind, where, and in words."""

    kind: str
    station: str
    text: str
    at_ms: int


class Enough(BaseException):
    """The world has shown what it was asked for."""


@dataclass
class Branch:
    """One history of a log; a clone, or an old copy put back, goes on with another one."""

    pages: list[bytes] = field(default_factory=list)
    begins: int = 0
    ends: Counter[int] = field(default_factory=Counter)

    def at(self, seq: int) -> bytes | None:
        """The page of an entry, None if it was never written."""
        return self.pages[seq - 1] if 0 < seq <= len(self.pages) else None

    def part(self, seq: int) -> "Branch":
        """Another history that agrees up to `seq`."""
        return Branch(self.pages[:seq], seq)


@lru_cache(maxsize=4096)
def decoded(page: bytes) -> list[Any]:
    """Fields of the entry in a page: to be read, each page is asked for several times."""
    fields: list[Any] = entry.decode(chain.parse_page(page)[0])
    return fields


_NAMES = {number: name.lower() for name, number in vars(kinds).items() if type(number) is int and "PURPOSE" not in name}


def _line(fields: list[Any]) -> str:
    """An entry for the trace."""
    where, who = fields[entry.F_PLACE] or "", fields[entry.F_ACTOR]
    after = "" if fields[entry.F_AFTER] is None else f" -> {fields[entry.F_AFTER]}"
    return f"entry {fields[entry.F_SEQ]} {_NAMES.get(fields[entry.F_KIND], fields[entry.F_KIND])} {where} {who}{after}"


class Truth:
    """Observer of all cabinets; `violations` is what was found."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.violations: list[Violation] = []
        self.until = ""  # a kind of violation that ends the world
        self.trace: list[tuple[int, str, str]] = []
        self.branches: dict[str, list[Branch]] = {}
        self.current: dict[int, Branch] = {}
        self.acked: dict[str, int] = {}
        self.faults: Counter[str] = Counter()
        self.hurt: dict[str, set[str]] = {}
        self.unread: dict[str, set[int]] = {}  # entries that did not read back at a boot, where bits had rotted
        self.entries = 0
        self._written_ms: dict[str, int] = {}

    # what happened

    def say(self, station: str, text: str) -> None:
        """One line of the trace."""
        self.trace.append((self._timeline.now_ms, station, text))

    def fault(self, kind: str, station: str, text: str = "") -> None:
        """A fault was injected, or has met what it was armed for."""
        self.faults[kind] += 1
        self.hurt.setdefault(station, set()).add(kind)
        self.say(station, f"FAULT {kind} {text}".rstrip())

    def met(self, station: str, *faults: str) -> bool:
        """Has any of these faults met this station, or all of them?"""
        return any(fault in self.hurt.get(where, ()) for where in (station, "") for fault in faults)

    def wrong(self, kind: str, station: str, text: str) -> None:
        """Something that must never be."""
        if len(self.violations) < 50:
            self.violations.append(Violation(kind, station, text, self._timeline.now_ms))
        self.say(station, f"VIOLATION {kind}: {text}")
        if kind == self.until:
            raise Enough

    # histories

    def follow(self, cabinet: Cabinet, branch: Branch) -> None:
        """From now on this controller writes this history."""
        self.current[id(cabinet)] = branch
        self.branches.setdefault(cabinet.identity.station, []).append(branch)

    def branch(self, cabinet: Cabinet) -> Branch:
        """The history this controller writes."""
        return self.current[id(cabinet)]

    def appended(self, cabinet: Cabinet, seq: int) -> None:
        """An entry is durable: the controller says so."""
        branch, station = self.branch(cabinet), cabinet.identity.station
        assert cabinet.station is not None
        page = cabinet.station.journal.page(seq)
        if page is None or seq != len(branch.pages) + 1:
            self.wrong("order", station, f"entry {seq} after {len(branch.pages)}, and it reads {page is not None}")
            return
        self._take(cabinet, branch, page)

    def is_quiet(self, station: str) -> bool:
        """Whether none of its controllers has written anything for a while."""
        return self._timeline.now_ms - self._written_ms.get(station, 0) >= QUIET_MS

    def _take(self, cabinet: Cabinet, branch: Branch, page: bytes) -> None:
        self._written_ms[cabinet.identity.station] = self._timeline.now_ms
        branch.pages.append(page)
        fields = self._count(branch, page)
        self.entries += 1
        if fields[entry.F_KIND] == kinds.ALARM and fields[entry.F_EXT][0] == codes.ALARM_JOURNAL_FULL:
            self._full(cabinet)

    def _full(self, cabinet: Cabinet) -> None:
        """Alarm 5 is right while much of the ring holds what nobody has answered, or the answer has not come yet.

        Of a small ring little is left beside its reserve, the sector in use and the oldest, which goes as a whole.
        """
        assert cabinet.station is not None
        journal, station = cabinet.station.journal, cabinet.identity.station
        waiting = journal.seq - journal.released
        slots = cabinet.chips.flash.sectors * SLOTS
        if waiting < min(slots // 4, max(0, slots - RESERVE_PAGES - 2 * SLOTS)):
            self.wrong("false alarm", station, f"the journal says it is full with {waiting} entries to be answered")
        self.fault("ring full", station)

    def _count(self, branch: Branch, page: bytes) -> list[Any]:
        fields = decoded(page)
        self.trace.append((self._timeline.now_ms, fields[entry.F_STATION], _line(fields)))
        if fields[entry.F_KIND] in kinds.OUTCOMES and fields[entry.F_KIND] != kinds.BIN_EMPTIED:
            branch.ends[fields[entry.F_TXN]] += 1
        return fields

    def booted(self, cabinet: Cabinet, adopted: int, damaged: bool) -> None:
        """What a controller recovered is what was written, and at most one entry that was being written."""
        branch, station = self.branch(cabinet), cabinet.identity.station
        assert cabinet.station is not None
        journal = cabinet.station.journal
        rotten = self.met(station, "bit rot")
        self.say(station, f"boot, entries to {journal.seq}" + (", damaged" if damaged else ""))
        if damaged and not rotten:
            self.wrong("false alarm", station, "the journal says it is damaged, and it is not")
        last = len(branch.pages)
        if rotten and journal.seq < last:
            self.follow(cabinet, branch.part(journal.seq))
            branch, last = self.branch(cabinet), journal.seq
        if not last <= journal.seq <= last + 1 and not rotten:
            self.wrong("lost", station, f"{last} entries were durable, {journal.seq} are recovered")
        for seq in range(max(1, journal.first_held), journal.seq + 1):
            page, true = journal.page(seq), branch.at(seq)
            if true is None and page is not None:
                self._take(cabinet, branch, page)
            elif rotten and page is None:
                self.unread.setdefault(station, set()).add(seq)
            elif page != true:
                self.wrong("lost", station, f"entry {seq} does not read as it was written")
        if journal.first_held - 1 > self.acked.get(station, 0):
            self.wrong(
                "lost", station, f"erased up to {journal.first_held - 1}, answered up to {self.acked.get(station)}"
            )

    # movements

    def moves(self, cabinet: Cabinet, action: Action) -> None:
        """No lock is released before an entry saying so is durable, and no access releases twice."""
        station = cabinet.identity.station
        assert cabinet.station is not None
        access = cabinet.station.transactions.current
        txn = access.txn if access else 0
        page = self.branch(cabinet).at(txn)
        fields = decoded(page) if page else None
        if fields is None or fields[entry.F_KIND] != kinds.ACCESS or self.branch(cabinet).ends[txn]:
            self.wrong("unlocked", station, f"drawer {action[1]} is released without a durable access ({txn})")
        elif not str(fields[entry.F_PLACE]).startswith(f"D{action[1]:02}"):
            self.wrong("unlocked", station, f"drawer {action[1]} is released for {fields[entry.F_PLACE]}")
