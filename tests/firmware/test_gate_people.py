# Users and patients of this station only, their PINs and their end; lock-outs that a restart does not forgive.
from fakes import ALL_ROLES, USERS, UTC, ready, reboot, user
from ward import last, waste, witness

from firmware import codes
from firmware.journal import chain, entry, kinds
from firmware.wire import messages

REQ = ("F16", "F17", "F18", "F19", "U17")
MIN_MS = 60000
HOUR_MS = 3600000
NURSE = 1 | 2 | 4 | 64
ALL = 0xFFFFFFFF
LOCK_MS = 5 * 60 * 1000


def grant(c, badge="t1", name="tina", roles=NURSE, classes=ALL, hours=8, pin="7777"):
    return c.ask(messages.GRANT, badge, name, roles, classes, hours, pin)


# tina, who has chosen her own PIN
def tina():
    c = ready()
    assert grant(c)[0] == 0
    assert c.sign_on("t1", "7777")[0] == 0
    assert c.ask(messages.CHANGE_PIN, "7777", "8888") == (0, [])
    return c


def test_granted_and_signed_on():
    c = ready()
    until_min = UTC // MIN_MS + 480
    start = c.journal.seq
    assert grant(c) == (0, [until_min])
    granted = c.entries(start)
    assert [f[entry.F_KIND] for f in granted] == [kinds.TEMP_USER] and granted[0][entry.F_ACTOR] == "anna"
    assert (
        granted[0][entry.F_EXT][:5] == ["t1", "tina", NURSE, ALL, until_min] and len(granted[0][entry.F_EXT][5]) == 32
    )
    assert c.said()[23] == [["tina", until_min]]
    assert c.sign_on("t1", "7777") == (0, ["tina", NURSE, 1, ALL])
    assert c.said()[24] == 1


def test_the_first_pin_opens_nothing():
    c = ready()
    grant(c)
    c.sign_on("t1", "7777")
    start = c.journal.seq
    assert c.remove()[0] == codes.CHANGE_PIN == waste(c)[0] and c.ever_energised == 0
    assert witness(c, "b1", "1234")[0] == codes.CHANGE_PIN
    c.sign_on()
    assert witness(c, "t1", "7777")[0] == codes.WITNESS_NOT_ALLOWED
    assert c.journal.seq > start


def test_the_pin_she_chose():
    c = tina()
    changed = last(c)
    assert (changed[entry.F_KIND], changed[entry.F_ACTOR]) == (kinds.PIN_CHANGED, "tina")
    assert c.said()[24] == 0 and c.remove()[0] == 0
    c.ask(messages.CANCEL)
    c.ask(messages.SIGN_OFF)
    assert c.sign_on("t1", "7777")[0] == codes.WRONG_PIN
    assert c.sign_on("t1", "8888") == (0, ["tina", NURSE, 0, ALL])


def test_a_grant_survives_a_boot():
    again = reboot(tina())
    assert again.sign_on("t1", "7777")[0] == codes.WRONG_PIN
    assert again.sign_on("t1", "8888") == (0, ["tina", NURSE, 0, ALL])
    assert again.remove()[0] == 0


# a cut between the journal's entry and the rename: the new file has what the journal names
def test_a_cut_before_the_rename():
    c = ready()
    grant(c)
    files = c.chips.files
    grant(c, "t2", "tom", pin="6666")
    files.held["credentials.new"] = files.held["credentials"]
    del files.held["credentials"]
    again = reboot(c)
    assert again.sign_on("t1", "7777")[0] == 0 == again.sign_on("t2", "6666")[0]


