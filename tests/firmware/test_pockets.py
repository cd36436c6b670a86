# Inventory rules: P46 in the reading RD-P13, and their mirror for removals and returns.
from firmware import gate, pockets
from firmware.pockets import FAILED, MUST_COUNT, NOT_LOADED, USABLE, Pocket

REQ = ("P46", "F26", "U18")


def row(drawer, pocket, quantity, maximum=10, state=USABLE, capacity=12, expiry_min=0):
    place = "D%02d-P%02d" % (drawer, pocket)
    return Pocket(place, drawer, pocket, "x", 1, maximum, capacity, quantity, state, "", expiry_min)


# (rows, place of the hungriest)
VECTORS = (
    ([row(1, 1, 5)], "D01-P01"),
    ([row(1, 1, 5), row(1, 2, 4)], "D01-P02"),
    ([row(1, 1, 1, 100), row(2, 1, 0, 5)], "D02-P01"),  # empty before the greater gap
    ([row(1, 1, 5), row(1, 2, 6, 20)], "D01-P02"),  # the gap, not what lies there
    ([row(2, 2, 0, 5), row(1, 9, 0, 50)], "D01-P09"),  # of the empty ones the greater gap
    ([row(2, 1, 4), row(1, 2, 4), row(1, 1, 4)], "D01-P01"),  # lower drawer, lower pocket
    ([row(1, 1, 0, 10, MUST_COUNT), row(1, 2, 9)], "D01-P02"),
    ([row(1, 1, 0, 10, FAILED), row(1, 2, 10)], None),
    ([row(1, 1, 10), row(1, 2, 11)], None),
    ([], None),
)


def test_hungriest():
    for rows, place in VECTORS:
        for order in (rows, list(reversed(rows))):
            found = pockets.hungriest(order)
            assert (found.place if found else None) == place, rows


# P42: where a package picked to load goes
def test_of_the_unloaded_places_the_lowest_is_loaded():
    loaded, low, high = row(1, 1, 5), row(1, 2, 0, 10, NOT_LOADED), row(2, 1, 0, 10, NOT_LOADED)
    for rows in ([high, loaded, low], [loaded, low, high]):
        assert pockets.unloaded(rows) is low
    assert pockets.unloaded([loaded, high]) is high
    assert pockets.unloaded([loaded, row(3, 1, 0, 10, FAILED)]) is None and pockets.unloaded([]) is None


def test_removal_takes_the_least_sufficient():
    rows = [row(1, 1, 8), row(1, 2, 3), row(2, 1, 3), row(1, 3, 2, 10, MUST_COUNT)]
    assert pockets.for_removal(rows, 3).place == "D01-P02"
    assert pockets.for_removal(rows, 4).place == "D01-P01"
    assert pockets.for_removal(rows, 2).place == "D01-P02"
    assert pockets.for_removal(rows, 9) is None
    assert pockets.for_removal([row(1, 2, 3), row(1, 1, 3)], 3).place == "D01-P01"
    assert pockets.available(rows) == [8, 14] and pockets.available([]) == [0, 0]


# P23, F26: of those with enough
def test_removal_takes_what_expires_first():
    rows = [row(1, 1, 3, expiry_min=0), row(1, 2, 9, expiry_min=70), row(2, 1, 4, expiry_min=71), row(2, 2, 2, 10)]
    assert pockets.for_removal(rows, 1).place == "D01-P02"
    assert pockets.for_removal(rows[:1] + rows[2:], 3).place == "D02-P01"
    assert pockets.for_removal(rows[:1] + rows[2:], 4).place == "D02-P01"
    assert pockets.for_removal(rows[:1] + rows[3:], 2).place == "D02-P02"
    assert pockets.for_removal([row(1, 1, 9, state=pockets.EXPIRED, expiry_min=1)] + rows[:1], 3).place == "D01-P01"
    assert pockets.for_removal([row(1, 1, 9, state=pockets.EXPIRED, expiry_min=1)], 3) is None
    last = row(1, 2, 9, expiry_min=0xFFFFFFFE)  # the latest date there is, before none
    assert pockets.for_removal([row(1, 1, 3), last], 3).place == "D01-P02"


def test_neither_refill_nor_return_goes_on_top_of_what_has_expired():
    for state in (pockets.EXPIRED, pockets.NOT_LOADED, pockets.QUARANTINED, FAILED, MUST_COUNT):
        rows = [row(1, 1, 0, state=state)]
        assert pockets.hungriest(rows) is None and pockets.for_return(rows, 1, "D01-P01") is None
        assert pockets.available(rows) == [0, 0]


def test_return_goes_back_if_there_is_room():
    rows = [row(1, 1, 8), row(1, 2, 0), row(1, 3, 11)]
    assert pockets.for_return(rows, 2, "D01-P01").place == "D01-P01"
    assert pockets.for_return(rows, 2, "D01-P03").place == "D01-P02"
    assert pockets.for_return(rows, 2, "").place == "D01-P02"
    assert pockets.for_return([row(1, 1, 11)], 2, "D01-P01") is None
    assert pockets.for_return([row(1, 1, 10)], 2, "D01-P01").place == "D01-P01"  # up to capacity
    assert pockets.for_return([row(1, 1, 10)], 3, "D01-P01") is None


def test_what_a_person_is_told_of_is_what_lacks_least():
    states = (USABLE, pockets.BIN, MUST_COUNT, pockets.EXPIRED, pockets.QUARANTINED, pockets.NOT_LOADED, FAILED)
    rows = [row(1, n, 0, state=state) for n, state in enumerate(states, 1)]
    for n in range(len(rows)):
        assert pockets.nearest(rows[n:]) is rows[n] and pockets.nearest(list(reversed(rows[n:]))) is rows[n]
    assert pockets.nearest([]) is None


# an empty pocket is no reason to hide one that owes a count, or holds what cannot be given now
def test_a_removal_is_told_of_a_pocket_that_may_hold_some():
    empty, owing = row(1, 1, 0), row(1, 2, 0, state=MUST_COUNT)
    expired, unloaded = row(2, 1, 1, state=pockets.EXPIRED), row(2, 2, 0, state=pockets.NOT_LOADED)
    assert pockets.promising([empty, unloaded, owing]) == [owing]
    assert pockets.promising([empty, expired, unloaded]) == [expired]
    assert pockets.promising([empty, unloaded]) == [empty, unloaded] and pockets.promising([]) == []
    assert pockets.promising([row(1, 1, 1), empty, owing, expired]) == [row(1, 1, 1), owing, expired]


# docs/wire.md, INVENTORY; the gate has them by the same numbers
def test_states_have_their_numbers():
    ours = (USABLE, MUST_COUNT, FAILED, pockets.NOT_LOADED, pockets.QUARANTINED, pockets.EXPIRED, pockets.BIN)
    assert ours == (0, 1, 2, 3, 4, 5, 6)
    assert ours == (
        gate.POCKET_USABLE, gate.POCKET_MUST_COUNT, gate.POCKET_FAILED, gate.POCKET_NOT_LOADED,
        gate.POCKET_QUARANTINED, gate.POCKET_EXPIRED, gate.POCKET_BIN,
    )  # fmt: skip
