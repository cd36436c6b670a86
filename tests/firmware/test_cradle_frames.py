# The frames of POL/SELECT against the vector files, both ways, in any pieces; on both interpreters.
import json
import os

from firmware.cradle import frames
from firmware.cradle.blocks import ALL_FIELDS

REQ = ("P65", "P75", "P76", "P77", "P78", "P79", "P80", "P82", "P83", "P84", "P85", "P87", "P88", "P90")

FOLDER = __file__.rsplit("/", 2)[0] + "/vectors/polselect"
TIME = "120997143005"


def vectors():
    for file in sorted(os.listdir(FOLDER)):
        if file.endswith(".json"):
            with open(FOLDER + "/" + file) as text:
                yield file[:-5], json.load(text)


def good():
    return [(name, case) for name, case in vectors() if "expect" in case]


# as `apotheca cradle decode` would say it
def said(frame):
    object = {"kind": frame.kind, "address": frame.address}
    for name in ALL_FIELDS:
        value = getattr(frame, name)
        if value is not None:
            object[name] = value
    if frame.data is not None:
        data = frame.data
        object["data"] = "".join("%02x" % byte for byte in data) if frame.flag == "B" else data.decode()
    return object


def made(expect):
    frame = frames.Frame(expect["kind"], expect["address"])
    for name in ALL_FIELDS:
        if name in expect:
            setattr(frame, name, expect[name])
    if frame.data is not None:
        frame.data = bytes.fromhex(frame.data) if frame.flag == "B" else frame.data.encode()
    return frame


def refused(call, *args):
    try:
        call(*args)
    except ValueError:
        return True
    return False


def test_vectors_are_read_as_they_say():
    assert len(good()) == 24
    for name, case in good():
        frame = frames.one(bytes.fromhex(case["hex"]))
        assert said(frame) == case["expect"], name
        assert frame.bcc_ok is (None if name == "nak_bare" else True), name
        assert frame.reason is None and frame.framed is (name != "nak_bare"), name


def test_vectors_are_written_as_they_say():
    for name, case in good():
        raw = frames.encode(made(case["expect"]))
        assert (raw == bytes.fromhex(case["hex"])) is case.get("canonical", True), name
        assert said(frames.one(raw)) == case["expect"], name


def test_bad_vectors_are_refused_where_they_say():
    layers = {"layout": 0, "check": 0, "content": 0}
    for name, case in vectors():
        if "refused" in case:
            frame = frames.one(bytes.fromhex(case["hex"]))
            layer = case["refused"]
            layers[layer] += 1
            assert frame.bcc_ok is {"layout": None, "check": False, "content": True}[layer], name
            assert (frame.kind == "invalid") is (layer != "check"), name
            assert frame.reason and not frames.sound(frame), name
    assert layers == {"layout": 16, "check": 5, "content": 17}


def test_a_wrong_check_leaves_the_fields_as_read():
    for name, case in good():
        raw = bytes.fromhex(case["hex"])
        if len(raw) > 1:
            frame = frames.one(raw[:-3] + b"999")
            assert frame.bcc_ok is False and said(frame) == case["expect"], name


def test_makers_make_the_golden_frames():
    made_here = {
        "v01_new_address_pol": frames.pol_new(TIME, "Rv"),
        "v02_general_pol": frames.pol_general(TIME, 7),
        "v03_specific_pol": frames.pol_specific("AB", TIME, 12),
        "v04_sel": frames.sel("AO", TIME, 12),
        "v05_ack": frames.ack("AO"),
        "v06_nak": frames.nak("AO"),
        "v07_data_ack": frames.data_ack("Rv", 1),
        "v08_address_acceptance": frames.data("00", "R", 1, b"30:05", True),
        "v09_ascii_file_header": frames.data("AO", "A", 0, b"pick.lst|1234", False),
        "v11_stuffed_binary": frames.data("AO", "B", 1, b"A\x1b\x03\x04B", True),
        "nak_bare": frames.nak(),
    }
    for name, case in good():
        if name in made_here:
            assert frames.encode(made_here.pop(name)).hex() == case["hex"], name
    assert not made_here