# a cut before the entry, or somebody's own row: what the journal does not name is no user
def test_a_file_that_the_journal_does_not_know():
    c = ready()
    grant(c)
    first = c.chips.files.held["credentials"]
    assert c.sign_on("t1", "7777")[0] == 0
    c.ask(messages.CHANGE_PIN, "7777", "8888")
    c.chips.files.held["credentials"] = first
    again = reboot(c)
    assert again.sign_on("t1", "7777")[0] == again.sign_on("t1", "8888")[0] == codes.UNKNOWN_BADGE
    for damaged in (first[:-3], b"\x05\x00hello", b"\x01\x00\x05", b""):
        again.chips.files.held["credentials"] = damaged
        again = reboot(again)
        assert again.sign_on("t1", "7777")[0] == codes.UNKNOWN_BADGE
    again.sign_on()
    assert grant(again)[0] == 0 == again.sign_on("t1", "7777")[0]


def test_over_to_the_millisecond():
    c = ready()
    until_min = grant(c, hours=1)[1][0]
    c.mono_ms = until_min * MIN_MS - UTC - 1
    assert c.sign_on("t1", "7777")[0] == 0
    c.mono_ms += 1
    assert c.remove()[0] == codes.NOT_SIGNED_ON
    c.event("tick")
    assert c.kinds()[-1] == kinds.SIGN_OFF and c.said()[23] == []
    assert c.sign_on("t1", "7777")[0] == codes.UNKNOWN_BADGE


def test_without_the_time_nobody_can_say_that_it_is_not_over():
    c = ready()
    grant(c)
    c.tq = 0
    assert grant(c, "t2", "tom")[0] == codes.NOT_READY
    assert c.sign_on("t1", "7777")[0] == codes.UNKNOWN_BADGE
    assert c.ask(messages.ADD_PATIENT, "wrist1", 4)[0] == codes.NOT_READY


def test_nobody_grants_more_than_she_has():
    c = ready()
    assert c.reference("users", 2, [user("b1", "anna", "1234", 2048 | 1, 6)] + USERS[1:]) == 0
    for roles, classes in ((3, 2), (1, 1), (1, ALL), (ALL_ROLES, 2)):
        assert grant(c, roles=roles, classes=classes)[0] == codes.NOT_ALLOWED
        assert last(c)[entry.F_EXT] == [13, codes.NOT_ALLOWED, 0]
    assert grant(c, roles=1, classes=4)[0] == 0 == grant(c, roles=0, classes=0)[0]


def test_only_who_may_grant():
    c = ready()
    assert c.reference("users", 2, [user("b1", "anna", "1234", ALL_ROLES & ~2048)] + USERS[1:]) == 0
    assert grant(c)[0] == codes.NOT_ALLOWED
    c.ask(messages.SIGN_OFF)
    assert grant(c)[0] == codes.NOT_SIGNED_ON
    assert kinds.TEMP_USER not in c.kinds()


# nor anybody else, who could in turn grant her: her hours would never end
def test_who_is_temporary_cannot_grant_herself_more_time():
    c = ready()
    grant(c, roles=ALL_ROLES, hours=1)
    c.sign_on("t1", "7777")
    c.ask(messages.CHANGE_PIN, "7777", "8888")
    for badge, name in (("t1", "tina"), ("t2", "tom")):
        assert grant(c, badge, name, hours=24)[0] == codes.NOT_ALLOWED
        assert last(c)[entry.F_EXT] == [13, codes.NOT_ALLOWED, 0]


def test_names_and_badges_of_others_are_not_granted():
    c = ready()
    for badge, name in (("b2", "tina"), ("t1", "ben"), ("b1", "anna")):
        assert grant(c, badge, name)[0] == codes.NOT_ALLOWED
    grant(c)
    assert grant(c, "t1", "tom")[0] == codes.NOT_ALLOWED
    assert grant(c, hours=9, pin="5555")[0] == 0  # her own again: longer
    assert grant(c, "t9")[0] == 0  # or with another badge
    assert c.sign_on("t1", "5555")[0] == codes.UNKNOWN_BADGE and c.sign_on("t9", "7777")[0] == 0


def test_the_centres_row_of_a_badge_counts():
    c = tina()
    assert c.reference("users", 2, [user("t1", "theo", "2222", 1, 5)], base=1) == 0
    assert c.remove()[0] == codes.NOT_ALLOWED
    assert c.sign_on("t1", "8888")[0] == codes.WRONG_PIN
    assert c.sign_on("t1", "2222") == (0, ["theo", 1, 0, 5])


