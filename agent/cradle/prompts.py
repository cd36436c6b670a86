"""What a unit at the station shows at each step of a delivery: lines of its screen, and the field that is asked for."""

from agent import words
from agent.cradle.parcel import Parcel
from agent.cradle.plain import plain
from agent.kiosk import lists
from agent.view import View
from firmware import codes
from firmware.cradle import display
from firmware.wire import messages

# steps of a delivery, in this order; each but the first, the last two and CONFIRM asks for the field of its name
WAIT, BADGE, PIN, PACKAGE = "wait", "badge", "pin", "package"
POCKET, FOUND, EXPIRY, QUANTITY, CONFIRM = "pocket", "found", "expiry", "quantity", "confirm"
CLOSE, OVER = "close", "over"
AT_DRAWER = (POCKET, FOUND, EXPIRY, QUANTITY, CONFIRM)
FIELDS = {
    BADGE: ("T", 32, "Badge"),
    PIN: ("P", 16, "PIN"),
    PACKAGE: ("S", 128, "Scan the package"),
    POCKET: ("S", 128, "Scan the pocket"),
    FOUND: ("N", 10, "Count, then enter"),
    EXPIRY: ("T", 128, "Expires MMDDYY"),
    QUANTITY: ("N", 10, "Put in (ENTER all)"),
    CONFIRM: ("K", 1, "ENTER or CLEAR"),
}
NAME_LINES = 3


def shown(step: str, view: View, station: str, parcel: Parcel | None) -> list[bytes]:
    """The screen of a step, then its field."""
    out = [display.screen(_lines(step, view, station, parcel))]
    if step in FIELDS:
        kind, longest, prompt = FIELDS[step]
        out.append(display.field(step, kind, longest, prompt))
    return out


def refused(view: View, code: int, params: list[object], item: str | None = None) -> bytes:
    """A result other than good, with what is to be done, in words."""
    waiting = code == codes.NOT_OPENED and view.state["phase"] == messages.RELEASED
    text = "Open the drawer first." if waiting else lists.explained(view, code, params, item)
    return bytes(display.result(code, text))


def _lines(step: str, view: View, station: str, parcel: Parcel | None) -> list[tuple[str, str]]:
    if step == WAIT:
        busy = lists.explained(view, codes.BUSY, [view.state["user"]], None)
        return list(display.wrap(busy))
    if step == CLOSE:
        return [*_item(view, parcel), *display.wrap("Close the drawer.")]
    if parcel is None or step == PACKAGE:
        return [*display.wrap(f"Cabinet {station}"), *display.wrap(view.state["user"] or "Sign on")]
    return [
        *_item(view, parcel),
        *display.wrap(lists.where(parcel.place).replace("·", "-")),
        *_told(step, view, parcel),
    ]


def _item(view: View, parcel: Parcel | None) -> list[tuple[str, str]]:
    """The name of the item in reverse video (P49)."""
    name = lists.name_of(view, parcel.item) if parcel else ""
    return list(display.wrap(plain(name), display.REVERSE))[:NAME_LINES]


def _told(step: str, view: View, parcel: Parcel) -> list[tuple[str, str]]:
    scale = lists.scale_of(view, parcel.item)
    if step == POCKET:
        return list(display.wrap("Open the drawer."))
    if step != CONFIRM:
        return list(display.wrap(f"Label says {lists.units(parcel.quantity, scale)}"))
    return list(display.wrap(f"Put in {lists.units(parcel.put, scale)}?"))


def delivered(view: View, parcel: Parcel) -> bytes:
    """The result of a delivery."""
    put = lists.units(parcel.put, lists.scale_of(view, parcel.item))
    return bytes(display.result(codes.NONE, f"Delivered {put}. {words.of(codes.NONE)}"))
