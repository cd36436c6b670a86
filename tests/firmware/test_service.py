# Maintenance and self-test through the station: who may, when, what is refused meanwhile, what is written.
from fakes import ALL_ROLES, USERS, ready, reboot, user

from firmware import codes
from firmware.journal import entry, kinds
from firmware.requests import service
from firmware.version import VERSION
from firmware.wire import messages

REQ = ("U5",)

FLASH = 1


# the key turned, anna signed on
def at_the_key():
    c = ready()
    c.event("service", True)
    return c


def begin(c, what=service.BEGIN):
    return c.ask(messages.MAINTENANCE, what, FLASH)


def last(c, kind):
    return [fields for fields in c.entries() if fields[entry.F_KIND] == kind][-1]


def test_begun_and_ended_are_journaled_with_the_version():
    c = at_the_key()
    assert begin(c) == (0, [])
    told = last(c, kinds.MAINTENANCE)
    assert told[entry.F_EXT] == [1, FLASH, VERSION] and told[entry.F_ACTOR] == "anna"
    assert begin(c, service.TELL) == (0, [1, 1, VERSION])
    assert begin(c, service.END) == (0, [])
    assert last(c, kinds.MAINTENANCE)[entry.F_EXT] == [0, service.ASKED, VERSION]
    assert c.remove()[0] == 0


def test_nothing_can_be_released_while_it_lasts():
    c = at_the_key()
    begin(c)
    start = c.journal.seq
    for refused in (c.remove(), c.ask(messages.COUNT, "D01-P01"), c.ask(messages.ADD_PATIENT, "p", 1)):
        assert refused[0] == codes.IN_SERVICE
    assert c.moved == [] and c.kinds(start) == [kinds.DENIED] * 3


def test_not_without_the_key_nor_with_something_open_nor_without_the_role():
    c = ready()
    assert begin(c) == (codes.SERVICE_SWITCH_OFF, [])
    assert last(c, kinds.DENIED)[entry.F_EXT] == [kinds.PURPOSE_MAINTAIN, codes.SERVICE_SWITCH_OFF, 0]
    c.event("service", True)
    assert c.remove()[0] == 0
    assert begin(c)[0] == codes.BUSY
    c.pull(1)
    c.confirm(2000)
    c.push(1)
    c.pull(2)  # forced: no transaction, but open
    assert begin(c)[0] == codes.BUSY
    c.push(2)
    assert begin(c)[0] == 0


def test_not_without_the_role():
    c = at_the_key()
    rows = [user("b1", "anna", "1234", ALL_ROLES & ~messages.ROLE_MAINTAIN)] + USERS[1:]
    assert c.reference("users", 2, rows) == 0
    assert begin(c)[0] == codes.NOT_ALLOWED
    assert c.ask(messages.SELFTEST, "lock", 1, None)[0] == codes.NOT_ALLOWED


def test_the_key_turned_back_ends_it():
    c = at_the_key()
    begin(c)
    c.event("service", False)
    assert last(c, kinds.MAINTENANCE)[entry.F_EXT] == [0, service.KEY_TURNED, VERSION]
    assert c.remove()[0] == 0


def test_the_repl_opens_with_every_lock_off_after_all_else():
    c = at_the_key()
    actions = c.station.handle(
        ("message", [messages.REQUEST, 99, messages.MAINTENANCE, [service.HAND_OVER, FLASH]]), c.now()
    )
    assert last(c, kinds.MAINTENANCE)[entry.F_EXT][0] == 1
    assert [action for action in actions if action[0] == "lock"] == [("lock", n) for n in (1, 2, 3, 4)]
    assert [action[0] for action in actions].count("leave") == 1 and actions[-1] == ("leave",)


def test_a_boot_ends_what_was_begun_and_says_what_was_installed():
    c = at_the_key()
    begin(c)
    c = reboot(c)
    assert last(c, kinds.MAINTENANCE)[entry.F_EXT] == [0, service.RESTARTED, VERSION]
    assert begin(c, service.TELL)[1][0] == 0
    c.event("boot", 0, False, {}, ((0, "9.9.9"), None))
    assert last(c, kinds.MAINTENANCE)[entry.F_EXT] == [0, service.INSTALLED, "9.9.9"]
    c.event("boot", 0, False, {}, ((codes.FIRMWARE_ROLLBACK, "0.0.1"), None))
    assert last(c, kinds.MAINTENANCE)[entry.F_EXT] == [0, codes.FIRMWARE_ROLLBACK, "0.0.1"]


