# The gate: one view under which everything is allowed, and every single deviation from it denied for its reason.
from firmware import codes, gate
from firmware.gate import Authority, Request, View
from firmware.journal import kinds

REQ = ("A1.a",)

NOW = 1000
PURPOSES = (1, 2, 3, 4, 5)
GOOD = View("anna", False, True, True, 1, True, gate.POCKET_USABLE, gate.DRAWER_LOCKED)
ANNA = Authority("anna", 31, NOW + 1)
FIELDS = ("owner", "moving", "ready", "journal_open", "patient", "item", "pocket_state", "drawer_state")


def but(**changes):
    return View(*[changes.get(name, getattr(GOOD, name)) for name in FIELDS])


def code(view=GOOD, purpose=1, quantity=1, authority=ANNA, now=NOW):
    allow, reason = gate.decide(view, Request(purpose, quantity), authority, now)
    assert allow is (reason == codes.NONE)
    return reason


def test_all_in_order_is_allowed():
    for purpose in PURPOSES:
        assert code(purpose=purpose) == 0
    assert code(but(patient=2)) == 0


def test_nobody_or_lapsed():
    assert code(authority=None) == codes.NOT_SIGNED_ON
    assert code(authority=Authority("", 31, NOW + 1)) == codes.NOT_SIGNED_ON
    assert code(now=NOW + 1) == codes.NOT_SIGNED_ON
    assert code(but(owner="ben")) == codes.BUSY and code(but(owner="")) == codes.BUSY


def test_each_purpose_needs_its_role():
    for purpose in PURPOSES:
        role = gate.ROLES[purpose]
        assert code(purpose=purpose, authority=Authority("anna", role, NOW + 1)) == 0
        assert code(purpose=purpose, authority=Authority("anna", 31 & ~role, NOW + 1)) == codes.NOT_ALLOWED
    for unknown in (0, 6, 99, None, "remove"):
        assert code(purpose=unknown) == codes.BAD_REQUEST


def test_unknown_is_a_denial():
    assert code(but(ready=False)) == code(but(ready=None)) == codes.NOT_READY
    assert code(but(moving=True)) == code(but(moving=None)) == codes.BUSY
    assert code(but(journal_open=False)) == code(but(journal_open=None)) == codes.JOURNAL_FULL
    assert code(but(item=False)) == code(but(item=None)) == codes.UNKNOWN_ITEM
    for patient in (None, 0, 3, "1"):
        assert code(but(patient=patient)) == codes.UNKNOWN_PATIENT
    assert code(but(pocket_state=None)) == codes.NO_POCKET
    for pocket in (2, 3, "usable"):
        assert code(but(pocket_state=pocket)) == codes.DRAWER_FAILED
    for drawer in (None, 0, 2, 3, 4, 5):
        assert code(but(drawer_state=drawer)) == codes.DRAWER_FAILED


def test_must_count_allows_a_count_only():
    for purpose in (1, 2, 3):
        assert code(but(pocket_state=gate.POCKET_MUST_COUNT), purpose) == codes.MUST_COUNT
    assert code(but(pocket_state=gate.POCKET_MUST_COUNT), kinds.PURPOSE_COUNT) == 0


def test_quantities():
    for purpose in (1, 2, 3, 5):
        assert code(purpose=purpose, quantity=0) == codes.BAD_QUANTITY
    assert code(purpose=kinds.PURPOSE_COUNT, quantity=0) == 0


def test_refill_and_count_need_no_patient():
    assert code(but(patient=None), 3) == 0 and code(but(patient=None), 4) == 0


# whatever two things are wrong at once, it stays shut
def test_no_two_wrongs_make_a_right():
    bad = {
        "owner": "ben",
        "moving": True,
        "ready": False,
        "journal_open": False,
        "item": False,
        "pocket_state": None,
        "drawer_state": None,
    }
    for first in bad:
        for second in bad:
            for purpose in (1, 2, 3, 4):
                view = but(**{first: bad[first], second: bad[second]})
                assert gate.decide(view, Request(purpose, 1), ANNA, NOW)[0] is False