def test_sixteen_at_once():
    c = ready()
    for n in range(16):
        assert grant(c, "t%d" % n, "temp%d" % n, hours=1 if n else 2)[0] == 0
    assert grant(c, "t99")[0] == codes.TOO_MANY
    assert grant(c, "t3", "temp3")[0] == 0
    assert len(c.said()[23]) == 16
    c.wait(HOUR_MS)
    c.sign_on()
    assert grant(c, "t99")[0] == 0
    assert sorted(row[0] for row in c.said()[23]) == ["temp0", "temp3", "tina"]


def test_pins_that_may_not_be():
    c = ready()
    for pin in ("123", "1" * 17, "12a4", "", None, 1234):
        assert grant(c, pin=pin)[0] == codes.BAD_REQUEST
    grant(c)
    c.sign_on("t1", "7777")
    for new in ("123", "1" * 17, "abcd", ""):
        assert c.ask(messages.CHANGE_PIN, "7777", new)[0] == codes.BAD_REQUEST
    assert c.ask(messages.CHANGE_PIN, "7777", "7777")[0] == codes.CHANGE_PIN
    assert c.ask(messages.CHANGE_PIN, "1111", "8888")[0] == codes.WRONG_PIN
    assert last(c)[entry.F_KIND] == kinds.SIGN_ON_FAILED and c.said()[24] == 1


def test_only_temporary_users_change_it_here():
    c = ready()
    assert c.ask(messages.CHANGE_PIN, "1234", "8888")[0] == codes.NOT_ALLOWED
    c.ask(messages.SIGN_OFF)
    assert c.ask(messages.CHANGE_PIN, "1234", "8888")[0] == codes.NOT_SIGNED_ON
    assert c.sign_on()[0] == 0


def test_bad_grants():
    c = ready()
    for args in (
        ("t 1", "tina", 1, 1, 8, "7777"),
        ("t1", "", 1, 1, 8, "7777"),
        ("t" * 17, "tina", 1, 1, 8, "7777"),
        ("t1", "tina", 0x10000, 1, 8, "7777"),
        ("t1", "tina", 1, 1 << 32, 8, "7777"),
        ("t1", "tina", 1, 1, -1, "7777"),
        ("t1", "tina", 1, 1, 8),
    ):
        assert c.ask(messages.GRANT, *args)[0] == codes.BAD_REQUEST, args
    for hours in (0, 25):
        assert grant(c, hours=hours)[0] == codes.BAD_QUANTITY
    assert kinds.TEMP_USER not in c.kinds()
    assert grant(c, hours=24)[0] == 0


# ---- provisional patients


def test_a_patient_nobody_has_told_of_yet():
    c = ready()
    start = c.journal.seq
    assert c.remove(patient="wrist1", order="")[0] == codes.UNKNOWN_PATIENT
    until_min = UTC // MIN_MS + 240
    assert c.ask(messages.ADD_PATIENT, "wrist1", 4) == (0, [until_min])
    added = c.entries(start + 1)[0]
    assert added[entry.F_KIND] == kinds.PROVISIONAL_PATIENT and added[entry.F_EXT] == [until_min]
    assert chain.parse_page(c.journal.page(start + 2))[1][1:] == ["wrist1", ""]
    assert "wrist1" not in str(added)
    assert c.said()[21] == [["wrist1", until_min]]
    assert c.remove(patient="wrist1", order="")[0] == 0


def test_known_still_after_a_boot():
    c = ready()
    c.ask(messages.ADD_PATIENT, "wrist1", 4)
    again = reboot(c)
    again.sign_on()
    assert again.remove(patient="wrist1", order="")[0] == 0


