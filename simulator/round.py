"""A round of labels over a bad line, in virtual time: picked, checked and delivered by people with handhelds.

`python -m simulator.round --labels 200 --errors 0.001 --seed 1 --json FILE`: six units on two cradles; three of them
change hands in the middle of picking and go into the other cradle. At the end each label has exactly one state, that of
what people did with it, nothing is lost or doubled, and the reports say the same.
"""

import json
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from agent.handheld.check import OK, QTY
from agent.handheld.clock import Age
from agent.handheld.memory import Memory
from agent.handheld.unit import Unit
from agent.pharmacy.ini import Procar
from agent.pharmacy.snapshot import Snapshot
from firmware.cradle.blocks import BLOCKS
from firmware.cradle.book import AddressBook
from firmware.cradle.host import CRADLE, STATION, Host
from firmware.cradle.records import STATUSES
from firmware.wire import labels
from simulator.cradles import Clock, Deeds, Event, Line, Noise, Seat, World
from simulator.judge import Deed, Judgement
from simulator.paperwork import Ledger, Pharmacy
from simulator.putaway import Station
from simulator.units import Hands, Place

UNITS, CRADLES, CHANGING = 6, 2, 3
STATIONS = 2 * UNITS
POWER = 6  # blocks of 64 bytes
SCREEN_POWER = 8  # a station's screen is one block: 8 lines do not fit 64 bytes
START = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
_LONGEST_MS = 24 * 3_600_000
_STRENGTHS = (10, 25, 50)
_DRUGS = ("Acetaminophen", "Ondansetron", "Heparin", "Ceftriaxone", "Metoprolol", "Ketorolac", "Famotidine")
# what becomes of a label: checked with this result or not at all (""), and delivered or not; how many of 100
FATES = (
    *[(60, OK, True), (8, OK, False), (7, "", True), (6, "", False), (8, QTY, True), (2, QTY, False)],
    *[(1, status, at % 2 == 0) for at, status in enumerate(STATUSES[2:])],
)


