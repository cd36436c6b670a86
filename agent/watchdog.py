"""What systemd is told (sd_notify): that the agent is up, and again that its loop turns. Elsewhere nothing."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping

# of the time that systemd gives
_PART = 3


class Watchdog:
    """Speaks to the socket named in `environ`, as systemd sets it for a service with Type=notify and WatchdogSec."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        given = environ.get("WATCHDOG_USEC", "")
        self.every_s = int(given) / 1_000_000 / _PART if given.isdigit() else 0.0

    def say(self, state: str) -> None:
        """One line for systemd; nobody waits for it."""
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(state.encode(), self._address)

    async def run(self) -> None:
        """Say READY, then WATCHDOG while the loop of this agent turns; until cancelled."""
        self.say("READY=1")
        if not self.every_s:
            await asyncio.Event().wait()
        while True:
            self.say("WATCHDOG=1")
            await asyncio.sleep(self.every_s)
