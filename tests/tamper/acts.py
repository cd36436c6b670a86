"""What is done to the ledger, ten kinds of it; each case says what it leaves to judge by, and where the histories part.

Who does it has the keys that the kind gives him: the one who edits, drops, inserts, reorders or cuts may hold the key of
the manifest; who re-seals holds a station's signing key and keys of later entries, not those of the entries he changes;
a rewriting centre holds all keys of the centre, none of a station; who shows two views holds every key there is.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2

from firmware.wire import cbor
from tests.tamper.story import F_ACTOR, F_EXT, F_KIND, SEAL, Book, Entry, Raw, Story, ledger_lines

STATIONS = ("ICU1-1", "ED1-1")
CENTRE = "centre-1"
F_BOOT, F_UTC_MS, F_ITEM, F_CHANGE, F_TXN = 3, 5, 11, 14, 16
BOOT, SIGN_ON, ALARM = 1, 2, 30
ROLLED_BACK = 13


@dataclass
class Case:
    """What was done and what is left: `folder`, and from elsewhere keys of logs if `with_keys`, the base export or
    cabinets' exports to hold `against` it, checkpoints. The heads that the centre answered are always there. `expect`
    is the first bad entry of each log that has one."""

    kind: str
    what: str
    folder: Raw
    expect: dict[str, int]
    with_keys: bool = False
    against: dict[str, Raw] = field(default_factory=dict)
    checkpoints: dict[str, bytes] = field(default_factory=dict)


def parting(one: Book, other: Book) -> int:
    """The first sequence where two histories of a log part."""
    pairs = zip(one.pages, other.pages, strict=False)
    same = next((at for at, (a, b) in enumerate(pairs) if a[0] != b[0]), min(len(one.pages), len(other.pages)))
    return same + 1


class Tamperer:
    """Makes the case of a number, always the same one."""

    def __init__(self, base: Story, kind: str, number: int, seed: int) -> None:
        self.rng = random.Random(f"{seed}/{kind}/{number}")
        self.base, self.kind, self.story = base, kind, base.copy()
        self.name = self.rng.choice(STATIONS)
        acts = ACTS[kind]
        self.act = acts[number % len(acts)]
        self.number = number

    def case(self) -> Case:
        """Do it."""
        return self.act(self)

    # ---- small things

    @property
    def book(self) -> Book:
        """The log it is about."""
        return self.story.books[self.name]

    def any_seq(self, first: int = 2, before_end: int = 1) -> int:
        """One of its entries."""
        return self.rng.randint(first, len(self.book.pages) - before_end)

    def of_centre(self) -> None:
        """It is about the centre's own log."""
        self.name = CENTRE

    def altered(self, fields: Entry) -> Entry:
        """Another entry of the same kind, as someone could wish it were."""
        changed = list(fields)
        what = self.rng.choice((F_ACTOR, F_UTC_MS, F_ITEM, F_CHANGE))
        if what == F_CHANGE and changed[F_CHANGE] is not None:
            changed[F_CHANGE] -= 1
        elif what == F_UTC_MS:
            changed[F_UTC_MS] += 1 + self.rng.randrange(100_000)
        elif what == F_ITEM and changed[F_ITEM] is not None:
            changed[F_ITEM] = "LORA2"
        else:
            changed[F_ACTOR] = f"someone{self.rng.randrange(100)}"
        return changed

    def forged(self, like: Entry) -> Entry:
        """An entry that never was: a sign-on."""
        return [*like[:F_KIND], SIGN_ON, f"u{self.rng.randrange(9)}", *[None] * 6, 0, None, [1]]

    def mac_key(self) -> bytes | None:
        """For who rewrites a chain: MACs of the right key, of another, or left as they are."""
        return self.rng.choice((self.story.keys.logs[self.name], self.rng.randbytes(32), None))

    def rewritten(self, seq: int, change: Callable[[list[Any]], None], key: bytes | None) -> int:
        """The log's entries from `seq` on changed, numbered on, chained and MACed; where it parts from the base."""
        tail = self.book.tail(seq)
        change(tail)
        self.book.rewrite(seq, tail, key)
        return parting(self.base.books[self.name], self.book)

    def alter(self, seq: int, key: bytes | None) -> int:
        """One entry is another one, and the chain follows."""

        def change(tail: list[Any]) -> None:
            tail[0] = (self.altered(tail[0][0]), tail[0][1])

        return self.rewritten(seq, change, key)

    def make(self, folder: Raw, seq: int, **left: Any) -> Case:
        """A case about one log."""
        what = f"{self.number}: {self.act.__name__} {self.name} {seq}"
        return Case(self.kind, what, folder, {self.name: seq}, **left)

    def lines_changed(self, change: Callable[[list[bytes]], None]) -> Raw:
        """The log's file with other lines; the manifest is that of before, or signed anew."""
        file = f"ledger/{self.name}.pages"
        files = self.story.unsigned()
        lines = ledger_lines(self.book)
        change(lines)
        changed = {file: b"".join(lines)}
        if self.rng.random() < 0.5:
            return {**self.story.signed(files), **changed}
        return self.story.signed({**files, **changed})

    def kept(self) -> dict[str, bytes]:
        """The checkpoint that the witness kept."""
        return {"the witness's checkpoint": self.base.note}

    def cabinets_own(self) -> dict[str, Raw]:
        """What the cabinet itself exports."""
        return {f"cabinet {self.name}": export_of_cabinet(self.base, self.name)}

    def whole_base(self) -> dict[str, Raw]:
        """The export that was made before."""
        return {"the export before": {}}


