"""The open drawer: where it is, what it waits for, and what is confirmed there."""

from functools import partial
from typing import Any

from nicegui import ui

from agent.kiosk import lists
from agent.kiosk.screen import Screen
from agent.kiosk.widgets import button, lead, pad, shown
from firmware.journal import kinds
from firmware.wire import messages

_VERBS = {
    kinds.PURPOSE_REMOVE: "Take",
    kinds.PURPOSE_RETURN: "Put back",
    kinds.PURPOSE_REFILL: "Put in",
    kinds.PURPOSE_COUNT: "Count what is in the pocket",
    kinds.PURPOSE_RETURN_BIN: "Put into the return bin",
    kinds.PURPOSE_LOAD: "Load",
    kinds.PURPOSE_UNLOAD: "Take everything out and count it",
    kinds.PURPOSE_OUTDATE: "Take out what has expired",
    kinds.PURPOSE_EMPTY_BIN: "Empty the return bin",
    kinds.PURPOSE_RECOVER: "Count what is in the pocket",
}
_WITHOUT_AMOUNT = (
    kinds.PURPOSE_COUNT,
    kinds.PURPOSE_UNLOAD,
    kinds.PURPOSE_OUTDATE,
    kinds.PURPOSE_EMPTY_BIN,
    kinds.PURPOSE_RECOVER,
)


def drawer(screen: Screen) -> None:
    """One transaction at its drawer."""
    state, flow, at = screen.view.state, screen.flow, screen.flow.drawer
    asked = lists.units(at.asked(), at.scale())
    verb = _VERBS.get(at.purpose, "Take")
    name = lists.name_of(screen.view, state["item"])
    screen.heading(verb if at.purpose in _WITHOUT_AMOUNT else f"{verb} {asked} × {name}")
    with ui.element("div").classes("split"):
        with ui.element("div").classes("stack"):
            _where(screen, name)
            if at.is_bin:
                _bin(screen)
            else:
                _counted(screen)
                _moved(screen, asked)
        pad(flow)


def _where(screen: Screen, name: str) -> None:
    state, patient = screen.view.state, screen.visit.taken_for
    purpose = screen.flow.drawer.purpose
    with ui.element("div").classes("drawer").props('data-testid="drawer" aria-live=polite'):
        ui.label(lists.where(state["place"])).classes("where").props('data-testid="place"')
        ui.label(state_words(state)).classes("say").props('data-testid="drawer-state"')
        if purpose in _WITHOUT_AMOUNT and name:
            lead(name)
        if patient and purpose == kinds.PURPOSE_REMOVE:
            lead(f"For {lists.patient_name(screen.view, patient)}").props('data-testid="taken-for"')
        if state["units_seen"] is not None:
            lead(f"The cabinet has seen {state['units_seen']} move.").props('data-testid="units-seen"')
        if screen.flow.drawer.needs_label:
            lead("Scan the label of this pocket.").props('data-testid="label-needed"')
            button("Cannot scan", "cannot-scan", screen.core.ask_bypass)


def _counted(screen: Screen) -> None:
    """The count before anything moves (F8)."""
    at, visit = screen.flow.drawer, screen.visit
    if not at.counts_first:
        return
    expected = at.expected()
    scale = at.scale()
    told = "" if expected is None else f" (expected {lists.units(expected, scale)})"
    label = shown(f"In the pocket now{told}", "counted")
    label.bind_text_from(visit, "counted", lambda digits: digits or "count it")
    with ui.element("div").classes("tools"):
        button("Enter the count", "enter-counted", partial(_activate, screen, "counted"))
        if expected is not None:
            button("As expected", "as-expected", partial(_as_expected, screen, lists.units(expected, scale)))
        button("Enter the quantity", "enter-quantity", partial(_activate, screen, "digits"))


def _activate(screen: Screen, name: str) -> None:
    screen.visit.active = name


def _as_expected(screen: Screen, expected: str) -> None:
    screen.visit.counted, screen.visit.active = expected, "digits"


def _moved(screen: Screen, asked: str) -> None:
    at, visit, core = screen.flow.drawer, screen.visit, screen.core
    expected = "0" if at.must_enter else asked
    caption, after = ("You counted", " counted") if at.must_enter else ("Quantity to confirm", "")
    label = shown(caption, "confirm-quantity")
    label.bind_text_from(visit, "digits", lambda digits: digits or expected)
    with ui.element("div").classes("tools"):
        button("Cancel", "cancel", at.cancel, "bad", core)
        if at.purpose in (kinds.PURPOSE_COUNT, kinds.PURPOSE_UNLOAD, kinds.PURPOSE_OUTDATE):
            button("With a second person", "confirm-two", partial(at.confirm, True), "", core)
        confirm = button("", "confirm", at.confirm, "main", core)
        confirm.bind_text_from(visit, "digits", lambda digits: f"Confirm {digits or expected}{after}")


def _bin(screen: Screen) -> None:
    """What lies in the bin, item by item (F11); how many there should be is not told."""
    at, visit = screen.flow.drawer, screen.visit
    for item in at.in_bin():
        made = button("", f"bin-{item}", partial(_activate, screen, item))
        name = lists.name_of(screen.view, item)
        made.bind_text_from(visit, "bin_counts", partial(_found, name, item))
        if visit.active == "digits":
            visit.active = item
    with ui.element("div").classes("tools"):
        button("Cancel", "cancel", at.cancel, "bad", screen.core)
        button("Confirm what was found", "confirm", at.confirm_bin, "main", screen.core)


def _found(name: str, item: str, counts: dict[str, str]) -> str:
    return f"{name}: {counts.get(item, '') or 'count it'}"


def state_words(state: dict[str, Any]) -> str:
    """Where the drawer is, and what comes next."""
    if state["phase"] == messages.RELEASED:
        return "Unlocked: pull the drawer open. The light shows the pocket."
    if state["last"]["txn"] == state["txn"]:
        return "Recorded: now close the drawer."
    if state["phase"] == messages.OPEN:
        return "Open: use the lit pocket only, then confirm and close."
    return "Closed: confirm the quantity, or cancel if nothing moved."
