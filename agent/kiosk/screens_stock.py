"""Tasks at pockets: refill, load, unload, outdates, counts, the return bin, failure and recovery."""

from functools import partial

from nicegui import ui

from agent import barcodes
from agent.kiosk import lists
from agent.kiosk import visit as steps
from agent.kiosk.screen import TILES, Screen
from agent.kiosk.stock import FAIL_REASONS, TASKS
from agent.kiosk.widgets import button, choices, lead, on_hand, tag, tile, title, two_lines
from firmware.wire import messages

PLACES_SHOWN = TILES * 2
_STATES = {1: "count now", 2: "failed or not shut", 3: "not loaded", 4: "quarantined", 5: "expired"}


def menu(screen: Screen) -> None:
    """What can be done at pockets and bins."""
    stock, core = screen.flow.stock, screen.core
    screen.heading("Pockets and bins")
    with ui.element("div").classes("grid"):
        if core.may(messages.ROLE_REFILL):
            button("Refill", "refill", lambda: core.go(steps.RESTOCK, "refill"))
        for name, text in stock.tasks().items():
            button(text, f"task-{name}", partial(stock.choose, name))
    if core.may(messages.ROLE_EMPTY_BIN):
        title("Return bins" if stock.bins() else "The return bins are empty", "h2")
        for place in stock.bins():
            with ui.element("div").classes("card"):
                names = (lists.name_of(screen.view, item) for item in lists.bin_items(screen.view, place))
                two_lines(lists.where(place), ", ".join(names))
                button("Empty", f"empty-{place}", partial(stock.empty_bin, place), "", core)
    if core.may(messages.ROLE_RECOVER) and stock.failed():
        title("Failed", "h2")
        for place in stock.failed():
            with ui.element("div").classes("card"):
                two_lines(lists.where(place), "opens again after a count, with a witness")
                button("Recover", f"recover-{place}", partial(stock.recover, place), "", core)


def restock(screen: Screen) -> None:
    """What to refill, the emptiest first; a scanned package is the shortest way."""
    screen.heading("Choose an item to refill")
    screen.searched("Scan the package, or type its name", partial(_refill_tiles, screen))


def _refill_tiles(screen: Screen) -> None:
    rows = lists.hungriest(lists.items(screen.view), screen.visit.search)
    if not rows:
        lead("Nothing here by that name. Search again, or look at another cabinet.")
    with ui.element("div").classes("grid"):
        for row in rows[:TILES]:
            with tile(f"item-{row.item}", partial(screen.flow.stock.choose_item, row)):
                two_lines(row.name, row.item)
                if row.on_hand is not None:
                    on_hand(lists.units(row.room, row.scale), "has room for")


def places(screen: Screen) -> None:
    """The pockets of a task, in the order to see to them; a scanned pocket label is the shortest way."""
    screen.heading(TASKS[screen.visit.purpose].title)
    screen.searched("Scan a pocket's label, or type place or item", partial(_place_tiles, screen))


def _place_tiles(screen: Screen) -> None:
    purpose, typed = screen.visit.purpose, screen.visit.search
    rows = screen.flow.stock.pockets(typed)
    if not rows:
        lead("Nothing here by that name." if typed else "There is no pocket to do this at.")
    if len(rows) > PLACES_SHOWN:
        lead(f"The first {PLACES_SHOWN} of {len(rows)}: type on for the others.").props('data-testid="more"')
    with ui.element("div").classes("grid"):
        for row in rows[:PLACES_SHOWN]:
            with tile(f"{purpose}-{row.place}", partial(_touched, screen, row.place)):
                two_lines(lists.where(row.place), lists.name_of(screen.view, row.item) + _until(row))
                if row.state in _STATES:
                    tag(_STATES[row.state], "" if row.state == 1 else "bad")


def _until(row: lists.Pocket) -> str:
    lot = f" · lot {row.lot}" if row.lot else ""
    return f"{lot} · use until {barcodes.day_of(row.expiry_min)}" if row.expiry_min else lot


async def _touched(screen: Screen, place: str) -> None:
    if screen.visit.purpose != "fail":
        await screen.flow.stock.at(place)
        return
    # what grows under a finger is missed
    with ui.dialog().props("transition-duration=0") as dialog, ui.card():
        title(f"What is wrong with {lists.where(place)}?", "h2")
        choices(FAIL_REASONS, "fail-reason", dialog.submit, screen.core)
    reason = await dialog
    dialog.delete()
    if reason:
        await screen.flow.stock.at(place, int(reason))
