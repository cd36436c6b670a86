# What a host does with answers that are late, strange, broken or missing; on both interpreters.
from cradle_rig import TIME, Alone, Rig, Spoilt, asked, damaged, said

from firmware.cradle import addresses, frames
from firmware.cradle.host import Host

REQ = ("P57", "P64", "P69", "P83", "P88", "P95")


def test_the_wait_is_the_one_of_procar_ini_and_counts_from_the_last_byte_on_the_line():
    alone = Alone(wait_ms=3000, baud=9600)
    # 22 bytes of ten bits at 9,600 baud
    assert alone.host.deadline() == 3022
    alone.host.tick(3021)
    assert alone.sent() == ["POL 00 offers AA"]
    alone.host.tick(3022)
    assert alone.sent() == ["POL 11"]


def test_an_address_whose_giving_broke_off_is_offered_again_after_30_seconds():
    alone = Alone()
    alone.sent()
    assert alone.hears(frames.data("00", "R", 1, b"30:05", True)) == ["DataACK AA 1"]
    began_ms = alone.now_ms
    offers = []
    while alone.now_ms < began_ms + 40000:
        offers += [(alone.now_ms, text) for text in alone.silence() if text.startswith("POL 00")]
    assert all((text == "POL 00 offers AA") == (at_ms >= began_ms + 30000) for at_ms, text in offers)
    assert {text for _, text in offers} == {"POL 00 offers AA", "POL 00 offers AC"}


def test_an_address_that_could_not_be_written_down_is_not_confirmed_and_not_given_again():
    alone = Alone()
    alone.sent()
    alone.hears(frames.data("00", "R", 1, b"30:05", True))
    alone.host.received(frames.data("AA", "R", 1, b"3006", True), alone.now_ms)
    assert alone.events() == [("assigned", "AA")]
    # it may have been written down after all
    assert alone.answers(False) == ["POL 11"]
    assert alone.book.next_free() == "AC"


def test_what_is_no_acceptance_is_answered_with_nothing():
    for frame in (
        frames.data("00", "R", 2, b"30:05", True),
        frames.data("00", "R", 1, b"30:05", False),
        frames.data("00", "R", 1, b"30-05", True),
        frames.data("AB", "R", 1, b"30:05", True),
        frames.data("AB", "D", 1, b"30:05", True),
        damaged(frames.data("00", "R", 1, b"30:05", True)),
        frames.nak(),
    ):
        alone = Alone()
        alone.sent()
        assert alone.hears(frame) == ["POL 11"]
        assert alone.events() == []


def test_every_form_of_nothing_to_send_is_understood():
    for answer in (frames.nak("HK"), frames.ack("HK"), frames.data("HK", "I", 1, b"HK", True)):
        alone = asked()
        sent = alone.hears(answer)
        assert sent[-1] == "POL HK" and ("DataACK HK 1" in sent) == (answer.kind == "data")
        assert alone.hears(frames.nak()) == ["POL 11"]
        assert alone.events() == [("present", "HK"), ("gone", "HK")]


def test_without_a_free_address_the_cycle_goes_on():
    alone = Alone(known=[addresses.address(n) for n in range(addresses.ADDRESSES)])
    assert alone.sent() == ["POL 11"]
    assert alone.events() == [("trouble", None, "no free address")]
    assert alone.hears(frames.nak("zz")) == ["POL zz"]


def test_what_is_no_answer_is_passed_over():
    late = frames.data("00", "R", 1, b"30:05", True)
    # some adapters give back what was sent
    echo = [frames.pol_general(TIME, 12), frames.sel("AB", TIME, 12), frames.data_ack("AB", 1)]
    alone = asked()
    for frame in [late] + echo:
        assert alone.hears(frame) == []
    assert alone.hears(frames.nak("AB")) == ["POL AB"]
    for frame in [late, frames.nak("HK"), frames.ack("HK"), frames.data("HK", "P", 1, b"x", True)] + echo:
        assert alone.hears(frame) == []
    assert alone.hears(frames.nak("AB")) == ["POL 11"]
    assert alone.events() == [("present", "AB"), ("gone", "AB")]


def test_a_bare_nak_of_nobody_known_is_like_silence():
    alone = asked(known=())
    assert alone.hears(frames.nak()) == ["POL 11"]
    assert alone.hears(frames.nak()) == []
    # the cycle is over; the next begins later
    assert alone.silence() == ["POL 00 offers AA"]


def test_a_bare_nak_makes_it_ask_those_heard_last():
    alone = asked()
    alone.book.status("AB").seen = "123199235959"
    alone.book.status("HK").seen = "010100000000"  # a second later
    assert alone.hears(frames.nak()) == ["POL HK"]
    assert alone.silence() == ["POL AB"]
    assert alone.hears(frames.nak("AB")) == ["POL AB"]
    assert alone.events() == [("present", "AB")]


