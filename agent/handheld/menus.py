"""Logging on (P60), the main menu, and clearing a unit that leaves the site (P56)."""

from typing import TYPE_CHECKING

from agent.handheld import check, contents, pick, printing, remote
from agent.handheld.screen import Line, fit
from agent.handheld.steps import Menu, Question, Step
from firmware.wire import labels

if TYPE_CHECKING:
    from agent.handheld.unit import Unit


class LogOn(Step):
    """Who works with the unit says so with the label of his id."""

    last = "F4: clear the unit"

    def lines(self) -> list[Line]:
        unit, now = self.unit, self.unit.now()
        address = f"Unit {unit.memory.address}" if unit.memory.address else "No address yet"
        waiting = len(unit.memory.records)
        return [
            Line("APOTHECA"),
            Line(address),
            Line(f"{now:%m/%d/%y %H:%M}" if now else "No time yet"),
            Line(f"{waiting} to upload" if waiting else "All uploaded"),
            Line(),
            Line("Scan your user label"),
        ]

    def key(self, key: str) -> None:
        if key == "F4":
            _ask_to_clear(self.unit)

    def scan(self, text: str) -> None:
        try:
            kind, *fields = labels.read(text)
        except ValueError:
            kind, fields = "", []
        if kind != labels.USER:
            return self.unit.refuse("Scan the label of your user id.")
        if not self.unit.lists.users:
            return self.unit.refuse("No users are known yet. Put the unit into its cradle.")
        if fields[0] not in self.unit.lists.users:
            return self.unit.refuse(f"User {fields[0]} is not known here.")
        self.unit.log_on(fields[0])


def main(unit: "Unit") -> Menu:
    """What a user can do."""
    options = [
        ("Pick from list", lambda: pick.from_list(unit)),
        ("Pick as asked", lambda: pick.as_asked(unit)),
        ("Check", lambda: check.begin(unit)),
        ("At a station", lambda: remote.begin(unit)),
        ("Lists and labels", lambda: unit.push(_lists(unit))),
        ("Log off", unit.log_off),
    ]
    return Main(unit, "", options)


def _lists(unit: "Unit") -> Menu:
    options = [
        ("Load lists now", lambda: _load(unit)),
        ("Station contents", lambda: contents.begin(unit)),
        ("Shelf label", lambda: printing.shelf(unit)),
        ("My user label", lambda: printing.own(unit)),
    ]
    return Menu(unit, "LISTS AND LABELS", options)


class Main(Menu):
    """CLEAR does not log off: that is a choice of its own."""

    def lines(self) -> list[Line]:
        waiting, now = len(self.unit.memory.records), self.unit.now()
        self.last = f"{waiting} to upload" if waiting else "All uploaded"
        self.title = f"{fit(self.unit.user or '', 14):<14} {now:%H:%M}" if now else self.unit.user or ""
        return super().lines()

    def key(self, key: str) -> None:
        if key != "CLEAR":
            super().key(key)


# flag L: the host loads the unit now, not only when a list is due
def _load(unit: "Unit") -> None:
    if unit.link.queue("L", b""):
        unit.tell("Put the unit into its cradle: it will be loaded.")
    else:
        unit.refuse("Too much waits to be uploaded.")


def _ask_to_clear(unit: "Unit") -> None:
    if unit.memory.records:
        return unit.refuse(f"{len(unit.memory.records)} records wait. Put the unit into its cradle first.")
    words = f"Clear unit {unit.memory.address or ''}? It forgets its address and its lists."
    unit.push(Question(unit, words, unit.clear))
