# May this open? The one place that decides. Pure. Denied unless every check passes; what is unknown is a denial.
# One row a purpose says what must be so; docs/wire.md section 2 says it in words.
from collections import namedtuple

from firmware import codes, flags
from firmware.journal import kinds
from firmware.wire import messages

# What the gate looks at; a fact nobody knows is None.
# owner: user of the session that owns motion ("" nobody) | moving: is a drawer released or open | ready: tables loaded,
# sensors read | patient: 0 nobody named, 1 here, 2 departed, 3 provisional | item: Item | pocket_state, drawer_state:
# as below | quarantined, expired: the drawer, what the pocket would give first | profiled: are orders needed here |
# order: is there a verified order, now | listed: flags of the item on the override list, None if it is not there |
# in_kit: how much of the item the kit named has, None without | critical: is the critical override on |
# serviced: is the cabinet in maintenance
View = namedtuple(
    "View",
    (
        "owner", "moving", "ready", "journal_open", "patient", "item", "pocket_state", "drawer_state", "quarantined",
        "expired", "profiled", "order", "listed", "in_kit", "critical", "serviced",
    ),
)  # fmt: skip
Item = namedtuple("Item", ("schedule", "flags", "item_class"))
# override: reason, 0 none | kit: its id, "" none | answer to the item's prompt: 0 none, 1 yes, 2 no
# scanned: True once the package's code was read, or somebody said why it cannot be
Request = namedtuple("Request", ("purpose", "quantity", "override", "kit", "answer", "scanned"))
Authority = namedtuple("Authority", ("user", "roles", "classes", "until_ms", "must_change_pin"))
Witness = namedtuple("Witness", ("user", "roles", "until_ms"))

POCKET_USABLE = 0
POCKET_MUST_COUNT = 1
POCKET_FAILED = 2
POCKET_NOT_LOADED = 3
POCKET_QUARANTINED = 4
POCKET_EXPIRED = 5
POCKET_BIN = 6
DRAWER_LOCKED = 1

PATIENTS = (1, 2, 3)
YES = 1
NO = 2
CONTROLLED = 2  # from this schedule on two see it wasted

# what a purpose needs beside its role
STILL = 1  # nothing else moves
ITEM = 2  # a known item of a class the user may have
PATIENT = 4  # a known patient, but for supplies
QUANTITY = 8
ORDER = 16  # an order, or an override, on a profiled station
SOUND = 32  # a drawer that is not in quarantine
FRESH = 64  # a pocket whose first layer has not expired
ALONE = 128  # a witness is named only where one is needed
TWO = 256  # a witness in any case
SERVICED = 512  # may be while the cabinet is in maintenance
_FOR_PATIENT = STILL | ITEM | PATIENT | QUANTITY
_PUT = STILL | ITEM | QUANTITY | SOUND | ALONE

# role: 0 none beyond being signed on | states: of the pocket, () if no drawer moves
# witness, scan, barred: the item flags that ask for one, or forbid it
Rule = namedtuple("Rule", ("role", "needs", "states", "witness", "scan", "barred"))
_HELD = (POCKET_USABLE, POCKET_QUARANTINED, POCKET_EXPIRED)
_COUNTED = _HELD + (POCKET_MUST_COUNT,)
_BIN = (POCKET_USABLE, POCKET_BIN)
_ANY = _COUNTED + (POCKET_FAILED, POCKET_NOT_LOADED, POCKET_BIN)

