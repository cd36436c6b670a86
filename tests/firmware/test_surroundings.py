# Case, power, temperature and clock: what is journaled, raised and cleared, and what an excursion shuts.
from fakes import ready, reboot

from firmware import codes
from firmware.journal import entry, kinds
from firmware.wire import messages

REQ = ("F30", "U28", "U30")
MINUTE_MS = 60000
FRIDGE = 3
FRIDGE_LIMITS = {"temp_low_centi": 10200, "temp_high_centi": 10800, "excursion_min": 15}


def limits(c, values):
    assert c.reference("policy", 1, [[name, value] for name, value in values.items()]) == 0
    return c


def seen(c, since):
    return [(f[entry.F_KIND], f[entry.F_PLACE], f[entry.F_EXT]) for f in c.entries(since)]


def alarms(c):
    return [alarm[0] for alarm in c.state.alarms]


def test_the_case_is_opened_and_shut():
    c = ready()
    start = c.journal.seq
    c.event("tamper", True)
    c.event("tamper", True)
    assert alarms(c) == [codes.ALARM_TAMPER]
    c.event("tamper", False)
    assert seen(c, start) == [
        (kinds.ALARM, None, [codes.ALARM_TAMPER, 0]),
        (kinds.ALARM_CLEARED, None, [codes.ALARM_TAMPER, 0]),
    ]


def test_power_goes_runs_low_and_comes_back():
    c = ready()
    start = c.journal.seq
    for mains, percent in ((1, 100), (0, 98), (0, 20), (0, 19), (0, 18), (1, 18), (1, 40)):
        c.event("power", mains, percent)
    assert seen(c, start) == [
        (kinds.POWER, None, [0, 98]),
        (kinds.ALARM, None, [codes.ALARM_ON_BATTERY, 0]),
        (kinds.POWER, None, [2, 19]),
        (kinds.ALARM, None, [codes.ALARM_BATTERY_LOW, 0]),
        (kinds.POWER, None, [1, 18]),
        (kinds.ALARM_CLEARED, None, [codes.ALARM_ON_BATTERY, 0]),
        (kinds.ALARM_CLEARED, None, [codes.ALARM_BATTERY_LOW, 0]),
    ]


def test_on_battery_drawers_still_open():
    c = ready()
    c.event("power", 0, 50)
    assert c.remove()[0] == 0


def warm(c, centi, minutes):
    for _ in range(minutes):
        c.event("temperature", FRIDGE, centi)
        c.wait(MINUTE_MS)
    c.event("temperature", FRIDGE, centi)


def test_an_excursion_shuts_the_fridge_until_it_is_released():
    c = limits(ready({FRIDGE: 5}), FRIDGE_LIMITS)
    c.stock("D03-P01", 5)
    start = c.journal.seq
    warm(c, 801, 14)
    assert c.kinds(start) in ([], [kinds.SIGN_OFF])
    start = c.journal.seq
    c.wait(MINUTE_MS - 1)
    c.event("temperature", FRIDGE, 801)
    assert kinds.TEMPERATURE not in c.kinds(start)
    c.wait(1)
    start = c.journal.seq
    c.event("temperature", FRIDGE, 802)
    assert seen(c, start) == [
        (kinds.TEMPERATURE, "D03", [1, 802, 800]),
        (kinds.QUARANTINE, "D03", [1, 1]),
        (kinds.ALARM, "D03", [codes.ALARM_TEMPERATURE, FRIDGE]),
    ]
    assert c.sign_on()[0] == 0
    c.stock("D01-P02", 0)  # only the fridge has any
    assert c.remove("saline", 1)[0] == codes.QUARANTINED
    assert c.ask(messages.REFILL, "saline", 1, None, None, None)[1][1] == "D01-P02"  # never the fridge
    c.ask(messages.CANCEL)
    assert c.command(1, messages.COMMAND_RELEASE_QUARANTINE, [FRIDGE]) == codes.QUARANTINED
    start = c.journal.seq
    warm(c, 800, 0)
    assert seen(c, start) == [
        (kinds.TEMPERATURE, "D03", [0, 800, 800]),
        (kinds.ALARM_CLEARED, "D03", [codes.ALARM_TEMPERATURE, FRIDGE]),
    ]
    assert c.remove("saline", 1)[0] == codes.QUARANTINED  # cool again is not good again


