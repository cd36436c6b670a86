"""Items as people know them, from the tables that stations were told."""

from collections.abc import Iterable
from typing import NamedTuple

import cbor2
from sqlalchemy import Connection, select

from server_stub.ledger import schema

_CLASS = 4


class Item(NamedTuple):
    """An item; `scale` smallest units make one unit, `item_class` is its class (docs/wire.md section 3)."""

    name: str
    scale: int
    item_class: int = 0


def items(conn: Connection, ids: Iterable[str | None]) -> dict[str, Item]:
    """The items that some station was told of, by id; others are left out."""
    table = schema.reference_rows.c
    wanted = {one for one in ids if one}
    query = select(table.table, table.row).where(table.table.in_(("items", "item_names")), table.key.in_(wanted))
    names: dict[str, str] = {}
    told: dict[str, Item] = {}
    for which, data in conn.execute(query):
        row = cbor2.loads(data) if data else None
        if row and which == "item_names":
            names[row[0]] = row[1]
        elif row:
            told[row[0]] = Item(row[0], max(1, row[2]), row[_CLASS] if len(row) > _CLASS else 0)
    found = {one: told.get(one, Item(one, 1)) for one in names.keys() | told.keys()}
    return {one: item._replace(name=names.get(one, one)) for one, item in found.items()}
