# The witness: a badge and PIN of her own, for the next step, within her window, never the actor.
from fakes import ALL_ROLES, USERS, ready, reboot, user
from ward import finish, last, waste, witness

from firmware import codes
from firmware.journal import entry, kinds
from firmware.wire import messages

REQ = ("F7", "F18", "U13")
WINDOW_MS = 60000


def test_two_see_it_wasted_at_the_waste_itself():
    c = ready()
    assert waste(c)[0] == codes.WITNESS_NEEDED
    assert witness(c) == (0, ["ben"]) and c.said()[17] == "ben"
    assert c.said()[2] == "anna"  # the session stays the actor's
    assert waste(c)[0] == 0
    wasted = last(c)
    assert (wasted[entry.F_KIND], wasted[entry.F_ACTOR], wasted[entry.F_WITNESS]) == (kinds.WASTE, "anna", "ben")
    assert wasted[entry.F_EXT] == [1, 0, 500]


def test_once_only():
    c = ready()
    witness(c)
    assert waste(c)[0] == 0 and c.said()[17] == ""
    assert waste(c)[0] == codes.WITNESS_NEEDED


def test_never_the_actor():
    c = ready()
    assert witness(c, "b1", "1234") == (codes.WITNESS_IS_ACTOR, [])
    assert last(c)[entry.F_KIND] == kinds.DENIED and last(c)[entry.F_EXT] == [12, codes.WITNESS_IS_ACTOR, 0]
    assert waste(c)[0] == codes.WITNESS_NEEDED


def test_neither_restricted_nor_without_the_role():
    c = ready()
    for version, roles in ((2, ALL_ROLES & ~64), (3, ALL_ROLES | 32768), (4, 0)):
        rows = [USERS[0], user("b2", "ben", "4321", roles)]
        assert c.reference("users", version, rows) == 0
        assert witness(c)[0] == codes.WITNESS_NOT_ALLOWED
        assert last(c)[entry.F_EXT] == [12, codes.WITNESS_NOT_ALLOWED, 0]
        assert waste(c)[0] == codes.WITNESS_NEEDED


def test_the_window_to_the_millisecond():
    c = ready()
    witness(c)
    c.wait(WINDOW_MS - 1)
    assert c.said()[17] == "ben"
    c.wait(1)
    assert waste(c)[0] == codes.WITNESS_NEEDED and c.said()[17] == ""
    witness(c)
    c.wait(WINDOW_MS - 1)
    assert waste(c)[0] == 0


def test_the_end_of_the_window_is_told():
    c = ready()
    witness(c)
    assert c.station.deadline() == c.mono_ms + WINDOW_MS
    c.mono_ms += WINDOW_MS
    assert [m[17] for m in c.event("tick") if m[0] == messages.STATE] == [""]


def test_the_stations_own_window():
    c = ready()
    assert c.reference("policy", 1, [["witness_window_s", 5]]) == 0
    witness(c)
    c.wait(5000)
    assert waste(c)[0] == codes.WITNESS_NEEDED


def test_gone_with_the_session():
    c = ready()
    witness(c)
    c.ask(messages.SIGN_OFF)
    c.sign_on()
    assert waste(c)[0] == codes.WITNESS_NEEDED
    witness(c)
    c.sign_on("b3", "0000")
    c.sign_on()
    assert waste(c)[0] == codes.WITNESS_NEEDED


# she who was the witness signs on herself: she is not her own
def test_gone_when_the_witness_takes_over():
    c = ready()
    witness(c)
    assert c.sign_on("b2", "4321")[0] == 0
    assert waste(c)[0] == codes.WITNESS_NEEDED


def test_gone_with_the_power():
    c = ready()
    witness(c)
    again = reboot(c)
    again.sign_on()
    assert waste(again)[0] == codes.WITNESS_NEEDED


def test_gone_with_her_rights():
    c = ready()
    witness(c)
    assert c.reference("users", 2, [USERS[0], user("b2", "ben", "4321", 0)]) == 0
    assert waste(c)[0] == codes.WITNESS_NEEDED
    assert c.reference("users", 3, [USERS[0], USERS[1]]) == 0
    witness(c)
    assert c.reference("patients", 2, [["pat3", 1]], base=1) == 0
    assert waste(c)[0] == 0  # another table takes nothing from her


def test_nobody_witnesses_for_nobody():
    c = ready()
    c.ask(messages.SIGN_OFF)
    start = c.journal.seq
    assert witness(c)[0] == codes.NOT_SIGNED_ON and c.journal.seq == start


def test_a_wrong_pin_counts_against_the_witness():
    c = ready()
    for _ in range(4):
        assert witness(c, pin="9999")[0] == codes.WRONG_PIN
    assert last(c)[entry.F_KIND] == kinds.SIGN_ON_FAILED and last(c)[entry.F_ACTOR] == "ben"
    assert witness(c, pin="9999")[0] == codes.LOCKED_OUT == witness(c)[0]
    assert witness(c, "zz", "1")[0] == codes.UNKNOWN_BADGE
    assert c.said()[2] == "anna" and c.remove()[0] == 0


def test_one_who_stands_by_sees_the_count():
    c = ready()
    c.ask(messages.COUNT, "D01-P01")
    c.pull(1)
    assert witness(c)[0] == 0  # with the drawer open, before it is confirmed
    assert c.confirm(7900)[0] == 0
    counted = last(c)
    assert (counted[entry.F_KIND], counted[entry.F_WITNESS]) == (kinds.COUNT, "ben")
    c.push(1)
    assert c.said()[17] == ""


def test_one_who_stands_by_is_not_named_at_a_removal_that_needs_none():
    c = ready()
    witness(c)
    start = c.journal.seq
    c.remove()
    finish(c, 1, 2000)
    assert [f[entry.F_WITNESS] for f in c.entries(start)] == [None] * 4
    assert waste(c)[0] == 0  # she still stands by


def test_a_removal_by_two():
    c = ready()
    assert c.reference("items", 2, [["morphine", 2, 1000, 2, 0, 0]], base=1) == 0
    start = c.journal.seq
    assert c.remove()[0] == codes.WITNESS_NEEDED and c.journal.seq == start and c.ever_energised == 0
    witness(c)
    assert c.remove()[0] == 0
    finish(c, 1, 2000)
    named = {f[entry.F_KIND]: f[entry.F_WITNESS] for f in c.entries(start)}
    assert named[kinds.ACCESS] == named[kinds.REMOVE] == "ben"
    assert c.remove()[0] == codes.WITNESS_NEEDED


def test_a_return_by_two():
    c = ready()
    assert c.reference("items", 2, [["morphine", 2, 1000, 8, 0, 0]], base=1) == 0
    args = ("pat1", "ord1", "morphine", 500, 0, 1, None)
    assert c.ask(messages.RETURN, *args)[0] == codes.WITNESS_NEEDED
    witness(c)
    assert c.ask(messages.RETURN, *args)[0] == 0
    assert last(c)[entry.F_WITNESS] == "ben"


def test_bad_witness_requests():
    c = ready()
    start = c.journal.seq
    for args in ((), ("b2",), ("b 2", "4321"), ("b2", 4321), ("b2", "4" * 17), (None, "4321")):
        assert c.ask(messages.WITNESS, *args) == (codes.BAD_REQUEST, [])
    assert c.journal.seq == start
