"""Supplies: what is taken without a patient, of an item that the station's table says needs none (P133)."""

import cbor2
from sqlalchemy import Connection, select

from firmware import flags
from server_stub.ledger import schema
from server_stub.verify.facts import Removal

_R = schema.reference_rows.c
_SCHEDULE, _FLAGS = 1, 3


def needs_nobody(conn: Connection, removal: Removal) -> bool:
    """Was it taken without a patient, and may it be? The flag does not hide a controlled drug."""
    if removal.patient or not removal.item:
        return False
    row = conn.scalar(select(_R.row).where(_R.station == removal.station, _R.table == "items", _R.key == removal.item))
    if row is None:
        return False
    item = cbor2.loads(row)
    return bool(item[_FLAGS] & flags.SUPPLY) and item[_SCHEDULE] == 0
