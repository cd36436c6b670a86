"""Roll back, clone, re-seal, split view, central rewrite: another history, as whole as its maker's keys allow.

Who re-seals holds a station's signing key and keys of later entries, not those of the entries he changes; a rewriting
centre holds all keys of the centre, none of a station; who shows two views may hold every key there is.
"""

from typing import Any

from tests.tamper.story import F_EXT, F_KIND, SEAL, Book, Entry, Story
from tests.tamper.tamperer import ALARM, BOOT, CENTRE, F_BOOT, F_UTC_MS, ROLLED_BACK, Case, Tamperer

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
