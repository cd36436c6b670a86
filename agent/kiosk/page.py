"""The kiosk page: status bar, heading, and the screen of the flow's step."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from nicegui import events, ui

from agent.kiosk import lists, screens_drawer, screens_people, screens_question, screens_removal, screens_stock
from agent.kiosk import visit as steps
from agent.kiosk.flow import Flow
from agent.kiosk.people import clock_time
from agent.kiosk.screen import Screen
from agent.kiosk.theme import CSS, KEYS
from agent.kiosk.widgets import lamp
from agent.view import View

NOTICE = "Research and simulation system, not a cleared medical device. Do not dispense real medication with it."
MINUTE_MS = 60_000

_DRAW: dict[str, Callable[[Screen], None]] = {
    steps.SIGN_ON: screens_people.sign_on,
    steps.PATIENTS: screens_people.patients,
    steps.ACTIVITY: screens_people.activity,
    steps.PEOPLE: screens_people.form,
    steps.ITEMS: screens_removal.items,
    steps.CART: screens_removal.cart,
    steps.QUANTITY: screens_removal.quantity,
    steps.REMOVALS: screens_removal.removals,
    steps.DRAWER: screens_drawer.drawer,
    steps.STOCK: screens_stock.menu,
    steps.RESTOCK: screens_stock.restock,
    steps.PLACES: screens_stock.places,
    steps.WITNESS: screens_question.witness,
    steps.NEW_PIN: screens_question.new_pin,
    steps.PROMPT: screens_question.prompt,
    steps.REASON: screens_question.reason,
    steps.SCAN: screens_question.scan,
    steps.BYPASS: screens_question.bypass,
}


class Page:
    """All of the kiosk that is drawn; one flow, shown alike in every browser that is open on it."""

    def __init__(self, station: str, view: View, flow: Flow) -> None:
        self._station, self._view, self._flow = station, view, flow
        self._drawn: tuple[object, ...] = ()
        self._told: tuple[str, bool] = ("", True)
        self._screen = Screen(flow)
        self._body = ui.refreshable(self._draw_body)

    def follow_view(self) -> None:
        """Draw what the agent reports from now on; each time after the agent has finished what it is doing."""
        self._flow.on_change(self._refresh)
        self._view.listeners.add(self._follow_soon)
        self._flow.follow()

    def _follow_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._flow.follow)

    def draw(self) -> None:
        """One browser's page."""
        ui.add_css(CSS)
        ui.add_body_html(f"<script>{KEYS}</script>")
        ui.on("kiosk_scan", self._scanned)
        ui.on("kiosk_key", self._key)
        self._bar()
        with ui.element("main").classes("sheet"):
            self._body()
        self._foot()

    def _draw_body(self) -> None:
        _DRAW[self._flow.visit.step](self._screen)

    def _refresh(self) -> None:
        if self._flow.signature != self._drawn:
            self._drawn = self._flow.signature
            self._body.refresh()
        elif self._flow.core.told != self._told:
            self._screen.tell()
        self._told = self._flow.core.told

    def _scanned(self, event: events.GenericEventArguments) -> Awaitable[None] | None:
        return self._flow.scanned(str(event.args))

    async def _key(self, event: events.GenericEventArguments) -> None:
        if event.args == "Enter":
            await self._flow.enter()
        elif event.args == "back" or str(event.args) in set("0123456789."):
            self._flow.press(str(event.args))

    # status

    def _bar(self) -> None:
        with ui.element("header").classes("bar"):
            ui.label(f"Cabinet {self._station}").classes("name")
            labels = {key: lamp(key) for key in ("link", "centre", "lists")}
        critical = ui.label().classes("alarms critical").props('role=alert data-testid="critical"')
        alarms = ui.label().classes("alarms").props('role=alert data-testid="alarms"')

        def tell() -> None:
            for key, (lit, text) in self._lamps().items():
                dot, label = labels[key]
                dot.classes(add="on" if lit else "", remove="" if lit else "on")
                label.set_text(text)
            for label, text in ((alarms, " · ".join(self._view.alarm_words())), (critical, self._critical())):
                label.set_text(text)
                label.set_visibility(bool(text))

        tell()
        ui.timer(1.0, tell)

    def _critical(self) -> str:
        until_ms = int(self._view.state["critical_until_ms"] or 0)
        if until_ms <= self._flow.core.panel.clock.utc_ms():
            return ""
        until = clock_time(until_ms // MINUTE_MS)
        return f"CRITICAL OVERRIDE until {until} UTC: everything can be taken without an order; all of it is recorded"

    def _lamps(self) -> dict[str, tuple[bool, str]]:
        view, now = self._view, time.monotonic()
        answered = None if view.centre_at is None else now - view.centre_at
        ages = [age for table, age in self._ages() if table in ("patients", "orders")]
        heard = f"Centre answered {lists.age_words(answered)}"
        return {
            "link": (view.link, "Controller ready" if view.link else "Controller not answering"),
            "centre": (view.broker and not view.silent, heard if view.broker else f"{heard}, not connected now"),
            "lists": (view.broker, f"Patients and orders changed {lists.age_words(min(ages) if ages else None)}"),
        }

    def _ages(self) -> list[tuple[str, float]]:
        """How old each list held here is, in seconds."""
        now = time.time()
        return [(table, max(0.0, now - at_ms / 1000)) for table, at_ms in sorted(self._view.received_ms.items())]

    def _foot(self) -> None:
        with ui.element("footer").classes("foot"):
            ages = ui.label().props('data-testid="ages"')
            ui.label(NOTICE)

        def tell() -> None:
            told = [f"{table.replace('_', ' ')} {lists.age_words(age)}" for table, age in self._ages()]
            ages.set_text(f"Lists changed: {', '.join(told)}" if told else "No list has come from the centre yet.")

        tell()
        ui.timer(5.0, tell)
