# The codecs of the wire, on both interpreters.
from firmware.compat import Hmac, crc32, derive, hmac_sha256, same, sha256
from firmware.wire import cbor, cose, frame, sealed, topics

REQ = ("A12.b",)

VALUES = (
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (255, "18ff"),
    (256, "190100"),
    (65536, "1a00010000"),
    (4294967296, "1b0000000100000000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-1, "20"),
    (-25, "3818"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (b"\x01\x02", "420102"),
    ("ü€😀", "69c3bce282acf09f9880"),
    (None, "f6"),
    ([], "80"),
    ([1, [2, None]], "82018202f6"),
)

REFUSED = (
    "",
    "0000",
    "1817",
    "1900ff",
    "1a0000ffff",
    "1b00000000ffffffff",
    "18",
    "4201",
    "5f4101ff",
    "61ff",
    "62c080",
    "63eda080",
    "64f4908080",
    "8201",
    "9bffffffffffffffff",
    "9f01ff",
    "a0",
    "c001",
    "f4",
    "f7",
    "f93c00",
    "1c",
    "8181818181818100",
)


def refused(call, *args):
    try:
        call(*args)
    except ValueError:
        return True
    return False


def test_cbor_both_ways():
    for value, text in VALUES:
        data = bytes.fromhex(text)
        assert cbor.encode(value) == data, text
        assert cbor.decode(data) == value, text


def test_cbor_refuses_what_is_not_the_one_form():
    for text in REFUSED:
        assert refused(cbor.decode, bytes.fromhex(text)), text


def test_cbor_encodes_only_the_subset():
    for value in (True, 1.5, {}, 18446744073709551616, [[[[[[[1]]]]]]]):
        assert refused(cbor.encode, value), value


def test_cbor_splices_encoded_items():
    assert cbor.encode([1, cbor.raw(cbor.encode(["a"]))]) == cbor.encode([1, ["a"]])
    assert cbor.array_header(2) + b"\x01\x02" == cbor.encode([1, 2])


def test_hmac_of_rfc_4231():
    assert hmac_sha256(b"Jefe", b"what do ya want ", b"for nothing?") == bytes.fromhex(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    long_key = Hmac(b"\xaa" * 131)
    assert long_key.mac(b"Test Using Larger Than Block-Size Key - Hash Key First") == bytes.fromhex(
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    )
    assert derive(b"k", "answer") == hmac_sha256(b"k", b"apotheca/1/answer")
    assert sha256(b"a", b"bc") == sha256(b"abc")
    assert same(b"ab", b"ab") and not same(b"ab", b"ac") and not same(b"ab", b"abc")


def test_frames_come_back_at_every_length_around_a_run():
    decoder = frame.Decoder()
    for n in (1, 2, 249, 250, 251, 253, 254, 255, 508, 509, 4096):
        for payload in (b"\0" * n, b"x" * n, b"x" * (n - 1) + b"\0"):
            coded = frame.encode(payload)
            assert coded.find(b"\0") == len(coded) - 1
            assert decoder.feed(coded) == [payload], n
    assert decoder.dropped == 0


def test_frames_resynchronise_after_noise():
    good = frame.encode(b"good")
    broken = bytearray(frame.encode(b"broken"))
    broken[3] ^= 1
    decoder = frame.Decoder(64)
    stream = b"\x05no\0" + good + bytes(broken) + good + b"z" * 500 + b"\0" + good + b"\0\0" + frame.encode(b"x" * 65)
    whole = decoder.feed(stream)
    assert whole == [b"good", b"good", b"good"]
    assert decoder.dropped == 4
    slow = frame.Decoder(64)
    one_by_one = []
    for i in range(len(stream)):
        one_by_one += slow.feed(stream[i : i + 1])
    assert one_by_one == whole and slow.dropped == 4


def test_cose_envelope():
    data = cose.envelope("ICU1", b"payload", b"s" * 64)
    assert cose.parse(data) == ("ICU1", b"payload", b"s" * 64)
    assert data[:2] == b"\xd2\x84"
    for wrong in (data[1:], data + b"\0", data[:-1], data.replace(b"\x26", b"\x27"), data.replace(b"ICU1", b"IC 1")):
        assert refused(cose.parse, wrong)
    assert refused(cose.envelope, "ICU1", b"", b"s" * 63)
    assert cose.tbs("ICU1", "batch", b"p") != cose.tbs("ICU1", "answer", b"p")


def test_sealed_payload_opens_only_whole_and_with_its_key():
    key = derive(b"k" * 32, "answer")
    payload = sealed.seal([1, "ICU1", None, [2]], key)
    assert sealed.open(payload, key) == [1, "ICU1", None, [2]]
    assert sealed.open(payload, derive(b"k" * 32, "command")) is None
    assert sealed.open(None, key) is None and sealed.open("a" * 40, key) is None
    for i in range(len(payload)):
        changed = bytearray(payload)
        changed[i] ^= 1
        assert sealed.open(bytes(changed), key) is None, i
        assert sealed.open(payload[:i], key) is None, i


def test_topics():
    topic = topics.up("demo", "s0", "ICU1", "batch")
    assert topic == "apotheca/1/demo/s0/ICU1/up/batch"
    assert topics.parse(topic) == ("demo", "s0", "ICU1", "up", "batch")
    assert topics.parse(topics.down("demo", "s0", "ICU1", "answer"))[3:] == ("down", "answer")
    assert topics.parse(topics.feed("demo", "alert")) == ("demo", None, None, "feed", "alert")
    for wrong in ("", "apotheca/1/demo/s0/ICU1/up/answer", "apotheca/2/demo/s0/ICU1/up/batch", "a/1/demo/feed/alert"):
        assert refused(topics.parse, wrong), wrong
    for wrong in ("", "a" * 33, "a/b", "a b", "+", "#", "é", None):
        assert not topics.valid_id(wrong), wrong
        assert refused(topics.up, "demo", "s0", wrong, "batch"), wrong


def test_crc_is_the_common_one():
    assert crc32(b"123456789") == 0xCBF43926
