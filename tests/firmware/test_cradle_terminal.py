# What a unit does on its own: bids, sleeps, keeps, forgets; on both interpreters.
from cradle_rig import TIME, Rig, Spoilt, clock, said

from firmware.cradle import frames
from firmware.cradle.ear import Ear
from firmware.cradle.terminal import Terminal

HOLD_MS = 30000
SLEEP_MS = 120000

REQ = ("P50", "P53", "P56", "P70", "P72", "P81", "P86", "P87", "P95")


# A unit alone: what it does, and what it says to what it hears.
class Alone:
    def __init__(self, address="AB", **kept):
        self.unit = Terminal(address, clock, **kept)
        self.now_ms = 0

    def did(self):
        return [said(action[1]) if action[0] == "send" else action[0] for action in self.unit.actions()]

    def hears(self, frame):
        self.now_ms += 10
        self.unit.received(frame, self.now_ms)
        return self.did()

    def waits(self, ms):
        end = self.now_ms + ms
        while self.unit.deadline() is not None and self.unit.deadline() <= end:
            self.now_ms = max(self.now_ms, self.unit.deadline())
            self.unit.tick(self.now_ms)
        self.now_ms = end
        return self.did()

    def events(self, kind):
        return [event[1:] for event in self.unit.events if event[0] == kind]


def general(power=12):
    return frames.pol_general(TIME, power)


def poll(address="AB", power=12):
    return frames.pol_specific(address, TIME, power)


def sel(address="AB", power=12):
    return frames.sel(address, TIME, power)


def test_who_has_the_line_gives_it_up_after_30_seconds_without_a_pol():
    unit = Alone()
    assert unit.did() == ["bid"]
    # until the line is its own, it waits
    assert unit.waits(10**6) == []
    unit.unit.granted(unit.now_ms)
    assert unit.waits(HOLD_MS - 1) == []
    # a New Address POL is none for a unit that has one, and a POL for another is none either
    assert unit.hears(frames.pol_new(TIME, "AC")) == [] and unit.hears(poll("AC")) == []
    assert unit.waits(1) == ["release"]
    assert unit.waits(1000) == ["bid"]


def test_each_pol_keeps_the_line_for_another_30_seconds():
    unit = Alone(port="station")
    unit.unit.granted(0)
    unit.did()
    for _ in range(4):
        unit.waits(HOLD_MS - 1000)
        assert unit.hears(poll()) == ["NAK AB"]
    assert unit.waits(HOLD_MS - 1) == []
    assert unit.waits(1) == ["release"]


def test_a_line_given_up_is_a_new_beginning():
    unit = Alone()
    unit.unit.queue("P", b"x")
    unit.did()
    for _ in range(2):
        # nobody confirms: three times, and the line is given up before a fourth
        assert [unit.hears(general()) for _ in range(3)] == [["P AB 1 'x' EOT"]] * 3
        assert unit.waits(HOLD_MS) == ["release"]
        assert unit.waits(999) == [] and unit.waits(1) == ["bid"]


def test_after_a_session_it_sleeps_for_two_minutes_and_is_deaf():
    unit = Alone()
    unit.did()
    unit.hears(general())
    unit.hears(poll())
    assert unit.hears(general()) == ["release"]
    assert unit.events("session_end") == [(True,)]
    assert unit.hears(general()) == [] and unit.hears(sel()) == []
    assert unit.waits(SLEEP_MS - 100) == []
    assert unit.waits(100) == ["bid"]
    assert unit.hears(general()) == ["NAK AB"]


def test_a_host_that_goes_silent_when_it_is_done_ends_the_session_too():
    unit = Alone()
    unit.unit.queue("P", b"x")
    unit.did()
    unit.hears(general())
    unit.hears(frames.data_ack("AB", 1))
    assert unit.waits(9999) == [] and unit.waits(1) == ["release"]
    assert unit.events("session_end") == [(True,)]


