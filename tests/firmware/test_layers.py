# Lots in a pocket: first expired first out, what a count takes away, limits.
from firmware import layers
from firmware.journal import kinds

REQ = ("F26", "P12", "P22", "P25", "U18")

JUNE, JULY = 29700000, 29743200
HELD = [("b", JUNE, 3), ("a", JULY, 4), ("", 0, 5)]


def test_put_keeps_the_first_to_expire_first_and_the_unknown_last():
    held = []
    for lot, expiry_min, quantity in (("", 0, 5), ("a", JULY, 4), ("b", JUNE, 3)):
        held = layers.put(held, lot, expiry_min, quantity)
    assert held == HELD
    assert layers.put(held, "b", JUNE, 2)[0] == ("b", JUNE, 5)
    assert layers.put(held, "c", JUNE, 0) == HELD
    assert layers.put(held, "c", 0, 1) == HELD[:2] + [("", 0, 5), ("c", 0, 1)]
    assert layers.put(HELD[:1], "a", JUNE, 1) == [("a", JUNE, 1)] + HELD[:1]  # of one day by lot


def test_take_at_each_edge():
    assert layers.take(HELD, 0) == (HELD, [])
    assert layers.take(HELD, 2) == ([("b", JUNE, 1)] + HELD[1:], [("b", JUNE, 2)])
    assert layers.take(HELD, 3) == (HELD[1:], HELD[:1])
    assert layers.take(HELD, 4) == ([("a", JULY, 3), ("", 0, 5)], [("b", JUNE, 3), ("a", JULY, 1)])
    assert layers.take(HELD, 12) == ([], HELD)
    assert layers.take(HELD, 13) == ([], HELD)


def test_a_count_that_differs():
    assert layers.settle(HELD, 12) == HELD
    assert layers.settle(HELD, 11) == HELD[:2] + [("", 0, 4)]
    assert layers.settle(HELD, 6) == [("b", JUNE, 3), ("a", JULY, 3)]
    assert layers.settle(HELD, 0) == []
    assert layers.settle(HELD[:2], 9) == HELD[:2] + [("", 0, 2)]


def test_room_for_six_layers_one_of_them_unknown():
    held = []
    for n in range(layers.LIMIT - 1):
        assert layers.has_room(held, "lot%d" % n, JUNE)
        held = layers.put(held, "lot%d" % n, JUNE, 1)
    assert not layers.has_room(held, "more", JUNE) and not layers.has_room(held, "lot1", JULY)
    assert layers.has_room(held, "lot1", JUNE) and layers.has_room(held, "", 0)
    full = layers.put(held, "more", JUNE, 7)
    assert full == held + [("", 0, 7)] and len(full) == layers.LIMIT == 6
    four = layers.put(held[1:], "", 0, 1)  # what is unknown takes no room from a lot
    assert layers.has_room(four, "more", JUNE) and len(layers.put(four, "more", JUNE, 1)) == layers.LIMIT


def test_expired_from_its_very_minute_on():
    assert layers.expired(HELD, JUNE - 1) == []
    assert layers.expired(HELD, JUNE) == HELD[:1]
    assert layers.expired(HELD, JULY) == HELD[:2]
    assert layers.expired([("a", 1, 1)], 1) == [("a", 1, 1)]
    assert layers.first(HELD) == ["b", JUNE] and layers.first([]) == ["", 0] and layers.first(HELD[2:]) == ["", 0]


def test_what_a_label_can_say():
    assert layers.is_lot("A/7.2") and layers.is_lot("x" * 20) and layers.is_lot("") and layers.is_lot(" ~")
    for wrong in ("x" * 21, "\n", "é", None):
        assert not layers.is_lot(wrong)
    assert layers.is_expiry(0) and layers.is_expiry(0xFFFFFFFE)
    assert not layers.is_expiry(0xFFFFFFFF) and not layers.is_expiry(-1)
    assert not layers.is_expiry(None) and not layers.is_expiry(True)
    assert layers.named(None, None) == ("", 0) and layers.named("x" * 21, JUNE) == ("", JUNE)


def test_each_kind_of_entry():
    put = [("b", JUNE, 3), ("new", JULY, 2)]
    assert layers.step(HELD[:1], kinds.REFILL, 2, 5, [0, "new", JULY, None, None]) == put
    assert layers.step(HELD[:1], kinds.LOAD, 2, 5, [0, "new", JULY, None]) == put
    assert layers.step(HELD[:1], kinds.RETURN, 2, 5, [0, 0, None, "new", JULY, None]) == put
    assert layers.step(HELD[:1], kinds.RETURN, 2, 5, [0, 0]) == [("b", JUNE, 3), ("", 0, 2)]
    for short in ([], [0], [0, "new"]):  # lot and expiry, or neither
        assert layers.step(HELD[:1], kinds.REFILL, 2, 5, short) == [("b", JUNE, 3), ("", 0, 2)], short
    assert layers.step(HELD[:1], kinds.REFILL, 2, 5, [0, "new", JULY]) == put
    assert layers.step(HELD, kinds.REMOVE, -4, 8, [0, None, None, None, None]) == [("a", JULY, 3), ("", 0, 5)]
    assert layers.step(HELD, kinds.OUTDATE, -3, 9, [0, "b", JUNE]) == HELD[1:]
    assert layers.step(HELD, kinds.UNLOAD, -12, 0, [0]) == []
    assert layers.step(HELD, kinds.COUNT, -1, 11, [12]) == HELD[:2] + [("", 0, 4)]
    assert layers.step(HELD, kinds.DISCREPANCY, 1, 13, ["", 0]) == HELD[:2] + [("", 0, 6)]
