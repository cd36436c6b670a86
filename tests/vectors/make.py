"""Makes the vectors: one file a case, one reason each, fixed keys and times, so that the same bytes come out each time.

    python tests/vectors/make.py

A case has `what` (which reader: cbor, frame, entry, pages, flash_page, key_page, evolve,
sealed, batch), `hex`, and either `expect` (what
is read) or `refused` (which layer must refuse it: crc, cbor, entry, ref, mac, chain, prev_head, signature). Bytes are
written {"hex": ...}, integers beyond 2^53 {"int": ...}. The keys are for tests only.
"""

import json
from binascii import crc32
from pathlib import Path
from struct import pack
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from firmware import issue
from firmware.compat import derive
from firmware.journal import chain, entry, evolve, keypage, kinds
from firmware.journal.flash import PAGE, begin
from firmware.journal.journal import Journal
from firmware.journal.ram import RamFlash, RamStore
from firmware.wire import cbor, cose, frame, sealed

HERE = Path(__file__).parent
STATION = "ICU1"
LOG = 1
KEY = bytes(range(32))
SALT = bytes(range(16, 32))
GENESIS = entry.genesis(STATION, LOG, KEY, "0.1.0")
SIGNER = ec.derive_private_key(0xA907, ec.SECP256R1())

Case = dict[str, Any]


class StepClock:
    """29 June 2026, 08:00 UTC; each reading is 1500 ms after the last."""

    def __init__(self) -> None:
        self.mono_ms = 0

    def now(self) -> tuple[int, int, int]:
        self.mono_ms += 1500
        return 1782720000000 + self.mono_ms, self.mono_ms, 3


class NoState:
    def dump(self) -> list[Any]:
        return []


def one_removal() -> RamFlash:
    """Boot, sign-on, and the entries of one removal, in a ring of two sectors."""
    flash = RamFlash(2)
    begin(flash, issue.ring_start(KEY))
    clock = StepClock()
    state = NoState()
    store = RamStore(flash.power)
    journal = Journal(flash, store, STATION, LOG, derive(KEY, "snapshot"), GENESIS, lambda s, f, d: None, state, clock)
    journal.recover()
    _, told = entry.ref_of(SALT, "10014729-1", "order-17")
    med = {"item": "morphine-4mg", "place": "D03-P07"}
    journal.append(kinds.BOOT, txn=0, ext=("0.1.0", 0, "none", 0))
    journal.append(kinds.SIGN_ON, "nurse-1", txn=0, ext=(1,))
    txn = journal.append(kinds.ACCESS, "nurse-1", **med, disclosure=told, ext=(kinds.PURPOSE_REMOVE, 2, 0))
    journal.append(kinds.OPENED, "nurse-1", place="D03", txn=txn, ext=(3,))
    change = {"before": 10, "change": -2, "after": 8}
    ext = (0, 1782721800000, None, None, None, 0, "", None)
    journal.append(kinds.REMOVE, "nurse-1", **med, **change, txn=txn, disclosure=told, ext=ext)
    journal.append(kinds.CLOSED, "nurse-1", place="D03", txn=txn, ext=(3, 4500))
    return flash


def flash_page(flash: RamFlash, page: int) -> bytes:
    buf = bytearray(PAGE)
    flash.read(page, buf)
    return bytes(buf)


def pages_of(flash: RamFlash) -> list[bytes]:
    raws = [flash_page(flash, n) for n in range(1, 7)]
    return [raw[6 : 6 + int.from_bytes(raw[:2], "little")] for raw in raws]


