"""The process `ingest`: the only writer. Drains its queue, one transaction a group, sends after commit.

What stations send comes first, for they wait for the answer; folding it follows when nothing waits, or too much does.
"""

import argparse
import asyncio
import contextlib
import logging
import math
import signal
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from server_stub.centre import Arrived, Asked, Centre, Keys, Work
from server_stub.clock import SteppedClock, SystemClock
from server_stub.inbox import Inbox, Pace
from server_stub.integration import intake
from server_stub.integration.mqtt import Mqtt, filters
from server_stub.ledger.schema import open_database
from server_stub.ledger.store import Overtaken
from server_stub.ledger.transaction import Outgoing
from server_stub.register import SiteRegister
from server_stub.site.config import database_url
from server_stub.site.home import Home

log = logging.getLogger(__name__)

# batches that are durable and not yet folded: from here on folding takes its turn with taking in
MANY_WAIT = 2000
# how long a request waits for what was taken in before it; where hospital time is stepped, until all is folded
STEPS_BEFORE_REPLY = 5
# while much comes in: what comes within this time is committed together, and folded together
WINDOW_S = 0.1
FOLD_S = 1.0
# how often ingest looks for what the processes of further shards have taken in
LOOK_S = 0.25
TICK_S = 1.0
# a full disk, a lost connection; another process that was faster
NOT_TO_BLAME = (OperationalError, Overtaken)
RETRY_S = 1.0


def transport_ms() -> int:
    """The computer's clock, milliseconds since 1970: stored with what arrives, compared across restarts."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Milliseconds since some moment: no setting of a clock changes it."""
    return time.monotonic_ns() // 1_000_000


def open_centre(home: Home, *, stepped: bool) -> tuple[Centre, SiteRegister]:
    """The centre of a home with its database and keys."""
    register = SiteRegister(home)
    engine = open_database(database_url(home, register.config))
    clock = SteppedClock() if stepped else SystemClock()
    return Centre(engine, register, Keys.read(home), clock, transport_ms, steady_ms=steady_ms), register


class Shell:
    """Moves work between queue, core and broker."""

    def __init__(self, home: Home, centre: Centre, register: SiteRegister, *, stepped: bool) -> None:
        self._home = home
        self._centre = centre
        self._inbox: Inbox[Work] = Inbox()
        self._patience = math.inf if stepped else STEPS_BEFORE_REPLY
        # hospital time that is stepped waits for us
        self._taking, self._folding = Pace(0.0 if stepped else WINDOW_S), Pace(0.0 if stepped else FOLD_S)
        self._elsewhere = bool(register.config.further_shards) and not stepped
        which = filters(register.config, alone=not self._elsewhere)
        self._mqtt = Mqtt(home, register.config, which, self._arrived, centre.sent)
        self._inbox.pause = self._mqtt.pause

    async def run(self) -> None:
        """Serve until cancelled."""
        self._send(self._centre.start())
        server = await intake.serve(self._home.intake, self._ask)
        async with server, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._mqtt.run())
            tasks.create_task(self._tick())
            tasks.create_task(self._look())
            tasks.create_task(self._work())

    def _arrived(self, topic: str, payload: bytes) -> None:
        self._inbox.put(Arrived(topic, payload))

    async def _ask(self, request: Any) -> dict[str, Any]:
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._inbox.put(Asked(request, lambda value: None if answer.done() else answer.set_result(value)))
        return await answer

    async def _work(self) -> None:
        while True:
            if self._inbox:
                await self._next()
            elif self._centre.behind and not self._folding.left_s:
                await self._catch_up(1)
            else:
                await self._inbox.woken(self._folding.left_s if self._centre.behind else None)
            if self._centre.waiting >= MANY_WAIT:
                await self._catch_up(1)
            await asyncio.sleep(0)

    async def _next(self) -> None:
        if isinstance(self._inbox.first, Asked):
            await self._catch_up(self._patience)
        else:
            await self._inbox.gathered(self._taking)
        await self._handle(self._inbox.group())
        self._taking.note()

    async def _catch_up(self, steps: float) -> None:
        """Fold what waits, in so many transactions at most: nobody is answered meanwhile."""
        while self._centre.behind and steps > 0:
            steps -= 1
            try:
                self._send(self._centre.step())
            except Exception:
                log.exception("what waits can not be folded at once; trying one batch")
                await self._catch_up_alone()
            self._folding.note()

    async def _catch_up_alone(self) -> None:
        try:
            self._send(self._centre.step(1))
        except OperationalError:
            # a full disk, a lost connection: the batch is not to blame
            log.exception("the database takes nothing; trying again")
            await asyncio.sleep(RETRY_S)
        except Exception:
            log.exception("a batch can not be folded: its log waits until the next start")
            try:
                self._send(self._centre.set_aside())
            except Exception:
                log.exception("the database takes nothing; trying again")
                await asyncio.sleep(RETRY_S)

    def _do(self, group: Sequence[Work]) -> list[Outgoing]:
        arrived = [work for work in group if isinstance(work, Arrived)]
        return self._centre.take(arrived) if arrived else self._centre.ask([w for w in group if isinstance(w, Asked)])

    async def _handle(self, group: Sequence[Work]) -> None:
        try:
            self._send(self._do(group))
        except Exception:
            log.exception("a group of %d failed; trying its pieces", len(group))
            for work in group:
                await self._handle_alone(work)

    async def _handle_alone(self, work: Work) -> None:
        try:
            self._send(self._do([work]))
        except NOT_TO_BLAME:
            # the message is not to blame, so it is no evidence
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

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                if self._elsewhere:
                    self._centre.hear_elsewhere()
                self._send(self._centre.tick())
            except Exception:
                log.exception("a tick failed; the next one tries again")
            self._inbox.wake()

    async def _look(self) -> None:
        """For what other processes have taken in."""
        while self._elsewhere:
            await asyncio.sleep(LOOK_S)
            try:
                self._centre.look()
            except Exception:
                log.exception("the database does not say what waits")
            self._inbox.wake()

    def _send(self, messages: Sequence[Outgoing]) -> None:
        for message in messages:
            self._mqtt.publish(message)


async def until_ended(serving: Coroutine[Any, Any, None]) -> None:
    """Serve until SIGTERM or SIGINT."""
    task = asyncio.ensure_future(serving)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _serve(home: Home, stepped: bool) -> None:
    centre, register = open_centre(home, stepped=stepped)
    await until_ended(Shell(home, centre, register, stepped=stepped).run())


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
