"""A unit with a real port, clock, memory and printer."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.cradle.line import BAUD, some_block
from agent.handheld.store import Store, now_ms
from agent.handheld.unit import Unit
from agent.labels import contents, layouts, zpl
from agent.labels.contents import BadLabel
from agent.port import Port


class Printer:
    """The portable printer: labels as ZPL to its port or a file; without one they are shown only."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def label(self, fields: dict[str, Any]) -> None:
        """Print a label of any kind (P30); raises OSError, BadLabel."""
        if self._path is None:
            return
        made = _MAKE[fields["kind"]](fields)
        with self._path.open("ab") as out:
            out.write(zpl.pages(layouts.read(_layout(fields)), [made]))


def _bag(fields: dict[str, Any]) -> contents.Content:
    about = {"name": fields["name"], "station": fields["station"] or "-", "place": fields["place"]}
    return contents.bag(fields["item"], fields["quantity"], fields["serial"], **about)


def _layout(fields: dict[str, Any]) -> str:
    """Without a pocket there is no room for one."""
    return "corrected" if fields["kind"] == "bag" and not fields["place"] else str(fields["kind"])


_MAKE: dict[str, Callable[[dict[str, Any]], contents.Content]] = {
    "bag": _bag,
    "shelf": lambda fields: contents.shelf(fields["item"], name=fields["name"]),
    "user": lambda fields: contents.user(fields["user"], name=fields["user"]),
    "pocket": lambda fields: contents.pocket(fields["station"], fields["drawer"], fields["pocket"]),
}


class NotKeptError(Exception):
    """The memory could not be written; the text says why."""


class Shell:
    """Runs a unit in the running loop. `changed` is called when there is something new to see, `beep` with what is to
    be heard. What the unit wants saved is saved before anything else that it wants is done; if it can not be, `broken`
    says why, and nothing more is done: what was not kept is not sent, and no label of it printed."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        path: Path,
        store: Store,
        printer: Printer,
        changed: Callable[[], None],
        beep: Callable[[bool], None],
        baud: int = BAUD,
    ) -> None:
        self._store, self._printer, self._changed, self._beep = store, printer, changed, beep
        self.unit = Unit(*store.load(), some_block, now_ms())
        self.plugged = True
        self.broken: str | None = None
        self.label: dict[str, Any] | None = None
        self._port = Port(path, baud, self)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Go."""
        self._do(lambda: None)

    def stop(self) -> None:
        """Close the port; the memory is in its file already."""
        if self._timer:
            self._timer.cancel()
        self._port.close()
        self._store.close()

    @property
    def on_line(self) -> bool:
        """Is the port open?"""
        return self._port.is_open

    def key(self, key: str) -> None:
        """A key of the keypad."""
        self._do(lambda: self.unit.key(key, now_ms()))

    def scan(self, text: str) -> None:
        """The scanner has read something."""
        self._do(lambda: self.unit.scan(text, now_ms()))

    def plug(self, plugged: bool) -> None:
        """The unit is put on the line or taken off it."""
        self.plugged = plugged
        self._do(lambda: self.unit.plug(plugged, now_ms()))

    # the port

    def port_opened(self) -> None:
        """While the line is another's, nothing is heard."""
        self._do(lambda: self.unit.granted(now_ms()))

    def port_received(self, data: bytes) -> None:
        self._do(lambda: self.unit.heard(data, now_ms()))

    def port_lost(self) -> None:
        """The machine finds out by the silence."""

    # actions

    def _do(self, event: Callable[[], None]) -> None:
        if self.broken:
            return
        try:
            event()
            self._carry_out()
            self._set_timer()
        except NotKeptError as error:
            self.broken = str(error)
            self.stop()
            self._beep(False)
        self._changed()

    def _carry_out(self) -> None:
        while actions := self.unit.actions():
            for name, *values in actions:
                _ACTIONS[name](self, *values)

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        due_ms, loop = self.unit.deadline(), asyncio.get_running_loop()
        wait_s = None if due_ms is None else max(0, due_ms - now_ms()) / 1000
        self._timer = None if wait_s is None else loop.call_later(wait_s, self._tick)

    def _tick(self) -> None:
        self._do(lambda: self.unit.tick(now_ms()))

    def _save(self, text: str) -> None:
        try:
            self._store.save(text)
        except OSError as error:
            raise NotKeptError(str(error)) from None

    def _print(self, fields: dict[str, Any]) -> None:
        self.label = fields
        try:
            self._printer.label(fields)
        except (OSError, BadLabel) as error:
            self.unit.refuse(f"Label {fields['code']} was not printed: {error}")

    def _bid(self) -> None:
        if not self._port.is_open:
            self._port.start()


_ACTIONS: dict[str, Callable[..., None]] = {
    "save": Shell._save,
    "send": lambda shell, data: shell._port.write(data),
    "print": Shell._print,
    "beep": lambda shell, good: shell._beep(good),
    "bid": Shell._bid,
    "release": lambda shell: shell._port.close(),
}