_exports: dict[tuple[int, str], Raw] = {}


def export_of_cabinet(base: Story, name: str) -> Raw:
    """Made once for each base."""
    key = (id(base), name)
    if key not in _exports:
        _exports[key] = base.of_cabinet(name)
    return _exports[key]


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


# ---- roll back


def a_station_in_the_centre(t: Tamperer) -> Case:
    """The centre's rows of a station are those of an old backup."""
    ends = [last for _, _, last in t.story.spans(t.name)][:-1]
    last = t.rng.choice(ends)
    t.book.rewrite(last + 1, [], None)
    t.story.drop_batches(t.name, last + 1)
    t.story.cut_runs(t.name, last)
    t.story.sign_tree(cosigned=False)
    return t.make(t.story.files(), last + 1, checkpoints=t.kept())


def the_whole_centre(t: Tamperer) -> Case:
    """The database is an old backup; its checkpoint was a right one then."""
    del t.story.runs[t.rng.randrange(3, len(t.story.runs)) :]
    expect = {}
    for name, book in t.story.books.items():
        station, log = book.station, book.log
        last = sum(run["count"] for run in t.story.runs if (run["station"], run["log"]) == (station, log))
        book.rewrite(last + 1, [], None)
        t.story.drop_batches(name, last + 1)
        if len(book.pages) < len(t.base.books[name].pages):
            expect[name] = last + 1
    t.story.sign_tree(cosigned=True)
    what = f"{t.number}: the_whole_centre to {len(t.story.leaves())} leaves"
    return Case(t.kind, what, t.story.files(), expect, against=t.whole_base(), checkpoints=t.kept())


def went_on(t: Tamperer, seq: int) -> Book:
    """The log as a controller goes on that finds itself at the end of `seq`."""
    book = t.story.copy().books[t.name]
    last = book.entry(seq)
    boot = [*last[:F_BOOT], last[F_BOOT] + 1, *last[F_BOOT + 1 : F_KIND], BOOT, "", *[None] * 6, 0, None]
    boot[F_UTC_MS] += 1 + t.rng.randrange(10**6)
    entries: list[tuple[Entry, Any]] = [([*boot, ["0.1.0", 0, "software", 0]], None)]
    entries.append(([*boot[:F_KIND], ALARM, "", *[None] * 6, 0, None, [ROLLED_BACK, 0]], None))
    sealed = [entry[F_EXT][0] for entry in map(book.entry, range(1, len(book.pages) + 1)) if entry[F_KIND] == SEAL]
    entries.append(([*boot[:F_KIND], SEAL, "", *[None] * 6, 0, None, [max(sealed) + 1, 1]], None))
    for _ in range(t.rng.randrange(4, 30)):
        entries.append((t.forged(boot), None))
    book.rewrite(seq + 1, entries, t.story.keys.logs[t.name])
    return book


def a_cabinet_seen_in_its_journal(t: Tamperer) -> Case:
    """The controller has an old flash and goes on; the ledger has what it was before."""
    seq = t.any_seq(t.story.rings[t.book.station][0][0], 1)
    story = t.story.copy()
    story.books[t.name] = went_on(t, seq)
    story.ring_follows(t.name)
    t.story.rings = story.rings
    return t.make(t.story.files(), seq + 1, with_keys=True)


def a_cabinet_seen_in_its_export(t: Tamperer) -> Case:
    """The cabinet's own export, held against the centre's."""
    seq = t.any_seq(2, 1)
    t.story.books[t.name] = went_on(t, seq)
    return t.make(t.story.of_cabinet(t.name), seq + 1, against=t.whole_base())


def a_cabinet_that_did_not_go_on(t: Tamperer) -> Case:
    """The cabinet's own export ends before what the centre answered."""
    seq = t.any_seq(2, 0)
    t.book.rewrite(seq, [], None)
    return t.make(t.story.of_cabinet(t.name), seq)


