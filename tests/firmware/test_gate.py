# The gate as a truth table: one view a purpose under which it opens, and every single deviation denied for its reason.
from firmware import codes, flags, gate
from firmware.gate import Authority, Item, Request, View, Witness
from firmware.wire import messages

REQ = ("A1.a", "F1", "F3", "F4", "F7", "F15", "F19", "F28", "F29", "P48", "P133", "U6", "U8", "U13")

NOW = 1000
ALL = 0xFFFFFFFF
VIEW = ("anna", False, True, True, 1, Item(0, 0, 0), 0, 1, False, False, True, True, None, None, False, False)
VIEW_NAMES = (
    "owner", "moving", "ready", "journal_open", "patient", "item", "pocket_state", "drawer_state", "quarantined",
    "expired", "profiled", "order", "listed", "in_kit", "critical", "serviced",
)  # fmt: skip
REQUEST_NAMES = ("quantity", "override", "kit", "answer", "scanned")
REQUEST = (1, 0, "", 0, False)
BEN = Witness("ben", messages.ROLE_WITNESS, NOW + 1)

REMOVE, RETURN, REFILL, COUNT, WASTE, BIN, LOAD, UNLOAD = range(1, 9)
OUTDATE, EMPTY, RECOVER, WITNESS, GRANT, PATIENT, FAIL, BYPASS, MAINTAIN = range(9, 18)
# role, pocket states it opens, for a patient, asks a quantity
TABLE = {
    REMOVE: (1, (0,), True, True),
    RETURN: (2, (0,), True, True),
    REFILL: (8, (0,), False, True),
    COUNT: (16, (0, 1, 4, 5), False, False),
    WASTE: (4, (), True, True),
    BIN: (2, (0, 6), True, True),
    LOAD: (128, (0, 3), False, True),
    UNLOAD: (128, (0, 4, 5), False, False),
    OUTDATE: (256, (0, 4, 5), False, False),
    EMPTY: (512, (0, 1, 6), None, False),
    RECOVER: (1024, (0, 1, 2, 3, 4, 5, 6), None, False),
    WITNESS: (0, (), None, False),
    GRANT: (2048, (), None, False),
    PATIENT: (4096, (), None, False),
    FAIL: (1024, (), None, False),
    BYPASS: (0, (), None, False),
    MAINTAIN: (8192, (), None, False),
}
WITH_TWO = (EMPTY, RECOVER, WITNESS)
MAY_MOVE = (WITNESS, GRANT, PATIENT, FAIL, BYPASS)
WHY_NOT = {
    1: codes.MUST_COUNT,
    2: codes.POCKET_FAILED,
    3: codes.NOT_LOADED,
    4: codes.QUARANTINED,
    5: codes.EXPIRED_DRUG,
    6: codes.POCKET_FAILED,
    9: codes.POCKET_FAILED,
    "usable": codes.POCKET_FAILED,
}


# all in order for this purpose, but for what is named
def code(purpose=REMOVE, roles=None, classes=ALL, who="anna", until=NOW + 1, now=NOW, pin=False, by="", **changes):
    states = TABLE[purpose][1] if purpose in TABLE else (0,)
    good = dict(zip(VIEW_NAMES, VIEW))
    good["pocket_state"] = states[0] if states else None
    good.update({k: v for k, v in changes.items() if k in VIEW_NAMES})
    asked = dict(zip(REQUEST_NAMES, REQUEST))
    asked.update({k: v for k, v in changes.items() if k in REQUEST_NAMES})
    roles = 0x7FFF if roles is None else roles
    witness = (BEN if purpose in WITH_TWO else None) if by == "" else by
    return decided(
        View(*[good[name] for name in VIEW_NAMES]),
        Request(purpose, *[asked[name] for name in REQUEST_NAMES]),
        Authority(who, roles, classes, until, pin),
        witness,
        now,
    )


def decided(view, request, authority, witness, now=NOW):
    allow, reason = gate.decide(view, request, authority, witness, now)
    assert allow is (reason == codes.NONE)
    return reason


def override(**changes):
    good = {"order": False, "listed": 0, "override": 1}
    good.update(changes)
    return code(**good)


def flagged(bits, schedule=0):
    return Item(schedule, bits, 0)


def test_all_in_order_is_allowed():
    for purpose, (role, states, _, _) in TABLE.items():
        for state in states or (None,):
            assert code(purpose, pocket_state=state) == 0, (purpose, state)
        assert code(purpose, roles=role) == 0, purpose


