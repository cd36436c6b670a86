"""The kiosk page: draws the flow's step with touch-sized elements, each with a stable `data-testid`."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from agent.kiosk import flow as steps
from agent.kiosk import lists
from agent.kiosk.flow import Flow
from agent.kiosk.theme import CSS
from agent.view import View
from firmware.journal import kinds
from firmware.wire import messages

TILES = 60
ALERTS_SHOWN = 3
NOTICE = "Research and simulation system, not a cleared medical device. Do not dispense real medication with it."

Handler = Callable[[], Awaitable[None] | None]

_TITLES = {
    steps.SIGN_ON: "Scan your badge and enter your PIN",
    steps.PATIENTS: "Choose a patient",
    steps.REMOVALS: "Return or waste from your removals",
    steps.COUNTS: "Count a pocket",
}
_VERBS = {"remove": "Take out", "return": "Put back", "waste": "Waste", "refill": "Put in"}
_PURPOSE_VERBS = {
    kinds.PURPOSE_REMOVE: "Take",
    kinds.PURPOSE_RETURN: "Put back",
    kinds.PURPOSE_REFILL: "Put in",
    kinds.PURPOSE_COUNT: "Count what is in the pocket",
}


class Page:
    """All of the kiosk that is drawn; one flow, shown alike in every browser that is open on it."""

    def __init__(self, station: str, view: View, flow: Flow) -> None:
        self._station, self._view, self._flow = station, view, flow
        self._drawn: tuple[object, ...] = ()
        self._body = ui.refreshable(self._draw_body)
        self._list = ui.refreshable(self._draw_list)

    def follow_view(self) -> None:
        """Draw what the agent reports from now on; each time after the agent has finished what it is doing."""
        self._flow.changed = self._refresh
        self._view.listeners.add(self._follow_soon)
        self._flow.follow()

    def _follow_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._flow.follow)

    def draw(self) -> None:
        """One browser's page."""
        ui.add_css(CSS)
        self._bar()
        with ui.element("main").classes("sheet"):
            self._body()
        ui.label(NOTICE).classes("foot")

    def _refresh(self) -> None:
        if self._flow.signature != self._drawn:
            self._drawn = self._flow.signature
            self._body.refresh()

    # the status bar

    def _bar(self) -> None:
        with ui.element("header").classes("bar"):
            ui.label(f"Cabinet {self._station}").classes("name")
            labels = {key: _lamp(key) for key in ("link", "centre", "lists")}
        alarms = ui.label().classes("alarms").props('role=alert data-testid="alarms"')

        def tell() -> None:
            for key, (lit, text) in self._lamps().items():
                dot, label = labels[key]
                dot.classes(add="on" if lit else "", remove="" if lit else "on")
                label.set_text(text)
            told = self._view.alarm_words()
            alarms.set_text(" · ".join(told))
            alarms.set_visibility(bool(told))

        tell()
        ui.timer(1.0, tell)

    def _lamps(self) -> dict[str, tuple[bool, str]]:
        view, now = self._view, time.monotonic()
        answered = None if view.centre_at is None else now - view.centre_at
        times = [at_ms for table, at_ms in view.received_ms.items() if table in ("patients", "orders")]
        changed = lists.age_words(max(0.0, time.time() - max(times) / 1000) if times else None)
        heard = f"Centre answered {lists.age_words(answered)}"
        return {
            "link": (view.link, "Controller ready" if view.link else "Controller not answering"),
            "centre": (view.broker and not view.silent, heard if view.broker else f"{heard}, not connected now"),
            "lists": (view.broker, f"Patients and orders changed {changed}"),
        }

    # the steps

    def _draw_body(self) -> None:
        _DRAW[self._flow.step](self)

    def _heading(self, text: str) -> None:
        """What to do here, who is signed on, the ways out, and what came of the last touch."""
        flow, user = self._flow, self._view.state["user"] or ""
        with ui.element("div").classes("head"):
            with ui.element("div").style("flex:1"):
                if flow.step != steps.SIGN_ON:
                    ui.label(f"Signed on: {user}").classes("lead").props('data-testid="user"')
                _title(text)
            if flow.step not in (steps.SIGN_ON, steps.PATIENTS, steps.DRAWER):
                _button("Back to patients", "back", lambda: flow.go(steps.PATIENTS))
            if flow.step not in (steps.SIGN_ON, steps.DRAWER):
                _button("Sign off", "sign-off", flow.sign_off, "bad")
        self._alerts()
        if flow.message:
            kind = "note" if flow.good else "note bad"
            ui.label(flow.message).classes(kind).props('role=status data-testid="message"')

    def _alerts(self) -> None:
        alerts = lists.alerts(self._view)
        for text in alerts[:ALERTS_SHOWN]:
            ui.label(text).classes("note bad").props('role=alert data-testid="alert"')
        if len(alerts) > ALERTS_SHOWN:
            ui.label(f"{len(alerts) - ALERTS_SHOWN} more of your removals need a look.").classes("lead")

    def _draw_sign_on(self) -> None:
        flow = self._flow
        self._heading(_TITLES[steps.SIGN_ON])
        with ui.element("div").classes("split"):
            with ui.element("div").classes("stack"):
                ui.label("Hold your badge to the scanner, or type its number.").classes("lead")
                field = ui.input("Badge").bind_value(flow, "badge").classes("field")
                field.props('outlined autofocus autocomplete=off data-testid="badge"')
                field.on("keydown.enter", flow.badge_read)
                _shown("PIN", "pin").bind_text_from(flow, "pin", lambda pin: "●" * len(pin))
                _button("Sign on", "sign-on", flow.sign_on, "main", flow)
            self._pad()

    def _draw_patients(self) -> None:
        flow = self._flow
        self._heading(_TITLES[steps.PATIENTS])
        with ui.element("div").classes("tools"):
            if flow.roles & (messages.ROLE_RETURN | messages.ROLE_WASTE):
                _button("Return or waste", "removals", lambda: flow.go(steps.REMOVALS))
            if flow.roles & messages.ROLE_REFILL:
                _button("Refill", "refill", lambda: flow.go(steps.ITEMS, "refill"))
            if flow.roles & messages.ROLE_COUNT:
                _button("Count", "count", lambda: flow.go(steps.COUNTS))
        rows = lists.patients(self._view)
        if not rows:
            ui.label("No patients on this ward's list yet. It comes from the centre.").classes("lead")
        with ui.element("div").classes("grid"):
            for row in rows[: TILES * 4]:
                with _tile(f"patient-{row.patient}", partial(flow.choose_patient, row)):
                    _two_lines(row.name, " · ".join(filter(None, (row.patient, row.ward))))

    def _draw_items(self) -> None:
        flow = self._flow
        whom = f" for {flow.patient.name}" if flow.patient and flow.purpose == "remove" else ""
        self._heading(("Choose an item to refill" if flow.purpose == "refill" else "Choose an item") + whom)
        field = ui.input("Search by name", on_change=self._list.refresh).bind_value(flow, "search")
        field.classes("field").props('outlined autofocus autocomplete=off data-testid="search"')
        self._list()

    def _draw_list(self) -> None:
        flow = self._flow
        patient = flow.patient.patient if flow.patient and flow.purpose == "remove" else ""
        rows = lists.items(self._view, flow.search or "", patient)
        shown = rows[:TILES]
        if not rows:
            ui.label("Nothing here by that name. Search again, or look at another cabinet.").classes("lead")
        self._item_tiles("Ordered", [row for row in shown if row.ordered])
        self._item_tiles("In this cabinet", [row for row in shown if not row.ordered])
        if len(rows) > TILES:
            ui.label(f"{len(rows) - TILES} more: type more of the name.").classes("lead")

    def _item_tiles(self, heading: str, rows: list[lists.Item]) -> None:
        if rows:
            _title(heading, "h2")
        with ui.element("div").classes("grid"):
            for row in rows:
                with _tile(f"item-{row.item}", partial(self._flow.choose_item, row)):
                    _two_lines(row.name, row.item)
                    _on_hand(row)

    def _draw_removals(self) -> None:
        flow = self._flow
        self._heading(_TITLES[steps.REMOVALS])
        names = {row.patient: row.name for row in lists.patients(self._view)}
        rows = flow.removals()
        if not rows:
            ui.label("You have no removal here to return or waste from.").classes("lead")
        for row in rows[:TILES]:
            amount = lists.units(row.quantity, lists.scale_of(self._view, row.item))
            with ui.element("div").classes("card"):
                _two_lines(f"{amount} × {lists.name_of(self._view, row.item)}", names.get(row.patient, row.patient))
                _button("Return", f"return-{row.txn}", partial(flow.choose_removal, row, "return"))
                _button("Waste", f"waste-{row.txn}", partial(flow.choose_removal, row, "waste"))

    def _draw_counts(self) -> None:
        flow = self._flow
        self._heading(_TITLES[steps.COUNTS])
        must = set(self._view.state["must_count"])
        rows = sorted(self._view.inventory.values(), key=lambda row: (row[0] not in must, row[0]))
        with ui.element("div").classes("grid"):
            for row in rows[: TILES * 2]:
                with _tile(f"count-{row[0]}", partial(flow.count, row[0])):
                    _two_lines(_where(row[0]), lists.name_of(self._view, row[1]))
                    if row[0] in must:
                        ui.label("count now").classes("tag")

    def _draw_quantity(self) -> None:
        flow, item = self._flow, self._flow.item
        whom = f" for {flow.patient.name}" if flow.patient and flow.purpose == "remove" else ""
        self._heading(f"{_VERBS.get(flow.purpose, 'How many')}{whom}: how many?")
        with ui.element("div").classes("split"):
            with ui.element("div").classes("stack"):
                with ui.element("div").classes("card"):
                    _two_lines(item.name if item else "This item has no pocket here", item.item if item else "")
                    if item:
                        _on_hand(item)
                        for text in lists.par_changes(self._view, item.item):
                            ui.label(f"Stock level {text}").classes("lead").props('data-testid="par-change"')
                _shown("Quantity", "quantity").bind_text_from(flow, "digits", lambda digits: digits or "0")
                if flow.purpose == "remove":
                    given = ui.input("To be given at (optional, UTC, as 14:05)").bind_value(flow, "given_at")
                    given.classes("field").props('outlined autocomplete=off data-testid="given-at"')
                text = "Record waste" if flow.purpose == "waste" else "Release the drawer"
                _button(text, "release", flow.release, "main", flow)
            self._pad()

    def _draw_drawer(self) -> None:
        flow, state = self._flow, self._view.state
        scale = lists.scale_of(self._view, state["item"])
        asked = lists.units(int(state["quantity"] or 0), scale)
        is_count = state["purpose"] == kinds.PURPOSE_COUNT
        verb = _PURPOSE_VERBS.get(state["purpose"], "Take")
        self._heading(verb if is_count else f"{verb} {asked} × {lists.name_of(self._view, state['item'])}")
        with ui.element("div").classes("split"):
            with ui.element("div").classes("stack"):
                with ui.element("div").classes("drawer").props('data-testid="drawer" aria-live=polite'):
                    ui.label(_where(state["place"])).classes("where").props('data-testid="place"')
                    ui.label(_drawer_words(state)).classes("say").props('data-testid="drawer-state"')
                    if flow.patient and state["purpose"] == kinds.PURPOSE_REMOVE:
                        ui.label(f"For {flow.patient.name}").classes("lead")
                expected = "0" if is_count else asked
                caption, after = ("You counted", " counted") if is_count else ("Quantity to confirm", "")
                shown = _shown(caption, "confirm-quantity")
                shown.bind_text_from(flow, "digits", lambda digits: digits or expected)
                with ui.element("div").classes("tools"):
                    _button("Cancel", "cancel", flow.cancel, "bad", flow)
                    confirm = _button("", "confirm", flow.confirm, "main", flow)
                    confirm.bind_text_from(flow, "digits", lambda digits: f"Confirm {digits or expected}{after}")
            self._pad()

    def _pad(self) -> None:
        with ui.element("div").classes("pad").props('role=group aria-label="Number pad"'):
            for key in "123456789":
                _button(key, f"key-{key}", partial(self._flow.press, key))
            ui.element("span")
            _button("0", "key-0", lambda: self._flow.press("0"))
            back = _button("⌫", "key-back", lambda: self._flow.press("back"))
            back.props('aria-label="Delete the last digit"')


