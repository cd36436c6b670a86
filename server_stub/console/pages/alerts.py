"""Alerts and verdicts of removals: open, awaiting charting, cleared and by what, expired, charted late."""

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import quote

from server_stub.console import queries, words
from server_stub.console.actions import Actions, Form, NotDone
from server_stub.console.document import field, form, hidden
from server_stub.console.door import Visitor
from server_stub.console.frame import Console, NoSuchPage, View, add_page
from server_stub.console.roles import Right
from server_stub.console.scope import entry_key
from server_stub.console.table import Cell, Row, first, table, tabs
from server_stub.verify import queries as verify
from server_stub.verify.verdict import AUTHORITY, DOCUMENTATION, PENDING, SUPPLY

MOST = 200
VERDICTS = {
    "verified": ("verified", "apo-good"),
    "returned": ("returned or wasted", "apo-good"),
    "charted_late": ("charted late", "apo-warn"),
    "undocumented": ("undocumented", "apo-bad"),
    "no_order": ("no order", "apo-bad"),
    "not_admitted": ("not admitted", "apo-bad"),
    "no_order_not_admitted": ("no order, not admitted", "apo-bad"),
    SUPPLY: ("supply, no patient", "apo-good"),
    PENDING: ("charting awaited", "apo-calm"),
}
_STATES = {"open": "apo-bad", "cleared": "apo-good", "expired": "apo-warn"}
_REMOVAL = ("Removed at (UTC)", "Station", "Item", "Quantity", "By", "Patient")
_TABS = {
    "open": ("Open", verify.Wanted(facet=AUTHORITY, state="open")),
    "awaiting": ("Charting awaited", verify.Wanted(facet=DOCUMENTATION, state="open")),
    "cleared": ("Cleared", verify.Wanted(state="cleared")),
    "expired": ("Expired", verify.Wanted(state="expired")),
    "undocumented": ("Undocumented", None),
    "closed": ("Undocumented, closed", None),
    "late": ("Charted late", None),
}

# alerts that a person may end: facet, in which state, button, what is asked
_FORMS = (
    (AUTHORITY, "open", "Clear the alert", "Why it may be cleared"),
    (DOCUMENTATION, "expired", "Close as undocumented", "What was found out"),
)


def add(console: Console, actions: Actions) -> None:
    """Register pages and forms."""
    add_page(console, "/alerts", "Alerts", Right.ALERTS, alerts)
    add_page(console, "/alerts/{station}/{log}/{seq}", "Removal", Right.ALERTS, one)
    forms = _Forms(actions)
    actions.add("/alerts/clear", Right.CLEAR_ALERTS, "/alerts", forms.clear)


def alerts(view: View) -> None:
    """The list; which one is in the address."""
    show = view.query.get("show", "open")
    if show not in _TABS:
        raise NoSuchPage(f"There is no list {show} of alerts.")
    view.frame("Alerts", "Was each removal allowed, and was it charted in time", "/alerts")
    view.live("", lambda: _counts(view), "apo-tiles small")
    view.show(tabs("/alerts", "show", [(key, title) for key, (title, _) in _TABS.items()], show))
    view.live(_TABS[show][0], lambda: _list(view, show))


def _counts(view: View) -> str:
    with view.engine.connect() as conn:
        counts = verify.count_verdicts(conn)
    return "".join(
        f'<div class="apo-tile small" data-testid="verdict-{name}"><strong>{counts[name]:,}</strong> {words_}</div>'
        for name, (words_, _) in VERDICTS.items()
    )


def _list(view: View, show: str) -> str:
    wanted = _TABS[show][1]
    with view.engine.connect() as conn:
        if wanted is not None:
            return first(MOST, verify.alerts(conn, wanted, MOST + 1), partial(alert_table, view))
        if show == "late":
            found = verify.charted_late(conn, limit=MOST + 1)
        else:
            found = verify.undocumented(conn, closed=show == "closed", limit=MOST + 1)
    return first(MOST, found, partial(verdict_table, view))


def alert_table(view: View, rows: Sequence[verify.AlertRow]) -> str:
    """Alerts with what ended them."""
    items = queries.items(view.engine, (row.item for row in rows))
    shown = [
        (
            _opens(row),
            Cell(words.code(row.code), _STATES[row.state], note=row.by),
            *_removal(view, row, items),
            words.clock(row.raised_ms),
            words.clock(row.over_ms),
        )
        for row in rows
    ]
    return table("alerts", "Alerts", ("Removal", "Alert", *_REMOVAL, "Raised (UTC)", "Over (UTC)"), shown)


