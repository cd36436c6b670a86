"""Picking: from the list (P31, P32) and as somebody asks (P33). A bag gets its label here, and belongs to it (P35)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.handheld import clock
from agent.handheld.lists import Need
from agent.handheld.memory import NoSerial
from agent.handheld.screen import Line, fit, name_lines
from agent.handheld.steps import DOWN, UP, Amount, Marks, Menu, Question, Step
from firmware.cradle import records
from firmware.wire import labels

if TYPE_CHECKING:
    from agent.handheld.unit import Unit

_PURPOSES = {"R": "refill", "L": "load"}


def from_list(unit: "Unit") -> None:
    """Directed picking: which stations, in which order."""
    why = None if _may_pick(unit) else "You may not pick."
    why = why or unit.why_stale() or (None if unit.needs() else "Nothing is left to pick.")
    if why:
        return unit.refuse(why)
    unit.push(Menu(unit, "STATIONS BY", [("Zone", lambda: _stations(unit, "zone")),
                                         ("Name", lambda: _stations(unit, "station"))]))  # fmt: skip


def _may_pick(unit: "Unit") -> bool:
    user = unit.lists.users.get(unit.user or "")
    return user is not None and user.picks


def _stations(unit: "Unit", by: str) -> None:
    needs = unit.needs()

    def chosen(names: list[str]) -> None:
        _areas(unit, [need for need in needs if getattr(need, by) in names])

    title = "ZONES" if by == "zone" else "STATIONS"
    unit.push(Marks(unit, title, sorted({getattr(need, by) for need in needs}), chosen))


def _areas(unit: "Unit", needs: list[Need]) -> None:
    areas = sorted({need.area for need in needs})

    def chosen(names: list[str]) -> None:
        _order(unit, [need for need in needs if need.area in names])

    if len(areas) > 1:
        marks = Marks(unit, "PICK AREAS", areas, chosen)
        options = [("All areas", lambda: _order(unit, needs)), ("Choose areas", lambda: unit.push(marks))]
        unit.push(Menu(unit, "STORAGE", options))
    else:
        _order(unit, needs)


def _order(unit: "Unit", needs: list[Need]) -> None:
    by_station = sorted(needs, key=lambda need: (need.station, need.area, need.name, need.item))
    by_item = sorted(needs, key=lambda need: (need.area, need.name, need.item, need.station))
    unit.push(Menu(unit, "ORDER", [("Items by station", lambda: unit.push(Lines(unit, by_station))),
                                   ("Stations by item", lambda: unit.push(Lines(unit, by_item)))]))  # fmt: skip


class Lines(Step):
    """The lines of the list one by one; each is picked from the shelf whose label was scanned."""

    def __init__(self, unit: "Unit", needs: Sequence[Need]) -> None:
        super().__init__(unit)
        self.needs = list(needs)
        self.at = 0
        self._list = unit.lists.picks

    @property
    def need(self) -> Need:
        """The line that is shown."""
        return self.needs[self.at]

    def lines(self) -> list[Line]:
        need, count = self.need, f"{self.at + 1}/{len(self.needs)}"
        self.last = f"{count} Scan shelf"
        return [
            *name_lines(need.name),
            Line(f"Item {need.item}"),
            Line(f"Stn  {need.station}"),
            Line(f"Area {need.area}"),
            Line(f"Pick {need.quantity} {_PURPOSES[need.purpose]}"),
        ]

    def key(self, key: str) -> None:
        if key in (UP, DOWN):
            self.at = (self.at + (1 if key == DOWN else -1)) % len(self.needs)
        else:
            super().key(key)

    def scan(self, text: str) -> None:
        item = _shelf(self.unit, text)
        if item is None or not self._good():
            return
        need = self.need
        if item != need.item:
            return self.unit.refuse(f"Wrong shelf: this is {item}. Go to {need.item} {need.name}.")
        heading = [*name_lines(need.name), Line(f"Item {need.item}"), Line(f"Stn  {need.station}")]
        self.unit.push(Amount(self.unit, heading, "Quantity", need.quantity, self._confirmed))

    # P51: looked at before the scan counts, and again before the pick does
    def _good(self) -> bool:
        why = self.unit.why_stale()
        if why is None and self._list is not self.unit.lists.picks:
            why = "A new list has come. Begin again."
        if why:
            self.unit.home()
            self.unit.refuse(why)
        return why is None

    def _confirmed(self, quantity: int) -> None:
        if quantity <= self.need.quantity:
            return self._pick(quantity)
        words = f"{self.need.quantity} are needed. Pick {quantity}?"
        self.unit.push(Question(self.unit, words, lambda: self._pick(quantity)))

    def _pick(self, quantity: int) -> None:
        need = self.need
        if not self._good() or not pick(self.unit, replace(need, quantity=quantity)):
            return
        self.unit.memory.done.append([need.station, need.item, need.purpose])
        self.needs.remove(need)
        self.at = min(self.at, len(self.needs) - 1)
        if not self.needs:
            self.unit.home()
            self.unit.tell("These lines are picked. Put the unit into its cradle.")


def as_asked(unit: "Unit") -> None:
    """Operator-directed picking: choose a station, then scan shelf after shelf."""
    stations = sorted(unit.lists.stations)
    why = None if _may_pick(unit) else "You may not pick."
    why = why or (None if stations else "No stations are known. Cradle the unit.")
    if why:
        return unit.refuse(why)

    def shelves(station: str) -> None:
        unit.push(Shelves(unit, station))

    unit.push(Menu(unit, "STATION", [(name, lambda name=name: shelves(name)) for name in stations]))  # type: ignore[misc]


class Shelves(Step):
    """Shelf after shelf for one station; F1 changes between refill and load."""

    last = "Scan shelf  F1 R/L"

    def __init__(self, unit: "Unit", station: str) -> None:
        super().__init__(unit)
        self.station = station
        self.purpose = "R"

    def lines(self) -> list[Line]:
        return [Line("PICK AS ASKED"), Line(f"Stn  {self.station}"), Line(f"For  {_PURPOSES[self.purpose]}")]

    def key(self, key: str) -> None:
        if key == "F1":
            self.purpose = "L" if self.purpose == "R" else "R"
        else:
            super().key(key)

    def scan(self, text: str) -> None:
        item = _shelf(self.unit, text)
        if item is None:
            return
        if item not in self.unit.lists.items:
            return self.unit.refuse(f"Item {item} is not known here.")
        name = self.unit.lists.name(item)
        heading = [*name_lines(name), Line(f"Item {item}"), Line(f"Stn  {self.station}")]

        def done(quantity: int) -> None:
            pick(self.unit, Need(self.station, "", item, name, "", quantity, self.purpose))

        self.unit.push(Amount(self.unit, heading, "Quantity", 0, done))


def _shelf(unit: "Unit", text: str) -> str | None:
    try:
        label = labels.read(text)
    except ValueError:
        label = ("",)
    # a package of a distribution centre stands in its shelf as it came
    item = str(label[1]) if label[0] == labels.SHELF else unit.lists.item_of(text)
    if item is not None:
        return item
    unit.refuse(f"This is no shelf label: {fit(text, 40)}")
    return None


def pick(unit: "Unit", need: Need) -> bool:
    """A bag is picked for this: its serial, its record and its label; False, with words, if that cannot be now."""
    serial = new_serial(unit)
    now = unit.now()
    if serial is None or now is None:
        return False
    unit.memory.note_pick(serial, need.station, need.purpose, unit.user or "")
    written = clock.written(now)
    unit.record("P", records.pick(need.station, serial, need.quantity, written, unit.user, need.purpose, need.item))
    unit.print_bag(need.item, need.name, need.quantity, serial, need.station, need.place)
    unit.beep(True)
    return True


def new_serial(unit: "Unit") -> str | None:
    """A serial for a new label; None, with words, if there can be none."""
    why = unit.why_no_record()
    if why is None:
        try:
            return unit.memory.new_serial(unit.lists.serials)
        except NoSerial:
            why = "All serials of this unit are on open labels. Take another unit."
    unit.refuse(why)
    return None