_DRAW: dict[str, Callable[[Page], None]] = {
    steps.SIGN_ON: Page._draw_sign_on,
    steps.PATIENTS: Page._draw_patients,
    steps.ITEMS: Page._draw_items,
    steps.REMOVALS: Page._draw_removals,
    steps.COUNTS: Page._draw_counts,
    steps.QUANTITY: Page._draw_quantity,
    steps.DRAWER: Page._draw_drawer,
}


def _title(text: str, tag: str = "h1") -> None:
    title = ui.label(text)
    title.tag = tag


def _shown(caption: str, testid: str) -> ui.label:
    """The label that shows what the number pad has entered."""
    with ui.element("div").classes("show").props(f'role=group aria-label="{caption}"'):
        ui.label(caption).classes("sub")
        return ui.label().classes("value").props(f'data-testid="{testid}"')


def _on_hand(item: lists.Item) -> None:
    with ui.element("div").classes("amount"):
        ui.label(lists.units(item.on_hand, item.scale))
        ui.label("on hand").classes("sub")


def _lamp(key: str) -> tuple[ui.element, ui.label]:
    with ui.element("div").style("display:flex;align-items:center"):
        dot = ui.element("span").classes("dot").props("aria-hidden=true")
        return dot, ui.label().props(f'data-testid="status-{key}"')


