# Profiled removals at a station: orders and their times, the override list, prompts, kits, supplies, classes.
from fakes import USERS, UTC, ready, reboot, user
from ward import NURSE, finish, last, profiled, seen, witness

from firmware import codes
from firmware.journal import chain, entry, kinds
from firmware.wire import messages

REQ = ("F1", "F2", "F3", "F4", "F15", "F19", "F28", "F29", "F42", "P48", "P133", "U6", "U8")
MIN_MS = 60000
ALERT_WITNESS = 1
KIT_ONLY = 2


def denied(c, code, purpose=1):
    f = last(c)
    return f[entry.F_KIND] == kinds.DENIED and f[entry.F_EXT][:2] == [purpose, code]


def order(c, version, start_min, stop_min, flags=0, item="morphine"):
    row = ["ord1", "pat1", item, 2000, start_min, stop_min, 0, flags]
    assert c.reference("orders", version, [row], base=version - 1) == 0


# the clock of the tests stands one second after the minute 30000000
def test_an_order_from_its_early_minute_to_its_last():
    c = profiled()
    now_min = UTC // MIN_MS
    for version, start, stop, flags, opens in (
        (2, now_min, now_min + 9, 0, True),
        (3, now_min + 60, now_min + 99, 0, True),
        (4, now_min + 61, now_min + 99, 0, False),
        (5, now_min - 99, now_min + 1, 0, True),
        (6, now_min - 99, now_min, 0, False),
        (7, now_min + 60, now_min + 99, 1, False),
        (8, now_min, now_min + 9, 1, True),
        (9, now_min, now_min + 9, 2, False),
        (10, now_min, now_min + 9, 3, False),
    ):
        order(c, version, start, stop, flags)
        assert c.remove()[0] == (codes.NONE if opens else codes.NO_ORDER), version
        assert opens or denied(c, codes.NO_ORDER)
        c.ask(messages.CANCEL)


def test_the_stations_own_early_minutes():
    c = profiled()
    now_min = UTC // MIN_MS
    assert c.reference("policy", 2, [["early_min", 5]], base=1) == 0
    order(c, 2, now_min + 6, now_min + 99)
    assert c.remove()[0] == codes.NO_ORDER
    order(c, 3, now_min + 5, now_min + 99)
    assert c.remove()[0] == 0


def test_somebody_elses_order_or_another_one_is_none():
    c = profiled()
    assert c.remove(order="")[0] == 0
    c.ask(messages.CANCEL)
    assert c.remove(order="ord2")[0] == codes.NO_ORDER
    assert c.remove(patient="pat2")[0] == codes.NO_ORDER
    assert c.remove("saline", 1)[0] == codes.NO_ORDER
    assert c.ever_energised == 1


def test_without_the_time_nobody_knows_of_an_order():
    c = profiled()
    c.tq = 0
    assert c.remove()[0] == codes.NO_ORDER and c.ever_energised == 0


def test_override_for_a_reason_of_what_is_listed():
    c = profiled(overrides=[["saline", 0]])
    assert c.remove("saline", 1, order="")[0] == codes.NO_ORDER
    start = c.journal.seq
    assert c.remove("saline", 1, order="", why=7)[0] == 0
    finish(c, 1, 1)
    assert seen(c, start)[0] == (kinds.ACCESS, [1, 1, 7])
    assert c.remove("gloves", 1, patient="pat1", order="", why=7)[0] == 0  # a supply
    c.ask(messages.CANCEL)
    assert c.remove("rocuronium", 1, order="", why=7)[0] == codes.NOT_ON_OVERRIDE_LIST
    assert denied(c, codes.NOT_ON_OVERRIDE_LIST)


# where there is an order, or none is asked for, it overrides nothing
def test_a_reason_that_overrides_nothing_is_not_journaled_as_one():
    for c in (profiled(), ready()):
        assert c.remove(why=7)[0] == 0
        assert last(c)[entry.F_EXT] == [1, 2000, 0]


def test_override_is_a_role_of_its_own():
    c = profiled(overrides=[["saline", 0]])
    rows = [user("b1", "anna", "1234", NURSE & ~32)] + USERS[1:]
    assert c.reference("users", 2, rows) == 0
    assert c.remove("saline", 1, order="", why=7)[0] == codes.NOT_ALLOWED and denied(c, codes.NOT_ALLOWED)
    assert c.remove()[0] == 0


def rocuronium(c, answer):
    return c.remove("rocuronium", 1, order="", why=3, answer=answer)