def test_a_host_that_breaks_off_ends_the_session_later():
    unit = Alone()
    unit.did()
    unit.hears(sel())
    assert unit.waits(19999) == [] and unit.waits(1) == ["release"]
    assert unit.events("session_end") == [(False,)]


def test_a_host_that_turns_to_others_when_it_is_done_ends_the_session():
    file = [sel(), frames.data("AB", "A", 0, b"f|1|#70bcf024", False), frames.data("AB", "A", 1, b"x", True)]
    for others in (general(), poll("AC"), sel("AC"), frames.pol_new(TIME, "AD")):
        for done in ([poll()], [sel(), frames.data("AB", "S", 1, b"x", True)], file):
            unit = Alone()
            unit.did()
            assert [unit.hears(frame) != [] for frame in done] == [True] * len(done)
            assert unit.hears(others) == ["release"]
            assert unit.events("session_end") == [(True,)]
    assert unit.events("file") == [("f", b"x")]


def test_while_it_has_something_it_is_not_done():
    unit = Alone()
    unit.did()
    unit.hears(poll())
    unit.unit.queue("P", b"x")
    assert unit.hears(poll("AC")) == ["release"]
    unit = Alone()
    unit.did()
    unit.hears(poll())
    unit.unit.queue("P", b"x")
    assert unit.hears(general()) == ["P AB 1 'x' EOT"]


def test_a_long_download_keeps_the_line():
    unit = Alone(hashed=False)
    unit.unit.granted(0)
    unit.did()
    unit.hears(sel())
    unit.hears(frames.data("AB", "A", 0, b"f|9", False))
    for number in range(1, 9):
        assert unit.waits(9000) == []
        assert unit.hears(frames.data("AB", "A", number, b"x", False)) == ["DataACK AB %d" % number]


def test_a_long_upload_keeps_the_line():
    unit = Alone()
    for _ in range(9):
        unit.unit.queue("P", b"x")
    unit.unit.granted(0)
    unit.did()
    unit.hears(general())
    for number in range(1, 9):
        assert unit.waits(9000) == []
        assert unit.hears(frames.data_ack("AB", number))[0].startswith("P AB %d" % (number + 1))


def test_a_host_that_only_sends_general_pols_is_answered_three_times():
    unit = Alone()
    unit.did()
    assert [unit.hears(general()) for _ in range(4)] == [["NAK AB"], ["NAK AB"], ["NAK AB"], ["release"]]
    assert unit.events("session_end") == [(True,)]


def test_at_a_station_it_stays_awake():
    unit = Alone(port="station")
    unit.did()
    assert unit.hears(general()) == ["I AB 1 'AB' EOT"]
    unit.hears(frames.data_ack("AB", 1))
    unit.hears(poll())
    assert unit.waits(20000) == []
    assert unit.events("session_end") == [(True,)]
    # no two blocks have one number: a late DataACK would pass for that of a record
    assert unit.hears(general()) == ["I AB 2 'AB' EOT"]
    unit.unit.queue("P", b"x")
    assert unit.hears(poll()) == ["P AB 3 'x' EOT"]
    unit.hears(frames.data_ack("AB", 2))
    assert unit.unit.uploads.items


def test_new_work_wakes_it_and_so_does_the_cradle():
    for wake in (lambda unit: unit.queue("L", b""), lambda unit: unit.cradled(0)):
        unit = Alone()
        for frame in (general(), poll(), general()):
            unit.hears(frame)
        unit.did()
        wake(unit.unit)
        assert unit.did() == ["bid"]


def test_out_of_its_cradle_it_has_no_line_and_says_nothing():
    unit = Alone()
    unit.hears(general())
    unit.hears(sel())
    unit.unit.taken_out(unit.now_ms)
    assert unit.did() == ["release"]
    assert unit.events("session_end") == [(False,)]
    assert unit.hears(general()) == [] and unit.waits(10**7) == []


def test_out_of_its_cradle_it_no_longer_bids():
    unit = Alone()
    unit.did()
    unit.unit.taken_out(0)
    assert unit.did() == ["release"]
    unit.unit.cradled(0)
    unit.unit.cradled(0)
    assert unit.did() == ["bid"]


