# Random bytes of the ESP32-S3, whose own generator may be no better than arithmetic.
from firmware.ports import esp32


# a generator that everybody knows
class Known:
    @staticmethod
    def urandom(n):
        return bytes(n)


def test_no_bytes_come_twice():
    sources = [esp32.entropy_of(bytes(32)), esp32.entropy_of(bytes(32))]
    drawn = [source(16) for source in sources for _ in range(8)]
    assert len(set(drawn)) == 16


def test_as_many_as_asked_for():
    source = esp32.entropy_of(bytes(32))
    assert [len(source(n)) for n in (0, 1, 31, 32, 33, 100)] == [0, 1, 31, 32, 33, 100]


def test_who_knows_the_generator_still_lacks_the_key():
    own, esp32.os = esp32.os, Known
    try:
        one, same, other = [esp32.entropy_of(key) for key in (b"k" * 32, b"k" * 32, b"j" * 32)]
        first = one(16)
        assert first == same(16)
        assert first != other(16)
        assert first != one(16)
    finally:
        esp32.os = own