def test_weak_check_takes_swapped_digits():
    case = dict(vectors())
    twelve, other = (bytes.fromhex(case["v16_weak_check_" + n]["hex"]) for n in ("12", "21"))
    assert twelve[-3:] == other[-3:] == b"071"
    assert frames.bcc(twelve[1:-3]) == frames.bcc(other[1:-3]) == 71


def changed(frame, **fields):
    for name in fields:
        setattr(frame, name, fields[name])
    return frame


def test_no_frame_is_made_that_none_can_be():
    wrong = [
        frames.Frame("invalid"),
        frames.Frame("query", "AB"),
        frames.ack("A1"),
        frames.ack("00"),
        frames.ack(None),
        frames.ack("ABC"),
        frames.ack(5),
        frames.pol_new(TIME, "11"),
        frames.pol_new(TIME[1:], "Rv"),
        frames.pol_new(None, "Rv"),
        frames.pol_general(TIME, 4),
        frames.pol_general(TIME, 13),
        frames.pol_general("1209971430\u0665\u0665", 7),
        frames.pol_specific("11", TIME, 7),
        frames.sel("11", TIME, 7),
        frames.data_ack("AB", 100000),
        frames.data_ack("AB", -1),
        frames.data_ack("AB", True),
        frames.data("AB", "Z", 1, b"", True),
        frames.data("AB", "", 1, b"", True),
        frames.data("00", "P", 1, b"", True),
        frames.data("AB", "D", 1, b"", None),
        frames.data("AB", "D", 1, b"\x1b", True),
        frames.data("AB", "D", 1, b"\xe9", True),
        frames.data("AB", "D", 1, b"x" * 4097, True),
        frames.data("AB", "B", 1, b"\x1b" * 2049, True),
        changed(frames.data("AB", "D", 1, b"x", True), size=2),
        changed(frames.data("AB", "D", 1, b"x", True), time=TIME),
        changed(frames.ack("AB"), block=1),
        changed(frames.ack("AB"), bcc_ok=False),
        changed(frames.sel("AB", TIME, 7), new_address="Rv"),
        changed(frames.sel("AB", TIME, 7), max_block_size=100),
    ]
    for frame in wrong:
        assert refused(frames.encode, frame), (frame.kind, frame.address)
    assert len(frames.encode(frames.data("AB", "B", 99999, b"\x1b" * 2048, False))) == 4116


def test_a_cut_block_fits_and_a_byte_more_does_not():
    raw = b"ab\x1bc\x03\x04d" * 40
    for flag in "AB":
        for power in range(5, 13):
            n = frames.cut(flag, raw, power)
            assert frames.fits(flag, raw[:n], power), (flag, power)
            assert n == len(raw) or not frames.fits(flag, raw[: n + 1], power), (flag, power)
    assert frames.cut("B", b"\x1b" * 40, 5) == 16 and frames.cut("A", b"x" * 40, 5) == 32
    assert frames.cut("B", b"", 5) == 0 and frames.cut("B", b"x" * 32, 5) == 32
    assert frames.cut("B", b"x" * 31 + b"\x1b", 5) == 31


def shape(frames_read):
    return [(f.kind, f.address, f.block, f.data, f.bcc_ok, f.reason) for f in frames_read]


def test_every_cut_point_reads_the_same():
    stream = b""
    for _, case in vectors():
        stream += bytes.fromhex(case["hex"])
    parser = frames.Parser()
    whole = shape(parser.feed(stream) + parser.timeout())
    assert len([f for f in whole if f[4]]) > 40 and not parser.pending
    for size in (1, 2, 3, 7, 64):
        pieces = []
        for at in range(0, len(stream), size):
            pieces += parser.feed(stream[at : at + size])
        assert shape(pieces + parser.timeout()) == whole, size
    for at in range(0, len(stream), 11):
        assert shape(parser.feed(stream[:at]) + parser.feed(stream[at:]) + parser.timeout()) == whole, at


