# How far a host goes with one unit: what is tried again, what goes on, what is given up; on both interpreters.
from cradle_rig import TIME, Alone, asked, damaged

from firmware.cradle import frames

REQ = ("P64", "P73", "P74", "P75", "P95")

FILE = ("file", "f", b"x" * 100)


# A host whose unit AB is ready for what waits: the first block is on the line.
def selected(item, *more, **settings):
    alone = asked(power=5, **settings)
    assert alone.host.give("AB", [item])
    assert alone.hears(frames.nak("AB")) == ["SEL AB"]
    sent = alone.hears(frames.ack("AB"))
    assert len(sent) == 1
    return alone, sent[0]


def confirms(alone, number):
    return alone.hears(frames.data_ack("AB", number))


# Until the host has given up, and the next cycle has found the unit again and selected it.
def broken_off(alone, then=frames.nak):
    while True:
        sent = alone.silence()
        if sent and sent[-1] == "POL 11":
            break
    assert alone.hears(then("AB")) == ["SEL AB"]
    return alone.hears(frames.ack("AB"))[0]


def test_a_file_that_broke_off_goes_on_with_the_block_that_was_not_confirmed():
    alone, first = selected(FILE)
    assert first.startswith("A AB 0 'f|100|#")
    assert confirms(alone, 0) == ["A AB 1 '%s' ETX" % ("x" * 32)]
    assert confirms(alone, 1) == ["A AB 2 '%s' ETX" % ("x" * 32)]
    assert broken_off(alone) == "A AB 2 '%s' ETX" % ("x" * 32)
    assert confirms(alone, 2) == ["A AB 3 '%s' ETX" % ("x" * 32)]
    assert confirms(alone, 3) == ["A AB 4 'xxxx' EOT"]
    # only the end is missing: it could be the end of another file
    assert broken_off(alone) == first
    for number in range(4):
        confirms(alone, number)
    assert confirms(alone, 4) == ["POL AB"]
    assert alone.of("given") == [("AB",)]


def test_a_newer_file_begins_at_its_beginning_wherever_the_old_one_broke_off():
    alone, _ = selected(FILE)
    confirms(alone, 0)
    while alone.silence()[-1] != "POL 11":
        continue
    assert alone.host.give("AB", [("file", "f", b"y" * 100)])
    assert alone.hears(frames.nak("AB")) == ["SEL AB"]
    assert alone.hears(frames.ack("AB"))[0].startswith("A AB 0 'f|100|#")
    assert confirms(alone, 0) == ["A AB 1 '%s' ETX" % ("y" * 32)]


def test_a_file_without_a_hash_begins_anew():
    alone, first = selected(FILE, hashed=False)
    assert first == "A AB 0 'f|100' ETX"
    confirms(alone, 0)
    confirms(alone, 1)
    assert broken_off(alone) == first


def test_a_block_is_sent_four_times_and_a_file_offered_three_times():
    alone, first = selected(FILE)
    confirms(alone, 0)
    second = "A AB 1 '%s' ETX" % ("x" * 32)
    # the first time it had come further and goes on there; then it begins anew
    for again in (second, first):
        assert [alone.hears(frames.nak()) for _ in range(3)] == [[second]] * 3
        assert alone.hears(frames.nak()) == ["SEL AB"]
        assert alone.hears(frames.ack("AB")) == [again]
    assert confirms(alone, 0) == [second]
    assert [alone.hears(frames.nak("AB")) for _ in range(3)] == [[second]] * 3
    assert alone.hears(frames.nak()) == ["POL 11"]
    assert alone.of("trouble") == [("AB", "refused by the unit")]
    assert alone.book.status("AB").waiting == [FILE]


def test_one_block_taken_and_the_count_begins_anew():
    alone, _ = selected(FILE)
    for number in range(4):
        for _ in range(3):
            assert alone.hears(frames.nak())[0].startswith("A AB %d" % number)
        confirms(alone, number)
    assert alone.of("trouble") == []


