# Putting away by the label of a package: which labels are refused, what is journaled, what is remembered.
from fakes import UTC, ready, reboot, user

from firmware import codes, schema
from firmware.cradle.addresses import base62, from_base62
from firmware.delivery import remember, serial
from firmware.journal import entry, kinds
from firmware.journal.ram import PowerCut
from firmware.tables import Table
from firmware.wire import messages

REQ = ("P29", "P42", "P44", "P39", "F22", "F23", "U9")

NOW_MIN = UTC // 60000
UNTIL = NOW_MIN + 4320
OPEN, VOIDED, SUPERSEDED, DELIVERED, LOADS = 1, 2, 3, 4, 5
HANDHELD, KIOSK = messages.VIA_HANDHELD, messages.VIA_KIOSK
SERIAL = "AB0z"
LABEL = from_base62(SERIAL)
PLACE = "D03-P01"  # where there is no saline yet


def labelled(state=OPEN, until=UNTIL, item="saline", quantity=6, version=1, c=None):
    c = c or ready()
    assert c.reference("labels", version, [[LABEL, item, quantity, state, until]]) == 0
    return c


def ask(c, quantity=6, label=LABEL, via=HANDHELD, item="saline", lot=None, code=None):
    return c.ask(messages.REFILL, item, quantity, lot, None, code, label, via)


def seen(c, since):
    return [f[entry.F_KIND] for f in c.entries(since)]


def deliver(c, quantity=6, via=HANDHELD):
    reply = ask(c, via=via)
    assert reply[0] == 0, reply
    c.pull(reply[1][2])
    reply = c.confirm(quantity, None, PLACE)
    c.push(3)
    return reply


def test_a_delivery_is_journaled_before_what_it_puts_away():
    for via in (HANDHELD, KIOSK):
        c = labelled()
        start = c.journal.seq
        assert deliver(c, 4, via)[0] == 0
        assert seen(c, start) == [kinds.ACCESS, kinds.OPENED, kinds.DELIVERED, kinds.REFILL, kinds.CLOSED]
        told = c.entries(start)[2]
        assert told[entry.F_EXT] == [SERIAL, via, UNTIL] and told[entry.F_TXN] == start + 1
        assert told[entry.F_BEFORE : entry.F_AFTER + 1] == [None, 4, None]
        assert [told[n] for n in (entry.F_ACTOR, entry.F_ITEM, entry.F_PLACE)] == ["anna", "saline", PLACE]
        assert c.state.quantity(PLACE) == 4


def test_labels_that_are_refused_open_nothing_and_are_journaled():
    cases = (
        (dict(label=LABEL + 1), {}, codes.LABEL_UNKNOWN),
        (dict(label=62**4), {}, codes.LABEL_UNKNOWN),
        ({}, dict(state=VOIDED), codes.LABEL_VOIDED),
        ({}, dict(state=SUPERSEDED), codes.LABEL_SUPERSEDED),
        ({}, dict(state=DELIVERED), codes.LABEL_DELIVERED),
        ({}, dict(until=NOW_MIN), codes.LABEL_STALE),
        ({}, dict(item="morphine"), codes.LABEL_OTHER_ITEM),
    )
    for asked, row, code in cases:
        c = labelled(**row)
        start, moved = c.journal.seq, list(c.moved)
        assert ask(c, **asked) == (code, []), code
        assert seen(c, start) == [kinds.DENIED] and c.moved == moved
        assert c.entries(start)[0][entry.F_EXT] == [kinds.PURPOSE_REFILL, code, 6]


def test_less_than_the_label_says_may_be_put_away_and_no_more():
    c = labelled()
    assert ask(c, 7) == (codes.BAD_QUANTITY, [6])
    assert ask(c, 5)[0] == 0
    c.pull(3)
    assert c.confirm(6, None, PLACE)[0] == codes.BAD_QUANTITY
    assert c.confirm(5, None, PLACE)[0] == 0


def test_what_finds_no_room_is_seen_at_the_open_pocket():
    c = labelled(quantity=20)
    assert ask(c, 20)[0] == 0
    c.pull(3)
    assert c.confirm(13, None, PLACE)[0] == codes.BAD_QUANTITY and c.state.quantity(PLACE) == 0
    assert c.confirm(12, None, PLACE)[0] == 0


