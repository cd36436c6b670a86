"""That a packet was made is an entry of the centre's log, and a row of the projection `packets` (A12.a, A16.a)."""

from typing import Any

from sqlalchemy import Connection, select

from firmware import codes
from firmware.journal import kinds
from server_stub.ledger import actors
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import Entry
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.store import upsert
from server_stub.ledger.transaction import Transaction
from server_stub.proof import schema
from server_stub.proof.schedule import DAY_MS

MAX_ACTOR = 16


class Packets:
    """The projection `packets`."""

    KINDS = frozenset((kinds.PACKET_MADE,))

    def __init__(self) -> None:
        self._rows: dict[bytes, dict[str, Any]] = {}

    def apply(self, entry: Entry) -> None:
        """Keep one packet; the same one again is kept as first said."""
        from_ms, to_ms, digest = entry.ext
        row = {"seq": entry.seq, "utc_ms": entry.utc_ms, "actor": entry.actor}
        row |= {"manifest_sha256": digest, "from_utc_ms": from_ms, "to_utc_ms": to_ms}
        self._rows.setdefault(digest, row)

    def flush(self, conn: Connection) -> None:
        """Write the packets since the last flush."""
        if self._rows:
            conn.execute(upsert(conn, schema.packets, ("manifest_sha256",)), list(self._rows.values()))
        self._rows = {}


def packet_made(tx: Transaction, log: CentreLog, args: dict[str, Any]) -> dict[str, Any]:
    """Intake `packet_made`: append the entry, give its seq; of a manifest known already that of its first entry."""
    try:
        from_ms, to_ms, digest = _checked(args)
        actor = _scheduled(from_ms, to_ms, tx.utc_ms) if args.get("scheduled") is True else person(args["actor"])
    except (KeyError, TypeError, ValueError) as error:
        return {"code": codes.BAD_PACKET, "message": f"packet_made is not right: {error}"}
    tx.settle()
    known = tx.conn.scalar(select(schema.packets.c.seq).where(schema.packets.c.manifest_sha256 == digest))
    if known is None:
        known = log.append(tx, kinds.PACKET_MADE, [from_ms, to_ms, digest], actor=actor)
    return {"seq": known}


def person(actor: str) -> str:
    """The user id of one who has a packet made; raises BadActor."""
    if not isinstance(actor, str) or not 0 < len(actor) <= MAX_ACTOR or not actor.isprintable():
        raise actors.BadActor(f"an actor of 1 to {MAX_ACTOR} characters is wanted, not {actor!r}")
    return actors.person(actor)


def _scheduled(from_ms: int, to_ms: int, now_utc_ms: int) -> str:
    """The planner's packets are the centre's own, which nobody can say to be: the next due follows from them."""
    if from_ms % DAY_MS or to_ms % DAY_MS or to_ms > now_utc_ms:
        raise ValueError("the schedule's packets are of whole days that are over")
    return CENTRE


def _checked(args: dict[str, Any]) -> tuple[int, int, bytes]:
    from_ms, to_ms = args["from_utc_ms"], args["to_utc_ms"]
    digest = bytes.fromhex(args["manifest_sha256"])
    if type(from_ms) is not int or type(to_ms) is not int or not 0 <= from_ms < to_ms < 1 << 63:
        raise ValueError("from_utc_ms and to_utc_ms are no period")
    if len(digest) != 32:
        raise ValueError("manifest_sha256 is no SHA-256 in hex")
    return from_ms, to_ms, digest