# a fridge that was too warm holds five of item saline, the other pocket of saline is empty
def quarantined():
    c = limits(ready({FRIDGE: 5}), FRIDGE_LIMITS)
    c.stock("D03-P01", 5)
    c.stock("D01-P02", 0)
    assert c.reference("pockets", 2, [["D01-P02", None]], 1) == 0
    removed = c.reference("orders", 2, [["ord2", "pat1", "saline", 2, 30000000, 30009999, 0, 0]], 1)
    assert removed == 0 and c.sign_on()[0] == 0
    txn = c.remove("saline", 2, order="ord2")[1][0]
    c.pull(FRIDGE)
    assert c.confirm(2)[0] == 0
    c.push(FRIDGE)
    warm(c, 900, 16)
    assert c.sign_on()[0] == 0
    return c, txn


def test_a_drawer_in_quarantine_is_told():
    c, _ = quarantined()
    assert c.said()[19] == [FRIDGE]
    told = c.event("message", [messages.GET_INVENTORY, 0])[0][3]
    assert [[row[0], row[6]] for row in told] == [["D01-P01", 0], ["D02-P01", 0], ["D03-P01", 4]]
    warm(c, 500, 0)
    assert c.command(1, messages.COMMAND_RELEASE_QUARANTINE, [FRIDGE]) == 0
    assert c.said()[19] == []
    assert c.event("message", [messages.GET_INVENTORY, 2])[0][3][0][6] == 0


def test_quarantine_denies_what_a_patient_could_get_of_it():
    c, txn = quarantined()
    moved, start = c.ever_energised, c.journal.seq
    for request, args in (
        (messages.REMOVE, ("pat1", "ord2", "saline", 1, None, None, 0, "", 0)),
        (messages.RETURN, ("pat1", "ord2", "saline", 1, txn, 1, None)),
        (messages.REFILL, ("saline", 1, None, None, None)),
        (messages.LOAD, ("D03-P01", 1, None, None, None)),
    ):
        assert c.ask(request, *args)[0] == codes.QUARANTINED, request
    assert c.ever_energised == moved and set(c.kinds(start)) == {kinds.DENIED}


def test_quarantine_lets_the_pharmacy_count_and_take_out():
    for request, found, after in ((messages.COUNT, 3, 3), (messages.OUTDATE, 1, 2), (messages.UNLOAD, 3, 0)):
        c, _ = quarantined()
        assert c.ask(request, "D03-P01")[1][1] == "D03-P01"
        c.pull(FRIDGE)
        assert c.confirm(found)[0] == 0
        c.push(FRIDGE)
        assert c.state.quantity("D03-P01") == after and c.said()[19] == [FRIDGE]
        c.ask(messages.SIGN_OFF)
    assert c.sign_on()[0] == 0 and c.ask(messages.LOAD, "D03-P01", 1, None, None, None)[0] == codes.QUARANTINED


def test_quarantine_outlives_a_power_cut_and_ends_by_command():
    c = limits(ready({FRIDGE: 5}), FRIDGE_LIMITS)
    c.stock("D03-P01", 5)
    c.stock("D01-P02", 0)
    warm(c, 150, 15)
    warm(c, 500, 0)
    c = reboot(c)
    assert c.state.is_quarantined(FRIDGE) and c.sign_on()[0] == 0
    assert c.remove("saline", 1)[0] != 0
    start = c.journal.seq
    assert c.command(1, messages.COMMAND_RELEASE_QUARANTINE, [FRIDGE]) == 0
    assert seen(c, start) == [
        (kinds.COMMAND, None, [1, messages.COMMAND_RELEASE_QUARANTINE, 0, [FRIDGE]]),
        (kinds.QUARANTINE, "D03", [0, 2]),
    ]
    assert c.remove("saline", 1)[0] == 0
    for body in ([], [0], [17], ["x"], [1, 2]):
        assert c.command(c.state.command_number + 1, messages.COMMAND_RELEASE_QUARANTINE, body) == codes.BAD_MESSAGE


