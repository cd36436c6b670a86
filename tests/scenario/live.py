"""A small hospital with all its real processes, kept up in a thread of its own while tests put things to it."""

import asyncio
import threading
from concurrent.futures import Future

from firmware.journal import kinds
from server_stub.ledger import store
from server_stub.ledger.schema import open_database
from server_stub.site.config import database_url
from server_stub.site.home import Home
from simulator.plan import Remove, Visit
from simulator.world import World
from tests.scenario.mini import MINUTE_MS, MiniDay
from tests.waits import until

LIMIT_S = 120


class Live:
    """The world of a `MiniDay`, played to its end and settled; `do` runs a coroutine in its thread."""

    def __init__(self, root, stations):
        self.day = MiniDay(stations, full=False)
        self.world = World(self.day.plan, root)
        self.home = Home(root)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        try:
            self.do(self._play())
        except BaseException:
            self.close()
            raise
        self.engine = open_database(database_url(self.home, self.world.site))

    def do(self, coroutine):
        future: Future = asyncio.run_coroutine_threadsafe(self.world.crew.guard(coroutine), self._loop)
        return future.result(LIMIT_S)

    def close(self):
        if hasattr(self, "engine"):
            self.engine.dispose()
        asyncio.run_coroutine_threadsafe(self.world.stop(), self._loop).result(LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _play(self):
        await self.world.start()
        await self.world.play()
        await self.world.settle()

    # what people do

    def ask(self, station, request, /, **args):
        """One request at the panel of a station, with the controller at rest afterwards."""

        async def asked():
            reply = await self.world.stations[station].panel.act(request, **args)
            await self.world.stations[station].bus.rest()
            return reply

        return self.do(asked())

    def pass_minutes(self, minutes):
        """Let hospital time pass everywhere."""
        self.do(self._pass(minutes))

    def status(self, station):
        """`status` of a station's agent."""
        return self.do(self.world.stations[station].panel.ask("status")).params[0]

    def entries(self, log, since=0):
        """Entries of a log in the ledger beyond `since`, for a station with nothing under way."""
        until(lambda: log == "centre" or self._is_settled(log), f"{log} settles")
        with self.engine.connect() as conn:
            every = (page.entry for page in store.pages_in_order(conn))
            return [entry for entry in every if entry.station == log and entry.seq > since]

    def removals(self, station):
        """Removals of a station in the ledger, with nothing under way."""
        return sum(entry.kind == kinds.REMOVE for entry in self.entries(station))

    def _is_settled(self, station):
        status = self.status(station)
        return status["answered"] == status["journal"]["entries"]

    def a_good_removal(self, station):
        """A nurse comes and removes; whether exactly that one removal has reached the ledger."""
        before, number = self.removals(station), int(station[1:])
        remove = Remove("", f"P{number}", f"O{number}-MORP4I", "MORP4I", 10, 0, "given")

        async def came():
            at_ms = self._now() + MINUTE_MS
            self.world.stations[station].expect(Visit(at_ms, station, f"RN{number}", (remove,)))
            while self.world.stations[station].visits_open:
                await self._pass(1)

        self.do(came())
        return self.removals(station) == before + 1

    def _now(self):
        return max(self.world.clock.now(name) for name in self.world.stations)

    async def _pass(self, minutes):
        at_ms = self._now() + minutes * MINUTE_MS
        self.world.clock.at(at_ms, None, _nothing)
        await self.world.clock.run(at_ms)
        await self.world.intake.ask("advance", utc_ms=at_ms)


async def _nothing():
    pass