def test_the_table_is_all_there_is():
    assert set(gate.RULES) == set(TABLE)
    for unknown in (0, 18, 99, None, "remove"):
        assert code(unknown) == codes.BAD_REQUEST


def test_nobody_or_lapsed():
    for purpose in TABLE:
        assert code(purpose, who="", owner="") == codes.NOT_SIGNED_ON
        assert code(purpose, now=NOW + 1) == codes.NOT_SIGNED_ON
        assert code(purpose, owner="ben") == code(purpose, owner="") == codes.BUSY
    view = View(*VIEW)
    assert decided(view, Request(REMOVE, *REQUEST), None, None) == codes.NOT_SIGNED_ON


def test_each_purpose_needs_its_role_and_no_other():
    for purpose, (role, _, _, _) in TABLE.items():
        for bit in range(15):
            expected = codes.NONE if role in (0, 1 << bit) else codes.NOT_ALLOWED
            assert code(purpose, roles=1 << bit) == expected, (purpose, bit)
        if role:
            assert code(purpose, roles=0x7FFF & ~role) == codes.NOT_ALLOWED


def test_nothing_opens_for_the_restricted_nor_with_the_first_pin():
    for purpose in TABLE:
        assert code(purpose, roles=0xFFFF) == codes.RESTRICTED
        assert code(purpose, pin=True) == code(purpose, pin=None) == codes.CHANGE_PIN


def test_unknown_of_the_station_is_a_denial():
    for purpose in TABLE:
        assert code(purpose, ready=False) == code(purpose, ready=None) == codes.NOT_READY
        assert code(purpose, journal_open=False) == code(purpose, journal_open=None) == codes.JOURNAL_FULL
        moving = codes.NONE if purpose in MAY_MOVE else codes.BUSY
        assert code(purpose, moving=True) == code(purpose, moving=None) == moving


def test_in_maintenance_nothing_but_its_end_and_its_self_test():
    for purpose in TABLE:
        expected = codes.NONE if purpose == MAINTAIN else codes.IN_SERVICE
        assert code(purpose, serviced=True) == code(purpose, serviced=None) == expected, purpose


def test_items_of_a_class_the_user_may_have():
    for purpose, (_, _, patient, _) in TABLE.items():
        if patient is None:
            assert code(purpose, item=None, classes=0) == 0
            continue
        assert code(purpose, item=None) == codes.UNKNOWN_ITEM
        for item_class in (0, 1, 30, 31):
            of_class = Item(0, 0, item_class)
            assert code(purpose, item=of_class, classes=1 << item_class) == 0
            assert code(purpose, item=of_class, classes=ALL & ~(1 << item_class)) == codes.CLASS_NOT_ALLOWED


def test_patients_and_supplies():
    supply = flagged(flags.SUPPLY)
    for purpose, (_, _, for_patient, _) in TABLE.items():
        for patient in (None, 0, 1, 2, 3, 4, "1"):
            unknown = for_patient and patient not in (1, 2, 3)
            assert code(purpose, patient=patient) == (codes.UNKNOWN_PATIENT if unknown else codes.NONE)
            unknown = unknown and patient != 0
            assert code(purpose, patient=patient, item=supply) == (codes.UNKNOWN_PATIENT if unknown else codes.NONE)
    assert code(patient=0, order=False, item=supply) == 0
    assert code(patient=0, item=flagged(0xFFFF & ~flags.SUPPLY)) == codes.UNKNOWN_PATIENT


def test_quantities():
    for purpose, (_, _, _, asks) in TABLE.items():
        for quantity in (0, -1):
            assert code(purpose, quantity=quantity) == (codes.BAD_QUANTITY if asks else codes.NONE)


def test_pockets_and_drawers():
    for purpose, (_, states, _, _) in TABLE.items():
        if not states:
            assert code(purpose, pocket_state=2, drawer_state=None, quarantined=True, expired=True) == 0
            continue
        assert code(purpose, pocket_state=None) == codes.NO_POCKET
        for state, why in WHY_NOT.items():
            assert code(purpose, pocket_state=state) == (codes.NONE if state in states else why), (purpose, state)
        if 0 not in states:
            assert code(purpose, pocket_state=0) == codes.POCKET_FAILED
        for drawer in (None, 0, 2, 3, 4, 5):
            assert code(purpose, drawer_state=drawer) == codes.DRAWER_FAILED


