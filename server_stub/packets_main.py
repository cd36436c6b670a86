"""The process `packets`: makes the packets that are due by hospital time and has ingest record them (A16.a, A21.i).

It runs beside ingest, which goes on answering stations meanwhile. Killed at any moment it takes up where the ledger is:
a packet already made is recorded, not made again. So SIGTERM just ends it, also in the middle of a packet.
"""

import argparse
import asyncio
import contextlib
import logging
import time
from pathlib import Path

from server_stub.integration.intake import IntakeAway, ask
from server_stub.ledger.snapshot import snapshot_of
from server_stub.proof import schedule
from server_stub.proof.packet import Packet, make_packet, read_packet
from server_stub.proof.period import Period
from server_stub.proof.signatory import signatory
from server_stub.recording import NotRecorded, record
from server_stub.site import signers
from server_stub.site.config import database_url, read
from server_stub.site.home import Home, make_folder

log = logging.getLogger(__name__)

POLL_S = 1.0
RETRY_S = 10.0


class Maker:
    """Makes what is due, one packet a round."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._look_again_ms = 0

    async def round(self) -> bool:
        """Make and record one packet if one is due; True if it was. Raises IntakeAway, NotRecorded."""
        now_utc_ms = int((await ask(self._home.intake, {"do": "status"}))["utc_ms"])
        if now_utc_ms < self._look_again_ms:
            return False
        period = await asyncio.to_thread(self._due, now_utc_ms)
        if period is None:
            return False
        packet = await asyncio.to_thread(_packet, self._home, period)
        seq = await record(self._home, packet, None)
        log.info("%s: recorded as entry %d of the centre's log", packet.path, seq)
        return True

    def _due(self, now_utc_ms: int) -> Period | None:
        site = read(self._home)
        if not site.packets.every_days:
            return None
        with snapshot_of(database_url(self._home, site)) as conn:
            period = schedule.due(conn, site.packets.every_days, now_utc_ms)
        if period is None:
            self._look_again_ms = schedule.look_again_ms(site.packets.every_days, now_utc_ms)
        return period

    async def serve(self) -> None:
        """Look for what is due until cancelled; whatever goes wrong is logged and tried again."""
        while True:
            pause_s = POLL_S
            try:
                if await self.round():
                    continue
            except IntakeAway as away:
                log.warning("%s; trying again", away)
            except NotRecorded as refused:
                log.error("ingest does not record a packet: %s", refused)
                pause_s = RETRY_S
            except Exception:
                log.exception("a packet that is due was not made; trying again")
                pause_s = RETRY_S
            await asyncio.sleep(pause_s)


def _packet(home: Home, period: Period) -> Packet:
    out = make_folder(home.packets) / period.name
    if out.exists():
        return read_packet(out)
    return make_packet(home, period, signatory(home, signers.PHARMACIST), out, time.time_ns() // 1_000_000)


def main() -> None:
    """`python -m server_stub.packets_main HOME`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s packets %(levelname)s %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Maker(Home(args.home)).serve())


if __name__ == "__main__":
    main()
