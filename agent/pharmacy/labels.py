"""Corrected labels (P38, RD-P14): printed here when the handheld that found it has no printer of its own."""

import os
from pathlib import Path

from agent.labels import contents, draw, layouts, zpl
from agent.labels.contents import BadLabel
from agent.pharmacy.book import Book
from agent.pharmacy.snapshot import Snapshot
from agent.pharmacy.tables import Corrected

LAYOUT = "corrected"
# a label of which the pick has not come yet: its station is told at the handheld
NO_STATION = "-"


class NotPrinted(Exception):
    """The printer took no label (code 4061); the text says why."""


class Printer:
    """`target` is a folder, which gets a file for each label, or a printer's port; `form` pdf or zpl."""

    def __init__(self, target: Path, form: str) -> None:
        self._target, self._form = target, form

    def print_due(self, book: Book, snapshot: Snapshot | None) -> int:
        """Print what no printer has had yet; gives how many. Raises NotPrinted; what is left is printed another time.

        A label may come out twice after a power cut, never not at all.
        """
        due = book.unprinted()
        for one in due:
            self._print(one, book, snapshot)
            book.printed(one)
        return len(due)

    def _print(self, one: Corrected, book: Book, snapshot: Snapshot | None) -> None:
        try:
            data = self.label(one, book, snapshot)
            if self._target.is_dir():
                _write_file(self._target / f"{one.new_label}-{one.checked_utc_ms}.{self._form}", data)
            else:
                _write_port(self._target, data)
        except (OSError, BadLabel) as error:
            raise NotPrinted(f"label {one.new_label}, in place of {one.label}: {error}") from None

    def label(self, one: Corrected, book: Book, snapshot: Snapshot | None) -> bytes:
        """The label as its printer takes it; without its item's name if that can not be printed. Raises BadLabel."""
        pick = book.under_way(one.new_label)
        station = pick.station if pick and pick.station else NO_STATION
        try:
            return self._drawn(one, snapshot.name_of(one.item) if snapshot else one.item, station)
        except BadLabel:
            return self._drawn(one, one.item, station)

    def _drawn(self, one: Corrected, name: str, station: str) -> bytes:
        content = contents.bag(one.item, one.quantity, one.new_label, name=name, station=station)
        pages = zpl.pages if self._form == "zpl" else draw.pages
        return pages(layouts.read(LAYOUT), [content])


def _write_file(path: Path, data: bytes) -> None:
    # a program that watches the folder never takes half a label
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    draft.replace(path)


def _write_port(path: Path, data: bytes) -> None:
    # not made if it is not there: a file of that name would hide that the printer is gone
    descriptor = os.open(path, os.O_WRONLY | os.O_NOCTTY)
    with os.fdopen(descriptor, "wb", buffering=0) as port:
        while data:
            data = data[port.write(data) or 0 :]