# ---- clone


def the_other(t: Tamperer, seq: int) -> Story:
    """Two controllers with the same keys part after `seq`: this is what the other one lives through."""
    other = t.base.copy()
    book = other.books[t.name]
    tail = book.tail(seq + 1)[: t.rng.randint(1, 40)]
    shift_ms = 1 + t.rng.randrange(10**6)
    moved = [([*e[:F_UTC_MS], e[F_UTC_MS] + shift_ms, *e[F_UTC_MS + 1 :]], disclosure) for e, disclosure in tail]
    book.rewrite(seq + 1, moved, t.story.keys.logs[t.name])
    return other


def a_clone_exports(t: Tamperer) -> Case:
    """The centre has one history; the clone's own export is held against it, or the other way round."""
    seq = t.any_seq(1, 1)
    clones = the_other(t, seq).of_cabinet(t.name)
    if t.rng.random() < 0.5:
        return t.make(t.story.files(), seq + 1, against={"the clone": clones})
    return t.make(clones, seq + 1, against=t.whole_base())


def a_clone_sent(t: Tamperer) -> Case:
    """A batch of the clone, signed with the station's key, lies among the others."""
    seq = t.any_seq(2, 1)
    other = the_other(t, seq)
    first = max(1, seq + 1 - t.rng.randrange(4))
    other.batches = {}
    other.batch(t.name, (first, min(len(other.books[t.name].pages), seq + 3)), t.story.keys.stations[t.book.station])
    (file,) = other.batches
    if file in t.story.batches:
        del t.story.batches[file]
    t.story.batches |= other.batches
    return t.make(t.story.files(), seq + 1)


def a_clone_in_the_cabinet(t: Tamperer) -> Case:
    """The journal that is exported is the clone's."""
    seq = t.any_seq(t.story.rings[t.book.station][0][0], 1)
    other = the_other(t, seq)
    other.ring_follows(t.name)
    t.story.rings = other.rings
    return t.make(t.story.files(), seq + 1)


# ---- re-seal


def all_follows(t: Tamperer, seq: int, *, cosigned: bool = True) -> None:
    """Batches, journal, tree and manifest are made to agree with the log."""
    t.story.sign_batches(t.name, seq)
    t.story.ring_follows(t.name)
    t.story.sign_tree(cosigned=cosigned)


def with_keys_of_later_entries(t: Tamperer) -> Case:
    """From some entry on the MACs are right; those of what was changed can not be."""
    seq = t.any_seq(1, 2)
    stolen = t.rng.randint(seq + 1, len(t.book.pages))
    seq = t.alter(seq, t.rng.choice((None, t.rng.randbytes(32))))
    t.book.rewrite(stolen, t.book.tail(stolen), t.story.keys.logs[t.name])
    all_follows(t, seq)
    return t.make(t.story.files(), seq, with_keys=True)


def a_counter(t: Tamperer) -> Case:
    """A controller that lies, with every key: a seal's number is one again, or leaves some out."""
    seals = [n for n in range(1, len(t.book.pages) + 1) if t.book.entry(n)[F_KIND] == SEAL]
    step = t.rng.choice((-2, -1, 1, 2, 7))

    def change(tail: list[Any]) -> None:
        entry = tail[0][0]
        tail[0] = ([*entry[:F_EXT], [max(0, entry[F_EXT][0] + step), entry[F_EXT][1]]], tail[0][1])

    seq = t.rewritten(t.rng.choice(seals[2:]), change, t.story.keys.logs[t.name])
    all_follows(t, seq)
    return t.make(t.story.files(), seq, with_keys=True)


def a_seal_left_out(t: Tamperer) -> Case:
    """With every key; an export of before knows better."""
    seals = [n for n in range(1, len(t.book.pages) + 1) if t.book.entry(n)[F_KIND] == SEAL]

    def change(tail: list[Any]) -> None:
        del tail[0]

    seq = t.rewritten(t.rng.choice(seals[:-1]), change, t.story.keys.logs[t.name])
    _shorten_runs(t)
    all_follows(t, seq)
    return t.make(t.story.files(), seq, with_keys=True, against=t.whole_base())


def _shorten_runs(t: Tamperer) -> None:
    station, log = t.book.station, t.book.log
    total = sum(run["count"] for run in t.story.runs if (run["station"], run["log"]) == (station, log))
    t.story.cut_runs(t.name, min(total, len(t.book.pages)))


# ---- split view


