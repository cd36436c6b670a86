"""The unit as people see it: its display of 8 lines of 20 characters, its keypad, its scanner."""

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Horizontal, Vertical
from textual.widgets import Button, Input, Static

from agent.handheld.screen import HEIGHT, WIDTH, Line, page, wrapped
from agent.handheld.shell import Printer, Shell
from agent.handheld.steps import BACK, CLEAR, DOWN, ENTER, FUNCTIONS, UP
from agent.handheld.store import Store, now_ms
from agent.handheld.wedge import Typed, Wedge

_KEYPAD = (*FUNCTIONS, "7", "8", "9", UP, "4", "5", "6", DOWN, "1", "2", "3", BACK, CLEAR, "0", ".", ENTER)
_KEYS = {
    "enter": ENTER,
    "escape": CLEAR,
    "up": UP,
    "down": DOWN,
    "backspace": BACK,
    **{f.lower(): f for f in FUNCTIONS},
}

# what a scanner that types sends between the fields of a GS1 code
_SEPARATOR = "ctrl+right_square_bracket"


class Key(Button):
    """A key of the keypad; a click does not take the focus, which the keyboard needs."""

    can_focus = False

    def __init__(self, key: str) -> None:
        super().__init__(key, compact=True, id=f"key-{'point' if key == '.' else key}")


class Handheld(App[None]):
    """One unit. `wedge`: the scanner types like a keyboard; else codes are typed into the line below the keypad."""

    TITLE = "Handheld"
    AUTO_FOCUS = None
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "plug", "put in, take out", priority=True),
        Binding("ctrl+s", "scanner", "scanner", priority=True),
        Binding("ctrl+q", "quit", "switch off", priority=True),
    ]
    CSS = f"""
    Screen {{ align: center middle; }}
    #unit {{ width: 44; height: auto; border: round $primary; padding: 0 1; }}
    #display {{ width: {WIDTH + 4}; height: {HEIGHT + 2}; border: heavy $foreground; padding: 0 1; }}
    #frame {{ align: center middle; height: auto; }}
    #line, #printed, #help {{ height: auto; color: $text-muted; }}
    #keypad {{ grid-size: 4; grid-gutter: 0 1; height: auto; margin-top: 1; }}
    #keypad Button {{ width: 100%; min-width: 8; }}
    #scan {{ height: 3; }}
    """

    def __init__(self, port: Path, state: Path | None, printer: Path | None, baud: int, wedge: bool) -> None:
        super().__init__()
        self.shell = Shell(port, Store(state), Printer(printer), self._show, self._beep, baud)
        self._wedge = Wedge() if wedge else None

    def compose(self) -> ComposeResult:
        with Vertical(id="unit"):
            with Horizontal(id="frame"):
                yield Static(id="display")
            yield Static(id="line")
            with Grid(id="keypad"):
                for key in _KEYPAD:
                    yield Key(key)
            yield Input(placeholder="Scan: type a code, ENTER", id="scan", disabled=self._wedge is not None)
            yield Static(id="printed")
            yield Static("Ctrl+T cradle, Ctrl+S scan, Ctrl+Q off", id="help")

    def on_mount(self) -> None:
        self.shell.start()
        self.set_interval(1, self._show)

    def on_unmount(self) -> None:
        self.shell.stop()

    # what comes from people

    def on_key(self, event: events.Key) -> None:
        key = _KEYS.get(event.key) or (event.character if event.is_printable else None)
        if self._wedge and event.key == _SEPARATOR:
            key = "\x1d"
        if key is None or self.focused is not None:
            return
        event.stop()
        if self._wedge is None:
            return self.shell.key(key)
        self._take(self._wedge.key(key, now_ms()))
        if self._wedge.deadline() is not None:
            self.set_timer(0.05, self._wedge_tick)

    def _wedge_tick(self) -> None:
        if self._wedge:
            self._take(self._wedge.tick(now_ms()))

    def _take(self, typed: Typed) -> None:
        for what, text in typed:
            (self.shell.scan if what == "scan" else self.shell.key)(text)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A key of the keypad was clicked."""
        self.shell.key(str(event.button.label))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A code was typed where the scanner is."""
        self.shell.scan(event.value)
        event.input.clear()

    def action_plug(self) -> None:
        """Into the cradle, or out of it."""
        self.shell.plug(not self.shell.plugged)

    def action_scanner(self) -> None:
        """To the scanner's line and back to the keys."""
        scan = self.query_one("#scan", Input)
        self.set_focus(None if self.focused is scan or scan.disabled else scan)

    # what goes to people

    def _show(self) -> None:
        if not self.is_running or not self.query("#display"):
            return
        self.query_one("#display", Static).update(self._picture())
        self.query_one("#line", Static).update(self._state())
        label = self.shell.label
        self.query_one("#printed", Static).update(f"Printed {label['code']}" if label else "Nothing printed yet")

    def _picture(self) -> Text:
        text = Text()
        for number, line in enumerate(self._lines()):
            text.append("\n" if number else "")
            text.append(f"{line.text:<{WIDTH}}", style="reverse" if line.reverse else "")
        return text

    def _lines(self) -> tuple[Line, ...]:
        if self.shell.broken is None:
            return self.shell.unit.screen()
        words = f"This unit cannot keep anything: {self.shell.broken}. Its last step does not count."
        return page(wrapped(words, HEIGHT - 1), "Ctrl+Q: switch off")

    def _state(self) -> str:
        if self.shell.broken:
            return "Out of order"
        if not self.shell.plugged:
            return "In hand"
        where = "Station" if self.shell.unit.link.at_station else "Cradle"
        return f"{where}: {'on the line' if self.shell.on_line else 'waits'}"

    def _beep(self, good: bool) -> None:
        if not good:
            self.bell()