def test_quarantine_and_expiry():
    kept_shut = (REMOVE, RETURN, REFILL, LOAD)
    for purpose, (_, states, _, _) in TABLE.items():
        for unknown in (True, None):
            shut = codes.QUARANTINED if purpose in kept_shut else codes.NONE
            assert code(purpose, quarantined=unknown) == shut
            assert code(purpose, expired=unknown) == (codes.EXPIRED_DRUG if purpose == REMOVE else codes.NONE)


def test_back_to_the_bin_only():
    assert code(RETURN, item=flagged(flags.BIN_ONLY)) == codes.NOT_ALLOWED
    assert code(BIN, item=flagged(flags.BIN_ONLY)) == 0


def test_a_station_without_profiles_asks_no_order():
    assert code(profiled=False, order=False) == code(profiled=False, order=None) == 0
    assert code(profiled=None, order=False) == codes.NO_ORDER


def test_an_order_or_an_override():
    assert code(order=True) == 0
    assert code(order=False) == code(order=None) == codes.NO_ORDER
    assert override() == 0
    assert override(override=0) == override(override=-1) == codes.NO_ORDER
    assert override(roles=0x7FFF & ~32) == codes.NOT_ALLOWED
    assert override(roles=1 | 32) == 0
    assert override(listed=None) == codes.NOT_ON_OVERRIDE_LIST
    for purpose in TABLE:
        if purpose != REMOVE:
            assert code(purpose, order=False) == 0


def test_critical_override_stands_in_for_the_list_only():
    assert override(listed=None, critical=True) == 0
    for not_on in (False, None, 1):
        assert override(listed=None, critical=not_on) == codes.NOT_ON_OVERRIDE_LIST
    assert override(listed=None, critical=True, override=0) == codes.NO_ORDER
    assert override(listed=None, critical=True, roles=1) == codes.NOT_ALLOWED
    assert override(listed=flags.OVERRIDE_KIT_ONLY, critical=True) == codes.NOT_IN_KIT
    assert override(listed=None, critical=True, item=flagged(flags.HIGH_ALERT)) == codes.PROMPT_NEEDED


def test_kits():
    for purpose in (REMOVE, RETURN):
        assert code(purpose, kit="rsi", in_kit=2, quantity=2) == code(purpose, kit="rsi", in_kit=2, quantity=1) == 0
        assert code(purpose, kit="rsi", in_kit=2, quantity=3) == codes.NOT_IN_KIT
        assert code(purpose, kit="rsi", in_kit=None) == codes.NOT_IN_KIT
    only = flags.OVERRIDE_KIT_ONLY
    assert override(listed=only) == override(listed=only, in_kit=2) == codes.NOT_IN_KIT
    assert override(listed=only, kit="rsi", in_kit=1) == 0
    assert override(listed=None, kit="rsi", in_kit=1) == codes.NOT_ON_OVERRIDE_LIST
    assert code(listed=only) == 0


def test_high_alert_asks_its_prompt_at_an_override():
    alert = flagged(flags.HIGH_ALERT)
    assert override(item=alert, answer=0) == override(item=alert, answer=3) == codes.PROMPT_NEEDED
    assert override(item=alert, answer=2) == codes.PROMPT_REFUSED
    assert override(item=alert, answer=1) == 0
    assert code(item=alert) == code(item=alert, answer=2) == 0
    assert override(item=flagged(0xFFFF & ~(1 | 2 | 64))) == 0
    assert code(item=alert, profiled=False, order=False) == 0


def test_scans():
    for flag, scanning in ((flags.SCAN_AT_REMOVAL, (REMOVE,)), (flags.SCAN_AT_REFILL, (RETURN, REFILL, LOAD))):
        for purpose in TABLE:
            needed = codes.SCAN_NEEDED if purpose in scanning else codes.NONE
            assert code(purpose, item=flagged(flag)) == code(purpose, item=flagged(flag), scanned=None) == needed
            assert code(purpose, item=flagged(flag), scanned=True) == 0