@dataclass
class Outcome:
    """What a round came to; `faults` is empty if all is right. `broken`: sessions that broke off, and why."""

    labels: int
    errors: float
    seed: int
    virtual_h: float = 0.0
    real_s: float = 0.0
    bytes: int = 0
    damaged: int = 0
    frames: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    put_aside: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    reports: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Round:
    """All that takes part; `folder` keeps the pharmacy's book."""

    def __init__(self, count: int, errors: float, seed: int, folder: Path) -> None:
        self.outcome = Outcome(count, errors, seed)
        self._rng = random.Random(seed)
        self._noise = Noise(random.Random(seed + 1), errors)
        self._broken: Counter[str] = Counter()
        self._put_aside: Counter[str] = Counter()
        self.clock = Clock(START)
        self.world = World(self.clock)
        self.ledger = Ledger(self.clock)
        names = [f"{drug} {strength} mg" for strength in _STRENGTHS for drug in _DRUGS]
        self.items = {f"{7600 + at:05}": name for at, name in enumerate(names)}
        procar = Procar(max_blk_pow2=POWER)
        self.pharmacy = Pharmacy(folder / "cradle.db", self.ledger, self.clock, self._snapshot(count), procar)
        self.cradles = [self._cradle(procar) for _ in range(CRADLES)]
        self.stations = {name: self._station(name) for name in self._names()}
        self.units = [Seat(Unit(Memory(), Age(), self._draw_block)) for _ in range(UNITS)]
        self.deeds: list[Deed] = []

    # who and what there is

    @staticmethod
    def _names() -> list[str]:
        return [f"ICU{at + 1:02}" for at in range(STATIONS)]

    def _snapshot(self, count: int) -> Snapshot:
        names, items = self._names(), list(self.items)
        needs = [
            {"station": names[at % STATIONS], "item": items[at // STATIONS % len(items)], "quantity": 1 + at % 30,
             "load_or_refill": "R" if at % 10 else "L", "pick_area": f"A{at % 4}"}
            for at in range(count)
        ]  # fmt: skip
        users = [{"user": f"t{at + 1}", "may_pick": True} for at in range(UNITS + CHANGING)]
        users += [{"user": f"c{at + 1}", "may_check": True} for at in range(UNITS)]
        return Snapshot.model_validate({
            "snapshot": 1, "as_of_utc_ms": self.clock.utc_ms(), "needs": needs, "users": users,
            "stations": [{"station": name, "zone": "Z"} for name in names],
            "items": [{"item": item, "name": name} for item, name in self.items.items()],
        })  # fmt: skip

    def _draw_block(self) -> int:
        return self._rng.randrange(1, BLOCKS)

    def _cradle(self, procar: Procar) -> Line:
        host = Host(CRADLE, self.pharmacy.book.addresses, procar.host(), self.clock.time12)

        def told(event: Event) -> bool:
            if event[0] == "trouble":
                self._broken[f"pharmacy: {event[2]}"] += 1
            return self.pharmacy.told(host, *event)

        return self._line(host, told)

    def _station(self, name: str) -> tuple[Station, Line]:
        book = AddressBook(first_block=self._draw_block())
        host = Host(STATION, book, {"power": SCREEN_POWER}, self.clock.time12)
        station = Station(name, self.items, self.ledger)

        def told(event: Event) -> bool:
            kind, address, *rest = event
            if kind == "record":
                self._show(host, address, station.heard(rest[1]))
            elif kind == "gone":
                host.take_back(address)
                station.gone()
            elif kind == "trouble":
                self._broken[f"station: {rest[0]}"] += 1
            return True

        return station, self._line(host, told)

    def _line(self, host: Host, told: Any) -> Line:
        line = Line(self.world, host, told, self._noise)
        self.world.lines.append(line)
        host.start_cycle(0)
        return line

    @staticmethod
    def _show(host: Host, address: str, blocks: Sequence[bytes]) -> None:
        host.give(address, [("block", "S", block) for block in blocks])

    # what people do

    def run(self) -> Outcome:
        """The round, its judgement with it."""
        begun = perf_counter()
        for work in (self._picking, self._checking, self._delivering):
            for deeds in work():
                self.world.begin(deeds)
            if not self.world.run(_LONGEST_MS):
                self.outcome.faults.append(f"{work.__name__.strip('_')} did not end")
                break
        self._figures()
        self.outcome.real_s = round(perf_counter() - begun, 1)
        return self.outcome

    def _picking(self) -> list[Deeds]:
        return [self._picks(at) for at in range(UNITS)]

    def _picks(self, at: int) -> Deeds:
        """Two stations a unit. The first three units change hands in the middle, and go into the other cradle."""
        seat, stations = self.units[at], self._names()[2 * at : 2 * at + 2]
        first, second = self.cradles[at % CRADLES], self.cradles[(at + 1) % CRADLES]
        hands = Hands(self.world, seat, f"t{at + 1}")
        yield 1000 * at
        yield from hands.cradle(first, lambda: self._is_served(seat))
        yield from hands.log_on()
        half = self.outcome.labels // UNITS // 2 if at < CHANGING else None
        yield from hands.pick(stations, half, self._wrong_shelf)
        if at < CHANGING:
            yield from hands.log_off()
            yield from hands.cradle(second, lambda: self._is_served(seat))
            hands = Hands(self.world, seat, f"t{UNITS + at + 1}")
            yield from hands.log_on()
            yield from hands.pick(stations, None, self._wrong_shelf)
        yield from hands.log_off()
        yield from hands.cradle(first, lambda: self._is_served(seat))

    def _wrong_shelf(self) -> str | None:
        return self._rng.choice(list(self.items)) if self._rng.random() < 0.05 else None

    def _is_served(self, seat: Seat) -> bool:
        """Everything is up and down."""
        memory = seat.unit.memory
        if memory.address is None or memory.records or not memory.files or not seat.unit.last_session:
            return False
        return not self.pharmacy.waits_for(memory.address)

    def _checking(self) -> list[Deeds]:
        """Any unit may check any label: bags are dealt out anew, most to other units than those who picked them."""
        for seat in self.units:
            self.deeds += [Deed.of(label, seat.unit.memory.picked[label["serial"]][2]) for label in seat.printed]
            seat.printed.clear()
        self._rng.shuffle(self.deeds)
        fates = [fate for fate in FATES for _ in range(fate[0])]
        for at, deed in enumerate(self.deeds):
            _, deed.status, deed.carried = fates[at * 37 % len(fates)]
        return [self._checks(at, self.deeds[at::UNITS]) for at in range(UNITS)]

    def _checks(self, at: int, deeds: Sequence[Deed]) -> Deeds:
        seat, line = self.units[at], self.cradles[at % CRADLES]
        hands = Hands(self.world, seat, f"c{at + 1}")
        yield from hands.cradle(line, lambda: self._is_served(seat))
        yield from hands.log_on()
        yield from hands.begin_check()
        for deed in deeds:
            if deed.status:
                yield from hands.check(deed.code, deed.status, deed.right)
                deed.new = seat.printed.pop()["code"] if deed.status == QTY else ""
        yield from hands.end()
        yield from hands.log_off()
        yield from hands.cradle(line, lambda: self._is_served(seat))

    def _delivering(self) -> list[Deeds]:
        return [self._delivers(at) for at in range(UNITS)]

    def _delivers(self, at: int) -> Deeds:
        """Two stations a unit, not those that it was picked for."""
        seat = self.units[at]
        hands = Hands(self.world, seat, f"t{at + 1}")
        yield from hands.log_on()
        for name in self._names()[at::UNITS]:
            station, line = self.stations[name]
            yield from hands.deliver(self._place(station, line), self._packages(name))
        yield from hands.log_off()
        self._put_aside.update(hands.put_aside.values())
        yield from hands.cradle(self.cradles[at % CRADLES], lambda: self._is_served(seat))

    def _packages(self, station: str) -> list[str]:
        """What is carried to a station: bags, of a corrected one both labels, and one bag a second time."""
        codes = []
        for deed in self.deeds:
            if deed.station == station and deed.carried:
                codes += [deed.code, deed.new] if deed.new else [deed.code]
        return codes + codes[:1]

    def _place(self, station: Station, line: Line) -> Place:
        def pocket(code: str) -> str:
            return f"{labels.POCKET}|{station.name}|{station.pocket(code.split('|')[1])}"

        def shut() -> None:
            self._show(line.host, line.host.there or "", station.closed())
            line.settle()

        return Place(line, pocket, shut)

    # what came of it

    def _figures(self) -> None:
        outcome, judgement = self.outcome, Judgement(self.deeds, self.ledger)
        if len(self.deeds) != outcome.labels:
            outcome.faults.append(f"{len(self.deeds)} labels were picked")
        outcome.faults += judgement.faults()
        outcome.states, outcome.reports = judgement.states(), judgement.reports()
        outcome.virtual_h = round(self.world.now_ms / 3_600_000, 1)
        outcome.bytes, outcome.damaged = self._noise.bytes, self._noise.damaged
        outcome.frames = sum(line.frames for line in self.world.lines)
        outcome.broken = dict(sorted(self._broken.items()))
        outcome.put_aside = dict(sorted(self._put_aside.items()))


def run(count: int, errors: float, seed: int) -> Outcome:
    """A whole round."""
    with tempfile.TemporaryDirectory(prefix="round-") as folder:
        return Round(count, errors, seed, Path(folder)).run()


def main(
    count: Annotated[int, typer.Option("--labels", help="How many labels are picked.")] = 200,
    errors: Annotated[float, typer.Option(help="Share of the line's bytes that are damaged.")] = 0.001,
    seed: Annotated[int, typer.Option(help="The same seed gives the same round.")] = 1,
    file: Annotated[str, typer.Option("--json", help="Where the outcome goes (- is standard out).")] = "-",
) -> None:
    """Pick, check and deliver labels over a bad line; ends with 1 if anything came out wrong."""
    outcome = run(count, errors, seed)
    text = json.dumps(asdict(outcome), indent=2)
    if file == "-":
        print(text)
    else:
        Path(file).write_text(text + "\n", encoding="utf-8")
    raise typer.Exit(1 if outcome.faults else 0)


if __name__ == "__main__":
    typer.run(main)