# the same numbers on both interpreters
class Draw:
    def __init__(self, seed):
        self.seed = seed

    def below(self, limit):
        self.seed = (self.seed * 1103515245 + 12345) % 0x80000000
        return (self.seed >> 8) % limit


def test_random_pieces_of_damaged_streams_read_the_same():
    draw = Draw(7)
    raws = [bytes.fromhex(case["hex"]) for _, case in vectors()]
    for _ in range(40):
        stream = bytearray()
        for _ in range(8):
            stream += raws[draw.below(len(raws))]
        for _ in range(draw.below(6)):
            stream[draw.below(len(stream))] = draw.below(256)
        parser = frames.Parser()
        whole = shape(parser.feed(stream) + parser.timeout())
        pieces, at = [], 0
        while at < len(stream):
            size = 1 + draw.below(20)
            pieces += parser.feed(stream[at : at + size])
            at += size
        assert shape(pieces + parser.timeout()) == whole, bytes(stream)


ACK = frames.encode(frames.ack("AO"))


def test_what_is_no_frame_comes_as_one():
    parser = frames.Parser()
    read = parser.feed(b"\xff\xfe noise" + ACK + ACK + b"\x00" * 9000)
    assert [f.kind for f in read] == ["invalid", "ack", "ack"] and "8 bytes" in read[0].reason
    assert parser.pending
    assert ["9000 bytes" in f.reason for f in parser.timeout()] == [True]
    assert not parser.pending and parser.timeout() == []


def test_a_frame_cut_short_is_given_up_and_what_lies_in_it_is_found():
    parser = frames.Parser()
    long = frames.encode(frames.data("AB", "A", 1, b"x" * 500, True))
    assert parser.feed(long[:300]) == [] and parser.pending
    assert parser.feed(ACK) == []
    read = parser.timeout()
    assert [f.kind for f in read] == ["invalid", "ack"] and "cut short" in read[0].reason
    assert not parser.pending
    assert [f.kind for f in parser.feed(long)] == ["data"]


def test_a_stray_start_does_not_hold_up_an_answer():
    for stray in (b"\x01", b"\x04", b"\x01\x01", b"\x01A"):
        parser = frames.Parser()
        assert [f.kind for f in parser.feed(stray + ACK)] == ["invalid", "ack"], stray


def test_a_pol_without_eot_is_for_units_in_idle_receive():
    bare = frames.encode(frames.pol_general(TIME, 7))[1:]
    assert [f.kind for f in frames.Parser().feed(bare)] == ["general_pol"]
    busy = frames.Parser(idle=False)
    assert busy.feed(bare) == [] and [f.kind for f in busy.timeout()] == ["invalid"]
    assert [f.kind for f in busy.feed(b"\x04" + bare)] == ["general_pol"]
    busy.idle = True
    assert [f.kind for f in busy.feed(bare)] == ["general_pol"]


def test_a_single_nak_counts_where_a_frame_may_begin():
    parser = frames.Parser()
    assert [f.kind for f in parser.feed(b"\x15" + ACK + b"\x15\x15")] == ["nak", "ack", "nak", "nak"]
    assert [f.kind for f in parser.feed(b"\xff\x15\xff") + parser.timeout()] == ["invalid"]


def test_random_bytes_give_frames_that_say_why():
    draw = Draw(1)
    parser = frames.Parser()
    common = b"\x01\x02\x03\x04\x05\x06\x15\x1b|00001ABpq"
    for _ in range(300):
        for frame in parser.feed(bytes([common[draw.below(len(common))] for _ in range(40)])):
            assert frames.sound(frame) or frame.reason
    parser.timeout()
    assert [f.kind for f in parser.feed(ACK)] == ["ack"] and not parser.pending