def test_counts_change_after_the_pocket_was_scanned_and_not_before():
    c = labelled()
    assert ask(c)[0] == 0
    c.pull(3)
    start = c.journal.seq
    assert c.said()[16] == 1  # the label of the pocket is asked for, whatever the policy says
    assert c.confirm(6)[0] == codes.SCAN_NEEDED
    assert c.confirm(6, None, "D01-P02") == (codes.WRONG_POCKET, [PLACE])
    assert seen(c, start) == [kinds.DENIED] and c.state.quantity(PLACE) == 0
    assert c.confirm(6, None, PLACE)[0] == 0 and c.state.quantity(PLACE) == 6


def test_given_up_it_is_not_delivered():
    c = labelled()
    assert ask(c)[0] == 0
    c.pull(3)
    assert c.ask(messages.CANCEL)[0] == 0
    c.push(3)
    assert kinds.DELIVERED not in c.kinds() and deliver(c)[0] == 0


def test_no_label_is_delivered_twice_whatever_the_table_says():
    c = labelled()
    assert deliver(c)[0] == 0
    assert ask(c)[0] == codes.LABEL_DELIVERED
    assert c.reference("labels", 2, [[LABEL, "saline", 6, OPEN, UNTIL]]) == 0
    assert ask(c)[0] == codes.LABEL_DELIVERED
    after = reboot(c)
    after.sign_on()
    assert ask(after)[0] == codes.LABEL_DELIVERED


def test_the_same_serial_on_a_later_pick_is_another_label():
    c = labelled()
    assert deliver(c)[0] == 0
    c.stock(PLACE, 0)
    labelled(until=UNTIL + 1, version=2, c=c)
    assert deliver(c)[0] == 0 and ask(c)[0] == codes.LABEL_DELIVERED


def test_a_label_voided_while_the_drawer_is_open_is_refused_at_the_end():
    c = labelled()
    assert ask(c)[0] == 0
    c.pull(3)
    start = c.journal.seq
    labelled(VOIDED, version=2, c=c)
    assert c.confirm(6, None, PLACE) == (codes.LABEL_VOIDED, [])
    assert seen(c, start) == [kinds.REFERENCE, kinds.DENIED] and c.state.quantity(PLACE) == 0
    assert c.ask(messages.CANCEL)[0] == 0


def test_without_the_time_no_label_is_known_to_be_fresh():
    c = labelled()
    c.tq = 0
    assert ask(c)[0] == codes.LABEL_STALE


# the power goes in the middle of the n-th page that is written
def cut_while_confirming(page):
    c = labelled()
    assert ask(c)[0] == 0
    c.pull(3)
    c.chips.power.cut(page, 40)
    try:
        c.confirm(6, None, PLACE)
        assert False
    except PowerCut:
        pass
    c.closed[3] = True
    after = reboot(c)
    after.sign_on()
    return after


def test_power_cut_between_the_delivery_and_what_it_puts_away():
    c = cut_while_confirming(2)
    assert kinds.DELIVERED in c.kinds() and kinds.REFILL not in c.kinds() and kinds.INTERRUPTED in c.kinds()
    assert PLACE in c.state.must_count and c.state.quantity(PLACE) == 0
    assert c.ask(messages.COUNT, PLACE)[0] == 0
    c.pull(3)
    assert c.confirm(6)[0] == 0
    c.push(3)
    assert c.state.quantity(PLACE) == 6 and ask(c)[0] == codes.LABEL_DELIVERED


def test_power_cut_before_the_delivery_leaves_the_label_open():
    c = cut_while_confirming(1)
    assert kinds.DELIVERED not in c.kinds() and PLACE in c.state.must_count
    c.stock(PLACE, 0)
    assert deliver(c)[0] == 0


def test_arguments_that_do_not_go_together():
    c = labelled()
    start = c.journal.seq
    for label, via in ((None, HANDHELD), (None, KIOSK), (LABEL, 0), (LABEL, 3), (-1, 1), (SERIAL, 1)):
        assert ask(c, label=label, via=via)[0] == codes.BAD_REQUEST, (label, via)
    assert c.journal.seq == start


