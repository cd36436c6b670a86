"""Alarms that stand: raised by a cabinet or by the centre, and not cleared since."""

from sqlalchemy import Connection, and_, bindparam, delete

from firmware.journal import kinds
from server_stub.ledger import schema
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert

_T = schema.alarms.c
_CLEAR = delete(schema.alarms).where(
    and_(_T.station == bindparam("s"), _T.code == bindparam("c"), _T.drawer == bindparam("d"))
)


class Alarms:
    """The projection `alarms`; drawer 0 is the station as a whole."""

    KINDS = frozenset((kinds.ALARM, kinds.ALARM_CLEARED, kinds.CENTRE_ALARM))

    def __init__(self) -> None:
        self._latest: dict[tuple[str, int, int], int | None] = {}

    def apply(self, entry: Entry) -> None:
        """Raise or clear."""
        if entry.kind == kinds.CENTRE_ALARM:
            code, station, raised = entry.ext
            key = (station, code, 0)
        else:
            code, drawer = entry.ext[:2]
            key, raised = (entry.station, code, drawer), entry.kind == kinds.ALARM
        self._latest[key] = entry.utc_ms if raised else None

    def flush(self, conn: Connection) -> None:
        """Write what was raised or cleared since the last flush."""
        raised = [
            {"station": s, "code": c, "drawer": d, "utc_ms": at}
            for (s, c, d), at in self._latest.items()
            if at is not None
        ]
        cleared = [{"s": s, "c": c, "d": d} for (s, c, d), at in self._latest.items() if at is None]
        if raised:
            conn.execute(upsert(conn, schema.alarms, ("station", "code", "drawer"), ("utc_ms",)), raised)
        if cleared:
            conn.execute(_CLEAR, cleared)
        self._latest = {}
