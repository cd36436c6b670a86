"""The production agent in this process, with a controller that only has entries."""

import asyncio
import threading
import time
from concurrent.futures import Future

import cbor2

from agent.clock import SystemClock
from agent.keys import Signer, Verifier
from agent.outbox import Outbox
from agent.process import _broker
from agent.settings import load
from agent.station import Agent
from firmware.wire import cbor, messages
from tests.centre.scripted import Scripted
from tests.waits import PATIENCE_S

AT_ONCE = 64


class Cabinet:
    """What a controller says of a scripted chain: INFO when greeted, pages from where it is asked to stream."""

    def __init__(self, script: Scripted, say) -> None:
        self._script, self._say, self._next = script, say, 0

    def hears(self, payload: bytes) -> None:
        message = cbor2.loads(payload)
        if message[0] == messages.HELLO:
            self.info()
        elif message[0] == messages.STREAM:
            self._next = message[1]
            self.stream()

    def info(self) -> None:
        script = self._script
        fields = [messages.INFO, script.station, script.log, 1, "0.1.0", script.genesis, 1, len(script.pages)]
        self._say([cbor.encode([*fields, script.heads[-1], 0, [], [len(script.pages), 0], 0])])

    def stream(self) -> None:
        last = min(len(self._script.pages), self._next + AT_ONCE - 1)
        pages = [(seq, cbor.encode(self._script.pages[seq - 1])) for seq in range(self._next, last + 1)]
        self._next = last + 1
        if pages:
            self._say([cbor.encode([messages.PAGE, seq, page]) for seq, page in pages])


class Station:
    """The agent of an enrolled station, in an event loop of its own thread."""

    def __init__(self, home, script: Scripted) -> None:
        settings = load(home.station(script.station))
        folder = settings.folder
        self.outbox: Outbox
        self._script = script
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

        async def begin() -> None:
            self.outbox = Outbox(folder / "outbox.db", settings.station, settings.log)
            signer, verifier = (
                Signer.load(folder / "sign.key", settings.station),
                Verifier.load(folder / "centre-sign.pub", "centre"),
            )
            self.agent = Agent(settings, self.outbox, SystemClock(), signer, verifier)
            broker = _broker(settings, self.agent)
            self.cabinet = Cabinet(script, lambda said: self._loop.call_soon(self.agent.link_received, said))
            self.agent.attach(self.cabinet.hears, broker)
            self.agent.link_opened()
            self._task = asyncio.create_task(broker.run())

        self.do(begin())

    def do(self, coroutine):
        future: Future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(PATIENCE_S)

    def append(self, count: int) -> None:
        """So many entries more, all of them in the outbox when this returns."""

        async def appended() -> None:
            for _ in range(count):
                self._script.add()
            self.cabinet.info()
            while self.outbox.log().seq < len(self._script.pages):
                self.cabinet.stream()
                await asyncio.sleep(0)

        self.do(appended())

    def answered(self) -> int:
        async def asked() -> int:
            return self.outbox.log().answered

        return self.do(asked())

    def beat(self) -> None:
        """The heartbeat of the next minute."""

        async def beaten() -> None:
            self.agent._heartbeat(time.monotonic())

        self.do(beaten())

    def troubles(self) -> set[int]:
        """Codes of what the agent refused or misses since `quiet`."""

        async def asked() -> set[int]:
            return set(self.agent.view.troubles.values())

        return self.do(asked())

    def quiet(self) -> None:
        """Forget what was wrong until now."""

        async def forgotten() -> None:
            self.agent.view.troubles.clear()

        self.do(forgotten())

    def close(self) -> None:
        async def end() -> None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self.outbox.close()

        self.do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