def test_a_unit_that_is_never_ready_is_left_alone():
    alone = asked()
    alone.host.give("AB", [FILE])
    sent = alone.hears(frames.nak("AB"))
    rounds = []
    while sent != ["POL 11"]:
        rounds += sent
        sent = alone.hears(frames.nak("AB"))
    assert rounds == ["SEL AB", "POL AB"] * 4
    assert alone.of("trouble") == [("AB", "not ready")]


def test_a_unit_that_brings_the_same_block_for_ever_is_left_alone():
    alone = asked()
    block = frames.data("AB", "P", 1, b"x", True)
    sent, rounds = alone.hears(block), 0
    while sent[-1] != "POL 11":
        assert sent == ["DataACK AB 1", "POL AB"]
        sent, rounds = alone.hears(block), rounds + 1
    # the first brought something, four did not
    assert rounds == 5
    assert alone.of("record") == [("AB", "P", b"x")]


def test_a_unit_with_much_is_heard_to_the_end():
    alone = asked()
    for number in range(1, 50):
        assert alone.hears(frames.data("AB", "P", number, b"%d" % number, True))[-1] == "POL AB"
    assert alone.hears(frames.nak("AB")) == ["POL 11"]
    assert len(alone.of("record")) == 49 and alone.of("trouble") == []


def test_blocks_of_others_and_numbers_that_do_not_follow_are_not_taken():
    alone = asked()
    assert alone.hears(frames.data("AB", "P", 7, b"x", False)) == ["DataACK AB 7"]
    for stranger in (frames.data("HK", "P", 8, b"y", True), frames.data("AB", "R", 8, b"30:05", True), frames.nak()):
        assert alone.hears(stranger) == []
    assert alone.hears(frames.data("AB", "P", 9, b"y", True)) == ["NAK"]
    assert alone.hears(frames.data("AB", "P", 8, b"y", True)) == ["DataACK AB 8", "POL AB"]
    assert alone.hears(frames.nak("AB")) == ["POL 11"]
    # another session may begin with any number
    assert alone.hears(frames.data("AB", "P", 3, b"z", True)) == ["DataACK AB 3", "POL AB"]
    assert [data for _, _, data in alone.of("record")] == [b"x", b"y", b"z"]


def test_one_refusal_of_the_application_and_then_all_goes_well():
    alone = asked()
    for number in range(1, 9):
        block = frames.data("AB", "P", number, b"%d" % number, False)
        alone.now_ms += 100
        alone.host.received(block, alone.now_ms)
        assert alone.answers(False) == ["NAK"]
        assert alone.hears(block) == ["DataACK AB %d" % number]
    assert alone.of("trouble") == []


def test_a_unit_that_stops_in_the_middle_of_an_upload_is_reported():
    alone = asked()
    alone.hears(frames.data("AB", "P", 1, b"x", False))
    assert [alone.silence() for _ in range(4)] == [["NAK"]] * 3 + [["POL 11"]]
    assert alone.of("trouble") == [("AB", "silent")]
    assert alone.book.status("AB").trouble == "silent" and alone.book.status("AB").sessions == 1
    alone.hears(frames.nak("AB"))
    alone.hears(frames.nak("AB"))
    assert alone.book.status("AB").trouble == "" and alone.book.status("AB").sessions == 2


def test_what_is_on_its_way_is_neither_replaced_nor_taken_back():
    alone, _ = selected(FILE)
    newer, other = ("file", "f", b"new"), ("block", "D", b"x")
    assert alone.host.give("AB", [newer, other])
    assert alone.book.status("AB").waiting == [FILE, newer, other]
    newest = ("file", "f", b"newest")
    assert alone.host.give("AB", [newest])
    assert alone.book.status("AB").waiting == [FILE, other, newest]
    assert alone.host.take_back("AB") == [other, newest]
    for number in range(4):
        confirms(alone, number)
    assert confirms(alone, 4) == ["POL AB"]
    # once it is there, it is like any other
    alone.host.give("AB", [newer])
    assert alone.host.take_back("AB") == [newer]


