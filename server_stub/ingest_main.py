"""The process `ingest`: the only writer. Drains its queue, one transaction a group, sends after commit."""

import argparse
import asyncio
import contextlib
import logging
import signal
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from server_stub.centre import Arrived, Asked, Centre, Keys, Work
from server_stub.clock import SteppedClock, SystemClock
from server_stub.integration import intake
from server_stub.integration.mqtt import Mqtt
from server_stub.ledger.schema import open_database
from server_stub.ledger.transaction import Outgoing
from server_stub.register import SiteRegister
from server_stub.site.config import database_url
from server_stub.site.home import Home

log = logging.getLogger(__name__)

MAX_GROUP = 64
QUEUE_HIGH = 500
QUEUE_LOW = 100
TICK_S = 1.0
RETRY_S = 1.0


def transport_ms() -> int:
    """The computer's clock, milliseconds since 1970: stored with what arrives, compared across restarts."""
    return time.time_ns() // 1_000_000


def open_centre(home: Home, *, stepped: bool) -> tuple[Centre, SiteRegister]:
    """The centre of a home with its database and keys."""
    register = SiteRegister(home)
    engine = open_database(database_url(home, register.config))
    clock = SteppedClock() if stepped else SystemClock()
    return Centre(engine, register, Keys.read(home), clock, transport_ms), register


class Shell:
    """Moves work between queue, core and broker."""

    def __init__(self, home: Home, centre: Centre, register: SiteRegister) -> None:
        self._home = home
        self._centre = centre
        self._queue: deque[Work] = deque()
        self._wake = asyncio.Event()
        self._paused = False
        self._mqtt = Mqtt(home, register.config, self._arrived, centre.sent)

    async def run(self) -> None:
        """Serve until cancelled."""
        self._send(self._centre.start())
        server = await intake.serve(self._home.intake, self._ask)
        async with server, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._mqtt.run())
            tasks.create_task(self._tick())
            tasks.create_task(self._work())

    def _arrived(self, topic: str, payload: bytes) -> None:
        self._queue.append(Arrived(topic, payload))
        self._wake.set()
        if len(self._queue) >= QUEUE_HIGH and not self._paused:
            self._paused = True
            self._mqtt.pause(True)

    async def _ask(self, request: Any) -> dict[str, Any]:
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._queue.append(Asked(request, lambda value: None if answer.done() else answer.set_result(value)))
        self._wake.set()
        return await answer

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(MAX_GROUP, len(self._queue)))]
                await self._handle(group)
                self._resume()
                await asyncio.sleep(0)

    async def _handle(self, group: Sequence[Work]) -> None:
        try:
            self._send(self._centre.process(group))
        except Exception:
            log.exception("a group of %d failed; trying its pieces", len(group))
            for work in group:
                await self._handle_alone(work)

    async def _handle_alone(self, work: Work) -> None:
        try:
            self._send(self._centre.process([work]))
        except OperationalError:
            # a full disk, a lost connection: the message is not to blame, so it is no evidence
            log.exception("the database takes nothing; stations will send again")
            if isinstance(work, Asked):
                self._centre.refuse(work)
            await asyncio.sleep(RETRY_S)
        except Exception:
            log.exception("this piece of work can not be handled")
            try:
                self._centre.refuse(work)
            except Exception:
                log.exception("the database takes nothing; stations will send again")
                await asyncio.sleep(RETRY_S)

    def _resume(self) -> None:
        if self._paused and len(self._queue) < QUEUE_LOW:
            self._paused = False
            self._mqtt.pause(False)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._send(self._centre.tick())
            except Exception:
                log.exception("a tick failed; the next one tries again")

    def _send(self, messages: Sequence[Outgoing]) -> None:
        for message in messages:
            self._mqtt.publish(message)


async def _serve(home: Home, stepped: bool) -> None:
    centre, register = open_centre(home, stepped=stepped)
    task = asyncio.ensure_future(Shell(home, centre, register).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """`python -m server_stub.ingest_main HOME [--clock stepped]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--clock", choices=("system", "stepped"), default="system")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s ingest %(levelname)s %(message)s")
    asyncio.run(_serve(Home(args.home), args.clock == "stepped"))


if __name__ == "__main__":
    main()