def test_a_witness_where_the_item_asks_for_one():
    for flag, purposes in (
        (flags.WITNESS_AT_REMOVAL, (REMOVE,)),
        (flags.WITNESS_AT_WASTE, (WASTE,)),
        (flags.WITNESS_AT_RETURN, (RETURN, BIN)),
    ):
        for purpose in TABLE:
            needed = purpose in purposes or purpose in WITH_TWO
            item = flagged(flag)
            assert code(purpose, item=item, by=None) == (codes.WITNESS_NEEDED if needed else codes.NONE)
            assert code(purpose, item=item, by=BEN) == 0


def test_a_witness_where_the_override_list_asks_for_one():
    listed = flags.OVERRIDE_WITNESS
    assert override(listed=listed) == codes.WITNESS_NEEDED
    assert override(listed=listed, by=BEN) == 0
    assert code(listed=listed) == 0
    assert override(listed=flags.OVERRIDE_KIT_ONLY, kit="rsi", in_kit=1) == 0


def test_controlled_drugs_are_wasted_by_two():
    for schedule in range(6):
        needed = codes.WITNESS_NEEDED if schedule >= 2 else codes.NONE
        assert code(WASTE, item=Item(schedule, 0, 0)) == needed
        assert code(WASTE, item=Item(schedule, 0, 0), by=BEN) == 0
        assert code(REMOVE, item=Item(schedule, 0, 0)) == 0


def test_who_may_be_a_witness():
    for purpose in TABLE:
        assert code(purpose, by=Witness("ben", 64, NOW)) == codes.WITNESS_NEEDED
        assert code(purpose, by=Witness("anna", 64, NOW + 1)) == codes.WITNESS_IS_ACTOR
        for roles in (0, 0x7FFF & ~64, 0xFFFF, 64 | 32768):
            assert code(purpose, by=Witness("ben", roles, NOW + 1)) == codes.WITNESS_NOT_ALLOWED


def test_whom_the_entry_names():
    alone = (REMOVE, REFILL, LOAD, GRANT, PATIENT, FAIL, BYPASS, MAINTAIN)
    for purpose in TABLE:
        assert gate.takes_witness(purpose) is (purpose not in alone)


# what a flag of an item asks for, and of which purposes; of all others it asks nothing
def test_each_flag_means_what_it_says_and_no_more():
    asks = {
        (flags.WITNESS_AT_REMOVAL, REMOVE): codes.WITNESS_NEEDED,
        (flags.WITNESS_AT_WASTE, WASTE): codes.WITNESS_NEEDED,
        (flags.WITNESS_AT_RETURN, RETURN): codes.WITNESS_NEEDED,
        (flags.WITNESS_AT_RETURN, BIN): codes.WITNESS_NEEDED,
        (flags.SCAN_AT_REMOVAL, REMOVE): codes.SCAN_NEEDED,
        (flags.SCAN_AT_REFILL, RETURN): codes.SCAN_NEEDED,
        (flags.SCAN_AT_REFILL, REFILL): codes.SCAN_NEEDED,
        (flags.SCAN_AT_REFILL, LOAD): codes.SCAN_NEEDED,
        (flags.BIN_ONLY, RETURN): codes.NOT_ALLOWED,
    }
    for bit in range(16):
        for purpose in TABLE:
            assert code(purpose, item=flagged(1 << bit)) == asks.get((1 << bit, purpose), 0), (bit, purpose)


# a number is not a yes, nor a no
def test_what_is_neither_true_nor_false_is_unknown():
    assert code(ready=1) == codes.NOT_READY and code(moving=0) == codes.BUSY and code(pin=0) == codes.CHANGE_PIN
    assert code(journal_open=1) == codes.JOURNAL_FULL
    assert code(quarantined=0) == codes.QUARANTINED and code(expired=0) == codes.EXPIRED_DRUG
    assert code(order=1) == code(profiled=0, order=False) == codes.NO_ORDER
    assert code(item=flagged(flags.SCAN_AT_REMOVAL), scanned=1) == codes.SCAN_NEEDED


# whatever two things are wrong at once, it stays shut
def test_no_two_wrongs_make_a_right():
    bad = {
        "owner": "ben",
        "moving": True,
        "ready": False,
        "journal_open": False,
        "item": None,
        "pocket_state": None,
        "drawer_state": None,
        "now": NOW + 1,
        "roles": 0x8000,
        "pin": True,
        "classes": 0,
    }
    for first in bad:
        for second in bad:
            for purpose in (1, 2, 3, 4, 6, 7, 8, 9):
                assert code(purpose, **{first: bad[first], second: bad[second]}) != 0