def test_bad_rows_are_refused_whole():
    good = [LABEL, "saline", 6, OPEN, UNTIL]
    for at, value in ((0, 62**4), (0, -1), (0, SERIAL), (1, "nobody"), (2, 0), (3, 0), (3, 6), (4, None)):
        row = good[:at] + [value] + good[at + 1 :]
        c = ready()
        assert c.reference("labels", 1, [good, row]) == codes.BAD_ROW, row
        assert c.state.version("labels")[0] == 0
    assert c.reference("labels", 1, [good[:4]]) == codes.BAD_ROW


def test_a_label_that_was_read_is_the_scan_of_its_package():
    c = labelled()
    assert c.reference("items", 2, [["saline", 0, 1, 128, 0, 0]], base=1) == 0
    assert ask(c, label=None, via=0)[0] == codes.SCAN_NEEDED
    assert ask(c)[0] == 0


def test_where_the_station_wants_the_drug_itself_scanned_its_label_does_not_stand_in():
    c = labelled()
    assert c.reference("items", 2, [["saline", 0, 1, 128, 0, 0]], base=1) == 0
    assert c.reference("policy", 1, [["drug_scan", 1]]) == 0
    start = c.journal.seq
    assert ask(c) == (codes.SCAN_NEEDED, []) and seen(c, start) == []
    assert ask(c, code="00301")[0] == 0
    c.ask(messages.CANCEL)
    assert c.ask(messages.BYPASS, 1, 1, "saline", "")[0] == 0
    assert ask(c)[0] == 0 and kinds.BYPASS in c.kinds()


# ---- packages that were picked to load a place


def emptied(state):
    c = labelled(state)
    assert c.ask(messages.UNLOAD, PLACE)[0] == 0
    c.pull(3)
    assert c.confirm(0)[0] == 0
    c.push(3)
    c.stock("D01-P02", 12)
    return c


def test_a_package_picked_to_load_brings_the_unloaded_place_back_into_use():
    c = emptied(LOADS)
    start = c.journal.seq
    assert deliver(c, 4)[0] == 0
    assert seen(c, start) == [kinds.ACCESS, kinds.OPENED, kinds.DELIVERED, kinds.LOAD, kinds.CLOSED]
    assert c.entries(start)[0][entry.F_EXT][0] == kinds.PURPOSE_LOAD
    loaded = c.entries(start)[3]
    assert loaded[entry.F_BEFORE : entry.F_AFTER + 1] == [0, 4, 4] and loaded[entry.F_PLACE] == PLACE
    assert ask(c)[0] == codes.LABEL_DELIVERED
    assert c.remove("saline", 4)[0] == 0, "the place is in use"


def test_loading_by_label_wants_the_pockets_label_and_the_role():
    c = emptied(LOADS)
    assert ask(c)[0] == 0
    c.pull(3)
    assert c.confirm(6)[0] == codes.SCAN_NEEDED and c.state.quantity(PLACE) == 0
    c.ask(messages.CANCEL)
    c.push(3)
    assert c.reference("users", 2, [user("b3", "cleo", "0000", messages.ROLE_REFILL)], 1) == 0
    c.ask(messages.SIGN_OFF)
    assert c.ask(messages.SIGN_ON, "b3", "0000")[0] == 0
    start = c.journal.seq
    assert ask(c)[0] == codes.NOT_ALLOWED and c.entries(start)[0][entry.F_EXT][0] == kinds.PURPOSE_LOAD


def test_a_package_picked_to_refill_loads_nothing():
    c = emptied(OPEN)
    assert ask(c)[0] == codes.POCKET_FULL
    assert c.ask(messages.UNLOAD, "D01-P02")[0] == 0
    c.pull(1)
    assert c.confirm(12)[0] == 0
    c.push(1)
    start = c.journal.seq
    assert ask(c)[0] == codes.NOT_LOADED and seen(c, start) == [kinds.DENIED]


def test_a_package_picked_to_load_refills_where_nothing_is_unloaded():
    c = labelled(LOADS)
    start = c.journal.seq
    assert deliver(c)[0] == 0
    assert seen(c, start) == [kinds.ACCESS, kinds.OPENED, kinds.DELIVERED, kinds.REFILL, kinds.CLOSED]


# ---- when it expires is said at the open pocket


def put_away(c, quantity, expiry_min, label=PLACE):
    return c.ask(messages.PUT_AWAY, quantity, None, label, expiry_min)


