"""The kiosk's own elements: touch-sized, with a stable `data-testid` each."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from agent.kiosk.core import Core, Handler
from agent.kiosk.flow import Flow


def title(text: str, tag: str = "h1") -> None:
    """A heading."""
    label = ui.label(text)
    label.tag = tag


def lead(text: str) -> ui.label:
    """A line of explanation."""
    return ui.label(text).classes("lead")


def shown(caption: str, testid: str) -> ui.label:
    """The label that shows what the number pad has entered."""
    with ui.element("div").classes("show").props(f'role=group aria-label="{caption}"'):
        ui.label(caption).classes("sub")
        return ui.label().classes("value").props(f'data-testid="{testid}"')


def on_hand(text: str, caption: str = "on hand") -> None:
    """An amount, large."""
    with ui.element("div").classes("amount"):
        ui.label(text)
        ui.label(caption).classes("sub")


def lamp(key: str) -> tuple[ui.element, ui.label]:
    """A dot and its words in the status bar."""
    with ui.element("div").style("display:flex;align-items:center"):
        dot = ui.element("span").classes("dot").props("aria-hidden=true")
        return dot, ui.label().props(f'data-testid="status-{key}"')


def button(text: str, testid: str, handler: Handler, kind: str = "", rests_while: Core | None = None) -> ui.button:
    """A button; with `rests_while` it rests while the cabinet has not answered."""
    does = partial(rests_while.touched, handler) if rests_while else handler
    made = ui.button(text, on_click=does, color=None).classes(f"k {kind}")
    made.props(f'unelevated no-caps data-testid="{testid}"')
    if rests_while:
        made.bind_enabled_from(rests_while, "busy", lambda busy: not busy)
    return made


def tile(testid: str, handler: Handler) -> ui.button:
    """A large button with a layout of its own."""
    return ui.button(on_click=handler, color=None).classes("k tile").props(f'unelevated no-caps data-testid="{testid}"')


def two_lines(first: str, second: str) -> None:
    """What it is, and more about it below."""
    with ui.element("div").style("flex:1; min-width:0"):
        ui.label(first)
        ui.label(second).classes("sub")


def tag(text: str, kind: str = "") -> None:
    """A short word that stands out."""
    ui.label(text).classes(f"tag {kind}")


def field(caption: str, testid: str, target: Any, name: str) -> ui.input:
    """A field for text."""
    made = ui.input(caption).bind_value(target, name).classes("field")
    return made.props(f'outlined autocomplete=off data-testid="{testid}"')


def pad(flow: Flow) -> None:
    """The number pad."""
    with ui.element("div").classes("pad").props('role=group aria-label="Number pad"'):
        for key in "123456789.0":
            made = button(key, f"key-{'point' if key == '.' else key}", partial(flow.press, key))
            if key == ".":
                made.props('aria-label="Decimal point"')
        back = button("⌫", "key-back", lambda: flow.press("back"))
        back.props('aria-label="Delete the last digit"')


def choices(texts: dict[int, str], testid: str, chosen: Callable[[int], Awaitable[None] | None], core: Core) -> None:
    """A button for each numbered reason."""
    with ui.element("div").classes("grid"):
        for number, text in texts.items():
            button(text, f"{testid}-{number}", partial(chosen, number), "", core)
