"""The list of addresses on disk (P64): what a host has given stays given, whatever happens to its process."""

import json
from pathlib import Path

from agent import durable
from firmware.cradle.addresses import index
from firmware.cradle.book import ASSIGNED, CLEARED, AddressBook

VERSION = 1


class ListUnreadable(Exception):
    """The file of addresses is damaged: without it addresses could be given twice. The text names it."""


class KeptAddresses:
    """An `AddressBook` and the file that holds it: `save` after every change that must last."""

    def __init__(self, path: Path, first_block: int = 1) -> None:
        """Read the list of `path`; a file that is not there is a site without units. Raises ListUnreadable."""
        self._path = path
        self.book = AddressBook(_rows(path) if path.exists() else (), first_block=first_block)

    def save(self) -> None:
        """Write the list, whole or not at all; it is durable when this returns. Raises OSError."""
        durable.write_text(self._path, json.dumps({"version": VERSION, "units": self.book.rows()}))


def _rows(path: Path) -> list[list[object]]:
    try:
        held = json.loads(path.read_text(encoding="ascii"))
        rows = held["units"]
        good = held["version"] == VERSION and all(map(_is_row, rows)) and len({row[0] for row in rows}) == len(rows)
    except (ValueError, TypeError, KeyError):
        good = False
    if not good:
        raise ListUnreadable(f"{path} is not a list of addresses: restore it, or the addresses of its units are lost")
    found: list[list[object]] = rows
    return found


def _is_row(row: object) -> bool:
    if not isinstance(row, list) or [type(value) for value in row[3:]] != [int, str]:
        return False
    address, state, taken = row[:3]
    index(address)
    return state in (ASSIGNED, CLEARED) and (taken is None or isinstance(taken, str))
