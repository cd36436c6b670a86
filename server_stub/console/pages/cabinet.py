"""What a station's page shows of its cabinet, and the orders a pharmacist gives it."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import Engine

from server_stub.console import queries, words
from server_stub.console.actions import Actions, Form, NotDone
from server_stub.console.document import choice, field, form, hidden
from server_stub.console.door import Visitor
from server_stub.console.frame import Part, View
from server_stub.console.pages.expiry import bin_table
from server_stub.console.roles import Right
from server_stub.console.table import Cell, first, table
from server_stub.stock import expiry
from server_stub.verify import worklists
from server_stub.watch import queries as watch
from server_stub.watch.conditions import CRITICAL, QUARANTINE

HOURS = ("1", "2", "4", "8", "12")
MOST, MOST_ANSWERS = 100, 20
_REASON = 'required maxlength="200" size="50"'


def add(actions: Actions) -> None:
    """Register the forms."""
    forms = _Forms(actions)
    for name, do in (
        ("critical-override", forms.critical),
        ("release-quarantine", forms.release),
        ("merge-provisional", forms.merge),
    ):
        actions.add(f"/stations/{{station}}/{name}", Right.ORDER, "/stations/{station}", do)


class _Now(NamedTuple):
    utc_ms: int
    bins: list[expiry.InBin]
    users: list[watch.TemporaryUser]
    bypasses: list[watch.Bypass]
    answers: list[watch.Attestation]


def show(view: View, station: str) -> None:
    """The parts of the page, and what the visitor may order."""
    parts: list[Part[_Now]] = []
    if view.may(Right.STOCK):
        parts.append(Part("Return bins", lambda now: bin_table(view, now.bins)))
    parts.append(Part("Temporary users", lambda now: first(MOST, now.users, partial(_users, now.utc_ms))))
    parts.append(Part("Scans passed by", lambda now: first(MOST, now.bypasses, _bypasses)))
    parts.append(Part("Prompts answered", lambda now: first(MOST_ANSWERS, now.answers, partial(_answers, view))))
    view.follow(lambda: _read(view, station), *parts)
    if view.may(Right.PATIENTS):
        view.live(
            "Patients added at the cabinet",
            lambda: first(MOST, worklists.provisional(view.engine, station, MOST + 1), _provisional),
        )
    if view.may(Right.ORDER):
        view.show(_orders(view, station), "Orders to the cabinet")


def _read(view: View, station: str) -> _Now:
    engine = view.engine
    return _Now(
        queries.hospital_ms(engine),
        expiry.bins(engine, station=station),
        watch.temporary_users(engine, station, MOST + 1),
        watch.bypasses(engine, station, MOST + 1),
        watch.attestations(engine, station, MOST_ANSWERS + 1),
    )


def standing(engine: Engine, station: str) -> str:
    """What stands at the cabinet; a critical override until it has ended by itself."""
    now_ms = queries.hospital_ms(engine)
    stands = [row for row in watch.conditions(engine, station) if row.what != CRITICAL or row.value > now_ms]
    rows = [
        (
            Cell(words.condition(row.what, row.value), words.CONDITION_LOOKS.get(row.what, "apo-warn")),
            row.place or "–",
            row.actor or "–",
            words.clock(row.utc_ms),
        )
        for row in stands
    ]
    return table("conditions", "What stands", ("What", "Place", "By", "Since (UTC)"), rows, key=2)


def _users(utc_ms: int, users: Sequence[watch.TemporaryUser]) -> str:
    rows = []
    for row in users:
        ended = row.until_min * 60_000 <= utc_ms
        state = Cell("ended", "apo-calm") if ended else Cell("may sign on", "apo-warn")
        rows.append((row.user, state, words.minute(row.until_min), row.granted_by, words.clock(row.utc_ms)))
    return table("temporary", "Temporary users", ("User", "State", "Until (UTC)", "Let in by", "At (UTC)"), rows)


def _bypasses(bypasses: Sequence[watch.Bypass]) -> str:
    rows = [(row.user, words.bypass(row.what, row.reason), row.times) for row in bypasses]
    return table("bypasses", "Scans passed by", ("User", "What and why", "Times"), rows, key=2)


def _answers(view: View, answers: Sequence[watch.Attestation]) -> str:
    items = queries.items(view.engine, (row.item for row in answers))
    rows = [
        (
            words.clock(row.utc_ms),
            row.user,
            Cell(items.get(row.item, queries.Item(row.item, 1)).name, note=row.item),
            row.prompt,
            Cell("yes", "apo-good") if row.answer == 1 else Cell("no", "apo-bad"),
        )
        for row in answers
    ]
    return table("answers", "Prompts answered", ("At (UTC)", "User", "Item", "Prompt", "Answer"), rows)


def _provisional(patients: Sequence[worklists.Provisional]) -> str:
    rows = [
        (
            row.patient,
            Cell(f"is {row.into}", "apo-good") if row.into else Cell("to be merged", "apo-warn"),
            row.made_by,
            words.clock(row.made_ms),
            words.minute(row.until_min),
            words.clock(row.ended_ms),
        )
        for row in patients
    ]
    columns = ("Patient", "Who", "Added by", "Added (UTC)", "Until (UTC)", "Ended (UTC)")
    return table("provisional", "Patients added at the cabinet", columns, rows)


def _orders(view: View, station: str) -> str:
    here = f"/stations/{quote(station)}"
    at = hidden("station", station)
    critical = choice("hours", "Hours", [(hours, hours) for hours in HOURS]) + field("reason", "Reason", more=_REASON)
    made = form(
        f"{here}/critical-override", at + critical, "Start critical override", testid="critical", look="apo-form wide"
    )
    held = [row.place for row in watch.conditions(view.engine, station) if row.what == QUARANTINE]
    if held:
        drawers = choice("drawer", "Drawer", [(place[1:], place) for place in held])
        fields = at + drawers + field("reason", "Why it may be used", more=_REASON)
        made += form(
            f"{here}/release-quarantine", fields, "Release from quarantine", testid="release", look="apo-form wide"
        )
    waiting = [row.patient for row in worklists.provisional(view.engine, station) if not row.into]
    if waiting:
        fields = at + choice("patient", "Added at the cabinet", [(one, one) for one in waiting])
        fields += field("into", "Is the hospital's patient", more='required maxlength="16"')
        made += form(f"{here}/merge-provisional", fields, "Merge", testid="merge", look="apo-form wide")
    return made


class _Forms:
    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    async def critical(self, visitor: Visitor, values: Form) -> str:
        await self._order("critical_override", visitor, values, hours=_number(values, "hours"))
        return f"Critical override of {values['station']} is on its way: {values['hours']} h from now."

    async def release(self, visitor: Visitor, values: Form) -> str:
        await self._order("release_quarantine", visitor, values, drawer=_number(values, "drawer"))
        return f"The release of drawer {values['drawer']} is on its way."

    async def merge(self, visitor: Visitor, values: Form) -> str:
        args = {name: values.get(name, "").strip() for name in ("station", "patient", "into")}
        await self._actions.ask("merge_provisional", {**args, "person": visitor.name})
        return f"{args['patient']} is merged: it is {args['into']}."

    async def _order(self, do: str, visitor: Visitor, values: Form, **more: int) -> None:
        args = {"station": values.get("station", ""), "reason": values.get("reason", "").strip()}
        await self._actions.ask(do, {**args, **more, "person": visitor.name})


def _number(values: Form, name: str) -> int:
    text = values.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise NotDone("That is no number. Go back and look at the page again.")
    return int(text)