def test_over_by_itself_to_the_millisecond():
    c = ready()
    until_min = c.ask(messages.ADD_PATIENT, "wrist1", 1)[1][0]
    c.wait(until_min * MIN_MS - UTC - 1 - c.mono_ms)
    c.sign_on()
    assert c.remove(patient="wrist1", order="")[0] == 0
    c.ask(messages.CANCEL)
    c.mono_ms += 1
    assert c.station.deadline() == c.mono_ms
    assert c.remove(patient="wrist1", order="")[0] == codes.UNKNOWN_PATIENT
    start = c.journal.seq
    c.event("tick")
    assert [(f[entry.F_KIND], f[entry.F_EXT]) for f in c.entries(start)] == [(kinds.PROVISIONAL_ENDED, [1])]
    assert chain.parse_page(c.journal.page(start + 1))[1][1] == "wrist1"
    assert c.said()[21] == [] and c.event("tick") == []


# nothing can be written: nobody is let in for it, and nobody waits for it in vain
def test_over_while_the_journal_is_full():
    c = ready()
    until_min = c.ask(messages.ADD_PATIENT, "wrist1", 1)[1][0]
    while c.journal.free_pages > 20:
        c.stock("D01-P02", 5)
    c.mono_ms = until_min * MIN_MS - UTC
    c.event("tick")
    assert c.kinds()[-1] != kinds.PROVISIONAL_ENDED and c.station.deadline() is None
    assert c.answer(c.journal.seq) == 0
    assert c.station.deadline() == c.mono_ms
    c.event("tick")
    assert kinds.PROVISIONAL_ENDED in c.kinds(c.journal.seq - 3) and c.said()[21] == []


def test_the_end_of_a_grant_is_told():
    c = ready()
    until_min = grant(c, hours=1)[1][0]
    c.ask(messages.SIGN_OFF)
    assert c.station.deadline() == until_min * MIN_MS - UTC
    c.mono_ms = until_min * MIN_MS - UTC
    assert [m[23] for m in c.event("tick") if m[0] == messages.STATE] == [[]]


# what was removed for a provisional patient comes back or is wasted though she is not known any more
def test_what_is_left_of_a_removal_outlives_its_patient():
    c = ready()
    c.ask(messages.ADD_PATIENT, "wrist1", 4)
    txn = c.remove(patient="wrist1", order="")[1][0]
    c.pull(1)
    assert c.confirm(2000)[0] == 0
    c.push(1)
    assert c.command(1, messages.COMMAND_END_PROVISIONAL, ["wrist1"]) == 0
    assert c.remove(patient="wrist1", order="")[0] == codes.UNKNOWN_PATIENT
    for removed, code in ((0, codes.UNKNOWN_PATIENT), (txn + 1, codes.UNKNOWN_PATIENT), (txn, codes.NONE)):
        c.ask(messages.WITNESS, "b2", "4321")
        assert c.ask(messages.WASTE, "wrist1", "", "morphine", 500, removed, 1)[0] == code
        assert c.ask(messages.RETURN, "wrist1", "", "morphine", 500, removed, 0, None)[0] == code
    c.ask(messages.CANCEL)
    assert c.ask(messages.RETURN, "wrist1", "", "morphine", 2001, txn, 1, None)[0] == codes.BAD_QUANTITY
    assert c.ask(messages.RETURN, "wrist1", "", "morphine", 500, txn, 1, None)[0] == 0


def test_ended_from_the_centre():
    c = ready()
    c.ask(messages.ADD_PATIENT, "wrist1", 4)
    c.ask(messages.ADD_PATIENT, "wrist2", 4)
    start = c.journal.seq
    assert c.command(1, messages.COMMAND_END_PROVISIONAL, ["wrist1"]) == 0
    assert c.kinds(start) == [kinds.PROVISIONAL_ENDED, kinds.COMMAND]
    assert [f[entry.F_EXT] for f in c.entries(start)] == [[2], [1, 5, 0, []]]
    assert [row[0] for row in c.said()[21]] == ["wrist2"]
    assert c.remove(patient="wrist1", order="")[0] == codes.UNKNOWN_PATIENT
    assert c.command(2, messages.COMMAND_END_PROVISIONAL, ["wrist1"]) == 0  # ended is ended
    for number, body in ((3, []), (4, ["a b"]), (5, [1]), (6, "wrist2"), (7, ["wrist2", 1])):
        assert c.command(number, messages.COMMAND_END_PROVISIONAL, body) == codes.BAD_MESSAGE
    assert [row[0] for row in c.said()[21]] == ["wrist2"]


