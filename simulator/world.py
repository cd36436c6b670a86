"""Everything of a run together: home, processes, stations, hospital; brought up, moved, settled, taken down."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.wire.messages import ROLE_CHECK
from server_stub.site import config
from server_stub.site.home import Home
from server_stub.stock.planning import UpdateSettings
from simulator import processes, site
from simulator.clock import Clock
from simulator.decided import commands_under_way
from simulator.delivery import Delivery
from simulator.errors import RunFailed
from simulator.hands import Hands
from simulator.helper import Helper
from simulator.hospital_feed import HOSPITAL, Feed, Post, posts
from simulator.intake import Intake
from simulator.panel import Panel
from simulator.picking import PHARMACY, PickingRoom, Round
from simulator.plan import Order, Plan, Refill, Visit
from simulator.processes import Crew
from simulator.seen import Seen
from simulator.station import Station, faults
from simulator.supplier import Supplier
from simulator.tally import Tally
from simulator.witnessed import all_have_seen

READY_S = 120.0
SETTLE_S = 90.0
SEEN_S = 5.0
AFTERWARDS_MS = 3_600_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000
# when in a day the centre updates the levels
UPDATE_MS = UpdateSettings().hour * 3_600_000
STEP_S = 1.0
# visits for which the pharmacy has picked by handheld, and how long before
ROUNDS, LEAD_MS = 3, 600_000


class NotSettled(RunFailed):
    """Entries stay unanswered and nothing moves any more; the message says where."""


async def _time_passes() -> None:
    """Nothing else happens."""


@dataclass
class World:
    """A plan, its home and its real processes."""

    plan: Plan
    home: Path
    seed: int = 0
    kiosk_port: int | None = None
    wire_faults: float = 0.0
    site: config.SiteConfig = field(init=False)
    stations: dict[str, Station] = field(init=False)
    clock: Clock = field(init=False)
    crew: Crew = field(init=False, default_factory=Crew)
    tally: Tally = field(init=False, default_factory=Tally)
    feed: Feed = field(init=False)
    intake: Intake = field(init=False)
    supplier: Supplier = field(init=False)
    _open: ExitStack = field(init=False, default_factory=ExitStack)
    room: PickingRoom | None = field(init=False, default=None)
    seen: dict[str, Seen] = field(init=False)
    _advanced: dict[str, int] = field(init=False, default_factory=dict)
    _rounds: int = field(init=False, default=0)

    async def start(self, on_ready: Callable[[str], None] = lambda station: None) -> None:
        """Make the home, start all processes, load the first tables; `on_ready(station)` as each has applied them."""
        self.site = site.make_home(self.home, self.plan)
        run = self.home / "run"
        names = [station.station for station in self.plan.stations]
        self.clock = Clock([*names, HOSPITAL], self.plan.start_ms, self._rest)
        self.stations = {
            s.station: Station(
                s, run, self.clock, self.tally, faults(self.seed, s.station, self.wire_faults), self.plan.items
            )
            for s in self.plan.stations
        }
        if site.handheld_station(self.plan):
            self.room = PickingRoom(self.home, {item.item: item.scale for item in self.plan.items})
            await self.room.open()
        self.seen = {name: Seen(self.home, name) for name in self.panels}
        await self._start_centre()
        for station in self.stations.values():
            station.before, station.ask = self._before_visit, self.intake.ask
            station.look = self.seen[station.plan.station].step
            await station.open()
            self._start_station(station)
        for name, versions in (await site.load_tables(self.plan, self.intake)).items():
            self.feed.expect(name, versions)
        if self.room:
            await self._start_pharmacy(self.room)
        await asyncio.gather(*(self._ready(name, on_ready) for name in names))

    async def play(self) -> None:
        """Run the whole calendar, until the last person has gone home and nothing waits to be counted."""
        for post in posts(self.plan):
            self.clock.at(post.at_ms, post.places, lambda post=post: self._post(post))  # type: ignore[misc]
        for order in self.plan.orders:
            self.clock.at(order.at_ms, (HOSPITAL, order.station), lambda order=order: self._order(order))  # type: ignore[misc]
        for visit in self.plan.visits:
            self.stations[visit.station].expect(visit)
        for visit in site.handheld_visits(self.plan):
            self.clock.at(visit.at_ms - LEAD_MS, None, lambda visit=visit: self._pick(visit))  # type: ignore[misc]
        await self._run_until(self.plan.end_ms)
        await self._count_what_is_owed()
        await self._bring_all_to(self.clock.latest())

    async def pass_timers(self) -> int:
        """Let hospital time go on beyond the deadline of the last removal and the next update of the levels; gives the
        time it is then."""
        now_ms = self.clock.latest()
        charted_ms = now_ms + self.site.verify.documentation_minutes * MINUTE_MS
        updated_ms = now_ms + (UPDATE_MS - now_ms) % DAY_MS
        to_ms = max(charted_ms, updated_ms) + MINUTE_MS
        await self._bring_all_to(to_ms)
        return to_ms

    async def settle(self, on_progress: Callable[[int], None] = lambda answered: None) -> None:
        """Wait until every entry of every journal is answered, and every command; NotSettled if nothing moves for
        SETTLE_S."""
        loop = asyncio.get_running_loop()
        last, since = -1, loop.time()
        while True:
            commands = await asyncio.to_thread(commands_under_way, self.home)
            waiting, answered = {}, 0
            for name, status in (await self.statuses()).items():
                answered += status["answered"] or 0
                if status["journal"]["entries"] != status["answered"]:
                    waiting[name] = status["journal"]["entries"] - (status["answered"] or 0)
            on_progress(answered)
            if not waiting and not commands:
                return
            if answered != last:
                last, since = answered, loop.time()
            if loop.time() - since > SETTLE_S:
                raise NotSettled(
                    f"without answer are {commands} commands and entries of {waiting}; see {self.home / 'run'}/*.log"
                )
            await asyncio.sleep(0.1)

    async def come_to_rest(self) -> None:
        """Wait, for SEEN_S at most, until cabinets have said what they say of checkpoints; then all is answered again.

        One that is asked later, since the centre had to hear it first, is not waited for.
        """
        until = asyncio.get_running_loop().time() + SEEN_S
        while not await asyncio.to_thread(all_have_seen, self.home):
            if asyncio.get_running_loop().time() > until:
                break
            await asyncio.sleep(0.1)
        await self.settle()

    async def statuses(self) -> dict[str, dict[str, Any]]:
        """`status` of every agent, the pharmacy's among them."""
        panels = self.panels
        replies = await asyncio.gather(*(panel.ask("status") for panel in panels.values()))
        return {name: reply.params[0] for name, reply in zip(panels, replies, strict=True)}

    @property
    def panels(self) -> dict[str, Panel]:
        """Where each agent answers."""
        panels = {name: station.panel for name, station in self.stations.items()}
        return {**panels, PHARMACY: self.room.panel} if self.room else panels

    async def keep_alive(self) -> None:
        """Let hospital time go on in step with real time until cancelled; unseen hands help at the kiosk's cabinet.

        The cabinets do not wait for a centre that is away.
        """
        began, at_ms = asyncio.get_running_loop().time(), self.clock.latest()

        def now_ms() -> int:
            return at_ms + int(1000 * (asyncio.get_running_loop().time() - began))

        await asyncio.gather(self._keep_cabinets(now_ms), self._keep_centre(now_ms))

    async def _bring_all_to(self, now_ms: int) -> None:
        """The same hospital time everywhere: stations, centre, agents; what the centre sends for it has come down."""
        self.clock.at(now_ms, None, _time_passes)
        await self.clock.run(now_ms)
        reply = await self.intake.ask("advance", utc_ms=now_ms)
        for name, versions in reply["versions"].items():
            self.feed.expect(name, versions)
            if not await self.feed.applied(name):
                raise NotSettled(f"{name} does not apply its tables; see {self.home / 'run'}/{name}.agent.log")
        await self._bring_agents_to(now_ms)

    async def _bring_agents_to(self, now_ms: int) -> None:
        await asyncio.gather(*(panel.ask("advance", utc_ms=now_ms) for panel in self.panels.values()))

    async def _keep_cabinets(self, now_ms: Callable[[], int]) -> None:
        helper = Helper(self.stations[self.kiosk_station])
        while True:
            await asyncio.sleep(STEP_S)
            now = now_ms()
            self.clock.at(now, None, _time_passes)
            self.clock.at(now, self.kiosk_station, helper.help)
            await self.clock.run(now)
            await self._bring_agents_to(now)

    async def _keep_centre(self, now_ms: Callable[[], int]) -> None:
        while True:
            await asyncio.sleep(STEP_S)
            await self.intake.ask("advance", utc_ms=now_ms())

    async def stop(self) -> None:
        """Hang up everywhere, end all processes, close all sockets."""
        await asyncio.to_thread(self._open.close)
        stations = list(getattr(self, "stations", {}).values())
        clients = [*(s.panel for s in stations), getattr(self, "feed", None), getattr(self, "intake", None)]
        for client in clients:
            if client:
                await client.close()
        await self.crew.stop()
        if self.room:
            await self.room.close()
        for station in stations:
            station.close()

    async def _start_centre(self) -> None:
        broker, web = self.site.broker, self.site.web
        run = self.home / "run"
        self.crew.start(processes.apotheca(self.home, "broker", "broker", "run"))
        await self._until("the broker", lambda: processes.port_open(broker.host, broker.port), run / "broker.log")
        self.crew.start(processes.apotheca(self.home, "server", "server", "run", "--clock", "stepped"))
        self.intake = Intake(run / "intake.sock")
        await self._until("ingest", lambda: processes.listening(run / "intake.sock"), run / "server.log")
        await self.intake.ask("advance", utc_ms=self.plan.start_ms)
        await self._until("the web server", lambda: processes.port_open("127.0.0.1", web.port), run / "server.log")
        token = (self.home / "keys" / "hospital.token").read_text().strip()
        self.supplier = await asyncio.to_thread(self._open.enter_context, Supplier(Home(self.home)))
        self.feed = Feed(f"https://127.0.0.1:{web.port}", self.home / "keys" / "ca.crt", token, self.panels)

    def _start_station(self, station: Station) -> None:
        name, wire = station.plan.station, station.wire
        keeper = self.crew.start(processes.controller(self.home, name, station.bus_path, wire.open_controller_end))
        station.cut_power = keeper.kill
        kiosk = []
        if self.kiosk_port is not None and name == self.kiosk_station:
            kiosk = ["--kiosk", str(self.kiosk_port)]
        cradle = []
        if self.room and name == site.handheld_station(self.plan):
            cradle = ["--cradle", str(self.room.at_station.host.path)]
            station.first = self._deliver
        args = ["agent", "run", name, "--link", wire.agent.path, "--clock", "stepped", *kiosk, *cradle]
        self.crew.start(processes.apotheca(self.home, f"{name}.agent", *args))

    async def _start_pharmacy(self, room: PickingRoom) -> None:
        self.crew.start(room.command())
        await self._until(f"panel of {PHARMACY}", room.ready, room.log)
        await room.panel.ask("advance", utc_ms=self.plan.start_ms)

    @property
    def kiosk_station(self) -> str:
        """The station whose kiosk is up."""
        return self.plan.stations[0].station

    async def _ready(self, name: str, on_ready: Callable[[str], None]) -> None:
        log = self.home / "run" / f"{name}.agent.log"
        await self._until(
            f"panel of {name}", lambda: processes.listening(self.home / "run" / f"{name}.panel.sock"), log
        )
        if not await self.feed.applied(name, READY_S):
            raise processes.ProcessFailed(f"{name} has not applied its first tables after {READY_S:.0f} s; see {log}")
        on_ready(name)

    async def _until(self, what: str, ready: Callable[[], Any], log: Path) -> None:
        await processes.until(what, ready, READY_S, log)

    async def _rest(self, place: str) -> None:
        if place == HOSPITAL:
            return
        try:
            await self.stations[place].bus.rest()
        except TimeoutError:
            log = self.home / "run" / f"{place}.controller.log"
            raise processes.ProcessFailed(f"the controller of {place} does not come to rest; see {log}") from None

    async def _post(self, post: Post) -> None:
        await self._advance_centre(post.at_ms)
        await self.feed.post(post.events)
        for place in post.places:
            if place in self.seen:
                self.seen[place].step(len(post.events))

    async def _order(self, order: Order) -> None:
        """What a pharmacist orders of a cabinet; the cabinet has it before anybody comes to it again."""
        log = self.home / "run" / f"{order.station}.agent.log"
        await self._until(f"the centre to know all of {order.station}", lambda: self._all_answered(order.station), log)
        await self._advance_centre(order.at_ms)
        await self.intake.ask(order.do, station=order.station, **dict(order.args))
        await self._until(f"{order.do} at {order.station}", self._no_commands, log)

    async def _pick(self, visit: Visit) -> None:
        """The pharmacy picks and checks for a visit; the cabinet knows the labels before anybody comes to it again."""
        room, name, now_ms = self.room, visit.station, self.clock.now(HOSPITAL)
        if self._rounds == ROUNDS:
            return
        assert room is not None, "there are rounds with a pharmacy only"
        log = self.home / "run" / f"{name}.agent.log"
        await self._until(f"the centre to know all of {name}", lambda: self._all_answered(name), log)
        await self._advance_centre(now_ms)
        self._rounds += await room.work(now_ms, Round(name, visit.user, self._checker(visit.user)))
        await self._until(f"the centre to know all of {PHARMACY}", lambda: self._all_answered(PHARMACY), room.log)
        reply = await self.intake.ask("advance", utc_ms=now_ms)
        self.feed.expect(name, reply["versions"][name])
        self.seen[PHARMACY].look()

    def _checker(self, picker: str) -> str:
        people = (person for station in self.plan.stations for person in station.people)
        return next(one.user for one in people if one.roles & ROLE_CHECK and one.user != picker)

    async def _deliver(self, visit: Visit, hands: Hands) -> None:
        """What was picked for this visit goes into the pockets first."""
        room = self.room
        if room is None or not room.bags or Refill() not in visit.actions:
            return
        bags, room.bags = room.bags, []
        station = self.stations[visit.station].plan
        scales = {item.item: item.scale for item in self.plan.items}
        await Delivery(hands, room.unit, room.at_station.units[0].path, station, scales).deliver(bags)

    async def _all_answered(self, name: str) -> bool:
        (status,) = (await self.panels[name].ask("status")).params
        return bool(status["journal"]["entries"] == status["answered"])

    async def _no_commands(self) -> bool:
        return not await asyncio.to_thread(commands_under_way, self.home)

    async def _advance_centre(self, now_ms: int) -> None:
        """At most once a hospital minute, never beyond what every station has reached."""
        low = min(now_ms, self.clock.low())
        if low // MINUTE_MS > self._advanced.get(HOSPITAL, 0) // MINUTE_MS:
            self._advanced[HOSPITAL] = low
            await self.intake.ask("advance", utc_ms=low)

    async def _before_visit(self, name: str) -> None:
        now = self.clock.now(name)
        if now - self._advanced.get(name, 0) >= MINUTE_MS:
            self._advanced[name] = now
            await self.stations[name].panel.ask("advance", utc_ms=now)
        if not await self.feed.applied(name):
            self.tally.late_tables += 1

    async def _run_until(self, until_ms: int) -> None:
        await self.clock.run(until_ms)
        while any(station.visits_open for station in self.stations.values()):
            until_ms += AFTERWARDS_MS
            await self.clock.run(until_ms)

    async def _count_what_is_owed(self) -> None:
        now = max(self.clock.now(name) for name in self.stations)
        for name, station in self.stations.items():
            if (await station.panel.look()).state.get("must_count"):
                station.expect(Visit(now + MINUTE_MS, name, station.a_user(), ()))
        await self._run_until(now + MINUTE_MS)