def test_each_pol_and_sel_for_it_brings_the_time():
    unit = Alone()
    for frame in (general(), poll(), sel()):
        unit.hears(frame)
    unit.hears(poll("AC"))
    assert unit.events("time") == [(TIME,)] * 3
    new = Alone(None)
    new.hears(frames.pol_new(TIME, "AC"))
    new.hears(general())
    assert new.events("time") == [(TIME,)]


def test_a_unit_with_an_address_ignores_what_is_offered_and_one_without_all_else():
    assert Alone().hears(frames.pol_new(TIME, "AC")) == ["bid"]
    new = Alone(None)
    new.did()
    assert new.hears(general()) == [] and new.hears(poll()) == [] and new.hears(sel()) == []
    assert new.hears(frames.pol_new(TIME, "AC")) == ["R 00 1 '30:05' EOT"]


def test_only_the_unbroken_exchange_gives_an_address():
    offer, first = frames.pol_new(TIME, "AC"), frames.data_ack("AC", 1)
    broken = frames.nak("AC")
    broken.bcc_ok = False
    for breaks in (broken, frames.nak(), frames.data_ack("AD", 1), frames.data_ack("AC", 2), general(), None):
        for before in ([offer], [offer, first]):
            new = Alone(None)
            for frame in before:
                new.hears(frame)
            # None: nothing comes for a while
            new.hears(breaks) if breaks else new.waits(10000)
            new.hears(first)
            assert new.unit.address is None and new.hears(first) == [] and new.events("address") == []
            assert [new.hears(frame) for frame in (offer, first, first)][2] == []
            assert new.events("address") == [("AC",)]


def test_the_same_block_goes_out_four_times_and_then_the_line_is_free():
    unit = Alone()
    unit.did()
    unit.unit.queue("P", b"x")
    assert [unit.hears(frame) for frame in [general()] + [frames.nak()] * 3] == [["P AB 1 'x' EOT"]] * 4
    assert unit.hears(frames.nak()) == ["release"]
    assert unit.events("session_end") == [(False,)] and unit.events("uploaded") == []
    # it bids again sooner than after a session that went well, with the same number
    assert unit.waits(9999) == [] and unit.waits(1) == ["bid"]
    assert unit.hears(general()) == ["P AB 1 'x' EOT"]


def test_a_dataack_that_comes_late_still_counts_and_one_for_another_block_does_not():
    unit = Alone()
    unit.unit.queue("P", b"x")
    unit.hears(general())
    unit.hears(frames.data_ack("AB", 2))
    unit.hears(frames.data_ack("AC", 1))
    assert unit.unit.uploads.items
    unit.waits(11000)
    unit.unit.queue("P", b"y")
    # nobody asked for the next one
    assert unit.hears(frames.data_ack("AB", 1)) == []
    assert unit.events("uploaded") == [("P", b"x")] and unit.unit.uploads.items == [("block", "P", b"y")]
    assert unit.hears(frames.data_ack("AB", 1)) == []
    assert unit.hears(poll()) == ["P AB 2 'y' EOT"]
    unit.unit.queue("P", b"z")
    # that was the last block of an upload
    assert unit.hears(frames.data_ack("AB", 2)) == []


def test_a_nak_for_it_in_either_form_brings_the_block_again_and_one_for_another_does_not():
    unit = Alone()
    unit.unit.queue("P", b"x")
    unit.hears(general())
    assert unit.hears(frames.nak("AC")) == []
    assert unit.hears(frames.nak("AB")) == ["P AB 1 'x' EOT"]
    assert unit.hears(frames.nak()) == ["P AB 1 'x' EOT"]
    assert Alone().hears(frames.nak()) == ["bid"]
    docked = Alone(port="station")
    docked.did()
    assert docked.hears(general()) == docked.hears(frames.nak()) == ["I AB 1 'AB' EOT"]
    docked.hears(frames.data_ack("AB", 1))
    docked.hears(poll())
    # a station that lost it asks who is there
    assert docked.hears(general()) == ["I AB 2 'AB' EOT"]