def two_views_of_the_centres_own(t: Tamperer) -> Case:
    """The centre tells of itself what it likes, with all its keys; someone has seen the other view."""
    t.of_centre()
    seq = t.alter(t.any_seq(1, 0), t.story.keys.logs[CENTRE])
    t.story.sign_tree(cosigned=t.rng.random() < 0.5)
    return t.make(t.story.files(), seq, against=t.whole_base(), checkpoints=t.kept())


def two_views_of_a_station(t: Tamperer) -> Case:
    """With every key there is; the cabinet's own export, or one of before, is the other view."""
    seq = t.alter(t.any_seq(1, 0), t.story.keys.logs[t.name])
    all_follows(t, seq)
    other = t.whole_base() if t.rng.random() < 0.5 else t.cabinets_own()
    return t.make(t.story.files(), seq, with_keys=True, against=other, checkpoints=t.kept())


def a_view_that_ends_early(t: Tamperer) -> Case:
    """What a station wrote last is hidden from one who looks."""
    seq = t.any_seq(2, 0)
    t.book.rewrite(seq, [], None)
    t.story.drop_batches(t.name, seq)
    t.story.sign_batches(t.name, seq - 1)
    t.story.cut_runs(t.name, seq - 1)
    t.story.ring_follows(t.name)
    t.story.sign_tree(cosigned=True)
    return t.make(t.story.files(), seq, checkpoints=t.kept(), against=t.whole_base())


def another_end_seen_later(t: Tamperer) -> Case:
    """The views part after the checkpoint; the export of before is what is doubted."""
    t.of_centre()
    last = sum(run["count"] for run in t.story.runs if run["station"] == "centre")
    seq = t.alter(t.rng.randint(last + 1, len(t.book.pages)), t.story.keys.logs[CENTRE])
    return t.make(t.base.files(), seq, against={"the other view": t.story.files()})


# ---- central rewrite


def against_the_batches(t: Tamperer) -> Case:
    """Every key of the centre, none of the station: its batches stay as they are."""
    seq = t.alter(t.any_seq(1, 0), t.story.keys.logs[t.name])
    t.story.ring_follows(t.name)
    t.story.sign_tree(cosigned=False)
    return t.make(t.story.files(), seq, with_keys=True, checkpoints=t.kept())


def against_the_cabinet(t: Tamperer) -> Case:
    """The batches are gone as well; the cabinet can still tell."""
    seq = t.alter(t.any_seq(1, 0), t.story.keys.logs[t.name])
    t.story.drop_batches(t.name, seq)
    t.story.ring_follows(t.name)
    t.story.sign_tree(cosigned=False)
    return t.make(t.story.files(), seq, with_keys=True, checkpoints=t.kept(), against=t.cabinets_own())


def with_entries_left_out(t: Tamperer) -> Case:
    """Some entries of a station never were."""
    count = t.rng.randint(1, 5)

    def change(tail: list[Any]) -> None:
        del tail[:count]

    seq = t.rewritten(t.any_seq(1, 6), change, t.story.keys.logs[t.name])
    _shorten_runs(t)
    t.story.drop_batches(t.name, seq)
    t.story.ring_follows(t.name)
    t.story.sign_tree(cosigned=False)
    return t.make(t.story.files(), seq, checkpoints=t.kept(), against=t.cabinets_own())


def of_its_own_log(t: Tamperer) -> Case:
    """Nobody but witnesses and who has an export of before can tell."""
    t.of_centre()
    seq = t.alter(t.any_seq(1, 0), t.story.keys.logs[CENTRE])
    t.story.sign_tree(cosigned=False)
    return t.make(t.story.files(), seq, with_keys=True, checkpoints=t.kept(), against=t.whole_base())


ACTS: dict[str, tuple[Callable[[Tamperer], Case], ...]] = {
    "edit": (a_byte_of_a_line, an_entry_and_the_chain, a_page_in_the_cabinet, a_page_in_a_batch),
    "drop": (lines_left_out, entries_left_out, a_batch_left_out),
    "insert": (a_line_twice, an_entry_put_in, an_entry_added),
    "reorder": (lines_swapped, entries_swapped),
    "truncate": (lines_cut_off, end_cut_off),
    "roll back": (
        a_station_in_the_centre,
        the_whole_centre,
        a_cabinet_seen_in_its_journal,
        a_cabinet_seen_in_its_export,
        a_cabinet_that_did_not_go_on,
    ),
    "clone": (a_clone_exports, a_clone_sent, a_clone_in_the_cabinet),
    "re-seal": (with_keys_of_later_entries, a_counter, a_seal_left_out),
    "split view": (
        two_views_of_the_centres_own,
        two_views_of_a_station,
        a_view_that_ends_early,
        another_end_seen_later,
    ),
    "central rewrite": (against_the_batches, against_the_cabinet, with_entries_left_out, of_its_own_log),
}