def test_an_address_that_is_not_in_the_list_is_reported_and_nothing_is_taken():
    alone = asked()
    assert alone.hears(frames.data("ZZ", "D", 1, b"x", True)) == ["POL 11"]
    assert alone.events() == [("trouble", "ZZ", "unknown address")]


def test_a_unit_that_is_cut_off_is_asked_four_times_and_reported():
    alone = asked()
    assert alone.hears(frames.nak("AB")) == ["POL AB"]
    sent = [alone.silence() for _ in range(4)]
    assert sent == [["POL AB"]] * 3 + [["POL 11"]]
    assert alone.events() == [("present", "AB"), ("trouble", "AB", "silent"), ("gone", "AB")]
    assert alone.book.status("AB").trouble == "silent" and alone.book.status("HK").trouble == ""


def test_a_bad_check_is_answered_with_nak_and_a_broken_answer_with_the_question():
    alone = asked()
    block = frames.data("AB", "P", 1, b"x", True)
    assert alone.hears(damaged(frames.data("AB", "P", 1, b"x", True))) == ["NAK"]
    assert alone.hears(block) == ["DataACK AB 1", "POL AB"]
    assert alone.hears(damaged(frames.nak("AB"))) == ["POL AB"]
    for _ in range(3):
        alone.hears(damaged(frames.nak("AB")))
    assert alone.events()[-2:] == [("trouble", "AB", "damaged"), ("gone", "AB")]


def test_between_two_blocks_silence_is_answered_with_nak():
    alone = asked()
    assert alone.hears(frames.data("AB", "P", 1, b"x", False)) == ["DataACK AB 1"]
    assert alone.silence() == ["NAK"]
    # the unit did not hear the DataACK: its block is not new
    assert alone.hears(frames.data("AB", "P", 1, b"x", False)) == []
    assert alone.silence() == ["DataACK AB 1"]
    assert alone.hears(frames.data("AB", "P", 2, b"y", True)) == ["DataACK AB 2", "POL AB"]
    assert [event[3] for event in alone.events() if event[0] == "record"] == [b"x", b"y"]


def test_nothing_is_confirmed_before_the_application_has_it():
    alone = asked()
    alone.host.received(frames.data("AB", "P", 1, b"x", True), 4000)
    assert alone.events() == [("present", "AB"), ("record", "AB", "P", b"x")]
    alone.host.tick(10**6)
    # nor is anything else heard
    alone.host.received(frames.data("AB", "P", 1, b"x", True), 10**6)
    assert alone.sent() == [] and alone.host.deadline() is None
    alone.host.accept()
    assert alone.host.deadline() == 0
    alone.host.tick(2 * 10**6)
    assert alone.sent() == ["DataACK AB 1", "POL AB"]
    assert alone.host.deadline() > 2 * 10**6 + 3000


def test_what_the_application_refuses_is_asked_for_four_times_and_stays_with_the_unit():
    alone = asked()
    block = frames.data("AB", "P", 1, b"x", True)
    for _ in range(3):
        alone.host.received(block, 4000)
        assert alone.answers(False) == ["NAK"]
    alone.host.received(block, 4000)
    assert alone.answers(False) == ["POL 11"]
    assert alone.events()[-2:] == [("trouble", "AB", "refused here"), ("gone", "AB")]
    # the next session brings it again
    alone.host.received(block, 5000)
    assert alone.answers() == ["DataACK AB 1", "POL AB"]


def test_an_answer_of_the_application_that_nobody_waits_for_means_nothing():
    alone = asked()
    alone.host.accept()
    alone.host.received(frames.data("AB", "P", 1, b"x", True), 4000)
    assert alone.host.deadline() is None and alone.sent() == []


def test_a_late_answer_to_a_repeated_question_is_not_one_to_the_next():
    alone = asked()
    alone.host.give("AB", [("block", "D", b"x")])
    assert alone.hears(frames.nak("AB")) == ["SEL AB"]
    assert alone.silence() == ["SEL AB"]
    assert alone.hears(frames.nak("AB")) == []
    assert alone.hears(frames.nak("AB")) == []
    assert alone.silence() == ["POL AB"]


def test_a_unit_asks_to_be_loaded_now_and_is():
    loads = {"asks": [("file", "picks.lst", b"H|1\n")]}

    def app(event):
        if event[0] == "asks":
            rig.host.give(event[1], loads["asks"])
        return True

    rig = Rig(app=app)
    unit = rig.unit("AB")
    unit.terminal.queue("L", b"")
    rig.cycle()
    rig.run(5000)
    assert rig.got("asks") == [("AB",)]
    assert unit.got("file") == [("picks.lst", b"H|1\n")]
    assert rig.log.index("host: DataACK AB 1") < rig.log.index("host: SEL AB")


