"""What a unit at the station shows at each step: lines of its screen, and the field that is asked for."""

from agent import barcodes, words
from agent.cradle.job import Dose, Job
from agent.cradle.plain import plain
from agent.cradle.steps import CLOSE, CONFIRM, FIELDS, POCKET, QUANTITY
from agent.kiosk import lists
from agent.view import View
from firmware import codes
from firmware.cradle import display
from firmware.wire import messages

NAME_LINES = 3
_HEAD_LINES = 2
# on the screen that asks for a package: who may sees them
EMPTY_KEY, CONTENTS_KEY, DOSE_KEY = "F1", "F2", "F3"
_STOCK = messages.ROLE_REFILL | messages.ROLE_LOAD | messages.ROLE_COUNT | messages.ROLE_OUTDATE
TASKS = {
    EMPTY_KEY: (messages.ROLE_LOAD | messages.ROLE_OUTDATE, "empty a pocket"),
    CONTENTS_KEY: (_STOCK, "get contents"),
    DOSE_KEY: (messages.ROLE_REMOVE, "take a dose"),
}
# the screen has what answers these
_AT_SCREEN = (codes.WITNESS_NEEDED, codes.PROMPT_NEEDED, codes.REASON_NEEDED, codes.NO_ORDER)

Lines = list[tuple[str, str]]


def may(roles: int, key: str) -> bool:
    """Whether these roles have the task of a key; the cabinet decides, this only hides what would be refused."""
    return key in TASKS and bool(roles & TASKS[key][0])


def home(view: View, station: str, roles: int) -> Lines:
    """The cabinet, who has signed on, and what else there is than to put away packages."""
    tasks = [("N", f"{key} {title}") for key, (_, title) in TASKS.items() if may(roles, key)]
    head = [*display.wrap(f"Cabinet {station}")][:_HEAD_LINES]
    return [*head, *display.wrap(view.state["user"] or "Sign on")[:1], *tasks]


def busy(view: View) -> Lines:
    """Somebody is at the screen."""
    return list(display.wrap(lists.explained(view, codes.BUSY, [view.state["user"]], None)))


def pocket(view: View, row: lists.Pocket, at: int, of: int) -> Lines:
    """A pocket to choose, one of several: what it holds, or nothing of that where the count is blind."""
    held = "" if row.quantity is None else f"Holds {lists.units(row.quantity, lists.scale_of(view, row.item))}"
    word = "EXPIRED" if row.state == lists.EXPIRED else "Expires"
    lines = [f"{at + 1}/{of} {held}".strip(), f"{word} {barcodes.day_of(row.expiry_min)}" if row.expiry_min else ""]
    return [*_name(view, row.item)[:_HEAD_LINES], *_where(row.place), *(("N", line) for line in lines if line)]


def for_patient(view: View, patient: str) -> Lines:
    """Who a dose is for."""
    return [*display.wrap("Take a dose for"), *display.wrap(lists.patient_name(view, patient) or "supplies")]


def chosen(view: View, dose: Dose) -> Lines:
    """What is taken, and by which order, before it is said how many."""
    by = f"Order {dose.order}" if dose.order else "No order"
    offered = f"ENTER alone: {_units(view, dose, dose.quantity)}" if dose.quantity else ""
    told = [line for text in (by, offered) for line in display.wrap(text)[:1]]
    return [*_name(view, dose.item), *display.wrap(lists.patient_name(view, dose.patient) or "supplies")[:1], *told]


def label_of(view: View, item: str) -> Lines:
    """What the label of a package says is in it."""
    return [*display.wrap("Label says"), *_name(view, item)]


def at_drawer(view: View, step: str, job: Job) -> Lines:
    """What is being done at the pocket."""
    if step == CLOSE:
        return [*_name(view, job.item), *display.wrap("Close the drawer.")]
    return [*_name(view, job.item), *_where(job.place), *display.wrap(_told(view, step, job))]


def _told(view: View, step: str, job: Job) -> str:
    if step == POCKET:
        return "Open the drawer."
    if step == CONFIRM:
        return job.question(_amount(view, job))
    return job.says(view)


def field(step: str, job: Job | None) -> bytes | None:
    """The field of a step; None if it asks for nothing."""
    if step not in FIELDS:
        return None
    kind, longest, prompt = FIELDS[step]
    return bytes(display.field(step, kind, longest, job.prompt if job and step == QUANTITY else prompt))


def refused(view: View, code: int, params: list[object], item: str | None = None) -> bytes:
    """A result other than good, with what is to be done, in words."""
    waiting = code == codes.NOT_OPENED and view.state["phase"] == messages.RELEASED
    text = "Open the drawer first." if waiting else lists.explained(view, code, params, item)
    return bytes(display.result(code, f"{text} Do it at the screen." if code in _AT_SCREEN else text))


def recorded(view: View, job: Job) -> bytes:
    """The result of a job that is done."""
    return bytes(display.result(codes.NONE, f"{job.done(_amount(view, job))} {words.of(codes.NONE)}"))


def _amount(view: View, job: Job) -> str:
    return _units(view, job, job.moved)


def _units(view: View, job: Job, quantity: int) -> str:
    return lists.units(quantity, lists.scale_of(view, job.item))


def _name(view: View, item: str) -> Lines:
    """The name of an item in reverse video (P49)."""
    return list(display.wrap(plain(lists.name_of(view, item)), display.REVERSE))[:NAME_LINES]


def _where(place: str) -> Lines:
    return list(display.wrap(lists.where(place).replace("·", "-")))
