"""The process `sequencer`: makes the tree, signs checkpoints, shows them to cabinets and witnesses.

It may be killed at any moment; whatever it had not committed it does again. Ingest does not wait for it.
"""

import argparse
import asyncio
import contextlib
import http.client
import logging
import signal
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

from server_stub.integration.intake import IntakeAway, ask
from server_stub.integration.mqtt import Mqtt
from server_stub.ledger.cabinets import Now
from server_stub.ledger.checkpoint import Key, NoteSigner
from server_stub.ledger.schema import open_database
from server_stub.ledger.sign import Signer
from server_stub.ledger.transaction import Outgoing
from server_stub.register import SiteRegister
from server_stub.sequencing import Sequencing, Signers
from server_stub.site import treekey
from server_stub.site.config import database_url
from server_stub.site.home import Home

log = logging.getLogger(__name__)

STEP_S = 0.5
ANSWER_WITHIN_S = 5.0
MOST_ANSWER = 8192
TRIES = 2
AWAY = 500


def transport_ms() -> int:
    """The computer's clock, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def open_sequencing(home: Home) -> tuple[Sequencing, SiteRegister]:
    """The core of a home, with its keys; makes the sequencer's if an earlier release left none."""
    register = SiteRegister(home)
    treekey.ensure(home, register.config.site.id)
    name = (home.keys / treekey.PUBLIC).read_text().partition("+")[0]
    notes = NoteSigner((home.keys / treekey.KEY).read_bytes(), name)
    signers = Signers(notes, Signer((home.keys / "centre-sign.key").read_bytes()))
    engine = open_database(database_url(home, register.config))
    return Sequencing(engine, register, signers, transport_ms()), register


class Shell:
    """Moves what the core wants to broker, witnesses and ingest."""

    def __init__(self, home: Home, *, stepped: bool) -> None:
        self._home = home
        self._stepped = stepped
        self._core, self._register = open_sequencing(home)
        self._mqtt = Mqtt(home, self._register.config, (), None, lambda _id: None)
        self._told = ""
        self._hanging: set[str] = set()

    async def run(self) -> None:
        """Serve until cancelled."""
        self._core.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._mqtt.run())
            tasks.create_task(self._steps())

    async def _steps(self) -> None:
        while True:
            try:
                for topic, payload in self._core.step(await self._now()):
                    self._mqtt.publish(Outgoing(None, topic, payload))
                await self._ask_witnesses()
                await self._tell()
            except IntakeAway as away:
                log.warning("%s; telling it again", away)
            except Exception:
                log.exception("a step failed; the next one takes up what the database holds")
                self._core.start()
            await asyncio.sleep(STEP_S)

    async def _now(self) -> Now:
        """Hospital time is this computer's, or what ingest was told last."""
        now_ms = transport_ms()
        if not self._stepped:
            return Now(now_ms, now_ms)
        return Now(int((await ask(self._home.intake, {"do": "status"}))["utc_ms"]), now_ms)

    async def _ask_witnesses(self) -> None:
        """Each by itself: what one of them answers keeps nobody from asking the next."""
        for url, key in self._core.to_ask(transport_ms()):
            try:
                await self._ask_one(url, key)
            except Exception:
                log.exception("what witness %s answers can not be taken in; asking it again later", key.name)
                self._core.start()

    async def _ask_one(self, url: str, key: Key) -> None:
        old: int | None = 0
        for _ in range(TRIES):
            if old is None:
                return
            try:
                status, body = await self._answer(f"{url}/add-checkpoint", self._core.question(old))
            except (OSError, http.client.HTTPException) as error:
                why = error if str(error) else type(error).__name__
                log.warning("witness %s does not answer (%s); asking it again later", key.name, why)
                return
            if status >= AWAY:
                log.warning("witness %s is away (status %s); asking it again later", key.name, status)
                return
            old = self._core.answered(key, old, status, body)

    async def _answer(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Within ANSWER_WITHIN_S in all: a thread that gets it byte by byte is left alone until it has ended."""
        if url in self._hanging:
            raise TimeoutError("it is still at its last answer")
        asking = asyncio.ensure_future(asyncio.to_thread(_post, url, body))
        self._hanging.add(url)
        asking.add_done_callback(lambda done: self._heard(url, done))
        await asyncio.wait({asking}, timeout=ANSWER_WITHIN_S)
        if not asking.done():
            raise TimeoutError("its answer takes too long")
        return asking.result()

    def _heard(self, url: str, done: "asyncio.Future[tuple[int, bytes]]") -> None:
        self._hanging.discard(url)
        if not done.cancelled():
            done.exception()

    async def _tell(self) -> None:
        """A tree that may not be signed is an alarm of the centre."""
        if self._core.halted != self._told:
            if self._core.halted:
                log.error("no checkpoint is signed any more: %s", self._core.halted)
                await ask(self._home.intake, {"do": "tree_halted", "args": {"why": self._core.halted}})
            self._told = self._core.halted


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/octet-stream"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S, context=_tls(url)) as reply:  # noqa: S310
            return reply.status, reply.read(MOST_ANSWER)
    except urllib.error.HTTPError as error:
        return error.code, error.read(MOST_ANSWER)


def _tls(url: str) -> ssl.SSLContext | None:
    return ssl.create_default_context() if url.startswith("https:") else None


async def _serve(home: Home, stepped: bool) -> None:
    task = asyncio.ensure_future(Shell(home, stepped=stepped).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """`python -m server_stub.sequencer_main HOME [--clock stepped]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--clock", choices=("system", "stepped"), default="system")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s sequencer %(levelname)s %(message)s")
    asyncio.run(_serve(Home(args.home), args.clock == "stepped"))


if __name__ == "__main__":
    main()