def test_the_prompt_of_a_high_alert_item():
    c = profiled(overrides=[["rocuronium", 0]])
    start = c.journal.seq
    assert rocuronium(c, 0) == (codes.PROMPT_NEEDED, [7])
    assert c.journal.seq == start and c.ever_energised == 0
    assert rocuronium(c, 2) == (codes.PROMPT_REFUSED, [7])
    assert seen(c, start) == [(kinds.ATTESTATION, [7, 2]), (kinds.DENIED, [1, codes.PROMPT_REFUSED, 1])]
    assert c.ever_energised == 0
    assert rocuronium(c, 1)[0] == 0
    assert seen(c, start + 2) == [(kinds.ATTESTATION, [7, 1]), (kinds.ACCESS, [1, 1, 3])]
    attestation = c.entries(start + 2)[0]
    assert attestation[entry.F_ACTOR] == "anna" and attestation[entry.F_ITEM] == "rocuronium"
    assert attestation[entry.F_TXN] == 0
    assert chain.parse_page(c.journal.page(start + 3))[1][1] == "pat1"


def test_nothing_is_attested_of_a_pocket_that_has_not_enough():
    c = profiled(overrides=[["rocuronium", 0]])
    start = c.journal.seq
    assert c.remove("rocuronium", 9, order="", why=3, answer=1)[0] == codes.NOT_ENOUGH
    assert c.kinds(start) == [kinds.DENIED]


def test_kit_only():
    c = profiled(
        overrides=[["rocuronium", KIT_ONLY]], kits=[["l1", "rsi", "rocuronium", 2], ["l2", "rsi", "saline", 1]]
    )
    assert rocuronium(c, 1)[0] == codes.NOT_IN_KIT and denied(c, codes.NOT_IN_KIT)
    for kit, quantity in (("other", 1), ("rsi", 3)):
        assert c.remove("rocuronium", quantity, order="", why=3, kit=kit, answer=1)[0] == codes.NOT_IN_KIT
    assert c.remove("morphine", 2000, kit="rsi")[0] == codes.NOT_IN_KIT
    assert c.ever_energised == 0
    assert c.remove("rocuronium", 2, order="", why=3, kit="rsi", answer=1)[0] == 0
    finish(c, 3, 2)
    assert c.state.quantity("D03-P02") == 6


def test_the_override_list_asks_for_a_witness():
    c = profiled(overrides=[["saline", ALERT_WITNESS]])
    assert c.remove("saline", 1, order="", why=3)[0] == codes.WITNESS_NEEDED
    assert witness(c) == (0, ["ben"])
    start = c.journal.seq
    assert c.remove("saline", 1, order="", why=3)[0] == 0
    finish(c, 1, 1)
    named = [(f[entry.F_KIND], f[entry.F_WITNESS]) for f in c.entries(start)]
    assert (kinds.ACCESS, "ben") in named and (kinds.REMOVE, "ben") in named


def test_supplies_need_nobody():
    c = profiled()
    start = c.journal.seq
    assert c.remove("gloves", 2, patient="", order="")[0] == 0
    assert finish(c, 3, 2)[0] == 0
    assert (kinds.REMOVE, "gloves") in [(f[entry.F_KIND], f[entry.F_ITEM]) for f in c.entries(start)]
    assert c.remove("gloves", 2, patient="nobody", order="")[0] == codes.UNKNOWN_PATIENT
    assert c.remove("morphine", 2000, patient="", order="")[0] == codes.UNKNOWN_PATIENT


def test_items_of_a_class():
    c = profiled(overrides=[["ketamine", 0]])
    witness(c)
    assert c.reference("users", 2, [user("b1", "anna", "1234", NURSE, 0xFFFFFFFF & ~32)] + USERS[1:]) == 0
    assert c.remove("ketamine", 1, order="", why=3)[0] == codes.CLASS_NOT_ALLOWED and denied(c, codes.CLASS_NOT_ALLOWED)
    assert c.reference("users", 3, [user("b1", "anna", "1234", NURSE, 32)] + USERS[1:]) == 0
    assert c.remove("ketamine", 1, order="", why=3)[0] == 0


def test_the_restricted_opens_nothing():
    c = profiled()
    assert c.reference("users", 2, [user("b1", "anna", "1234", NURSE | 32768)] + USERS[1:]) == 0
    assert c.remove()[0] == codes.RESTRICTED and denied(c, codes.RESTRICTED)
    assert c.ask(messages.COUNT, "D01-P01")[0] == codes.RESTRICTED
    assert c.ever_energised == 0