def test_what_the_centre_says_of_a_patient_counts():
    c = ready()
    c.ask(messages.ADD_PATIENT, "wrist1", 4)
    assert c.reference("policy", 1, [["profiled", 1]]) == 0
    assert c.remove(patient="wrist1", order="")[0] == codes.NO_ORDER
    assert c.reference("patients", 2, [["wrist1", 1]], base=1) == 0
    assert c.reference("orders", 2, [["ord2", "wrist1", "morphine", 1, 30000000, 30009999, 0, 0]], base=1) == 0
    assert c.remove(patient="wrist1", order="ord2")[0] == 0


def test_sixteen_patients():
    c = ready()
    for n in range(16):
        assert c.ask(messages.ADD_PATIENT, "w%d" % n, 4)[0] == 0
    assert c.ask(messages.ADD_PATIENT, "w16", 4)[0] == codes.TOO_MANY
    assert c.ask(messages.ADD_PATIENT, "w3", 72)[0] == 0
    assert len(c.said()[21]) == 16 and ["w3", UTC // MIN_MS + 72 * 60] in c.said()[21]


def test_bad_patients():
    c = ready()
    for args in (("", 4), ("a b", 4), ("w" * 17, 4), ("w1", None), ("w1",), (7, 4), ("w1", -1)):
        assert c.ask(messages.ADD_PATIENT, *args)[0] == codes.BAD_REQUEST, args
    for hours in (0, 73):
        assert c.ask(messages.ADD_PATIENT, "w1", hours)[0] == codes.BAD_QUANTITY
    assert c.reference("users", 2, [user("b1", "anna", "1234", ALL_ROLES & ~4096)] + USERS[1:]) == 0
    assert c.ask(messages.ADD_PATIENT, "w1", 4)[0] == codes.NOT_ALLOWED
    assert c.state.people.provisional == []


# ---- lock-out


def wrong(c, times):
    return [c.sign_on(pin="9")[0] for _ in range(times)]


def test_a_restart_forgives_no_wrong_pin():
    c = ready()
    assert wrong(c, 4) == [codes.WRONG_PIN] * 4
    again = reboot(c)
    assert wrong(again, 1) == [codes.LOCKED_OUT]
    again = reboot(again)
    assert again.sign_on()[0] == codes.LOCKED_OUT
    assert again.sign_on("b2", "4321")[0] == 0
    again.mono_ms = LOCK_MS - 1
    assert again.sign_on()[0] == codes.LOCKED_OUT
    again.mono_ms = LOCK_MS
    assert again.sign_on()[0] == 0


def test_after_a_lock_out_it_counts_from_the_start():
    c = ready()
    assert wrong(c, 5)[-1] == codes.LOCKED_OUT
    c.wait(LOCK_MS)
    assert wrong(c, 5) == [codes.WRONG_PIN] * 4 + [codes.LOCKED_OUT]


def test_the_right_pin_is_a_new_start():
    c = ready()
    c.ask(messages.SIGN_OFF)
    assert wrong(c, 4) == [codes.WRONG_PIN] * 4
    assert c.sign_on()[0] == 0
    again = reboot(c)
    assert wrong(again, 4) == [codes.WRONG_PIN] * 4


def test_the_right_pin_of_who_is_signed_on_already_too():
    c = ready()
    assert wrong(c, 4) == [codes.WRONG_PIN] * 4
    assert c.sign_on()[0] == 0 and wrong(c, 4) == [codes.WRONG_PIN] * 4
