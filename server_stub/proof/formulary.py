"""What the site says of its items: name, schedule, smallest units per unit (the centre's reference tables)."""

from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, select

from server_stub.ledger import schema

UNKNOWN_SCHEDULE = 9


class Item(NamedTuple):
    """An item; `schedule` is 0 for none, 2 to 5, or UNKNOWN_SCHEDULE for one that no table has (any more)."""

    item: str
    name: str
    schedule: int
    scale: int

    def units(self, quantity: int) -> str:
        """A quantity in smallest units as one in units."""
        return f"{quantity / self.scale:g}" if quantity % self.scale else str(quantity // self.scale)


class Formulary:
    """All items of all stations; where stations disagree, the stricter schedule counts."""

    def __init__(self, items: dict[str, Item]) -> None:
        self._items = items

    @classmethod
    def read(cls, conn: Connection) -> "Formulary":
        """As the tables are now."""
        names = {row[0]: row[1] for row in _rows(conn, "item_names")}
        items: dict[str, Item] = {}
        for item, schedule, scale, *_ in _rows(conn, "items"):
            known = items.get(item)
            if known is None or _strictness(schedule) > _strictness(known.schedule):
                items[item] = Item(item, names.get(item, ""), schedule, max(1, scale))
        return cls(items)

    def __getitem__(self, item: str) -> Item:
        """The item of that id."""
        return self._items.get(item) or Item(item, "", UNKNOWN_SCHEDULE, 1)

    def listed(self) -> list[dict[str, Any]]:
        """For `items.json`, by id."""
        return [self._items[item]._asdict() for item in sorted(self._items)]


def _strictness(schedule: int) -> int:
    return 10 - schedule if schedule else 0


def _rows(conn: Connection, table: str) -> list[list[Any]]:
    held = schema.reference_rows.c
    query = select(held.row).where(held.table == table, held.row.is_not(None)).order_by(held.station, held.key)
    return [cbor2.loads(row) for row in conn.scalars(query)]