def verdict_table(view: View, rows: Sequence[verify.VerdictRow]) -> str:
    """Removals with when they were due and when they were charted."""
    items = queries.items(view.engine, (row.item for row in rows))
    shown = [
        (
            _opens(row),
            Cell(*VERDICTS[row.verdict], note=row.documented_by),
            *_removal(view, row, items),
            words.clock(row.deadline_ms),
            words.clock(row.documented_ms),
            words.late(row.deadline_ms, row.documented_ms),
        )
        for row in rows
    ]
    columns = ("Removal", "Verdict", *_REMOVAL, "Due by (UTC)", "Charted (UTC)", "Late by")
    return table("verdicts", "Removals", columns, shown)


def _opens(row: verify.AlertRow | verify.VerdictRow) -> Cell:
    return Cell(f"{row.station} {row.seq}", href=f"/alerts/{quote(row.station)}/{row.log}/{row.seq}")


def _removal(view: View, row: verify.AlertRow | verify.VerdictRow, items: dict[str, queries.Item]) -> Row:
    item = items.get(row.item, queries.Item(row.item, 1))
    patient = row.patient if view.may(Right.PATIENTS) else "–"
    quantity = Cell(words.units(row.quantity, item.scale), number=True)
    return words.clock(row.utc_ms), row.station, Cell(item.name), quantity, row.user, patient


def one(view: View) -> None:
    """One removal with its verdict and its alerts, and the forms to end those that a person may end."""
    station, log, seq = view.path["station"], view.path["log"], view.path["seq"]
    key = entry_key(station, log, seq)
    with view.engine.connect() as conn:
        found = verify.verdict_of(conn, *key) if key else None
    if found is None:
        raise NoSuchPage(f"There is no removal {station} {log} {seq} in the ledger.")
    view.frame(f"Removal {found.seq} at {found.station}", words.clock(found.utc_ms) + " UTC", "/alerts")
    view.live("", lambda: _facts(view, found.station, found.log, found.seq), "apo-card")
    view.live("Alerts", lambda: alert_table(view, _alerts_of(view, found)))
    standing = {(alert.facet, alert.state) for alert in _alerts_of(view, found)}
    if view.may(Right.CLEAR_ALERTS):
        for facet, state, title, label in _FORMS:
            if (facet, state) in standing:
                view.show(_form(found, facet, title, label), title)


def _form(found: verify.VerdictRow, facet: int, title: str, label: str) -> str:
    about = {"station": found.station, "log": found.log, "seq": found.seq, "facet": facet}
    fields = "".join(hidden(name, str(value)) for name, value in about.items())
    fields += field("note", label, more='required maxlength="200" size="60"')
    return form("/alerts/clear", fields, title, testid=f"clear-{facet}", look="apo-form wide")


def _alerts_of(view: View, found: verify.VerdictRow) -> list[verify.AlertRow]:
    with view.engine.connect() as conn:
        return verify.alerts_of(conn, found.station, found.log, found.seq)


def _facts(view: View, station: str, log: int, seq: int) -> str:
    with view.engine.connect() as conn:
        row = verify.verdict_of(conn, station, log, seq)
    assert row is not None
    item = queries.items(view.engine, [row.item]).get(row.item, queries.Item(row.item, 1))
    facts = [
        ("Verdict", Cell(*VERDICTS[row.verdict]).html()),
        ("Item", escape(f"{words.units(row.quantity, item.scale)} × {item.name}")),
        ("Removed by", escape(row.user)),
        ("Patient", escape(row.patient if view.may(Right.PATIENTS) else "not for your role")),
        ("Order", escape(row.order or "none named")),
        ("Authority", escape(_authority(row))),
        ("Charted", escape(words.units(row.charted, item.scale))),
        ("Returned or wasted", escape(words.units(row.back, item.scale))),
        ("Due by (UTC)", words.clock(row.deadline_ms)),
        ("Charted at (UTC)", words.clock(row.documented_ms)),
    ]
    return '<dl class="apo-facts">' + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts) + "</dl>"


def _authority(row: verify.VerdictRow) -> str:
    if row.verdict == SUPPLY:
        return "a supply: neither order nor patient needed"
    found = words.code(row.authority) if row.authority else "order and admission hold"
    if not row.override:
        return found
    later = f"order {row.matched_order}, told {words.clock(row.matched_ms)}" if row.matched_order else "no order yet"
    return f"override, reason {row.override}; {later}" + (f"; {found}" if row.authority else "")


class _Forms:
    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    async def clear(self, visitor: Visitor, values: Form) -> str:
        key, facet = (
            entry_key(values.get("station", ""), values.get("log", ""), values.get("seq", "")),
            values.get("facet"),
        )
        if key is None or facet not in ("1", "2"):
            raise NotDone("That is no removal. Go back and look at the list again.")
        station, log, seq = key
        about = {"station": station, "log": log, "seq": seq, "facet": int(facet)}
        note = values.get("note", "").strip()
        await self._actions.ask("clear_alert", {**about, "user": visitor.name, "note": note})
        done = "closed: it stays undocumented" if about["facet"] == DOCUMENTATION else "cleared"
        return f"The alert of removal {seq} at {station} is {done}."
