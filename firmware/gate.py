# May this open? The one place that decides. Pure. Denied unless every check passes; what is unknown is a denial.
from collections import namedtuple

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages

# What the gate looks at. `owner` is the user of the session that owns motion ("" nobody), `moving` True while a drawer
# is released or open, `ready` True once the reference tables are loaded and sensors read, `patient` the status of the
# patient here (None unknown), `item` True if known, `pocket_state` and `drawer_state` None if unknown.
View = namedtuple(
    "View", ("owner", "moving", "ready", "journal_open", "patient", "item", "pocket_state", "drawer_state")
)
Request = namedtuple("Request", ("purpose", "quantity"))
Authority = namedtuple("Authority", ("user", "roles", "until_ms"))

ROLES = {
    kinds.PURPOSE_REMOVE: messages.ROLE_REMOVE,
    kinds.PURPOSE_RETURN: messages.ROLE_RETURN,
    kinds.PURPOSE_REFILL: messages.ROLE_REFILL,
    kinds.PURPOSE_COUNT: messages.ROLE_COUNT,
    kinds.PURPOSE_WASTE: messages.ROLE_WASTE,
}
FOR_PATIENT = (kinds.PURPOSE_REMOVE, kinds.PURPOSE_RETURN, kinds.PURPOSE_WASTE)
HERE_OR_DEPARTED = (1, 2)
POCKET_USABLE = 0
POCKET_MUST_COUNT = 1
POCKET_QUARANTINED = 4
DRAWER_LOCKED = 1


# -> (allow, reason code); the code is codes.NONE only when allowed
def decide(view, request, authority, now_ms):
    reason = (
        _person(view, request, authority, now_ms) or _station(view) or _matter(view, request) or _way(view, request)
    )
    return reason == codes.NONE, reason


def _person(view, request, authority, now_ms):
    if authority is None or not authority.user or now_ms >= authority.until_ms:
        return codes.NOT_SIGNED_ON
    if view.owner != authority.user:
        return codes.BUSY
    role = ROLES.get(request.purpose)
    if role is None:
        return codes.BAD_REQUEST
    return codes.NONE if authority.roles & role else codes.NOT_ALLOWED


def _station(view):
    if view.ready is not True:
        return codes.NOT_READY
    if view.moving is not False:
        return codes.BUSY
    return codes.NONE if view.journal_open is True else codes.JOURNAL_FULL


# Stations without profiles: any patient this station knows, with or without an order.
def _matter(view, request):
    if view.item is not True:
        return codes.UNKNOWN_ITEM
    if request.purpose in FOR_PATIENT and view.patient not in HERE_OR_DEPARTED:
        return codes.UNKNOWN_PATIENT
    return codes.NONE if request.purpose == kinds.PURPOSE_COUNT or request.quantity > 0 else codes.BAD_QUANTITY


# Waste moves no drawer.
def _way(view, request):
    if request.purpose == kinds.PURPOSE_WASTE:
        return codes.NONE
    if view.pocket_state is None:
        return codes.NO_POCKET
    if view.drawer_state != DRAWER_LOCKED:
        return codes.DRAWER_FAILED
    if view.pocket_state == POCKET_MUST_COUNT:
        return codes.NONE if request.purpose == kinds.PURPOSE_COUNT else codes.MUST_COUNT
    if view.pocket_state == POCKET_QUARANTINED:
        return codes.QUARANTINED
    return codes.NONE if view.pocket_state == POCKET_USABLE else codes.DRAWER_FAILED