def test_a_newer_file_takes_the_place_of_the_one_that_waits_and_much_waits_for_nobody():
    alone = Alone()
    give = alone.host.give
    assert give("AB", [("file", "picks.lst", b"1"), ("block", "D", b"x")])
    assert give("AB", [("file", "picks.lst", b"2")])
    assert alone.book.status("AB").waiting == [("block", "D", b"x"), ("file", "picks.lst", b"2")]
    assert not give("AB", [("block", "D", b"x")] * 63)
    assert len(alone.book.status("AB").waiting) == 2
    assert alone.host.take_back("AB") == [("block", "D", b"x"), ("file", "picks.lst", b"2")]
    for item in (("block", "D", b"\x04"), ("block", "D", b"x" * 4097), ("file", "a|b", b""), ("block", "A", b"x")):
        try:
            give("AB", [item])
        except ValueError as error:
            assert str(error)
        else:
            raise AssertionError(item)


def test_each_unit_has_its_own_blocks_and_its_own_items():
    rig = Rig()
    units = [rig.unit(address) for address in ("AA", "AB", "AC")]
    for unit in units:
        unit.terminal.queue("P", unit.terminal.address.encode())
        rig.host.give(unit.terminal.address, [("block", "D", b"for " + unit.terminal.address.encode())])
    rig.cycle()
    rig.run(60000)
    # all in one cycle: a unit that was served lets the next one through
    assert rig.log.count("host: POL 00 offers AD") <= 60000 // Host.cycle_ms
    first = rig.log[: rig.log.index("host: POL 00 offers AD", 1)]
    assert len([line for line in first if line.startswith("host: D ")]) == 3
    assert rig.got("record") == [(a, "P", a.encode()) for a in ("AA", "AB", "AC")]
    for unit in units:
        assert unit.got("block") == [("D", b"for " + unit.terminal.address.encode())]


# On a very bad line four damaged blocks in a row are nothing rare: a long file that began anew would never arrive.
def test_a_file_goes_on_where_the_line_spoilt_one_block_too_often():
    rig = Rig(power=5, fault=Spoilt(*[("A AB 3", "damage")] * 4, *[("A AB 4", "damage")] * 4))
    unit = rig.unit("AB")
    text = b"N|ICU1|A|07605\n" * 10
    rig.host.give("AB", [("file", "picks.lst", text)])
    rig.cycle()
    rig.run(60000)
    assert unit.got("file") == [("picks.lst", text)]
    sent = [line for line in rig.log if line.startswith("host: A AB ")]
    assert [line[11:13] for line in sent if line[11] in "012"] == ["0 ", "1 ", "2 "], sent
    assert len([line for line in sent if line.startswith("host: A AB 3")]) == 5


def test_a_file_that_arrives_wrong_is_begun_again():
    class Flip:
        left = 2

        # the same bit twice: the check field does not see it
        def __call__(self, to_host, data):
            if self.left and said(data).startswith("A AB 1"):
                self.left -= 1
                data = data[:20] + bytes([data[20] ^ 1, data[21] ^ 1]) + data[22:]
            return [(0, data)]

    rig = Rig(power=5, fault=Flip())
    unit = rig.unit("AB")
    text = b"N|ICU1|A|07605\n" * 5
    rig.host.give("AB", [("file", "picks.lst", text)])
    rig.cycle()
    rig.run(60000)
    assert unit.got("file") == [("picks.lst", text)]
    assert len([line for line in rig.log if line.startswith("host: A AB 0")]) == 3
    assert rig.got("trouble") == []


def test_a_unit_that_never_takes_a_file_is_reported_and_others_are_served():
    # its files carry no hash, and the unit requires one
    rig = Rig(hashed=False)
    unit, other = rig.unit("AB"), rig.unit("AC")
    rig.host.give("AB", [("file", "picks.lst", b"x")])
    other.terminal.queue("P", b"y")
    rig.cycle()
    rig.run(20000)
    assert ("AB", "refused by the unit") in rig.got("trouble")
    assert rig.book.status("AB").waiting == [("file", "picks.lst", b"x")]
    assert unit.got("file") == [] and (False,) in unit.got("session_end")
    assert rig.got("record") == [("AC", "P", b"y")]


def test_a_station_notices_that_the_unit_is_gone_and_greets_the_next():
    rig = Rig("station", wait_ms=500, cycle_ms=1000)
    first, second = rig.unit("HK"), rig.unit("AB")
    rig.cycle()
    rig.run(2000)
    assert rig.got("present") == [("HK",)]
    rig.pull(first)
    rig.run(5000)
    assert rig.got("gone") == [("HK",)] and rig.got("trouble") == [("HK", "silent")]
    assert rig.got("present") == [("HK",), ("AB",)]
    assert second.got("session_end") == []


def test_a_session_goes_on_where_the_line_was_cut():
    rig = Rig(power=6, fault=Spoilt(("P AB 2", "cut")))
    unit = rig.unit("AB")
    for n in range(3):
        unit.terminal.queue("P", b"%d" % n)
    rig.cycle()
    rig.run(10000)
    assert [data for _, _, data in rig.got("record")] == [b"0", b"1", b"2"]
