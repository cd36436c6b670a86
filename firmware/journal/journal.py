# The journal: append, recover, read back. docs/journal.md sections 2 to 5.
from firmware.compat import const, same
from firmware.journal import chain, entry
from firmware.journal.ring import MAX_BYTES, JournalFull, Ring
from firmware.journal.snapshot import S_BOOT, S_HEAD, S_RELEASED, S_SEQ, S_STATE, Snapshots

__all__ = ("RESERVE_PAGES", "SNAPSHOT_EVERY", "Damage", "Journal", "JournalFull", "KeyLost", "TooLong")

SNAPSHOT_EVERY = const(256)
RESERVE_PAGES = const(32)

# what an entry may grow by between `fits` and `append`
_LATER_SEQ = const(4096)
_LATER_MS = const(86400000)


class TooLong(Exception):
    pass


# no key page counts: nothing this controller could write would be believed; it has to be replaced
class KeyLost(Exception):
    pass


# pages: bad, missing or unverified. first_seq: first of them, 0 if not known. verified_*: where the proven part ends.
class Damage:
    def __init__(self, pages, first_seq, verified_seq, verified_head):
        self.pages = pages
        self.first_seq = first_seq
        self.verified_seq = verified_seq
        self.verified_head = verified_head


# apply(state, fields, disclosure) is all that changes state, live and in recovery. state has load(list) and dump().
# store: two areas for snapshots (snapshot.FileStore), MACed with snapshot_key. clock.now() -> (utc_ms, mono_ms, tq).
# saw(fields): who else hears of each entry once it is durable.
class Journal:
    def __init__(self, flash, store, station, log, snapshot_key, genesis, apply, state, clock=None):
        self._ring = Ring(flash)
        self._snapshots = Snapshots(store, snapshot_key)
        self._station = station
        self._log = log
        self._apply = apply
        self._state = state
        self._every = min(SNAPSHOT_EVERY, self._ring.slots // 4)
        self._low = max(RESERVE_PAGES, min(2 * RESERVE_PAGES, self._ring.slots // 4))
        self.clock = clock
        self.saw = None
        self.head = chain.head0(genesis)
        self.seq = 0
        self.boot = 1
        self.released = 0
        self._released_kept = 0
        self.torn = 0

    # Call once, before all else. Gives (entries adopted beyond the last answer, Damage or None); raises KeyLost.
    def recover(self):
        self._load()
        self._ring.scan()
        if self._ring.key is None:
            raise KeyLost()
        self._ring.scrub()
        self.torn = self._ring.torn
        pages, first = max(self._ring.damaged, self._lost_before()), self._ring.first_damaged
        verified, unverified = self._fold()
        damage = None
        if pages or unverified:
            damage = Damage(max(pages, unverified), first or (verified + 1 if unverified else 0), verified, self.head)
        self._ring.key.at(self.seq + 1)
        self.boot += 1
        if self.seq > self._snapshots.newest and (damage or self._snapshots.newest > self._snapshots.older == 0):
            self._snapshot()
        return self.seq - self.released, damage

    # Arguments are those of _build. Durable on return; after JournalFull or TooLong nothing is written.
    def append(self, *args, **named):
        fields, data, disclosure = self._build(1, 0, *args, **named)
        head = chain.next_head(self.head, chain.leaf(data))
        key = self._ring.key
        page = chain.page(data, disclosure, chain.mac(key.at(self.seq + 1), head))
        if len(page) > MAX_BYTES:
            raise TooLong()
        self._ring.append(self.seq + 1, page, self._may_erase())
        self.seq += 1
        self.head = head
        key.at(self.seq + 1)
        self._apply(self._state, fields, disclosure)
        if self.saw:
            self.saw(fields)
        if self.seq - self._snapshots.newest >= self._every:
            self._snapshot()
        self._make_room()
        return fields[entry.F_SEQ]

    # Would an append of this fit, now and for a day? Ask before anything moves.
    def fits(self, *args, **named):
        _, data, disclosure = self._build(_LATER_SEQ, _LATER_MS, *args, **named)
        return len(chain.page(data, disclosure, bytes(chain.MAC_BYTES))) <= MAX_BYTES

    # Only for a seq named by an ACCEPT or DUP answer whose MAC is right.
    def release(self, seq):
        self.released = max(self.released, min(seq, self.seq))
        self._make_room()

    def page(self, seq):
        return self._ring.read(seq)

    # the fields of an entry, None if it is not held any more
    def entry(self, seq):
        page = self.page(seq)
        return entry.decode(chain.parse_page(page)[0]) if page else None

    @property
    def first_held(self):
        return self._ring.first if self._ring.last else self.seq + 1

    @property
    def free_pages(self):
        return self._ring.free(self._may_erase())

    # nothing up to here is needed any more to recover
    @property
    def safe_from(self):
        return self._snapshots.older

    @property
    def opening_allowed(self):
        return self.free_pages >= RESERVE_PAGES

    def _may_erase(self):
        return min(self._released_kept, self._snapshots.older)

    # Space that is released but held back by old snapshots is worth new ones (two, for the older one counts).
    def _make_room(self):
        for _ in (0, 1):
            if self._may_erase() < self.released and self.free_pages < self._low:
                self._snapshot()

    # txn None: this entry opens a transaction, txn is its own seq; 0: outside one. disclosure: see entry.ref_of.
    def _build(
        self,
        seq_on,
        later_ms,
        kind,
        actor="",
        witness=None,
        item=None,
        place=None,
        before=None,
        change=None,
        after=None,
        txn=None,
        disclosure=None,
        ext=(),
    ):
        seq = self.seq + seq_on
        utc_ms, mono_ms, tq = self.clock.now()
        txn = seq if txn is None else txn
        ref = entry.ref_of(*disclosure)[0] if disclosure else None
        fields = [entry.VERSION, self._station, self._log, self.boot, seq, utc_ms, mono_ms + later_ms, tq, kind]
        fields += [actor, witness, item, place, before, change, after, txn, ref, list(ext)]
        return fields, entry.encode(fields), disclosure

    def _snapshot(self):
        state = self._state.dump()
        self._snapshots.save(self._station, self._log, self.seq, self.head, self.boot, self.released, state)
        self._released_kept = self.released

    def _load(self):
        self.boot = 0
        self._snapshots.load(self._station, self._log, self._take)

    def _take(self, fields):
        self.seq = fields[S_SEQ]
        self.head = fields[S_HEAD]
        self.boot = fields[S_BOOT]
        self.released = self._released_kept = fields[S_RELEASED]
        self._state.load(fields[S_STATE:])

    # Nothing after the older snapshot was ever erased.
    def _lost_before(self):
        older = self._snapshots.older
        return max(0, self._ring.first - 1 - older) if older else 0

    # What there was: also what the newest key page says had been written when it was.
    # Gives (last verified seq, number of entries beyond it that are missing or can not be verified).
    def _fold(self):
        written = max(self.seq, self._ring.last, self._ring.key.seq - 1)
        verified = self._follow() if self._ring.last >= self.seq else self._ring.last
        self.seq = written
        return verified, written - verified

    # Past a missing or unverified entry the chain can not be followed: the head stays; what reads back is applied.
    def _follow(self):
        verified, first_key = self.seq, self._ring.key.seq
        for seq in range(self.seq + 1, self._ring.last + 1):
            read = self._read(seq)
            if read is None:
                continue
            fields, disclosure, head, mac = read
            genuine = seq < first_key or same(chain.mac(self._ring.key.at(seq), head), mac)
            if genuine and verified == seq - 1:
                verified, self.head = seq, head
            self._apply(self._state, fields, disclosure)
            self.boot = max(self.boot, fields[entry.F_BOOT])
        return verified

    # (fields, disclosure, head if it follows the present one, MAC as it stands there), or None.
    def _read(self, seq):
        page = self._ring.read(seq)
        if page is None:
            return None
        try:
            data, disclosure, mac = chain.parse_page(page)
            fields = entry.decode(data)
        except ValueError:
            return None
        if fields[entry.F_SEQ] != seq or fields[entry.F_STATION] != self._station or fields[entry.F_LOG] != self._log:
            return None
        head = chain.next_head(self.head, chain.leaf(data))
        return fields, disclosure, head, mac