def test_a_new_controllers_log_names_the_old_ones_head_and_the_two_who_signed():
    c = ready()
    c.event("boot", 0, False, {}, (None, [1, 777, b"h" * 32, "anna.biomed", "ben.pharmacist"]))
    told = last(c, kinds.MAINTENANCE)
    assert told[entry.F_EXT] == [0, service.REPLACED, VERSION, 1, 777, b"h" * 32]
    assert (told[entry.F_ACTOR], told[entry.F_WITNESS]) == ("anna.biomed", "ben.pharmacist")
    assert c.kinds().count(kinds.MAINTENANCE) == 1


def test_maintenance_outlasts_a_snapshot():
    c = at_the_key()
    begin(c)
    dumped = c.state.dump()
    c.state.maintenance = 0
    c.state.load(dumped)
    assert c.state.maintenance == 1
    dumped[1] = dumped[1][:5]  # of earlier firmware
    c.state.load(dumped)
    assert c.state.maintenance == 0


def test_the_self_test_writes_moves_and_writes_what_came_of_it():
    c = at_the_key()
    assert c.ask(messages.SELFTEST, "lock", 1, None) == (codes.NOT_IN_SERVICE, [])
    begin(c)
    start = c.journal.seq
    assert c.ask(messages.SELFTEST, "lock", 1, None)[0] == 0
    assert [action[:2] for action in c.moved] == [("release", 1)]
    c.pull(1)
    assert c.ask(messages.SELFTEST, "lock", 2, None)[0] == codes.BUSY and len(c.moved) == 1  # one at a time
    c.push(1)
    assert c.ask(messages.SELFTEST, "switch", 1, None) == (0, [1, 1])
    assert c.ask(messages.SELFTEST, "lock", 1, service.OK) == (0, [])
    assert c.kinds(start) == [kinds.SELFTEST, kinds.OPENED, kinds.CLOSED, kinds.SELFTEST]
    told = last(c, kinds.SELFTEST)
    assert told[entry.F_EXT] == ["lock-1", 0] and told[entry.F_PLACE] == "D01" and told[entry.F_ACTOR] == "anna"
    assert [alarm for alarm in c.state.alarms if alarm[1] == 1] == []


def test_what_the_self_test_opened_is_counted_after_it():
    c = at_the_key()
    begin(c)
    c.ask(messages.SELFTEST, "lock", 1, None)
    c.pull(1)
    c.push(1)
    begin(c, service.END)
    assert sorted(c.state.must_count) == ["D01-P01", "D01-P02"]
    assert c.remove(item="saline", order="")[0] != 0


def test_light_thermometer_and_what_is_not_there():
    c = at_the_key()
    begin(c)
    c.ask(messages.SELFTEST, "light", 2, None)
    assert c.light == (2, 1)
    c.ask(messages.SELFTEST, "dark", 0, None)
    assert c.light is None
    assert c.ask(messages.SELFTEST, "thermometer", 3, None) == (0, [None])
    c.event("temperature", 3, 512)
    assert c.ask(messages.SELFTEST, "thermometer", 3, None) == (0, [512])
    assert c.ask(messages.SELFTEST, "lock", 9, None) == (codes.NO_POCKET, [])
    assert c.ask(messages.SELFTEST, "parts", 0, None) == (0, [[1, 1], [2, 1], [3, 1], [4, 8]])
    assert c.ask(messages.SELFTEST, "cradle", 1, service.NOT_FITTED) == (0, [])
    assert last(c, kinds.SELFTEST)[entry.F_EXT] == ["cradle-1", service.NOT_FITTED]
    for bad in (("lock", 1, 3), ("", 1, None), ("lock", 256, None)):
        assert c.ask(messages.SELFTEST, *bad)[0] == codes.BAD_REQUEST
