"""The process of one further shard (PostgreSQL): takes in what its stations send, and answers. Ingest folds it.

It writes batches, the heads of its logs, heartbeats and evidence; the ledger's rows, projections and the centre's own
log are ingest's alone.
"""

import argparse
import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from firmware import codes
from firmware.wire import topics
from server_stub.centre import Keys
from server_stub.clock import SystemClock
from server_stub.inbox import Inbox, Pace
from server_stub.ingest_main import NOT_TO_BLAME, RETRY_S, TICK_S, WINDOW_S, transport_ms, until_ended
from server_stub.integration.mqtt import Mqtt, filters
from server_stub.ledger.batch import Refused
from server_stub.ledger.catch_up import many_wait
from server_stub.ledger.ingest import Ingest, Message, Now
from server_stub.ledger.schema import open_database
from server_stub.ledger.transaction import Outgoing
from server_stub.register import SiteRegister
from server_stub.site.config import database_url
from server_stub.site.home import Home

log = logging.getLogger(__name__)


class Shell:
    """Moves messages between inbox, core and broker; takes no more while too much waits to be folded."""

    def __init__(self, home: Home, shard: str, engine: Engine, register: SiteRegister) -> None:
        self._engine = engine
        self._register = register
        self._ingest = Ingest(engine, register.names, register, Keys.read(home).signer)
        self._clock = SystemClock()
        self._taking = Pace(WINDOW_S)
        self._inbox: Inbox[Message] = Inbox()
        # nothing that it sends is kept in the outbox
        self._mqtt = Mqtt(home, register.config, filters(register.config, shard), self._arrived, lambda _id: None)
        self._inbox.pause = self._mqtt.pause

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._mqtt.run())
            tasks.create_task(self._tick())
            tasks.create_task(self._work())

    def _arrived(self, topic: str, payload: bytes) -> None:
        try:
            _, _, station, _, what = topics.parse(topic)
        except ValueError:
            return
        self._inbox.put(Message(station, what, payload))

    async def _work(self) -> None:
        while True:
            await self._inbox.woken()
            while self._inbox:
                await self._inbox.gathered(self._taking)
                self._taking.note()
                self._register.refresh()
                await self._handle(self._inbox.group())
                await asyncio.sleep(0)

    async def _handle(self, group: Sequence[Message]) -> None:
        try:
            self._send(self._ingest.take(group, self._now()).answers)
        except Exception:
            log.exception("a group of %d failed; trying its pieces", len(group))
            for message in group:
                await self._handle_alone(message)

    async def _handle_alone(self, message: Message) -> None:
        try:
            self._send(self._ingest.take([message], self._now()).answers)
        except NOT_TO_BLAME:
            # the message is not to blame, so it is no evidence
            log.exception("the database takes nothing; stations will send again")
            await asyncio.sleep(RETRY_S)
        except Exception:
            log.exception("this message can not be handled")
            refused = Refused(codes.BAD_BATCH, "the centre could not take this in; its log file says why")
            try:
                self._ingest.refuse(message.station, refused, message.raw, self._now())
            except Exception:
                log.exception("the database takes nothing; stations will send again")
                await asyncio.sleep(RETRY_S)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                with self._engine.connect() as conn:
                    self._inbox.hold(many_wait(conn))
            except Exception:
                log.exception("the database does not say how much waits")

    def _send(self, messages: Sequence[Outgoing]) -> None:
        for message in messages:
            self._mqtt.publish(message)

    def _now(self) -> Now:
        return Now(self._clock.utc_ms(), transport_ms())


async def _serve(home: Home, shard: str) -> None:
    register = SiteRegister(home)
    engine = open_database(database_url(home, register.config))
    await until_ended(Shell(home, shard, engine, register).run())


def main() -> None:
    """`python -m server_stub.shard_main HOME SHARD`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("shard")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {args.shard} %(levelname)s %(message)s")
    asyncio.run(_serve(Home(args.home), args.shard))


if __name__ == "__main__":
    main()
