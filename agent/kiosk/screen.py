"""What every screen has: the flow, the heading with the ways out, and a list that is drawn anew as somebody types."""

from collections.abc import Callable

from nicegui import ui

from agent.kiosk import lists
from agent.kiosk import visit as steps
from agent.kiosk.core import Core
from agent.kiosk.flow import Flow
from agent.kiosk.visit import Visit
from agent.kiosk.widgets import button, title
from agent.view import View

ALERTS_SHOWN = 3
TILES = 60
_NO_WAY_BACK = (steps.SIGN_ON, steps.PATIENTS, steps.DRAWER, *steps.QUESTIONS)


class Screen:
    """Hands to the screens what they draw from."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self._draw_list: Callable[[], None] = lambda: None
        self._list = ui.refreshable(self._draw_now)
        self._message = ui.refreshable(self._draw_message)

    @property
    def core(self) -> Core:
        """What the topics share."""
        return self.flow.core

    @property
    def view(self) -> View:
        """What the agent shows."""
        return self.flow.core.view

    @property
    def visit(self) -> Visit:
        """What belongs to the one at the screen."""
        return self.flow.visit

    def heading(self, text: str) -> None:
        """What to do here, who is signed on, the ways out, and what came of the last touch."""
        step, user = self.visit.step, self.view.state["user"] or ""
        with ui.element("div").classes("head"):
            with ui.element("div").style("flex:1"):
                if step != steps.SIGN_ON:
                    ui.label(f"Signed on: {user}").classes("lead").props('data-testid="user"')
                title(text)
            if step not in _NO_WAY_BACK:
                button("Back to patients", "back", lambda: self.core.go(steps.PATIENTS, "remove"))
            if step in steps.QUESTIONS:
                button("Cancel", "give-up", self.core.give_up, "bad")
            elif step not in (steps.SIGN_ON, steps.DRAWER):
                button("Sign off", "sign-off", self.flow.people.sign_off, "bad")
        self._alerts()
        self._message()

    def tell(self) -> None:
        """Draw anew what came of the last touch, and nothing else; the key that a finger is on stays where it is."""
        self._message.refresh()

    def _draw_message(self) -> None:
        message, good = self.core.told
        with ui.element("div").classes("told").props("role=status"):
            if message:
                ui.label(message).classes("note" if good else "note bad").props('data-testid="message"')

    def _alerts(self) -> None:
        alerts = lists.alerts(self.view)
        for text in alerts[:ALERTS_SHOWN]:
            ui.label(text).classes("note bad").props('role=alert data-testid="alert"')
        if len(alerts) > ALERTS_SHOWN:
            ui.label(f"{len(alerts) - ALERTS_SHOWN} more of your removals need a look.").classes("lead")

    def _draw_now(self) -> None:
        self._draw_list()

    def searched(self, caption: str, draw: Callable[[], None], testid: str = "search") -> None:
        """A search field over a list that follows what is typed."""
        self._draw_list = draw
        field = ui.input(caption, on_change=self._list.refresh).bind_value(self.visit, "search")
        field.classes("field").props("outlined autofocus autocomplete=off").props(f'data-testid="{testid}"')
        self._list()