RULES = {
    kinds.PURPOSE_REMOVE: Rule(
        messages.ROLE_REMOVE, _FOR_PATIENT | ORDER | SOUND | FRESH | ALONE, (POCKET_USABLE,),
        flags.WITNESS_AT_REMOVAL, flags.SCAN_AT_REMOVAL, 0,
    ),
    kinds.PURPOSE_RETURN: Rule(
        messages.ROLE_RETURN, _FOR_PATIENT | SOUND, (POCKET_USABLE,),
        flags.WITNESS_AT_RETURN, flags.SCAN_AT_REFILL, flags.BIN_ONLY,
    ),
    kinds.PURPOSE_REFILL: Rule(messages.ROLE_REFILL, _PUT, (POCKET_USABLE,), 0, flags.SCAN_AT_REFILL, 0),
    kinds.PURPOSE_COUNT: Rule(messages.ROLE_COUNT, STILL | ITEM, _COUNTED, 0, 0, 0),
    kinds.PURPOSE_WASTE: Rule(messages.ROLE_WASTE, _FOR_PATIENT, (), flags.WITNESS_AT_WASTE, 0, 0),
    kinds.PURPOSE_RETURN_BIN: Rule(messages.ROLE_RETURN, _FOR_PATIENT, _BIN, flags.WITNESS_AT_RETURN, 0, 0),
    kinds.PURPOSE_LOAD: Rule(messages.ROLE_LOAD, _PUT, (POCKET_NOT_LOADED, POCKET_USABLE), 0, flags.SCAN_AT_REFILL, 0),
    kinds.PURPOSE_UNLOAD: Rule(messages.ROLE_LOAD, STILL | ITEM, _HELD, 0, 0, 0),
    kinds.PURPOSE_OUTDATE: Rule(messages.ROLE_OUTDATE, STILL | ITEM, _HELD, 0, 0, 0),
    kinds.PURPOSE_EMPTY_BIN: Rule(messages.ROLE_EMPTY_BIN, STILL | TWO, _BIN + (POCKET_MUST_COUNT,), 0, 0, 0),
    kinds.PURPOSE_RECOVER: Rule(messages.ROLE_RECOVER, STILL | TWO, _ANY, 0, 0, 0),
    kinds.PURPOSE_WITNESS: Rule(0, TWO, (), 0, 0, 0),
    kinds.PURPOSE_GRANT: Rule(messages.ROLE_GRANT, ALONE, (), 0, 0, 0),
    kinds.PURPOSE_PROVISIONAL: Rule(messages.ROLE_PROVISIONAL, ALONE, (), 0, 0, 0),
    kinds.PURPOSE_FAIL: Rule(messages.ROLE_RECOVER, ALONE, (), 0, 0, 0),
    kinds.PURPOSE_BYPASS: Rule(0, ALONE, (), 0, 0, 0),
    kinds.PURPOSE_MAINTAIN: Rule(messages.ROLE_MAINTAIN, STILL | ALONE | SERVICED, (), 0, 0, 0),
}  # fmt: skip

_POCKET_CODES = {
    POCKET_MUST_COUNT: codes.MUST_COUNT,
    POCKET_NOT_LOADED: codes.NOT_LOADED,
    POCKET_QUARANTINED: codes.QUARANTINED,
    POCKET_EXPIRED: codes.EXPIRED_DRUG,
}


# -> (allow, reason code); the code is codes.NONE only when allowed
def decide(view, request, authority, witness, now_ms):
    rule = RULES.get(request.purpose)
    reason = (
        _person(view, rule, authority, now_ms)
        or _station(view, rule)
        or _matter(view, rule, request, authority)
        or _right(view, rule, request, authority)
        or _way(view, rule)
        or _care(view, rule, request)
        or _by_two(view, request, authority, witness, now_ms)
    )
    return reason == codes.NONE, reason


def _person(view, rule, authority, now_ms):
    if authority is None or not authority.user or now_ms >= authority.until_ms:
        return codes.NOT_SIGNED_ON
    if view.owner != authority.user:
        return codes.BUSY
    if rule is None:
        return codes.BAD_REQUEST
    if authority.roles & messages.ROLE_RESTRICTED:
        return codes.RESTRICTED
    if authority.must_change_pin is not False:
        return codes.CHANGE_PIN
    return codes.NONE if authority.roles & rule.role == rule.role else codes.NOT_ALLOWED


def _station(view, rule):
    if view.ready is not True:
        return codes.NOT_READY
    if not rule.needs & SERVICED and view.serviced is not False:
        return codes.IN_SERVICE
    if rule.needs & STILL and view.moving is not False:
        return codes.BUSY
    return codes.NONE if view.journal_open is True else codes.JOURNAL_FULL


