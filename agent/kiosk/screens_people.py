"""Signing on, choosing a patient, one's own activity, and the forms of people who are new here."""

from datetime import UTC, datetime
from functools import partial

from nicegui import ui

from agent.kiosk import lists, record
from agent.kiosk import visit as steps
from agent.kiosk.people import HOURS, TEMPLATES
from agent.kiosk.screen import TILES, Screen
from agent.kiosk.stock import TASKS
from agent.kiosk.widgets import button, field, lead, on_hand, pad, shown, tag, tile, title, two_lines
from firmware.journal import kinds
from firmware.wire import messages

RECENT = 6
ACTS = {
    kinds.SIGN_ON: "signed on", kinds.SIGN_OFF: "signed off", kinds.DENIED: "was refused", kinds.ACCESS: "opened",
    kinds.CANCELLED: "cancelled", kinds.INTERRUPTED: "left open without a word", kinds.REMOVE: "took",
    kinds.RETURN: "put back", kinds.RETURN_BIN: "put into the return bin", kinds.WASTE: "wasted",
    kinds.REFILL: "refilled", kinds.COUNT: "counted", kinds.LOAD: "loaded", kinds.UNLOAD: "unloaded",
    kinds.OUTDATE: "took out as expired", kinds.BIN_EMPTIED: "emptied from the bin", kinds.FAILED: "marked as failed",
    kinds.RECOVERED: "recovered", kinds.DISCREPANCY: "counted differently", kinds.ATTESTATION: "answered a question",
    kinds.TEMP_USER: "granted a temporary user", kinds.PROVISIONAL_PATIENT: "added a patient",
    kinds.PIN_CHANGED: "changed the PIN", kinds.BYPASS: "could not scan",
}  # fmt: skip


def sign_on(screen: Screen) -> None:
    """Badge and PIN."""
    flow, core = screen.flow, screen.core
    screen.heading("Scan your badge and enter your PIN")
    with ui.element("div").classes("split"):
        with ui.element("div").classes("stack"):
            lead("Hold your badge to the scanner, or type its number.")
            badge = field("Badge", "badge", screen.visit, "badge").props("autofocus")
            badge.on("keydown.enter", flow.people.badge_read)
            badge.on("keydown.enter", js_handler="(e) => e.target.blur()")
            shown("PIN", "pin").bind_text_from(screen.visit, "pin", lambda pin: "●" * len(pin))
            button("Sign on", "sign-on", flow.people.sign_on, "main", core)
        pad(flow)


def patients(screen: Screen) -> None:
    """Own patients first, and the ways to everything that is no removal."""
    core, people = screen.core, screen.flow.people
    screen.heading("Choose a patient")
    wastes = [row for row in screen.flow.removal.open_wastes() if row.removal.actor == screen.visit.user]
    with ui.element("div").classes("tools"):
        if core.may(messages.ROLE_RETURN | messages.ROLE_WASTE):
            text = f"Return or waste ({len(wastes)} open)" if wastes else "Return or waste"
            button(text, "removals", lambda: core.go(steps.REMOVALS))
        if core.may(messages.ROLE_REMOVE):
            button("Supplies", "supplies", lambda: screen.flow.removal.choose_patient(None))
        if core.may(messages.ROLE_REFILL):
            button("Refill", "refill", lambda: core.go(steps.RESTOCK, "refill"))
        if core.may(messages.ROLE_COUNT):
            button("Count", "count", lambda: screen.flow.stock.choose("count"))
        if core.may(messages.ROLE_EMPTY_BIN) or any(core.may(task.role) for task in TASKS.values()):
            button("Pockets and bins", "stock", lambda: core.go(steps.STOCK))
        if core.may(messages.ROLE_PROVISIONAL):
            button("New patient", "add-patient", lambda: people.form("add_patient"))
        if core.may(messages.ROLE_GRANT):
            button("Temporary user", "grant", lambda: people.form("grant"))
        button("My activity", "activity", lambda: core.go(steps.ACTIVITY))
    screen.searched("Scan a wristband, or type a name", partial(_patient_tiles, screen), "find-patient")


def _patient_tiles(screen: Screen) -> None:
    recent = screen.flow.removal.recent_patients()[:RECENT]
    typed = (screen.visit.search or "").casefold()
    rows = [row for row in lists.patients(screen.view, recent) if typed in f"{row.name} {row.patient}".casefold()]
    if not rows:
        lead("No patient by that name here." if typed else "No patients on this ward's list yet.")
    mine = [row for row in rows if row.patient in recent]
    for heading, group in (("My patients", mine), ("On the ward", [row for row in rows if row not in mine])):
        if group:
            title(heading, "h2")
            with ui.element("div").classes("grid"):
                for row in group[: TILES * 4]:
                    with tile(f"patient-{row.patient}", partial(screen.flow.removal.choose_patient, row)):
                        two_lines(row.name, " · ".join(filter(None, (row.patient, row.ward))))


def activity(screen: Screen) -> None:
    """What the one signed on did, and the counts that differed at her places."""
    screen.heading("My activity")
    found = screen.flow.people.discrepancies()
    if found:
        title("Counts that differed where I was", "h2")
    for act in found[:TILES]:
        _act(screen, act, "discrepancy")
    title("Here, the newest first", "h2")
    for act in screen.flow.people.activity()[:TILES]:
        _act(screen, act, "act")


def _act(screen: Screen, act: record.Act, testid: str) -> None:
    at = f"{datetime.fromtimestamp(act.utc_ms / 1000, UTC):%H:%M}"
    name = lists.name_of(screen.view, act.item) if act.item else ""
    with ui.element("div").classes("card").props(f'data-testid="{testid}"'):
        what = " ".join(filter(None, (ACTS.get(act.kind, f"entry {act.kind}"), name)))
        two_lines(f"{at} {what}", lists.where(act.place))
        amount = record.amount(act, lists.is_blind(screen.view, act.item))
        if amount:
            on_hand(lists.units(amount, lists.scale_of(screen.view, act.item)), "moved")
        if act.kind == kinds.DISCREPANCY:
            tag("find out why before the shift ends")


def form(screen: Screen) -> None:
    """A temporary user, or a patient whom the centre does not know yet."""
    visit, people = screen.visit, screen.flow.people
    grants = visit.purpose == "grant"
    screen.heading("A temporary user" if grants else "A patient who is not on the list")
    with ui.element("div").classes("split"):
        with ui.element("div").classes("stack"):
            if grants:
                field("Badge", "form-badge", visit.form, "badge")
                field("Name for the records, without spaces", "form-user", visit.form, "user")
                _options("template", list(TEMPLATES), visit.form)
                shown("First PIN", "pin").bind_text_from(visit, "pin", lambda pin: "●" * len(pin))
            else:
                lead("Scan the wristband, or type what is on it. The pharmacy matches it with the record later.")
                field("Wristband", "form-patient", visit.form, "patient")
            _options("hours", list(HOURS), visit.form)
            button("Add", "submit", people.submit, "main", screen.core)
        pad(screen.flow)


def _options(name: str, values: list[object], form: dict[str, object]) -> None:
    caption = {"template": "May do what a", "hours": "For hours"}[name]
    made = ui.radio(values, value=form[name], on_change=lambda event: form.update({name: event.value}))
    made.props(f'inline aria-label="{caption}" data-testid="form-{name}"').classes("options")