def test_garbage_on_the_line_is_reported_and_ends_the_cycle():
    alone = asked()
    noise = damaged(frames.nak("AB"))
    sent = [alone.hears(noise) for _ in range(8)]
    assert sent == [["POL 11"]] * 7 + [[]]
    assert alone.events() == [("trouble", None, "damaged")] * 2


def test_a_cycle_ends_after_so_many_turns():
    alone = asked(turns=3)
    for n in range(3):
        assert alone.hears(frames.nak("AB")) == ["POL AB"]
        assert alone.hears(frames.nak("AB")) == (["POL 11"] if n < 2 else [])
    assert alone.of("present") == [("AB",)] * 3


def docked(**settings):
    alone = Alone("station", known=(), **settings)
    assert alone.sent() == ["POL 11"]
    assert alone.hears(frames.data("HK", "I", 1, b"HK", True)) == ["DataACK HK 1", "POL HK"]
    return alone


def test_a_station_polls_the_unit_again_after_a_quarter_of_a_second_and_at_once_with_something_for_it():
    alone = docked()
    assert alone.hears(frames.nak("HK")) == []
    assert alone.host.deadline() == alone.now_ms + 250
    assert alone.silence() == ["POL HK"]
    assert alone.hears(frames.nak("HK")) == []
    assert alone.host.give("AB", [("block", "S", b"x")])
    assert alone.host.deadline() == alone.now_ms + 250
    assert alone.host.give("HK", [("block", "S", b"x")])
    assert alone.host.deadline() <= alone.now_ms
    assert alone.silence() == ["SEL HK"]
    # in the middle of an exchange it waits for its turn
    before = alone.host.deadline()
    assert alone.host.give("HK", [("block", "S", b"y")])
    assert alone.host.deadline() == before


def test_a_station_lets_go_of_a_unit_that_it_cannot_hear_and_keeps_one_that_is_refused():
    alone = docked()
    for _ in range(4):
        alone.hears(damaged(frames.nak("HK")))
    assert alone.of("gone") == [("HK",)] and alone.host.there is None
    alone = docked()
    for _ in range(4):
        alone.host.received(frames.data("HK", "D", 1, b"x", True), alone.now_ms)
        alone.answers(False)
    assert alone.of("trouble") == [("HK", "refused here")]
    assert alone.of("gone") == [] and alone.host.there == "HK"
    # nobody there: it asks again after a while
    empty = Alone("station", cycle_ms=700)
    empty.sent()
    assert empty.silence() == []
    assert empty.host.deadline() == empty.now_ms + 700
    assert empty.silence() == ["POL 11"]


def test_a_second_answer_is_awaited_for_as_long_as_is_set():
    alone = asked(settle_ms=400)
    alone.hears(frames.nak("AB"))
    alone.silence()
    assert alone.hears(frames.nak("AB")) == []
    assert alone.host.deadline() == alone.now_ms + 400
    assert alone.silence() == ["POL 11"]


def test_between_cycles_nothing_is_heard():
    alone = Alone("station")
    alone.sent()
    alone.silence()
    assert alone.hears(frames.nak("HK")) == [] and alone.events() == []
    assert alone.host.listening is False


def test_what_is_sent_takes_its_time_on_the_line():
    alone, _ = selected(("file", "f", b"x" * 4000), baud=1000, wait_ms=500)
    sent_ms = alone.now_ms
    block_bytes = 20 + len("f|4000|#12345678")
    # the SEL before it may still be on the line
    assert alone.host.deadline() >= sent_ms + 10 * block_bytes + 500
    assert alone.host.book.status("AB").seen == TIME