def test_block_numbers_run_on_and_come_round():
    unit = Alone(first_block=99999)
    for n in range(3):
        unit.unit.queue("D", b"%d" % n)
    heard = [general(), frames.data_ack("AB", 99999), frames.data_ack("AB", 1)]
    sent = [unit.hears(frame)[-1] for frame in heard]
    assert sent == ["D AB 99999 '0' ETX", "D AB 1 '1' ETX", "D AB 2 '2' EOT"]
    assert unit.unit.uploads.next_block == 2


def test_what_is_too_long_for_one_host_is_kept_for_another():
    unit = Alone()
    unit.did()
    unit.unit.queue("P", b"x" * 33)
    unit.unit.queue("P", b"y")
    assert unit.hears(general(5)) == ["P AB 1 'y' EOT"]
    assert unit.hears(frames.data_ack("AB", 1)) == []
    assert unit.hears(poll("AB", 5)) == ["NAK AB"]
    assert unit.events("too_long") == [("P", b"x" * 33)]
    assert unit.hears(poll("AB", 6)) == ["P AB 2 '%s' EOT" % ("x" * 33)]


def test_a_file_goes_up_in_blocks_as_it_goes_down():
    rig = Rig(power=5, fault=Spoilt(("DataACK AB 2", "lose"), ("A AB 1", "damage")))
    unit = rig.unit("AB")
    text = b"0123456789" * 9
    unit.terminal.queue("P", b"first")
    unit.terminal.queue("A", text, "counts.txt")
    unit.terminal.queue("P", b"last")
    rig.cycle()
    rig.run(20000)
    assert "unit: P AB 1 'first' EOT" in rig.log
    assert rig.events[1:4] == [
        ("record", "AB", "P", b"first"),
        ("file", "AB", "counts.txt", text),
        ("record", "AB", "P", b"last"),
    ]
    assert unit.got("uploaded") == [("P", b"first"), ("counts.txt", text), ("P", b"last")]


def test_a_file_begins_again_after_a_break_and_for_smaller_blocks():
    unit = Alone()
    unit.unit.queue("A", b"x" * 70, "f")
    head = [unit.hears(general(6))[-1], unit.hears(frames.data_ack("AB", 0))[-1]]
    assert [text[:8] for text in head] == ["A AB 0 '", "A AB 1 '"]
    assert unit.hears(poll("AB", 7))[0][:8] == "A AB 1 '"
    assert unit.hears(poll("AB", 5))[0][:8] == "A AB 0 '"
    unit.hears(frames.data_ack("AB", 0))
    for _ in range(3):
        unit.hears(frames.nak())
    assert unit.hears(frames.nak()) == ["release"]
    assert unit.waits(10000) == ["bid"]
    assert unit.hears(general(5))[0][:8] == "A AB 0 '"


def test_its_application_may_refuse_a_block_before_it_is_taken():
    unit = Alone(check=lambda flag, data: data == b"good")
    unit.did()
    unit.hears(sel())
    assert unit.hears(frames.data("AB", "S", 1, b"bad", True)) == ["NAK"]
    assert unit.hears(frames.data("AB", "S", 1, b"good", True)) == ["DataACK AB 1"]
    assert unit.events("block") == [("S", b"good")]
    # a file has its own hash
    unit.hears(sel())
    assert unit.hears(frames.data("AB", "A", 0, b"f|0|#89bad1bb", True)) == ["DataACK AB 0"]


def test_it_takes_nothing_that_it_was_not_selected_for():
    unit = Alone()
    unit.did()
    assert unit.hears(frames.data("AB", "S", 1, b"x", True)) == []
    unit.hears(sel())
    assert unit.hears(frames.data("AC", "S", 1, b"x", True)) == []
    assert unit.hears(frames.data("AB", "S", 1, b"x", True)) == ["DataACK AB 1"]
    # the same once more is confirmed, whatever the unit is doing
    assert unit.hears(frames.data("AB", "S", 1, b"x", True)) == ["DataACK AB 1"]
    # in one session the numbers follow each other
    unit.hears(sel())
    assert unit.hears(frames.data("AB", "S", 3, b"x", True)) == ["NAK"]
    assert unit.events("block") == [("S", b"x")]


