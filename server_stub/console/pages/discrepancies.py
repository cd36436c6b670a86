"""Discrepancies: counts that did not come out, open or resolved and how; a pharmacist resolves with a note."""

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import quote

from server_stub.console import queries, words
from server_stub.console.actions import Actions, Form, NotDone
from server_stub.console.document import choice, field, form, hidden
from server_stub.console.door import Visitor
from server_stub.console.frame import Console, NoSuchPage, View, add_page
from server_stub.console.roles import Right
from server_stub.console.scope import entry_key
from server_stub.console.table import Cell, first, table, tabs
from server_stub.watch import queries as watch

MOST = 200
REASONS = (
    "Counted again: the count was wrong",
    "Removal not entered",
    "Return not entered",
    "Waste not entered",
    "Put into another pocket",
    "Broken or lost",
    "Cause not found",
)


def add(console: Console, actions: Actions) -> None:
    """Register pages and form."""
    add_page(console, "/discrepancies", "Discrepancies", Right.DISCREPANCIES, discrepancies)
    add_page(console, "/discrepancies/{station}/{log}/{seq}", "Discrepancy", Right.DISCREPANCIES, one)
    actions.add("/discrepancies/resolve", Right.RESOLVE, "/discrepancies", _Forms(actions).resolve)


def discrepancies(view: View) -> None:
    """The list, open or resolved."""
    show = view.query.get("show", "open")
    if show not in ("open", "resolved"):
        raise NoSuchPage(f"There is no list {show} of discrepancies.")
    view.frame("Discrepancies", "Counts that did not come out", "/discrepancies")
    view.show(tabs("/discrepancies", "show", [("open", "Open"), ("resolved", "Resolved")], show))
    view.live(
        show.capitalize(),
        lambda: first(
            MOST,
            watch.discrepancies(view.engine, resolved=show == "resolved", limit=MOST + 1),
            partial(_table, view),
        ),
    )


def _table(view: View, rows: Sequence[watch.Discrepancy]) -> str:
    items = queries.items(view.engine, (row.item for row in rows))
    shown = []
    for row in rows:
        item = items.get(row.item, queries.Item(row.item, 1))
        shown.append(
            (
                Cell(f"{row.station} {row.seq}", href=f"/discrepancies/{quote(row.station)}/{row.log}/{row.seq}"),
                row.station,
                row.place,
                Cell(item.name, note=row.item),
                Cell(words.signed(row.change, item.scale), "apo-warn" if row.resolved_ms is None else "apo-calm"),
                Cell(row.counted_by, note=f"before: {row.previous}" if row.previous else ""),
                words.clock(row.counted_ms),
                words.clock(row.resolved_ms),
                Cell(row.note or "", note=f"by {row.person}" if row.person else ""),
            )
        )
    columns = ("Count", "Station", "Pocket", "Item", "Off by", "Counted by", "Counted (UTC)", "Resolved (UTC)", "How")
    return table("discrepancies", "Discrepancies", columns, shown)


def one(view: View) -> None:
    """One discrepancy, and the form to resolve it."""
    key = entry_key(view.path["station"], view.path["log"], view.path["seq"])
    found = watch.discrepancy(view.engine, *key) if key else None
    if found is None:
        raise NoSuchPage("There is no such discrepancy.")
    view.frame(
        f"Discrepancy {found.place} at {found.station}", words.clock(found.counted_ms) + " UTC", "/discrepancies"
    )
    item = queries.items(view.engine, [found.item]).get(found.item, queries.Item(found.item, 1))
    facts = [
        ("Item", item.name),
        ("Off by", f"{words.signed(found.change, item.scale)} against what the book said"),
        ("Counted by", found.counted_by),
        ("At the place before", _before(found)),
        ("Entry", f"{found.station} log {found.log} seq {found.seq}"),
        ("Resolved (UTC)", words.clock(found.resolved_ms)),
        ("How", found.note or "not resolved"),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    view.show(f'<dl class="apo-facts apo-card" data-testid="facts">{listed}</dl>')
    if found.resolved_ms is None and view.may(Right.RESOLVE):
        fields = hidden("station", found.station) + hidden("log", str(found.log)) + hidden("seq", str(found.seq))
        fields += choice("reason", "What was the cause", [(r, r) for r in REASONS])
        fields += field("note", "Note", more='maxlength="300" size="50"')
        view.show(form("/discrepancies/resolve", fields, "Resolve", testid="resolve", look="apo-form wide"), "Resolve")


def _before(found: watch.Discrepancy) -> str:
    if found.previous is None:
        return "the cabinet did not say"
    return f"{found.previous} (entry {found.previous_seq})" if found.previous else "nobody known"


class _Forms:
    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    async def resolve(self, visitor: Visitor, values: Form) -> str:
        key = entry_key(values.get("station", ""), values.get("log", ""), values.get("seq", ""))
        if key is None or values.get("reason") not in REASONS:
            raise NotDone("That is no discrepancy with a cause. Go back and look at the list again.")
        station, log, seq = key
        args = {"station": station, "log": log, "seq": seq, "person": visitor.name}
        await self._actions.ask(
            "resolve_discrepancy", {**args, "reason": values["reason"], "note": values.get("note", "").strip()}
        )
        return f"The discrepancy of count {seq} at {station} is resolved: {values['reason'].lower()}."
