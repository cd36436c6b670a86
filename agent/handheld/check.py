"""Checking (P36 to P40): what is wrong with a bag, if anything, then its label is scanned."""

from typing import TYPE_CHECKING

from agent.handheld import clock
from agent.handheld.lists import Waiting
from agent.handheld.pick import new_serial
from agent.handheld.screen import Line, fit, name_lines
from agent.handheld.steps import DOWN, UP, Amount, Step
from firmware.cradle import records
from firmware.wire import labels

if TYPE_CHECKING:
    from agent.handheld.unit import Unit

OK, QTY = "OK", "QTY"
WORDS = dict(
    zip(
        records.STATUSES,
        ("acceptable", "wrong quantity", "wrong item", "wrong strength", "wrong dose form", "packaging broken",
         "expired", "unfit for use", "label not right"),
        strict=True,
    )
)  # fmt: skip
Bag = tuple[str, int, str]  # item, quantity, serial, as the label says


def begin(unit: "Unit") -> None:
    """The checking display, for who may check."""
    user = unit.lists.users.get(unit.user or "")
    if user is None or not user.checks:
        return unit.refuse("You may not check.")
    unit.push(Checking(unit))


class Checking(Step):
    """Bag after bag: acceptable unless another result is chosen, with UP and DOWN or its digit; then it is acceptable
    again (P37)."""

    def __init__(self, unit: "Unit") -> None:
        super().__init__(unit)
        self.status = OK
        self._seen: list[Line] = []

    def lines(self) -> list[Line]:
        number = records.STATUSES.index(self.status) + 1
        return [Line("CHECK  UP/DOWN 1-9"), Line(f"{number} {WORDS[self.status]}"), Line("Scan bag label"), Line(),
                *self._seen]  # fmt: skip

    def key(self, key: str) -> None:
        at = records.STATUSES.index(self.status)
        if key in (UP, DOWN):
            self.status = records.STATUSES[(at + (1 if key == DOWN else -1)) % len(records.STATUSES)]
        elif key in "123456789":
            self.status = records.STATUSES[int(key) - 1]
        else:
            super().key(key)

    def scan(self, text: str) -> None:
        bag = _bag(self.unit, text)
        if bag is None:
            return
        why = self.unit.why_no_record() or self._why_not(*bag)
        if why:
            return self.unit.refuse(why)
        if self.status == QTY:
            return self._ask(bag)
        known = self._known(bag[2])
        # a label that is not right may say another item or quantity than was picked
        item, quantity = (known.item, known.quantity) if known and known.item else bag[:2]
        self._record(item, bag[2], quantity, None)

    def _known(self, serial: str) -> Waiting | None:
        return self.unit.lists.labels.get(serial)

    def _why_not(self, item: str, quantity: int, serial: str) -> str | None:
        now, known = self.unit.now(), self._known(serial)
        before = self.unit.memory.status(serial, now) if now else None
        if before:
            return f"{serial} was checked here: {WORDS[before]}."
        picked = self.unit.memory.picked.get(serial)
        picker = picked[2] if picked else known.picker if known else ""
        if picker and picker == self.unit.user and not self.unit.lists.is_set("CHECKER_MAY_BE_PICKER"):
            return f"You picked {serial}. Somebody else has to check it."
        if known and (known.item or item, known.quantity) != (item, quantity) and self.status in (OK, QTY):
            return f"{serial} was picked as {known.quantity} of {known.item or item}. Choose what is wrong."
        return None

    def _ask(self, bag: Bag) -> None:
        item, quantity, serial = bag
        heading = [*name_lines(self.unit.lists.name(item)), Line(f"{serial} says {quantity}")]
        self.unit.push(Amount(self.unit, heading, "Correct", 0, lambda right: self._corrected(bag, right)))

    # RD-P14: a new label with a new serial takes the place of the old one
    def _corrected(self, bag: Bag, right: int) -> None:
        item, quantity, serial = bag
        if right == quantity:
            return self.unit.refuse(f"{right} is what the label says.")
        fresh = new_serial(self.unit)
        if fresh is None:
            return
        station, purpose, picker = self._origin(serial)
        self._record(item, serial, right, fresh)
        self.unit.memory.note_pick(fresh, station, purpose, picker)
        self._note(fresh, OK)
        self.unit.print_bag(item, self.unit.lists.name(item), right, fresh, station)

    def _record(self, item: str, serial: str, quantity: int, fresh: str | None) -> None:
        purpose, status = self._origin(serial)[1], self.status
        data = records.check(item, serial, quantity, self._time(), self.unit.user, purpose, status, fresh)
        self._note(serial, status)
        self.unit.record("C", data)
        self._seen = [*name_lines(self.unit.lists.name(item)), Line(f"{serial} {WORDS[status]}")]
        self._seen += [Line(f"New label {fresh}")] if fresh else []
        self.status = OK
        self.unit.beep(True)

    def _origin(self, serial: str) -> tuple[str, str, str]:
        """Station, purpose and picker, as far as they are known."""
        if serial in self.unit.memory.picked:
            station, purpose, picker = self.unit.memory.picked[serial]
            return station, purpose, picker
        known = self._known(serial)
        return (known.station, known.purpose or "R", known.picker) if known else ("", "R", "")

    def _note(self, serial: str, status: str) -> None:
        self.unit.memory.note_check(serial, status, self._time())

    def _time(self) -> str:
        now = self.unit.now()
        return clock.written(now) if now else ""


def _bag(unit: "Unit", text: str) -> Bag | None:
    try:
        label = labels.read(text)
    except ValueError:
        label = ("",)
    if label[0] == labels.BAG:
        item, quantity, serial = label[1:]
        return item, quantity, serial
    unit.refuse(f"This is no bag label: {fit(text, 40)}")
    return None