def _button(text: str, testid: str, handler: Handler, kind: str = "", rests_while: Flow | None = None) -> ui.button:
    button = ui.button(text, on_click=handler, color=None).classes(f"k {kind}")
    button.props(f'unelevated no-caps data-testid="{testid}"')
    if rests_while:
        button.bind_enabled_from(rests_while, "busy", lambda busy: not busy)
    return button


def _tile(testid: str, handler: Handler) -> ui.button:
    return ui.button(on_click=handler, color=None).classes("k tile").props(f'unelevated no-caps data-testid="{testid}"')


def _two_lines(first: str, second: str) -> None:
    with ui.element("div").style("flex:1; min-width:0"):
        ui.label(first)
        ui.label(second).classes("sub")


def _where(place: str | None) -> str:
    drawer, _, pocket = (place or "").partition("-")
    return f"Drawer {drawer[1:].lstrip('0')} · Pocket {pocket[1:].lstrip('0')}" if pocket else (place or "")


def _drawer_words(state: dict[str, Any]) -> str:
    if state["phase"] == messages.RELEASED:
        return "Unlocked: pull the drawer open. The light shows the pocket."
    if state["last"]["txn"] == state["txn"]:
        return "Recorded: now close the drawer."
    if state["phase"] == messages.OPEN:
        return "Open: use the lit pocket only, then confirm and close."
    return "Closed: confirm the quantity, or cancel if nothing moved."
