"""The questions that stand between a request and its answer."""

from nicegui import ui

from agent.kiosk import lists
from agent.kiosk.removal import OVERRIDE_REASONS
from agent.kiosk.screen import Screen
from agent.kiosk.widgets import button, choices, field, lead, pad, shown

BYPASS_REASONS = {1: "Unreadable", 2: "Missing", 3: "Scanner fails", 4: "Other"}
YES, NO = 1, 2
_WITNESSED = {
    "waste": "this waste",
    "remove": "this removal",
    "return": "this return",
    "empty_bin": "the emptying of the bin",
    "recover": "this recovery",
    "confirm": "this count",
}


def witness(screen: Screen) -> None:
    """Badge and PIN of the second person (U13)."""
    visit, core = screen.visit, screen.core
    what = _WITNESSED.get(visit.asking.name, "this step") if visit.asking else "this step"
    screen.heading("A second person is needed")
    with ui.element("div").classes("split"):
        with ui.element("div").classes("stack"):
            lead(f"Your colleague witnesses {what}: she scans her own badge and enters her own PIN.")
            field("Badge of the witness", "badge", visit, "badge").props("autofocus")
            shown("PIN of the witness", "pin").bind_text_from(visit, "pin", lambda pin: "●" * len(pin))
            button("Witness", "witness", core.witness, "main", core)
        pad(screen.flow)


def new_pin(screen: Screen) -> None:
    """A PIN of one's own."""
    visit = screen.visit
    screen.heading("Choose a PIN of your own")
    with ui.element("div").classes("split"):
        with ui.element("div").classes("stack"):
            lead("At least 4 digits. Enter it, press Go on, and enter it once more.")
            shown("New PIN", "pin").bind_text_from(visit, "pin", lambda pin: "●" * len(pin))
            button("Go on", "new-pin", screen.flow.people.new_pin, "main", screen.core)
        pad(screen.flow)


def prompt(screen: Screen) -> None:
    """The question about the patient (U8)."""
    asking = screen.visit.asking
    number = int(asking.params[0]) if asking and asking.params else 0
    screen.heading("Answer before it opens")
    ui.label(lists.prompt(screen.view, number)).classes("question").props('data-testid="prompt"')
    with ui.element("div").classes("tools"):
        button("Yes", "answer-yes", lambda: screen.core.again(answer=YES), "main", screen.core)
        button("No", "answer-no", lambda: screen.core.again(answer=NO), "main other", screen.core)


def reason(screen: Screen) -> None:
    """Why it is taken without an order."""
    item = screen.visit.asking.args.get("item") if screen.visit.asking else None
    screen.heading(f"No active order for {lists.name_of(screen.view, item)}")
    lead("Taking it all the same is an override: say why. The pharmacy looks at each one.")
    choices(OVERRIDE_REASONS, "override", lambda number: screen.core.again(override=number), screen.core)


def scan(screen: Screen) -> None:
    """The package has to be scanned."""
    asking = screen.visit.asking
    label = asking is not None and asking.name == "confirm"
    screen.heading("Scan the label of the pocket" if label else "Scan the package")
    with ui.element("div").classes("tools"):
        button("Cannot scan", "cannot-scan", screen.core.ask_bypass)


def bypass(screen: Screen) -> None:
    """Why there is no scan (F42)."""
    screen.heading("Why can it not be scanned?")
    choices(BYPASS_REASONS, "bypass", screen.core.bypass, screen.core)
