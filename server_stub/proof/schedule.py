"""Which packet is due: one for each whole period of so many days that holds entries, by hospital time (A16.a, A21.i).

Periods are counted from 1970, so nobody's clock or start shifts them. What was made is in the ledger: a clock that
jumps on gives every period it passed, one that jumps back gives none twice.
"""

from sqlalchemy import Connection, func, select

from server_stub.ledger import schema as ledger
from server_stub.ledger.sign import CENTRE
from server_stub.proof import schema
from server_stub.proof.period import Period

DAY_MS = 86_400_000
# entries of a period's last minutes are still on their way when it ends
SETTLE_MS = 15 * 60_000


def due(conn: Connection, every_days: int, now_utc_ms: int) -> Period | None:
    """The earliest period over by `now_utc_ms` that holds an entry of a station and has no packet of the centre's.

    Only the planner's packets are the centre's (record.py): what people have made puts nothing off.
    """
    length = every_days * DAY_MS
    made = schema.packets.c
    done = conn.scalar(select(func.max(made.to_utc_ms)).where(made.actor == CENTRE)) or 0
    entries = ledger.entries.c
    first = conn.scalar(select(func.min(entries.utc_ms)).where(entries.utc_ms >= done, entries.station != CENTRE))
    if first is None:
        return None
    start = max(done, first // length * length)
    period = Period(start, (start // length + 1) * length)
    return period if period.to_utc_ms + SETTLE_MS <= now_utc_ms else None


def look_again_ms(every_days: int, now_utc_ms: int) -> int:
    """Hospital time of the next moment at which a packet can become due, if none is now."""
    length = every_days * DAY_MS
    return ((now_utc_ms - SETTLE_MS) // length + 1) * length + SETTLE_MS
