"""The vectors are what the firmware's code makes, byte for byte, and what its readers refuse."""

from binascii import unhexlify
from typing import Any

import pytest

from firmware.journal import entry, evolve, keypage
from firmware.journal.flash import PAGE
from firmware.journal.ring import Ring
from firmware.wire import cbor, frame
from tests.vectors import make

CASES = make.cases()


def test_making_them_again_gives_the_same_bytes() -> None:
    held = {path.stem: path.read_text(encoding="utf-8") for path in make.HERE.glob("*.json")}
    assert held == {name: make.text(case) for name, case in CASES.items()}


def of(*whats: str) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in CASES.items() if case["what"] in whats]


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("case", of("cbor", "entry"))
def test_firmware_reads_or_refuses(case: make.Case) -> None:
    read = {"cbor": cbor.decode, "entry": entry.decode}[case["what"]]
    data = unhexlify(case["hex"])
    if "refused" in case:
        with pytest.raises(ValueError):
            read(data)
    else:
        assert make.plain(read(data)) == case["expect"]


@pytest.mark.parametrize("case", of("frame"))
def test_firmware_reads_frames(case: make.Case) -> None:
    decoder = frame.Decoder()
    got = decoder.feed(unhexlify(case["hex"]))
    if "refused" in case:
        assert (got, decoder.dropped) == ([], 1)
    else:
        assert [make.plain(bytes(p)) for p in got] == [case["expect"]]


@pytest.mark.parametrize("case", of("flash_page"))
def test_ring_takes_only_the_good_page(case: make.Case) -> None:
    flash = make.RamFlash(2)
    flash.bytes[PAGE : 2 * PAGE] = unhexlify(case["hex"])
    ring = Ring(flash)
    ring.scan()
    assert ring.last == (0 if "refused" in case else case["expect"]["seq"])


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("case", of("evolve"))
def test_the_key_of_an_entry_is_found_from_the_beginning_and_from_the_key_before(case: make.Case) -> None:
    walking = evolve.from_root(unhexlify(case["hex"]))
    for seq, key in case["expect"]:
        assert make.plain(evolve.from_root(unhexlify(case["hex"])).at(seq)) == make.plain(walking.at(seq)) == key
    with pytest.raises(ValueError):
        walking.at(seq - 1)


@pytest.mark.parametrize("case", of("key_page"))
def test_a_key_page_is_as_good_as_its_better_record(case: make.Case) -> None:
    read = keypage.decode(unhexlify(case["hex"]))
    if "refused" in case:
        assert read is None
    else:
        assert read is not None
        opened, key = read
        told = {"opened": opened, "seq": key.seq, "next_epoch": key.next_epoch, "key": key.key}
        assert {name: make.plain(value) for name, value in told.items()} == case["expect"]
