"""Authority and verdict as functions of facts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import codes
from server_stub.verify import verdict
from server_stub.verify.facts import Move, Word
from server_stub.verify.matching import Share

T = 1000


def moves(*pairs):
    return [Move(f"e{n}", "P1", event, at) for n, (event, at) in enumerate(pairs)]


def word(start, stop=None, *, said=None, order="O1", item="HEPARIN"):
    return Word(f"w{said}", order, "P1", item, start if said is None else said, start, stop)


def admitted(*pairs):
    return verdict.authority("HEPARIN", T, [[word(0)]], verdict.stays(moves(*pairs))).code == codes.NONE


def ordered(*words):
    orders = [list(group) for _, group in itertools.groupby(words, key=lambda w: w.order)]
    return verdict.authority("HEPARIN", T, orders, verdict.stays(moves(("A01", 0)))).code == codes.NONE


@pytest.mark.req("A3.d", "A3.e", "A21.d")
@pytest.mark.parametrize(
    "order, admission, code",
    [
        (True, True, codes.NONE),
        (False, True, codes.NO_ACTIVE_ORDER),
        (True, False, codes.NOT_ADMITTED),
        (False, False, codes.NO_ORDER_NOT_ADMITTED),
    ],
)
def test_truth_table(order, admission, code):
    orders = [[word(0)]] if order else []
    stays = verdict.stays(moves(("A01", 0)) if admission else [])
    found = verdict.authority("HEPARIN", T, orders, stays)
    assert found.code == code
    assert (found.order, found.admission) == ("O1" if order else "", "e0" if admission else "")


@pytest.mark.req("A3.d")
@pytest.mark.parametrize(
    "pairs, yes",
    [
        ([("A01", T)], True),
        ([("A01", T + 1)], False),
        ([("A01", 0), ("A03", T)], True),
        ([("A01", 0), ("A03", T - 1)], False),
        ([("A01", 0), ("A11", T - 1)], False),
        ([("A01", 0), ("A03", 5), ("A01", 9)], True),
        ([("A01", 0), ("A03", 0)], True),
        ([("A03", 5), ("A02", 0)], False),
        ([("A02", 0)], True),
        ([("A12", 0)], True),
        ([("A01", 0), ("A03", 5), ("A13", 9)], True),
        ([("A01", 0), ("A03", 5), ("A13", T + 99)], True),
        ([("A01", 0), ("A03", 5), ("A13", 7), ("A03", 9)], False),
        ([("A01", 0), ("A03", T + 50), ("A13", T + 99)], True),
        ([("A13", T)], True),
        ([], False),
    ],
)
def test_admission(pairs, yes):
    assert admitted(*pairs) == yes
    assert admitted(*reversed(pairs)) == yes


@pytest.mark.req("A3.d")
@pytest.mark.parametrize(
    "words, yes",
    [
        ([word(T)], True),
        ([word(T + 1)], False),
        ([word(0, T)], True),
        ([word(0, T - 1)], False),
        ([word(0), word(0, T - 1, said=T - 1)], False),
        ([word(0), word(0, T, said=T)], True),
        ([word(0), word(T + 5, said=T + 5)], True),
        ([word(0, T - 1), word(0, T + 9, said=T + 5)], True),
        ([word(0, 10), word(20, said=15)], True),
        ([word(0, item="OTHER")], False),
        ([word(0), word(0, item="OTHER", said=T - 5)], False),
        ([word(0, T - 1), word(0, order="O2")], True),
    ],
)
def test_orders(words, yes):
    assert ordered(*words) == yes


@given(st.permutations([("A01", 0), ("A03", 300), ("A13", 500), ("A03", 700), ("A01", 900), ("A11", 950), ("A02", T)]))
def test_the_order_of_movements_is_nothing(pairs):
    numbered = {pair: n for n, pair in enumerate(sorted(pairs))}
    found = verdict.stays(Move(f"e{numbered[pair]}", "P1", *pair) for pair in pairs)
    assert [(s.since_ms, s.until_ms) for s in found] == [(0, 700), (500, 700), (900, 950), (T, None)]


def share(missing=0, charted=0, late=False):
    return Share(0, charted, missing, "", None, late)


@pytest.mark.req("A3.c", "A4.c")
def test_each_combination_has_its_verdict():
    documented = {
        "verified": share(charted=2),
        "returned": share(),
        "charted_late": share(charted=2, late=True),
        "undocumented": share(missing=1, charted=1),
    }
    for name, one in documented.items():
        state = verdict.documentation(one)
        assert verdict.verdict(0, state, expired=True) == name
        pending = name in ("charted_late", "undocumented")
        assert verdict.verdict(0, state, expired=False) == ("pending" if pending else name)
        assert verdict.verdict(codes.NO_ACTIVE_ORDER, state, expired=True) == "no_order"
        assert verdict.verdict(codes.NOT_ADMITTED, state, expired=True) == "not_admitted"
        assert verdict.verdict(codes.NO_ORDER_NOT_ADMITTED, state, expired=True) == "no_order_not_admitted"
