"""The gate under any input: what it allows satisfies a list of conditions written down a second time, and no fact that
goes missing opens anything."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import codes, gate
from firmware.journal import kinds

NOW = 1000
PURPOSES = (*range(19), *[kinds.PURPOSE_REMOVE] * 9)
# under the first values everything opens, once the pocket's state fits the purpose
VIEW: dict[str, tuple[Any, ...]] = {
    "owner": ("anna", "ben", ""),
    "moving": (False, True, None),
    "ready": (True, False, None),
    "journal_open": (True, False, None),
    "patient": (1, 0, 2, 3, 4, None),
    "item": (gate.Item(0, 0, 0), None),
    "pocket_state": (0, 1, 2, 3, 4, 5, 6, None),
    "drawer_state": (1, 0, 2, 3, 4, 5, None),
    "quarantined": (False, True, None),
    "expired": (False, True, None),
    "profiled": (True, False, None),
    "order": (True, False, None),
    "listed": (None, 0, 1, 2, 3),
    "in_kit": (2, 1, None),
    "critical": (False, True, None),
    "serviced": (False, True, None),
}
REQUEST: dict[str, tuple[Any, ...]] = {
    "quantity": (1, 0, 2, 3, -1),
    "override": (0, 3),
    "kit": ("", "rsi"),
    "answer": (0, 1, 2),
    "scanned": (False, True, None),
}
AUTHORITY: dict[str, tuple[Any, ...]] = {
    "user": ("anna", "ben", ""),
    "roles": (0x7FFF, 0, 0xFFFF, 1, 33, 0x7FDF),
    "classes": (0xFFFFFFFF, 0, 1, 2, 1 << 31),
    "until_ms": (NOW + 1, NOW),
    "must_change_pin": (False, True, None),
}
WITNESS: dict[str, tuple[Any, ...]] = {
    "user": ("ben", "anna"),
    "roles": (0x7FFF, 0, 0xFFFF, 64, 0x7FBF),
    "until_ms": (NOW + 1, NOW),
}
OVERRIDE: dict[str, Any] = {"order": False, "listed": 0, "override": 3}
KIT: dict[str, Any] = {"order": False, "listed": 2, "override": 3, "kit": "rsi", "answer": 1}
FLAGS = st.sampled_from((0, 1, 2, 4, 8, 64, 128, 256, 512, 1 | 2, 64 | 128, 0x3FF))
ITEMS = st.builds(gate.Item, st.integers(0, 5), FLAGS, st.sampled_from((0, 1, 31)))


@st.composite
def some_of(draw: st.DrawFn, kind: Any, values: dict[str, tuple[Any, ...]], good: dict[str, Any]) -> Any:
    """One with its first values, but for the `good` ones and up to two others."""
    changed = draw(st.lists(st.sampled_from(sorted(values)), max_size=2))
    first = {name: good.get(name, values[name][0]) for name in values}
    return kind(**{name: draw(st.sampled_from(values[name])) if name in changed else first[name] for name in values})


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, Any, Any, Any]:
    """View, request, authority and witness, most of it in order."""
    purpose = draw(st.sampled_from(PURPOSES))
    states = NEEDS[purpose][1] if purpose in NEEDS else ""
    good = dict(draw(st.sampled_from(({}, OVERRIDE, KIT))))
    good |= {"item": draw(ITEMS), "pocket_state": int(draw(st.sampled_from(states))) if states else None}
    authorities = some_of(gate.Authority, AUTHORITY, good)
    return (
        draw(some_of(gate.View, VIEW, good)),
        draw(some_of(gate.Request, {"purpose": (purpose,), **REQUEST}, good)),
        draw(st.one_of(authorities, authorities, st.none())),
        draw(st.one_of(st.none(), some_of(gate.Witness, WITNESS, good))),
    )


# purpose -> role, what a pocket may be (none: no drawer moves), item, patient, quantity
NEEDS: dict[int, tuple[int, str, bool, bool, bool]] = {
    1: (1, "0", True, True, True),
    2: (2, "0", True, True, True),
    3: (8, "0", True, False, True),
    4: (16, "0145", True, False, False),
    5: (4, "", True, True, True),
    6: (2, "06", True, True, True),
    7: (128, "03", True, False, True),
    8: (128, "045", True, False, False),
    9: (256, "045", True, False, False),
    10: (512, "016", False, False, False),
    11: (1024, "0123456", False, False, False),
    12: (0, "", False, False, False),
    13: (2048, "", False, False, False),
    14: (4096, "", False, False, False),
    15: (1024, "", False, False, False),
    16: (0, "", False, False, False),
    17: (8192, "", False, False, False),
}


def person_may(view: gate.View, request: gate.Request, authority: gate.Authority | None) -> bool:
    """Signed on, owner of the motion, not restricted, with a PIN of her own and the role."""
    if authority is None or not authority.user or authority.until_ms <= NOW or view.owner != authority.user:
        return False
    if request.purpose not in NEEDS or authority.roles >= 0x8000 or authority.must_change_pin is not False:
        return False
    role = NEEDS[request.purpose][0]
    return role == 0 or authority.roles & role > 0


def matter_is_right(view: gate.View, request: gate.Request, authority: gate.Authority) -> bool:
    """Known item of her class, known patient, a quantity, within the kit."""
    _, _, item, patient, quantity = NEEDS[request.purpose]
    if item and (view.item is None or not authority.classes & 1 << view.item.item_class):
        return False
    if request.purpose == 2 and view.item.flags & 512:
        return False
    if patient and not (view.patient in (1, 2, 3) or (view.patient == 0 and view.item.flags & 256)):
        return False
    if request.kit and not (view.in_kit is not None and view.in_kit >= request.quantity):
        return False
    return not quantity or request.quantity > 0


def overriding(view: gate.View, request: gate.Request) -> bool:
    """A removal that no order stands behind, where one is asked for."""
    if request.purpose != 1:
        return False
    return view.order is not True and view.profiled is not False and not view.item.flags & 256


def override_is_right(view: gate.View, request: gate.Request, authority: gate.Authority) -> bool:
    """Reason, role, on the list or critical, in its kit, prompt answered."""
    if request.override == 0 or not authority.roles & 32:
        return False
    if view.listed is None and view.critical is not True:
        return False
    if view.listed in (2, 3) and not request.kit:
        return False
    return not view.item.flags & 1 or request.answer == 1


def way_is_free(view: gate.View, request: gate.Request) -> bool:
    """Pocket and drawer are known and fit, the package was scanned."""
    states = NEEDS[request.purpose][1]
    if states and (str(view.pocket_state) not in states or view.drawer_state != 1):
        return False
    if request.purpose in (1, 2, 3, 7) and view.quarantined is not False:
        return False
    if request.purpose == 1 and (view.expired is not False or (view.item.flags & 64 and request.scanned is not True)):
        return False
    return not (request.purpose in (2, 3, 7) and view.item.flags & 128 and request.scanned is not True)


def two_where_two_are_needed(view: gate.View, request: gate.Request, witness: gate.Witness | None, actor: str) -> bool:
    """A witness who may be one, where the step asks for one; never one who may not."""
    if witness is not None:
        may = witness.roles & 64 and witness.roles < 0x8000
        return bool(may and witness.user != actor and witness.until_ms > NOW)
    asked_by = {1: 2, 2: 8, 5: 4, 6: 8}.get(request.purpose, 0)
    needed = request.purpose in (10, 11, 12) or (asked_by and view.item.flags & asked_by)
    needed = needed or (request.purpose == 5 and view.item.schedule >= 2)
    return not (needed or (overriding(view, request) and view.listed in (1, 3)))


def should_open(view: Any, request: Any, authority: Any, witness: Any) -> bool:
    """All conditions at once."""
    if not person_may(view, request, authority) or view.ready is not True or view.journal_open is not True:
        return False
    if (request.purpose <= 11 or request.purpose == 17) and view.moving is not False:
        return False
    if request.purpose != 17 and view.serviced is not False:
        return False
    if not matter_is_right(view, request, authority):
        return False
    if request.purpose == 1 and overriding(view, request) and not override_is_right(view, request, authority):
        return False
    return way_is_free(view, request) and two_where_two_are_needed(view, request, witness, authority.user)


@pytest.mark.req("A1.a")
@pytest.mark.req("F1")
@pytest.mark.req("F3")
@pytest.mark.req("F7")
@settings(max_examples=1000)
@given(cases())
def test_it_opens_exactly_where_all_conditions_hold(case: tuple[Any, Any, Any, Any]) -> None:
    view, request, authority, witness = case
    allow, reason = gate.decide(view, request, authority, witness, NOW)
    assert allow is should_open(view, request, authority, witness)
    assert allow is (reason == codes.NONE)


@pytest.mark.req("A1.a")
@given(cases())
def test_no_fact_that_goes_missing_opens_anything(case: tuple[Any, Any, Any, Any]) -> None:
    view, request, authority, witness = case
    shut = not gate.decide(view, request, authority, witness, NOW)[0]
    for name in gate.View._fields:
        if shut and name not in ("order", "listed", "profiled"):
            assert not gate.decide(view._replace(**{name: None}), request, authority, witness, NOW)[0], name
    if shut:
        assert not gate.decide(view, request, None, witness, NOW)[0]
        assert not gate.decide(view, request._replace(scanned=None), authority, witness, NOW)[0]
        # an expired witness hides nothing either
        if witness is not None:
            late = witness._replace(until_ms=NOW)
            assert not gate.decide(view, request, authority, late, NOW)[0]


@pytest.mark.req("A1.a")
def test_every_purpose_has_its_row() -> None:
    numbered = {value for name, value in vars(kinds).items() if name.startswith("PURPOSE_")}
    assert set(gate.RULES) == numbered == set(NEEDS)