def test_a_pol_or_sel_ends_whatever_the_unit_was_doing():
    for before in ([general()], [sel()], [sel(), frames.data("AB", "A", 0, b"f|9|#00000000", False)]):
        unit = Alone()
        unit.unit.queue("P", b"x")
        if before[0].kind == "sel":
            unit.unit.uploads.items.clear()
        for frame in before:
            unit.hears(frame)
        waits = bool(unit.unit.uploads.items)
        assert unit.hears(sel()) == (["NAK AB"] if waits else ["ACK AB"])
        assert unit.hears(poll("AC")) == []
        # it is idle: a block is for somebody else now
        assert unit.hears(frames.data("AB", "S", 1, b"x", True)) == []
        assert unit.hears(poll()) == (["P AB 1 'x' EOT"] if waits else ["NAK AB"])


def test_what_was_done_outside_goes_up_when_it_is_in_a_cradle_again():
    rig = Rig()
    unit = rig.unit("AB")
    rig.pull(unit)
    unit.terminal.queue("P", b"x")
    rig.cycle()
    rig.run(60000)
    assert rig.got("record") == []
    rig.put(unit)
    rig.run(20000)
    assert rig.got("record") == [("AB", "P", b"x")]
    assert unit.got("session_end") == [(True,)]


def test_clearing_takes_the_address_when_nothing_waits():
    unit = Alone()
    unit.unit.queue("P", b"x")
    try:
        unit.unit.clear()
    except ValueError as error:
        assert "1 records" in str(error)
    else:
        raise AssertionError("cleared")
    unit.hears(general())
    unit.hears(frames.data_ack("AB", 1))
    unit.unit.clear()
    assert unit.unit.address is None and unit.hears(general()) == [] and unit.waits(20000) == []
    assert unit.events("session_end") == []
    assert unit.hears(frames.pol_new(TIME, "QQ")) == ["R 00 1 '30:05' EOT"]


def test_what_waits_is_bounded_and_what_no_block_can_be_is_refused():
    unit = Alone()
    for _ in range(1024):
        assert unit.unit.queue("P", b"x")
    assert not unit.unit.queue("P", b"x")
    for flag, data in (("A", b"no name"), ("P", b"\xe9"), ("x", b""), ("P", b"x" * 4097)):
        try:
            Alone().unit.queue(flag, data)
        except ValueError as error:
            assert str(error)
        else:
            raise AssertionError(flag)


def test_a_pol_that_lost_its_eot_is_heard_only_by_an_idle_unit():
    unit = Alone()
    unit.did()
    ear = Ear(unit.unit)
    ear.heard(frames.encode(poll())[1:], 0)
    assert unit.did() == ["NAK AB"]
    unit.hears(sel())
    ear.heard(frames.encode(poll())[1:], 100)
    ear.tick(400)
    # it waits for a block, and this is none
    assert unit.did() == ["NAK"]


def test_a_frame_that_stops_is_given_up_after_a_silence_and_time_stands_still_until_then():
    unit = Alone()
    unit.did()
    ear = Ear(unit.unit)
    unit.hears(sel())
    block = frames.encode(frames.data("AB", "S", 1, b"x" * 30, True))
    # 50 bytes, one each 190 ms: longer than the unit waits for a host that says nothing
    for n, byte in enumerate(block):
        now_ms = unit.now_ms + 5000 + 190 * n
        ear.tick(now_ms)
        ear.heard(bytes([byte]), now_ms)
    assert unit.did() == ["DataACK AB 1"]
    unit.hears(sel())
    ear.heard(block[:20], now_ms)
    assert ear.deadline() == now_ms + 200
    ear.tick(now_ms + 199)
    assert unit.did() == []
    ear.tick(now_ms + 200)
    assert unit.did() == ["NAK"]