def sign(kind: str, payload: bytes) -> bytes:
    """A deterministic signature (RFC 6979), r | s."""
    der = SIGNER.sign(cose.tbs(STATION, kind, payload), ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = utils.decode_dss_signature(der)
    return cose.envelope(STATION, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def batch(pages: list[bytes], prev_head: bytes, last_head: bytes) -> bytes:
    spliced = [cbor.raw(p) for p in pages]
    return cbor.encode([1, STATION, LOG, 1, prev_head, spliced, last_head])


def head_after(pages: list[bytes]) -> bytes:
    head = chain.head0(GENESIS)
    for page in pages:
        head = chain.next_head(head, chain.leaf(chain.parse_page(page)[0]))
    return head


def plain(value: Any) -> Any:
    """The value as JSON can say it in any language."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, int) and abs(value) >= 2**53:
        return {"int": str(value)}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def keys() -> Case:
    numbers = SIGNER.public_key().public_numbers()
    return {
        "what": "keys",
        "why": "keys of all cases, for tests only",
        "station": STATION,
        "log": LOG,
        "key": KEY.hex(),
        "genesis": GENESIS.hex(),
        "head0": chain.head0(GENESIS).hex(),
        "signer": {"x": numbers.x.to_bytes(32, "big").hex(), "y": numbers.y.to_bytes(32, "big").hex()},
    }


def valid(what: str, why: str, data: bytes, expect: Any) -> Case:
    return {"what": what, "why": why, "hex": data.hex(), "expect": expect}


def refused(what: str, why: str, data: bytes, layer: str) -> Case:
    return {"what": what, "why": why, "hex": data.hex(), "refused": layer}


def cbor_cases() -> dict[str, Case]:
    value = [0, 23, 24, 255, 256, 65536, 2**32, 2**64 - 1, -1, -25, -(2**64), b"\x00\xff", "häß€😀", None, [[], [1]]]
    bad = {
        "long_integer": ("an integer not in its shortest form", "1817"),
        "long_length": ("a length not in its shortest form", "580100"),
        "indefinite": ("an array of indefinite length", "9f01ff"),
        "map": ("a map", "a10102"),
        "tag": ("a tag", "c100"),
        "float": ("a float", "f93c00"),
        "boolean": ("a boolean", "f5"),
        "overlong_text": ("text that is not UTF-8", "62c080"),
        "cut_short": ("an array with a missing element", "820a"),
        "tail": ("a byte after the end", "0101"),
        "too_deep": ("more than six arrays in each other", "8181818181818100"),
    }
    cases = {"cbor_subset": valid("cbor", "each type, at the edges of its forms", cbor.encode(value), plain(value))}
    for name, (why, data) in bad.items():
        cases["bad_cbor_" + name] = refused("cbor", why, bytes.fromhex(data), "cbor")
    return cases


def entry_cases(pages: list[bytes]) -> dict[str, Case]:
    data = chain.parse_page(pages[4])[0]
    fields = entry.decode(data)
    wrong = cbor.encode([*fields[:9], 7, *fields[10:]])
    short = cbor.encode(fields[:18])
    par = [*fields[:8], kinds.COMMAND, "", None, None, None, None, None, None, 0, None]
    par += [[12, 2, 0, ["D03-P07", 2, 10, "D03-P08", 0, 4]]]
    at = [*fields[:8], kinds.DISCREPANCY, "nurse-2", "nurse-3", "morphine-4mg", "D03-P07"]
    seal = [*fields[:8], kinds.SEAL, "", None, None, None, None, None, None, 0, None, [41, 2]]
    diverged = [*at, 8, -1, 7, 3, None, ["nurse-1", 5]]
    loaded = [*at, 0, 12, 12, 3, None, [0, "LOT/7.2", 30302400, "00312345678906"]]
    loaded[entry.F_KIND] = kinds.LOAD
    return {
        "entry_discrepancy": valid(
            "entry", "a count one short, and who was there before", entry.encode(diverged), plain(diverged)
        ),
        "entry_load": valid(
            "entry", "a pocket loaded by two, with lot and expiry", entry.encode(loaded), plain(loaded)
        ),
        "entry_command_par": valid("entry", "a command that set two PAR levels", entry.encode(par), plain(par)),
        "entry_seal": valid("entry", "a seal after 64 entries, counter 41", entry.encode(seal), plain(seal)),
        "entry_remove": valid("entry", "the remove entry of one removal", data, plain(fields)),
        "bad_entry_type": refused("entry", "the actor is a number", wrong, "entry"),
        "bad_entry_fields": refused("entry", "18 fields", short, "entry"),
    }


def page_cases(pages: list[bytes]) -> dict[str, Case]:
    def array(members: list[bytes]) -> bytes:
        return cbor.encode([cbor.raw(p) for p in members])

    read = [chain.parse_page(p) for p in pages]
    redacted = [chain.page(data, None, mac) for data, _, mac in read]
    foreign = entry.ref_of(SALT, "someone-else", "order-17")[1]
    data, _, mac = read[4]
    relabelled = [*pages[:4], chain.page(data, foreign, mac), pages[5]]
    bad_mac = [*pages[:5], chain.page(read[5][0], None, flip(mac, 0))]
    edited = [*pages[:4], chain.page(data.replace(b"nurse-1", b"nurse-2"), read[4][1], mac), pages[5]]
    head = head_after(pages)
    expect = {"kinds": [entry.decode(d)[entry.F_KIND] for d, _, _ in read], "last_head": plain(head)}
    removed = [*pages[:3], *pages[4:]]
    swapped = [*pages[:2], pages[3], pages[2], *pages[4:]]
    return {
        "pages_one_removal": valid("pages", "the chain of one removal, from the genesis", array(pages), expect),
        "pages_redacted": valid("pages", "the same with every disclosure dropped", array(redacted), expect),
        "bad_pages_disclosure": refused("pages", "a disclosure of another patient", array(relabelled), "ref"),
        "bad_pages_mac": refused("pages", "the MAC of the last page changed", array(bad_mac), "mac"),
        "bad_pages_edited": refused("pages", "another nurse's name in an entry", array(edited), "mac"),
        "bad_pages_removed": refused("pages", "an entry left out", array(removed), "chain"),
        "bad_pages_swapped": refused("pages", "two entries swapped", array(swapped), "chain"),
    }


def flash_cases(flash: RamFlash) -> dict[str, Case]:
    page = flash_page(flash, 5)
    length = int.from_bytes(page[:2], "little")
    too_long = pack("<HI", 247, 5) + page[6:252]
    torn = page[:100] + b"\xff" * (PAGE - 100)
    expect = {"seq": 5, "page": plain(page[6 : 6 + length])}
    overrun = too_long + pack("<I", crc32(too_long))
    return {
        "flash_page": valid("flash_page", "a page of the ring", page, expect),
        "bad_flash_page_torn": refused("flash_page", "power went after 100 bytes", torn, "crc"),
        "bad_flash_page_bit": refused("flash_page", "one bit flipped in the body", flip(page, 40), "crc"),
        "bad_flash_page_crc": refused("flash_page", "one bit flipped in the CRC", flip(page, 253), "crc"),
        "bad_flash_page_length": refused("flash_page", "a length beyond the page, CRC right", overrun, "crc"),
        "bad_flash_page_blank": refused("flash_page", "an erased page", b"\xff" * PAGE, "crc"),
    }


def key_cases() -> dict[str, Case]:
    """Keys of entries at the edges of epochs, and key pages."""
    root = evolve.root_of(KEY)
    seqs = (1, 2, 1023, 1024, 1025, 1026, 2048, 2049, 5000, 102401)
    keys = [[seq, plain(evolve.from_root(root).at(seq))] for seq in seqs]
    key = evolve.from_root(root)
    key.at(1020)
    page = keypage.encode(69, key)
    expect = {"opened": 69, "seq": 1020, "next_epoch": plain(key.next_epoch), "key": plain(key.key)}
    half = flip(page, 40)
    torn = page[:100] + b"\xff" * (PAGE - 100)
    return {
        "evolve": valid("evolve", "K(n) of E(0), by n", root, keys),
        "key_page": valid("key_page", "the key page of a sector that is opened with entry 1020", page, expect),
        "key_page_half": valid("key_page", "one bit flipped in its first record: the second counts", half, expect),
        "bad_key_page_torn": refused("key_page", "power went after 100 bytes", torn, "crc"),
        "bad_key_page_both": refused("key_page", "a bit flipped in each record", flip(half, 200), "crc"),
        "bad_key_page_zero": refused("key_page", "a page that was zeroed", bytes(PAGE), "crc"),
    }


def wire_cases() -> dict[str, Case]:
    payload = cbor.encode([67, 12, 0, ["nurse-1", b"\x00" * 300]])
    coded = frame.encode(payload)
    fields = [1, STATION, LOG, 0, 6, b"\x07" * 32, 1782720010000]
    answer = sealed.seal(fields, derive(KEY, "answer"))
    foreign = sealed.seal(fields, derive(KEY, "command"))
    return {
        "frame": valid("frame", "a frame with zeros and a long run", coded, plain(payload)),
        "bad_frame_crc": refused("frame", "one byte changed", flip(coded, 6), "crc"),
        "bad_frame_cobs": refused("frame", "a run beyond the end of the frame", b"\x05ab\x00", "crc"),
        "sealed_answer": valid("sealed", "an answer for the controller", answer, plain(fields)),
        "bad_sealed_byte": refused("sealed", "one byte changed", flip(answer, 9), "mac"),
        "bad_sealed_purpose": refused("sealed", "sealed with the key for commands", foreign, "mac"),
    }


def batch_cases(pages: list[bytes]) -> dict[str, Case]:
    start, end = chain.head0(GENESIS), head_after(pages)
    good = sign("batch", batch(pages, start, end))
    kid, payload, signature = cose.parse(good)
    forged = cose.envelope(kid, payload, flip(signature, 63))
    wrong_prev = sign("batch", batch(pages, flip(start, 0), end))
    wrong_last = sign("batch", batch(pages, start, flip(end, 0)))
    expect = {"station": STATION, "first_seq": 1, "entries": 6, "last_head": plain(end)}
    return {
        "batch": valid("batch", "a signed batch of one removal", good, expect),
        "bad_batch_signature": refused("batch", "one bit of the signature flipped", forged, "signature"),
        "bad_batch_type": refused("batch", "signed as a heartbeat", sign("heartbeat", payload), "signature"),
        "bad_batch_prev_head": refused("batch", "prev_head is not head(0)", wrong_prev, "prev_head"),
        "bad_batch_last_head": refused("batch", "last_head is not that of the pages", wrong_last, "chain"),
    }


def cases() -> dict[str, Case]:
    """All cases by file name without suffix."""
    flash = one_removal()
    pages = pages_of(flash)
    made = {"keys": keys()}
    for group in (
        cbor_cases(),
        entry_cases(pages),
        page_cases(pages),
        flash_cases(flash),
        key_cases(),
        wire_cases(),
        batch_cases(pages),
    ):
        made.update(group)
    return made


def text(case: Case) -> str:
    return json.dumps(case, indent=1, ensure_ascii=False) + "\n"


def write(folder: Path, made: dict[str, Case]) -> None:
    """The files of `folder`, and no others."""
    for old in folder.glob("*.json"):
        old.unlink()
    for name, case in made.items():
        (folder / f"{name}.json").write_text(text(case), encoding="utf-8")


def main() -> None:
    write(HERE, cases())


if __name__ == "__main__":
    main()