def _matter(view, rule, request, authority):
    if rule.needs & ITEM:
        if view.item is None:
            return codes.UNKNOWN_ITEM
        if not authority.classes >> view.item.item_class & 1:
            return codes.CLASS_NOT_ALLOWED
        if _has(view, rule.barred):
            return codes.NOT_ALLOWED
    if rule.needs & PATIENT and view.patient not in PATIENTS and not (view.patient == 0 and _has(view, flags.SUPPLY)):
        return codes.UNKNOWN_PATIENT
    return codes.BAD_QUANTITY if rule.needs & QUANTITY and not request.quantity > 0 else codes.NONE


def _has(view, flag):
    return view.item is not None and bool(view.item.flags & flag)


# A station without profiles: any patient it knows. Else an order, or an override for a reason of an item on the list.
def _right(view, rule, request, authority):
    if request.kit and (view.in_kit is None or request.quantity > view.in_kit):
        return codes.NOT_IN_KIT
    if not _overrides(view, rule):
        return codes.NONE
    if not request.override > 0:
        return codes.NO_ORDER
    if not authority.roles & messages.ROLE_OVERRIDE:
        return codes.NOT_ALLOWED
    if view.listed is None and view.critical is not True:
        return codes.NOT_ON_OVERRIDE_LIST
    return codes.NOT_IN_KIT if _listed(view, flags.OVERRIDE_KIT_ONLY) and not request.kit else codes.NONE


def _overrides(view, rule):
    needed = bool(rule.needs & ORDER) and not _has(view, flags.SUPPLY)
    return needed and view.profiled is not False and view.order is not True


def _listed(view, flag):
    return view.listed is not None and bool(view.listed & flag)


# only what moves a drawer has a way
def _way(view, rule):
    if not rule.states:
        return codes.NONE
    if view.pocket_state is None:
        return codes.NO_POCKET
    if view.drawer_state != DRAWER_LOCKED:
        return codes.DRAWER_FAILED
    if view.pocket_state not in rule.states:
        return _POCKET_CODES.get(view.pocket_state, codes.POCKET_FAILED)
    if rule.needs & SOUND and view.quarantined is not False:
        return codes.QUARANTINED
    return codes.EXPIRED_DRUG if rule.needs & FRESH and view.expired is not False else codes.NONE


# what the person still has to do
def _care(view, rule, request):
    if _has(view, rule.scan) and request.scanned is not True:
        return codes.SCAN_NEEDED
    if not asks_prompt(view, request) or request.answer == YES:
        return codes.NONE
    return codes.PROMPT_REFUSED if request.answer == NO else codes.PROMPT_NEEDED


def _by_two(view, request, authority, witness, now_ms):
    if witness is None:
        return codes.WITNESS_NEEDED if needs_witness(view, request) else codes.NONE
    return witness_code(authority.user, witness, now_ms)


# May this witness stand beside this actor, now?
def witness_code(actor, witness, now_ms):
    if now_ms >= witness.until_ms:
        return codes.WITNESS_NEEDED
    if witness.user == actor:
        return codes.WITNESS_IS_ACTOR
    may = witness.roles & messages.ROLE_WITNESS and not witness.roles & messages.ROLE_RESTRICTED
    return codes.NONE if may else codes.WITNESS_NOT_ALLOWED


# Is it against no order? Only then its reason is journaled as one of an override.
def is_override(view, request):
    return _overrides(view, RULES[request.purpose])


def asks_prompt(view, request):
    return is_override(view, request) and _has(view, flags.HIGH_ALERT)


def needs_witness(view, request):
    rule = RULES[request.purpose]
    if rule.needs & TWO or _has(view, rule.witness):
        return True
    if is_override(view, request) and _listed(view, flags.OVERRIDE_WITNESS):
        return True
    return request.purpose == kinds.PURPOSE_WASTE and view.item.schedule >= CONTROLLED


# one who is there is named where none is needed too, but for what one does alone
def takes_witness(purpose):
    return not RULES[purpose].needs & ALONE
