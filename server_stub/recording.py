"""Has ingest record that a packet was made."""

from server_stub.integration.intake import ask
from server_stub.proof.packet import Packet
from server_stub.site.home import Home


class NotRecorded(Exception):
    """Ingest refused; the text says why."""


async def record(home: Home, packet: Packet, actor: str | None) -> int:
    """The seq of the entry in the centre's log; `actor` None is the schedule. Raises IntakeAway, NotRecorded."""
    args = {
        "from_utc_ms": packet.period.from_utc_ms,
        "to_utc_ms": packet.period.to_utc_ms,
        "manifest_sha256": packet.manifest_sha256.hex(),
        **({"scheduled": True} if actor is None else {"actor": actor}),
    }
    reply = await ask(home.intake, {"do": "packet_made", "args": args})
    if "seq" not in reply:
        raise NotRecorded(str(reply.get("message", reply)))
    return int(reply["seq"])