def test_the_expiry_said_at_the_open_pocket_is_that_of_the_lot():
    c = labelled()
    assert ask(c, lot="L7")[0] == 0
    assert put_away(c, 6, NOW_MIN + 9)[0] == codes.NOT_OPENED
    c.pull(3)
    assert put_away(c, 6, NOW_MIN)[0] == codes.EXPIRED_DRUG
    assert put_away(c, 6, 0xFFFFFFFF)[0] == codes.BAD_REQUEST
    assert put_away(c, 6, NOW_MIN + 9, "D01-P02")[0] == codes.WRONG_POCKET
    assert c.state.quantity(PLACE) == 0
    assert put_away(c, 6, NOW_MIN + 9)[0] == 0
    assert c.state.held.layers(PLACE) == [("L7", NOW_MIN + 9, 6)]


def test_without_an_expiry_it_is_a_confirmation_as_any():
    c = labelled()
    assert ask(c)[0] == 0
    c.pull(3)
    assert put_away(c, 6, None)[0] == 0 and c.state.held.layers(PLACE) == [("", 0, 6)]
    c.push(3)
    assert put_away(c, 6, NOW_MIN + 9)[0] == codes.NOTHING_OPEN
    assert c.ask(messages.COUNT, PLACE)[0] == 0
    c.pull(3)
    assert put_away(c, 6, NOW_MIN + 9)[0] == codes.BAD_REQUEST
    assert put_away(c, 6, None)[0] == 0


def test_what_would_be_too_long_with_its_expiry_opens_nothing():
    most, half, place = 0x7FFFFFFF, 1 << 30, "D03-P02"
    c, known = ready(), []
    assert c.reference("items", 2, [["gas", 0, 1, 0, 0, 0]], base=1) == 0
    assert c.reference("pockets", 2, [[place, 3, 2, "gas", 0, most, most]], base=1) == 0
    for length in range(102, 114):
        c.stock(place, half)
        c.answer(c.journal.seq)
        start = c.journal.seq
        code = c.ask(messages.REFILL, "gas", half - 1, "L" * 20, None, "c" * length, None, 0)[0]
        known.append(code)
        if code:
            assert code == codes.TOO_LONG and c.journal.seq == start, length
            continue
        c.pull(3)
        assert c.ask(messages.PUT_AWAY, half - 1, half, place, 0xFFFFFFFE)[0] == 0, length
        c.push(3)
    assert 0 in known and codes.TOO_LONG in known


# ---- what is remembered is bounded


def test_what_goes_stale_first_is_forgotten_first():
    delivered = Table(schema.DELIVERED, 3)
    for label, until in (("AAAA", 30), ("zzzz", 10), ("0000", 20), ("AAAB", 40), ("0000", 50)):
        remember(delivered, label, until)
    assert list(delivered.rows()) == [[b"0000", 50], [b"AAAA", 30], [b"AAAB", 40]]


def test_a_label_that_may_have_been_forgotten_is_stale():
    c = ready()
    c.state.delivered = Table(schema.DELIVERED, 2)
    rows = [[LABEL + n, "saline", 1, OPEN, UNTIL + n] for n in range(4)]
    assert c.reference("labels", 1, rows) == 0
    for n in (1, 2, 3):
        assert ask(c, 1, LABEL + n)[0] == 0
        c.pull(3)
        assert c.confirm(1, None, PLACE)[0] == 0
        c.push(3)
    assert [ask(c, 1, LABEL + n)[0] for n in (0, 1, 2, 3)] == [codes.LABEL_STALE] * 2 + [codes.LABEL_DELIVERED] * 2


def test_an_older_snapshot_knows_no_labels():
    c = labelled()
    assert deliver(c)[0] == 0
    dumped = c.state.dump()
    c.state.load(dumped)
    assert c.state.delivered.has(SERIAL.encode())
    c.state.load(dumped[:8])
    assert c.state.quantity(PLACE) == 6 and c.state.delivered.count == 0


def test_serials_sort_as_their_cbor_does():
    table = Table(schema.LABELS, 8, ready().station.tables.names)
    numbers = [62**4 - 1, 0, 255, 256, 65535, 65536, 23, 24]
    for number in numbers:
        table.put([number, "saline", 1, OPEN, 0])
        assert serial(number) == base62(number, 4)
    assert [row[0] for row in table.rows()] == sorted(numbers)
    assert [row[0] for row in table.where(1, "saline")] == sorted(numbers)
