"""The whole real chain, left running in a thread of its own while a browser looks at it."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from simulator.plan import Plan, StationPlan
from simulator.processes import port_open, until
from simulator.world import World
from tests.waits import free_port

T = TypeVar("T")
READY_S = 240
CALL_S = 120


class Live:
    """Plays `plan`, settles, then lets time go on with unseen hands at the first station's cabinet."""

    def __init__(self, plan: Plan, home: Path, seed: int = 1) -> None:
        self.world = World(plan, home, seed, kiosk_port=free_port())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="world")

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._submit(self._play()).result(READY_S)
        except BaseException:
            self._stop()
            raise
        self._alive = self._submit(self.world.keep_alive())
        return self

    def __exit__(self, *_: object) -> None:
        self._alive.cancel()
        with suppress(CancelledError):
            self._alive.result(CALL_S)
        self._stop()

    @property
    def kiosk(self) -> str:
        return f"http://127.0.0.1:{self.world.kiosk_port}/"

    @property
    def console(self) -> str:
        return f"https://127.0.0.1:{self.world.site.web.port}/"

    @property
    def station(self) -> StationPlan:
        return self.world.stations[self.world.kiosk_station].plan

    def stop_centre(self) -> None:
        """The centre is away until `start_centre`."""
        self.call(self.world.crew.keepers["server"].stop())

    def start_centre(self) -> None:
        """The centre is back, console included."""
        self.call(self._start_centre())

    def rest(self) -> None:
        """Nobody is signed on, nothing is open, the centre is there."""
        panel = self.world.stations[self.world.kiosk_station].panel
        self.call(panel.ask("cancel"))
        self.call(panel.ask("sign_off"))
        if not self.world.crew.keepers["server"].pid:
            self.start_centre()

    def force(self, station: str, drawer: int) -> None:
        """Someone tears a drawer open and leaves it so."""
        self._loop.call_soon_threadsafe(self.world.stations[station].cabinet.pull, drawer, True)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work` in the world's thread."""
        return self._submit(work).result(CALL_S)

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _play(self) -> None:
        await self.world.start()
        await self.world.play()
        await self.world.settle()

    async def _start_centre(self) -> None:
        server = self.world.crew.keepers["server"]
        server.start()
        port = self.world.site.web.port
        await until("the console", lambda: port_open("127.0.0.1", port), CALL_S, server.command.log)

    def _stop(self) -> None:
        self.call(self.world.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