def test_critical_override_ends_to_the_millisecond():
    c = profiled()
    until = c.now()[0] + 5000
    assert c.remove("saline", 1, order="", why=3)[0] == codes.NOT_ON_OVERRIDE_LIST
    assert c.command(1, messages.COMMAND_CRITICAL_OVERRIDE, [until]) == 0
    assert c.said()[18] == until
    c.wait(4999)
    assert c.remove("saline", 1, order="", why=3)[0] == 0
    c.ask(messages.CANCEL)
    c.wait(1)
    assert c.remove("saline", 1, order="", why=3)[0] == codes.NOT_ON_OVERRIDE_LIST
    assert c.said()[18] == 0


def test_the_end_of_the_critical_override_is_told():
    c = profiled()
    c.command(1, messages.COMMAND_CRITICAL_OVERRIDE, [c.now()[0] + 5000])
    c.mono_ms += 5000
    said = [m for m in c.event("tick") if m[0] == messages.STATE]
    assert c.station.deadline() != c.mono_ms and said and said[0][18] == 0


def test_critical_override_survives_a_boot_and_can_be_ended():
    c = profiled()
    until = c.now()[0] + 3600000
    assert c.command(1, messages.COMMAND_CRITICAL_OVERRIDE, [until]) == 0
    again = reboot(c)
    again.sign_on()
    assert again.remove("saline", 1, order="", why=3)[0] == 0
    again.ask(messages.CANCEL)
    assert again.command(2, messages.COMMAND_CRITICAL_OVERRIDE, [0]) == 0
    assert again.remove("saline", 1, order="", why=3)[0] == codes.NOT_ON_OVERRIDE_LIST


def test_critical_override_is_bounded():
    c = profiled()
    most = c.now()[0] + 72 * 3600 * 1000
    bodies = ([], [1, 2], ["x"], [most + 1], 7, [-1])
    for number, body in enumerate(bodies):
        assert c.command(number + 1, messages.COMMAND_CRITICAL_OVERRIDE, body) == codes.BAD_MESSAGE, body
        assert c.state.people.critical_until_ms == 0
    assert c.command(9, messages.COMMAND_CRITICAL_OVERRIDE, [most]) == 0


def scanned(version, flags):
    c = ready()
    assert c.reference("items", version, [["saline", 0, 1, flags, 0, 0]], base=version - 1) == 0
    return c


def test_a_scan_at_removal_or_why_not():
    c = scanned(2, 64)
    start = c.journal.seq
    assert c.remove("saline", 1)[0] == codes.SCAN_NEEDED and c.journal.seq == start
    assert c.remove("saline", 1, code="(01)0123")[0] == 0
    c.ask(messages.CANCEL)
    start = c.journal.seq
    assert c.ask(messages.BYPASS, 1, 2, "saline", "") == (0, [start + 1])
    assert last(c)[entry.F_ACTOR] == "anna" and last(c)[entry.F_ITEM] == "saline" and last(c)[entry.F_EXT] == [1, 2]
    assert c.remove("saline", 1)[0] == 0
    c.ask(messages.CANCEL)
    assert c.remove("saline", 1)[0] == codes.SCAN_NEEDED


def test_a_bypass_stands_in_for_its_item_and_session_only():
    c = scanned(2, 64 | 128)
    c.ask(messages.BYPASS, 1, 2, "morphine", "")
    assert c.remove("saline", 1)[0] == codes.SCAN_NEEDED
    assert c.ask(messages.REFILL, "saline", 1, None, None, None, None, 0)[0] == codes.SCAN_NEEDED
    c.ask(messages.BYPASS, 2, 2, "", "D01-P02")
    assert c.remove("saline", 1)[0] == codes.SCAN_NEEDED
    c.ask(messages.BYPASS, 1, 2, "", "")
    c.sign_on("b2", "4321")
    assert c.remove("saline", 1)[0] == codes.SCAN_NEEDED
    c.ask(messages.BYPASS, 1, 2, "", "")
    assert c.ask(messages.REFILL, "saline", 1, None, None, None, None, 0)[0] == 0


def test_bad_bypasses():
    c = ready()
    start = c.journal.seq
    assert c.ask(messages.BYPASS, 1, 0, "saline", "")[0] == codes.REASON_NEEDED
    for args in ((0, 1, "", ""), (1, 5, "", ""), (3, 1, "", ""), (1, 1, "a b", ""), (2, 1, "", "D01"), (1, 1)):
        assert c.ask(messages.BYPASS, *args)[0] == codes.BAD_REQUEST, args
    c.ask(messages.SIGN_OFF)
    assert c.ask(messages.BYPASS, 1, 1, "saline", "")[0] == codes.NOT_SIGNED_ON
    assert kinds.BYPASS not in c.kinds(start)
