"""Lots and expiry of what lies in each pocket, and of what each removal took: the firmware's own rules, folded here.

Journal, cabinet and centre come to the same layers because all use `firmware/layers.py`.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, tuple_

from firmware import layers
from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.stock import schema
from server_stub.stock.bins import ONLY_BINS, of_pockets
from server_stub.stock.inventory import STOCK

_L = schema.lots.c
_AT_ONCE = 400

_Place = tuple[str, str]


class _Held(NamedTuple):
    item: str
    layers: list[tuple[str, int, int]]


class Lots:
    """The projections `lots` and `lot_removals`."""

    KINDS = STOCK | ONLY_BINS

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def apply(self, entry: Entry) -> None:
        """Whatever moves stock."""
        self._entries.append(entry)

    def flush(self, conn: Connection) -> None:
        """Fold the pockets that were touched, and write them anew."""
        entries = [e for e in of_pockets(conn, self._entries) if e.place and e.after is not None]
        self._entries = []
        held = _read(conn, {(e.station, e.place or "") for e in entries})
        taken = [row for entry in entries for row in _step(held, entry)]
        _write(conn, held)
        if taken:
            conn.execute(insert(schema.lot_removals), taken)


def _step(held: dict[_Place, _Held], entry: Entry) -> list[dict[str, Any]]:
    """Fold one entry; gives what it took, if it is a removal."""
    key = (entry.station, entry.place or "")
    before = held[key].layers if key in held else []
    after = layers.step(before, entry.kind, entry.change or 0, entry.after, entry.ext)
    held[key] = _Held(entry.item or "", after)
    if entry.kind != kinds.REMOVE:
        return []
    about = {"station": entry.station, "log": entry.log, "seq": entry.seq, "place": entry.place, "item": entry.item}
    return [
        {**about, "lot": lot, "expiry_min": expiry_min, "quantity": quantity}
        for lot, expiry_min, quantity in layers.take(before, -(entry.change or 0))[1]
    ]


def _read(conn: Connection, places: Iterable[_Place]) -> dict[_Place, _Held]:
    held: dict[_Place, _Held] = {}
    for some in _some(places):
        query = select(schema.lots).where(tuple_(_L.station, _L.place).in_(some)).order_by(_L.number)
        for row in conn.execute(query):
            at = held.setdefault((row.station, row.place), _Held(row.item, []))
            at.layers.append((row.lot, row.expiry_min, row.quantity))
    return held


def _write(conn: Connection, held: dict[_Place, _Held]) -> None:
    for some in _some(held):
        conn.execute(delete(schema.lots).where(tuple_(_L.station, _L.place).in_(some)))
    rows = [
        {"station": s, "place": p, "number": n, "item": at.item, "lot": lot, "expiry_min": expiry, "quantity": quantity}
        for (s, p), at in held.items()
        for n, (lot, expiry, quantity) in enumerate(at.layers)
    ]
    if rows:
        conn.execute(insert(schema.lots), rows)


def _some(places: Iterable[_Place]) -> Iterable[list[_Place]]:
    ordered = sorted(places)
    return (ordered[at : at + _AT_ONCE] for at in range(0, len(ordered), _AT_ONCE))
