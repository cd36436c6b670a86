"""The part of an item's page where a pharmacist holds its levels or gives them a floor (A1.g, RD-A2)."""

from html import escape

from server_stub.console import queries, words
from server_stub.console.actions import Actions, Form, NotDone
from server_stub.console.document import choice, field, form
from server_stub.console.door import Visitor
from server_stub.console.frame import Console, View
from server_stub.console.roles import Right
from server_stub.stock.holds import ParHold, par_holds

_MOST_DIGITS = 6
_HELD = [("", "follow the forecast"), ("yes", "stay as they are")]


def add(console: Console, actions: Actions) -> None:
    """Register the form."""
    do = _Forms(console, actions).hold
    actions.add("/items/{item}/{station}/hold", Right.HOLD_PAR, "/items/{item}?station={station}", do)


def show(view: View, item: str, station: str, known: queries.Item) -> None:
    """What was set by hand and why, and for those who may the form to set it."""
    found = next(iter(par_holds(view.engine, station=station, item=item)), None)
    if found:
        view.show(_words(found, known), "Set by hand")
    if view.may(Right.HOLD_PAR):
        view.show(_form(item, station, known, found), "Hold the levels")


def _words(found: ParHold, known: queries.Item) -> str:
    levels = "Levels stay as they are" if found.held else "Levels follow the forecast"
    floor = f", min at least {words.units(found.floor, known.scale)}" if found.floor else ""
    said = f"{levels}{floor}. {found.reason} ({found.person}, {words.clock(found.utc_ms)} UTC)"
    return f'<p data-testid="held">{escape(said)}</p>'


def _form(item: str, station: str, known: queries.Item, found: ParHold | None) -> str:
    floor = -(-found.floor // known.scale) if found else 0
    fields = (
        choice("held", f"Levels at {station}", _HELD, "yes" if found and found.held else "")
        + field("floor", "Least min, in units (0: none)", "number", str(floor), 'required min="0" step="1"')
        + field("reason", "Why", more='required maxlength="200" size="40"')
    )
    return form(f"/items/{item}/{station}/hold", fields, "Set", testid="hold", look="apo-form wide")


class _Forms:
    def __init__(self, console: Console, actions: Actions) -> None:
        self._console = console
        self._actions = actions

    async def hold(self, visitor: Visitor, values: Form) -> str:
        floor = values.get("floor", "")
        if not (floor.isascii() and floor.isdigit() and len(floor) <= _MOST_DIGITS):
            raise NotDone("The least min is a whole number of units. Go back and correct it.")
        station, item, held = values["station"], values["item"], values.get("held", "")
        scale = queries.items(self._console.engine, [item]).get(item, queries.Item(item, 1)).scale
        about = {"station": station, "item": item, "held": held == "yes", "floor": int(floor) * scale}
        reason = values.get("reason", "").strip()
        await self._actions.ask("par_hold", {**about, "person": visitor.name, "reason": reason})
        return f"The levels of {item} at {station} {dict(_HELD).get(held, _HELD[0][1])}."
