"""Choosing what to take, the cart, the quantity, and what is returned or wasted."""

from functools import partial

from nicegui import ui

from agent.kiosk import due, lists
from agent.kiosk.people import clock_time
from agent.kiosk.removal import TO_BIN, TO_POCKET, WASTE_REASONS
from agent.kiosk.screen import TILES, Screen
from agent.kiosk.widgets import button, choices, field, lead, on_hand, pad, shown, tag, tile, title, two_lines

_VERBS = {
    "remove": "Take out", "return": "Put back", "waste": "Waste", "refill": "Put in", "load": "Load",
}  # fmt: skip


def items(screen: Screen) -> None:
    """What is due first, then the search; a kit in one touch."""
    patient = screen.visit.patient
    screen.heading(f"Choose an item for {patient.name}" if patient else "Choose a supply")
    if screen.visit.cart:
        button(f"To the list of {len(screen.visit.cart)}", "cart", lambda: screen.core.go("cart"), "main")
    screen.searched("Scan a package, or type until one drug is left", partial(_item_list, screen))


def _item_list(screen: Screen) -> None:
    view, visit = screen.view, screen.visit
    if visit.search:
        _hits(screen, [row for row in lists.items(view) if visit.patient or row.flags & lists.SUPPLY])
        return
    if visit.patient is None:
        _tiles(screen, [row for row in lists.items(view) if row.flags & lists.SUPPLY])
        return
    _due(screen)
    kits = lists.kits(view)
    if kits:
        title("Kits", "h2")
        with ui.element("div").classes("grid"):
            for kit, lines in kits.items():
                with tile(f"kit-{kit}", partial(screen.flow.removal.choose_kit, kit)):
                    two_lines(kit, ", ".join(lists.name_of(view, item) for item, _ in lines))


def _hits(screen: Screen, among: list[lists.Item]) -> None:
    drugs, found = lists.found(screen.view, screen.visit.search, among)
    if found:
        _tiles(screen, found)
    elif drugs:
        fit = (
            "One drug fits: type its fourth letter." if drugs == 1 else f"{drugs} drugs fit: type on until one is left."
        )
        lead(fit).props('role=status data-testid="hits"')
    else:
        lead("Nothing here by that name. Search again, or look at another cabinet.").props('data-testid="hits"')


def _tiles(screen: Screen, rows: list[lists.Item]) -> None:
    with ui.element("div").classes("grid"):
        for row in rows[:TILES]:
            with tile(f"item-{row.item}", partial(screen.flow.removal.choose_item, row)):
                two_lines(row.name, row.item)
                _amount(row)


def _amount(item: lists.Item) -> None:
    if item.on_hand is not None:
        on_hand(lists.units(item.on_hand, item.scale))


def _due(screen: Screen) -> None:
    tasks = screen.flow.removal.tasks()
    title("Due" if tasks else "Nothing is ordered here: search for the item", "h2")
    with ui.element("div").classes("grid"):
        for task in tasks[:TILES]:
            item = lists.item(screen.view, task.item)
            with tile(f"due-{task.order}", partial(screen.flow.removal.choose_task, task)):
                amount = lists.units(task.dose, lists.scale_of(screen.view, task.item))
                two_lines(f"{amount} × {lists.name_of(screen.view, task.item)}", _when(task, item is not None))
                tag(task.state, "bad" if task.state == due.LATE else "")


def _when(task: due.Task, here: bool) -> str:
    told = [] if task.due_min is None else [f"due {clock_time(task.due_min)}"]
    told += [f"last taken {clock_time(task.taken_min)}"] if task.taken_min is not None else []
    told += [] if here else ["not in this cabinet"]
    return " · ".join(told) or task.item


def warnings(task: due.Task | None) -> list[str]:
    """What to think of before this is taken (F2); nothing is blocked."""
    if task is None:
        return []
    at = clock_time(task.due_min or 0)
    told = {due.EARLY: f"Too early: due at {at}.", due.LATE: f"Late: was due at {at}.", due.DONE: "Taken already."}
    soon = f"Too soon? Last taken at {clock_time(task.taken_min or 0)}."
    return [*([told[task.state]] if task.state in told else []), *([soon] if task.too_soon else [])]


