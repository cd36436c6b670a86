"""A ledger that has been going for a while: rows of old removals, as verification and the record keep them (SQLite)."""

from typing import Any

from sqlalchemy import Connection, text

from server_stub.ledger.schema import open_database
from simulator.bench.entries import ITEM

ENTRIES_A_REMOVAL = 8
REMOVALS_A_PATIENT = 20
HISTORY = "H1"
DAY_MS = 86_400_000

_N = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) SELECT "
_AT = ":end - (:count - i) * 600000"
_DEADLINE = _AT + " + 3600000"
_CHARTED = _AT + " + 60000"
_PATIENT = f"printf('P%07d', i / {REMOVALS_A_PATIENT})"
_ENTRIES = (
    "entries (station, log, seq, kind, utc_ms, leaf, head, page)",
    f":station, 1, i, 20, {_AT}, zeroblob(32), zeroblob(32), zeroblob(180)",
)
_FACTS = {
    "removals": f":station, 1, i, i, {_AT}, {_DEADLINE}, {_PATIENT}, '', :item, 2, 'nurse1', zeroblob(16), 0",
    "charted": f"'h' || i, {_PATIENT}, '', :item, 2, {_CHARTED}, {_CHARTED}",
    "verdicts": f":station, 1, i, 'verified', 0, 'documented', 0, {_DEADLINE}, 0, 2, 'h' || i, {_CHARTED}, '', NULL",
    "alerts": f":station, 1, i, 2, 5303, 'cleared', 'charted', '', {_AT}, {_CHARTED}",
}
_PATIENTS = {
    "movements": "'m' || i, printf('P%07d', i - 1), 'A01', 0",
    "order_words": "'w' || i, 'O' || i, printf('P%07d', i - 1), :item, 0, 0, NULL, 1",
}


def patients(entries: int) -> int:
    """How many patients that many entries are of."""
    return entries // ENTRIES_A_REMOVAL // REMOVALS_A_PATIENT + 1


def fill(url: str, entries: int, end_ms: int) -> None:
    """Fill the fresh database at `url` with `entries` of the past; all patients are here and have an order."""
    engine = open_database(url)
    common = {"station": HISTORY, "item": ITEM, "end": end_ms - DAY_MS}
    with engine.begin() as conn:
        _insert(conn, *_ENTRIES, {**common, "count": entries})
        for table, row in _FACTS.items():
            _insert(conn, table, row, {**common, "count": entries // ENTRIES_A_REMOVAL})
        for table, row in _PATIENTS.items():
            _insert(conn, table, row, {**common, "count": patients(entries)})
    engine.dispose()


def _insert(conn: Connection, table: str, row: str, values: dict[str, Any]) -> None:
    conn.execute(text(f"INSERT INTO {table} {_N}{row} FROM n"), values)
