"""One scenario as it happens: the cabinet, its controller, what was asked, answered and written so far."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmware import codes
from firmware.journal import entry, kinds
from firmware.wire import messages
from simulator.cabinet.cabinet import Cabinet, drawer_of, wiring_of
from tests.scenarios import site as sites
from tests.scenarios.hardware import HospitalTime
from tests.scenarios.language import BadScenario, Failed
from tests.scenarios.locks import Locks, PowerCut, name_of
from tests.scenarios.names import in_words
from tests.scenarios.panel import Panel, Written, journal
from tests.scenarios.site import Site

LAST_WORDS = 9999
"""Request id of what nobody will answer."""


class World:
    """The controller starts when the first line needs it; what the tables hold is said before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = Site()
        self.hospital = HospitalTime()
        self.panel: Panel | None = None
        self.answer: tuple[int, list[Any]] = (0, [])
        self.started = False
        self.nothing_sent = False
        self.refused = False  # and nothing has said so yet
        self.told_pharmacy = 0
        self.removals: dict[tuple[str, str], int] = {}
        self.versions: dict[str, int] = {}
        self.commands = 0
        self._sent: dict[str, list[list[Any]]] = {}
        self._written = 0
        self._power_cut: PowerCut | None = None

    # ---- the cabinet and its controller

    @functools.cached_property
    def cabinet(self) -> Cabinet:
        """Its drawers are as the text had them by the time it is first needed."""
        return Cabinet({}, wiring_of(self.site.wiring()), lambda: self.hospital.utc_ms)

    @functools.cached_property
    def locks(self) -> Locks:
        """What of it unlocks."""
        return Locks(self.cabinet, self.site.layout())

    @property
    def running(self) -> Panel:
        if self.panel is None:
            if self.started:
                raise BadScenario("the cabinet has no power")
            self.started = True
            _ = self.locks  # from the first power-up on
            self.site.person(sites.PHARMACY, sites.EVERYTHING)
            self.site.write(self.folder)
            self.power_on()
            if not self.nothing_sent:
                self.send_tables()
            self.written()
        assert self.panel
        return self.panel

    @property
    def state(self) -> list[Any]:
        return self.running.state

    def power_on(self) -> None:
        self.panel = Panel(self.folder, self.cabinet, self.hospital)

    def power_off(self) -> None:
        """All at once: the process, the locks."""
        self.running.close()
        self.panel = None
        self.cabinet.on_line = lambda line, level: None
        self.cabinet.power_on()

    def close(self) -> None:
        if self.panel:
            self.panel.close()

    def command(
        self, kind: int, body: list[Any], number: int | None = None, expires_ms: int | None = None, **how: Any
    ) -> None:
        """A command of the pharmacy, numbered on and valid for an hour if nothing else is said."""
        self.commands = self.commands + 1 if number is None else number
        until_ms = self.hospital.utc_ms + 3_600_000 if expires_ms is None else expires_ms
        self.told_pharmacy = self.running.send_command(self.commands, kind, body, until_ms, **how)

    def send_table(self, table: str, rows: list[list[Any]], **how: Any) -> None:
        """A version of a table as it is, right or wrong; what the cabinet makes of it."""
        self.versions[table] = self.versions.get(table, 0) + 1
        self.told_pharmacy = self.running.send_table(table, rows, self.versions[table], **how)

    def send_tables(self) -> None:
        """What has changed of the tables, each as a new version."""
        for table, rows in self.site.snapshot().items():
            if rows != self._sent.get(table, []):
                self.send_table(table, rows)
                if self.told_pharmacy:
                    return
                self._sent[table] = [list(row) for row in rows]

    # ---- asking

    def ask(self, request: int, *args: Any) -> list[Any]:
        """A request; what it refuses has to be the next thing the text speaks of."""
        if self._power_cut:
            self._ask_until_cut(request, *args)
            return []
        self.answer = self.running.ask(request, *args)
        self.refused = self.answer[0] != codes.NONE
        return self.answer[1]

    def cut_power_when_unlocked(self) -> None:
        self._power_cut = PowerCut(self.locks, self.running.process.kill)

    def _ask_until_cut(self, request: int, *args: Any) -> None:
        cut, self._power_cut = self._power_cut, None
        self.running.send([messages.REQUEST, LAST_WORDS, request, list(args)])
        if not (cut and cut.wait()):
            raise Failed("nothing unlocked, so the power did not go out")
        self.power_off()

    def by(self, who: str) -> str:
        """The user meant; she, he and Somebody are whoever stands there."""
        signed_on = self.state[2]
        if who.lower() not in ("she", "he", "somebody") and sites.user(who) != signed_on:
            raise BadScenario(f"{who} is not signed on, but {signed_on or 'nobody'}")
        return str(signed_on)

    @contextlib.contextmanager
    def pharmacist(self) -> Iterator[None]:
        """Somebody from the pharmacy, for what was there before the story began."""
        self.must(messages.SIGN_ON, sites.badge(sites.PHARMACY), sites.PIN)
        yield
        self.must(messages.SIGN_OFF)
        self.locks.unlocked.clear()

    def at_pocket(self, units: int, request: int, *args: Any, was: int | None = None) -> None:
        """The whole way to a pocket and back: asked, opened, confirmed, shut."""
        _, place, drawer, *_ = self.must(request, *args)
        self.pull(drawer)
        if self.under_lid(place):
            self.lift(place)
        self.must(messages.CONFIRM, units, was, place)
        if self.under_lid(place):
            self.hand(self.cabinet.lower, place)
        self.hand(self.cabinet.push, drawer)

    def must(self, request: int, *args: Any) -> list[Any]:
        """A request that cannot fail in a story that makes sense."""
        params = self.ask(request, *args)
        self.refused = False
        if self.answer[0]:
            raise Failed(f"the cabinet refused: {in_words(self.answer[0])} {params}")
        return params

    # ---- hands

    def hand(self, do: Any, *args: Any) -> None:
        if self.panel:
            self.panel.hand(do, *args)
        else:
            do(*args)

    def pull(self, drawer: int) -> None:
        self.hand(self.cabinet.pull, drawer)
        self.locks.spoken_of(name_of(drawer))

    def lift(self, place: str) -> None:
        self.hand(self.cabinet.lift, place)
        self.locks.spoken_of(place)

    def under_lid(self, place: str) -> bool:
        return self.site.storage(drawer_of(place)) == "lidded"

    # ---- the journal

    def written(self, seals: bool = False) -> list[Written]:
        """Entries nothing has spoken of yet; from now on they count as spoken of. Seals come between the others as
        they come: they are left out unless the text is about them."""
        pages = self.journal()
        new = [page for page in pages if page[0][entry.F_SEQ] > self._written]
        self._written = pages[-1][0][entry.F_SEQ] if pages else 0
        return [page for page in new if seals or page[0][entry.F_KIND] != kinds.SEAL]

    def journal(self) -> list[Written]:
        return journal(self.folder, self.site.sectors)