def cart(screen: Screen) -> None:
    """What is still to be taken in this visit; one touch opens the next."""
    removal, visit = screen.flow.removal, screen.visit
    screen.heading("Take these")
    with ui.element("div").classes("tools"):
        if visit.cart:
            button(f"Next: {visit.cart[0].item.name}", "next", removal.open_next, "main", screen.core)
        button("Add another item", "more", lambda: screen.core.go("items"))
    for number, line in enumerate(visit.cart):
        with ui.element("div").classes("card"):
            kit = f"kit {line.kit}" if line.kit else line.item.item
            whom = f"for {lists.patient_name(screen.view, line.patient)} · " if line.patient else ""
            two_lines(f"{lists.units(line.quantity, line.item.scale)} × {line.item.name}", whom + kit)
            button("Not this", f"drop-{number}", partial(removal.drop, line), "bad")


def quantity(screen: Screen) -> None:
    """How many, and the button that does it."""
    visit, view = screen.visit, screen.view
    item, whom = visit.item, ""
    if visit.patient and visit.purpose == "remove":
        whom = f" for {visit.patient.name}"
    screen.heading(f"{_VERBS.get(visit.purpose, 'How many')}{whom}: how many?")
    with ui.element("div").classes("split"):
        with ui.element("div").classes("stack"):
            with ui.element("div").classes("card"):
                two_lines(item.name if item else "This item has no pocket here", item.item if item else "")
                if item and visit.purpose != "waste":
                    _amount(item)
            for text in lists.par_changes(view, item.item) if item else ():
                lead(f"Stock level {text}").props('data-testid="par-change"')
            shown("Quantity", "quantity").bind_text_from(visit, "digits", lambda digits: digits or "0")
            _BUTTONS[visit.purpose](screen)
        pad(screen.flow)


def _remove_buttons(screen: Screen) -> None:
    visit, removal = screen.visit, screen.flow.removal
    for text in warnings(next((task for task in removal.tasks() if task.order == visit.order), None)):
        ui.label(text).classes("note warm").props('role=status data-testid="warning"')
    field("To be given at (optional, UTC, as 14:05)", "given-at", visit, "given_at")
    with ui.element("div").classes("tools"):
        button("Add to a list", "add", removal.add, "", screen.core)
        button("Release the drawer", "release", removal.release, "main", screen.core)


def _return_buttons(screen: Screen) -> None:
    removal, item = screen.flow.removal, screen.visit.item
    button("Into the return bin", "to-bin", partial(removal.give_back, TO_BIN), "main", screen.core)
    if item and not item.flags & lists.BIN_ONLY:
        button("Back into its pocket", "to-pocket", partial(removal.give_back, TO_POCKET), "", screen.core)


def _waste_buttons(screen: Screen) -> None:
    lead("Why is it wasted? A colleague may have to witness it.")
    choices(WASTE_REASONS, "waste-reason", screen.flow.removal.waste, screen.core)


def _stock_buttons(screen: Screen) -> None:
    visit = screen.visit
    field("Lot (scan the package, or type it)", "lot", visit, "lot")
    field("Last day of use, as 2027-12-31", "expiry", visit, "expiry")
    with ui.element("div").classes("tools"):
        button("Release the drawer", "release", screen.flow.main_quantity, "main", screen.core)


_BUTTONS = {
    "remove": _remove_buttons,
    "return": _return_buttons,
    "waste": _waste_buttons,
    "refill": _stock_buttons,
    "load": _stock_buttons,
}


def removals(screen: Screen) -> None:
    """Open wastes, the oldest first, then what else of one's own is still out (F9, F10, U14)."""
    removal, view, user = screen.flow.removal, screen.view, screen.visit.user
    screen.heading("Return or waste from your removals")
    wastes = [row for row in removal.open_wastes() if row.removal.actor == user]
    if wastes:
        title("Still to be wasted or returned", "h2")
    for row in wastes[:TILES]:
        one = row.removal
        with ui.element("div").classes("card"):
            amount = lists.units(row.quantity, lists.scale_of(view, one.item))
            two_lines(f"{amount} × {lists.name_of(view, one.item)}", lists.patient_name(view, one.patient))
            tag(f"open for {lists.age_words(row.age_min * 60).removesuffix(' ago')}", "bad" if row.late else "")
            choose = partial(removal.choose_removal, one, "waste", row.quantity)
            button("Waste", f"open-waste-{one.txn}", choose)
    rows = removal.mine()
    title("All of which something is still out" if rows else "You have no removal here to return or waste from", "h2")
    for one in rows[:TILES]:
        with ui.element("div").classes("card"):
            amount = lists.units(one.open, lists.scale_of(view, one.item))
            two_lines(f"{amount} × {lists.name_of(view, one.item)}", lists.patient_name(view, one.patient))
            button("Return", f"return-{one.txn}", partial(removal.choose_removal, one, "return"))
            button("Waste", f"waste-{one.txn}", partial(removal.choose_removal, one, "waste"))