def test_back_in_time_is_no_excursion():
    c = limits(ready({FRIDGE: 5}), FRIDGE_LIMITS)
    start = c.journal.seq
    for _ in range(3):
        warm(c, 900, 14)
        warm(c, 500, 1)
    assert kinds.TEMPERATURE not in c.kinds(start) and c.state.quarantined == 0


def test_a_silent_thermometer_raises_the_alarm_only():
    c = limits(ready({FRIDGE: 5}), FRIDGE_LIMITS)
    warm(c, None, 15)
    assert alarms(c) == [codes.ALARM_TEMPERATURE] and c.state.quarantined == 0
    warm(c, 500, 0)
    assert alarms(c) == []


def test_silent_first_and_then_too_warm_is_an_excursion():
    c = limits(ready({FRIDGE: 5}), FRIDGE_LIMITS)
    warm(c, None, 15)
    warm(c, 900, 0)
    assert c.state.is_quarantined(FRIDGE)


def test_silent_then_a_restart_and_then_too_warm_is_an_excursion():
    c = limits(ready({FRIDGE: 5}), FRIDGE_LIMITS)
    warm(c, None, 15)
    c = reboot(c)
    start = c.journal.seq
    warm(c, 900, 15)
    assert c.state.is_quarantined(FRIDGE)
    assert kinds.TEMPERATURE in c.kinds(start)


def test_without_limits_no_temperature_is_wrong():
    c = ready({FRIDGE: 5})
    start = c.journal.seq
    warm(c, 9000, 30)
    assert kinds.TEMPERATURE not in c.kinds(start)


def test_the_clock_jumps():
    for jump_ms in (5001, -5001):
        c = ready()
        now = c.now
        start = c.journal.seq
        c.now = lambda: (now()[0] + jump_ms, now()[1], now()[2])
        c.event("tick")
        assert seen(c, start) == [
            (kinds.CLOCK, None, [jump_ms]),
            (kinds.ALARM, None, [codes.ALARM_CLOCK, 0]),
        ]
        c.wait(59999)
        assert alarms(c) == [codes.ALARM_CLOCK]
        c.wait(1)
        assert alarms(c) == []


def test_small_corrections_of_the_clock_are_none():
    c = ready()
    now = c.now
    start = c.journal.seq
    for jump_ms in (5000, 0, 2500, -2500):
        c.now = lambda: (now()[0] + jump_ms, now()[1], now()[2])
        c.event("tick")
    assert c.kinds(start) == []


def test_a_clock_without_a_source_stays_in_doubt():
    c = ready()
    now = c.now
    c.tq = 1
    c.now = lambda: (now()[0] + 60000, now()[1], now()[2])
    c.event("tick")
    c.wait(300000)
    assert alarms(c) == [codes.ALARM_CLOCK]
    c.tq = 3
    c.wait(60000)
    assert alarms(c) == []


def test_a_clock_set_back_while_the_power_was_away():
    c = ready()
    c.wait(100000)
    c.event("tamper", True)
    c = reboot(c)  # the fake's clock begins again with every boot
    assert (kinds.CLOCK, None, [-101000]) in seen(c, 0) and codes.ALARM_CLOCK in alarms(c)


def test_a_damaged_journal_is_whole_again_at_a_boot_that_finds_nothing():
    c = ready()
    c.event("boot", 0, True, {})
    assert alarms(c) == [codes.ALARM_JOURNAL_DAMAGE]
    assert alarms(reboot(c)) in ([], [codes.ALARM_CLOCK])


def test_a_damaged_journal_is_whole_again_once_snapshots_have_passed_it():
    c = ready()
    c.event("boot", 0, True, {})
    at = c.journal.seq
    while c.journal.safe_from <= at:
        assert alarms(c) == [codes.ALARM_JOURNAL_DAMAGE]
        c.stock("D03-P01", 5)
        c.journal.release(c.journal.seq)
    c.event("tick")
    assert alarms(c) == []
