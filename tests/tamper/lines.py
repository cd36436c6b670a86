"""Edit, drop, insert, reorder, truncate: who does it may hold the key of the manifest and keys of MACs, none of a
station's to sign with."""

from typing import Any

import cbor2

from firmware.wire import cbor
from tests.tamper.tamperer import F_UTC_MS, Case, Tamperer

# ---- edit


def a_byte_of_a_line(t: Tamperer) -> Case:
    """A hex digit of entry, disclosure, MAC, leaf or head is another one."""
    if t.rng.random() < 0.2:
        t.of_centre()
    seq = t.any_seq(1, 0)

    def change(lines: list[bytes]) -> None:
        line = lines[seq - 1]
        at = t.rng.choice([i for i in range(line.index(b'"page": "') + 9, len(line)) if line[i : i + 1].isdigit()])
        lines[seq - 1] = line[:at] + b"%d" % ((line[at] - 47) % 10) + line[at + 1 :]

    return t.make(t.lines_changed(change), seq, with_keys=True)


def an_entry_and_the_chain(t: Tamperer) -> Case:
    """Chain and manifest follow, the MACs can not."""
    seq = t.alter(t.any_seq(1, 0), t.mac_key())
    return t.make(t.story.files(), seq)


def a_page_in_the_cabinet(t: Tamperer) -> Case:
    """The journal holds another page than the ledger."""
    pages = t.story.rings[t.book.station]
    at = t.rng.randrange(len(pages))
    entry, *rest = cbor2.loads(pages[at][1])
    pages[at] = (pages[at][0], cbor.encode([cbor.encode(t.altered(cbor2.loads(entry))), *rest]))
    return t.make(t.story.files(), pages[at][0])


def a_page_in_a_batch(t: Tamperer) -> Case:
    """A batch holds another page; its signature can not follow."""
    file, first, last = t.rng.choice(list(t.story.spans(t.name)))
    seq = t.rng.randint(first, last)
    entry = t.book.pages[seq - 1][0]
    utc = t.book.entry(seq)[F_UTC_MS]
    other = entry.replace(utc.to_bytes(8, "big"), (utc ^ 1 << t.rng.randrange(30)).to_bytes(8, "big"), 1)
    assert other != entry
    t.story.batches[file] = t.story.batches[file].replace(entry, other, 1)
    return t.make(t.story.files(), seq)


# ---- drop


def lines_left_out(t: Tamperer) -> Case:
    """One line or some are gone."""
    if t.rng.random() < 0.2:
        t.of_centre()
    seq, count = t.any_seq(1, 4), t.rng.randint(1, 3)

    def change(lines: list[bytes]) -> None:
        del lines[seq - 1 : seq - 1 + count]

    return t.make(t.lines_changed(change), seq)


def entries_left_out(t: Tamperer) -> Case:
    """The rest is numbered on, chained and signed."""
    count = t.rng.randint(1, 3)

    def change(tail: list[Any]) -> None:
        del tail[:count]

    seq = t.rewritten(t.any_seq(1, 4), change, t.mac_key())
    return t.make(t.story.files(), seq)


def a_batch_left_out(t: Tamperer) -> Case:
    """What the station signed of some entries is gone."""
    file, first, _ = t.rng.choice(list(t.story.spans(t.name)))
    del t.story.batches[file]
    return t.make(t.story.files(), first)


# ---- insert


def a_line_twice(t: Tamperer) -> Case:
    """A line is there again."""
    seq = t.any_seq(1, 0)

    def change(lines: list[bytes]) -> None:
        lines.insert(seq, lines[t.rng.randrange(seq)])

    return t.make(t.lines_changed(change), seq + 1)


def an_entry_put_in(t: Tamperer) -> Case:
    """One that never was; the rest is numbered on, chained and signed."""

    def change(tail: list[Any]) -> None:
        tail.insert(0, (t.forged(tail[0][0]), None))

    seq = t.rewritten(t.any_seq(1, 0), change, t.mac_key())
    return t.make(t.story.files(), seq)


def an_entry_added(t: Tamperer) -> Case:
    """At the end, with a right MAC: nobody but the station can vouch for it."""
    last = len(t.book.pages)
    entry = t.forged(t.book.entry(last))
    t.book.rewrite(last + 1, [(entry, None)], t.story.keys.logs[t.name])
    return t.make(t.story.files(), last + 1, with_keys=True)


# ---- reorder


def lines_swapped(t: Tamperer) -> Case:
    """Two lines change places, near or far."""
    if t.rng.random() < 0.2:
        t.of_centre()
    seq = t.any_seq(1, 1)
    other = t.rng.choice((seq + 1, t.rng.randint(seq + 1, len(t.book.pages))))

    def change(lines: list[bytes]) -> None:
        lines[seq - 1], lines[other - 1] = lines[other - 1], lines[seq - 1]

    return t.make(t.lines_changed(change), seq)


def entries_swapped(t: Tamperer) -> Case:
    """Numbered anew, chained and signed."""

    def change(tail: list[Any]) -> None:
        at = t.rng.randrange(1, len(tail))
        tail[0], tail[at] = tail[at], tail[0]

    seq = t.rewritten(t.any_seq(1, 1), change, t.mac_key())
    return t.make(t.story.files(), seq)


# ---- truncate


def lines_cut_off(t: Tamperer) -> Case:
    """The file is shorter."""
    if t.rng.random() < 0.2:
        t.of_centre()
    seq = t.any_seq(1, 0)

    def change(lines: list[bytes]) -> None:
        del lines[seq - 1 :]

    return t.make(t.lines_changed(change), seq)


def end_cut_off(t: Tamperer) -> Case:
    """Manifest and perhaps journal, batches and tree with it, as far as that can be made to agree."""
    seq = t.any_seq(2, 0)
    t.book.rewrite(seq, [], None)
    thorough = t.rng.randrange(4)
    if thorough > 0:
        t.story.drop_batches(t.name, seq)
    if thorough > 1:
        t.story.rings[t.book.station] = [one for one in t.story.rings[t.book.station] if one[0] < seq]
    if thorough > 2:
        t.story.cut_runs(t.name, seq - 1)
        t.story.sign_tree(cosigned=False)
    return t.make(t.story.files(), seq)
