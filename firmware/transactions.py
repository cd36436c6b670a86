# One access from intent to outcome. Writes before it moves: `access` is durable before the lock is released.
from firmware import codes, schema
from firmware.journal import kinds
from firmware.journal.entry import F_ACTOR
from firmware.journal.journal import RESERVE_PAGES, TooLong
from firmware.order import COUNTED_FIRST, COUNTS, OUTCOME, change_of, fits_pocket, outcome_ext, possible
from firmware.wire import messages

BY_USER = 1
NOT_CONFIRMED = 1
POWER = 2
DRAWER_FAILED = 4

PROMPT_NONE = 0
PROMPT_OPEN = 1
PROMPT_CONFIRM = 2
PROMPT_CLOSE = 3

_KEPT_PAGES = 4  # what closing a drawer may write after the outcome


# `previous`: who was at this place before, and the seq of her last entry there
class Transaction:
    def __init__(self, order, pocket, txn, previous):
        self.order = order
        self.pocket = pocket
        self.txn = txn
        self.previous = previous
        self.opened = False
        self.closed_at_ms = None
        self.outcome = 0
        self.counted = None
        self.asked_again = False
        self.left = False  # its drawer was taken out of use meanwhile: nobody waits for it to shut

    def phase(self):
        if not self.opened and not self.outcome:
            return messages.RELEASED
        waiting = self.closed_at_ms is not None and not self.outcome
        return messages.CLOSED if waiting else messages.OPEN

    def prompt(self):
        if self.outcome:
            return PROMPT_CLOSE
        return PROMPT_CONFIRM if self.opened else PROMPT_OPEN


# The one transaction that owns motion, or none.
class Transactions:
    def __init__(self, journal, state, confirm_ms):
        self._journal = journal
        self._state = state
        self._confirm_ms = confirm_ms
        self.current = None

    # -> txn; raises JournalFull, TooLong: then nothing has been written and nothing may move
    def begin(self, order, pocket):
        previous = self._previous(pocket.place)
        self._would_fit(order, pocket, previous)
        txn = self._journal.append(
            kinds.ACCESS,
            actor=order.user,
            witness=order.witness or None,
            item=order.item or None,
            place=pocket.place,
            disclosure=order.disclosure,
            ext=(order.purpose, order.quantity, order.override),
        )
        self.current = Transaction(order, pocket, txn, previous)
        return txn

    # (user, seq); "" once the ring does not hold her entry any more: the centre does
    def _previous(self, place):
        seq = self._state.held.pocket(place)[5]
        last = self._journal.entry(seq) if seq else None
        return (last[F_ACTOR] if last else "", seq)

    # The outcome is the longest entry of an access: if it would not fit, nothing may move. A witness may still come,
    # but for a removal, whose outcome is the longest of all.
    def _would_fit(self, order, pocket, previous):
        most = schema.QUANTITY_MAX
        ext = outcome_ext(order, most, most, previous)
        witness = order.witness if order.purpose == kinds.PURPOSE_REMOVE else schema.LONGEST_ID
        amounts = (most, -most, most)
        if not self._journal.fits(
            OUTCOME[order.purpose], order.user, witness, order.item, pocket.place, *amounts, None, order.disclosure, ext
        ):
            raise TooLong()

    # why nothing can be confirmed now
    def closed_code(self):
        t = self.current
        if t is None or t.outcome:
            return codes.NOTHING_OPEN
        return codes.NONE if t.opened else codes.NOT_OPENED

    # -> (code, params)
    def confirm(self, quantity, counted):
        t = self.current
        code = self.closed_code() or self._asked(t, quantity, counted) or self._compare(t, quantity, counted)
        if code:
            return code, []
        before = self.book(t)
        if quantity == 0 and t.order.purpose not in COUNTS:
            self.cancel(BY_USER)
            return codes.NONE, self._told(t, before, before)
        if not fits_pocket(t.order, t.pocket, quantity, before):
            return codes.BAD_QUANTITY, []
        if t.order.purpose == kinds.PURPOSE_RECOVER:
            self._recovered(t)
        change = change_of(t.order.purpose, quantity, before)
        ext = outcome_ext(t.order, before, t.counted, t.previous)
        self._write(OUTCOME[t.order.purpose], ext, (before, change, before + change))
        return codes.NONE, self._told(t, before, before + change)

    # what the book says is there, or of this item in the return bin
    def book(self, t):
        if t.order.purpose == kinds.PURPOSE_RETURN_BIN:
            return self._state.held.bin.quantity(t.pocket.place, t.order.item)
        return self._state.quantity(t.pocket.place)

    # who counts blind does not learn the book from the answer
    def _told(self, t, before, after):
        return [t.txn, None, None] if t.order.is_blind() else [t.txn, before, after]

    def _asked(self, t, quantity, counted):
        if t.order.whole_bin():
            return codes.BAD_REQUEST
        if not possible(t.order, quantity):
            return codes.BAD_QUANTITY
        return codes.COUNT_NEEDED if quantity and counted is None and t.order.must_be_counted() else codes.NONE

    # Against the book: once the person is asked again, then the book follows, and who was there before is named.
    def _compare(self, t, quantity, counted):
        if t.order.purpose == kinds.PURPOSE_UNLOAD:
            counted, t.asked_again = quantity, True
        elif t.order.purpose not in COUNTED_FIRST:
            return codes.NONE
        if counted is not None and counted != self.book(t):
            if not t.asked_again:
                t.asked_again = True
                return codes.COUNT_AGAIN
            self._diverged(t, t.order.item, self.book(t), counted)
        t.counted = counted
        return codes.NONE

    # it works again: from here on its count is owed, whatever comes between
    def _recovered(self, t):
        self._append(kinds.RECOVERED, t.order.target, ext=(codes.NONE,))

    def _diverged(self, t, item, before, counted):
        self._append(kinds.DISCREPANCY, t.pocket.place, item, (before, counted - before, counted), ext=t.previous)

    # `found` is [[item, counted] ...] of all that lies in the bin. -> (code, params)
    def confirm_bin(self, found):
        t = self.current
        code = self.closed_code()
        if not code and not t.order.whole_bin():
            code = codes.BAD_REQUEST
        if code:
            return code, []
        place, held = t.pocket.place, self._state.held.bin
        named = {item: counted for item, counted in found if counted or held.has(place, item)}
        missing = sorted([item for item, _ in held.of(place) if item not in named])
        if missing:
            return codes.COUNT_NEEDED, missing[:1]
        others = held.count - sum(1 for _ in held.of(place))
        if others + len(named) > schema.BIN.limit:
            return codes.TOO_MANY, [schema.BIN.limit]
        if self._journal.free_pages < 2 * len(named) + _KEPT_PAGES:
            return codes.JOURNAL_FULL, []
        self._empty(t, named)
        return codes.NONE, [t.txn]

    # What differs first, then item by item; the last one ends the access, in the fold too. No copy of what lies there
    # is made: a full bin and its count are all a small heap has room for.
    def _empty(self, t, named):
        if t.order.purpose == kinds.PURPOSE_RECOVER:
            self._recovered(t)
        items, held = sorted(named), self._state.held.bin
        for item in items:
            before = held.quantity(t.pocket.place, item)
            if named[item] != before:
                self._diverged(t, item, before, named[item])
        for item in items:
            self._append(kinds.BIN_EMPTIED, t.pocket.place, item, (named[item], -named[item], 0), ext=(codes.NONE,))
        if named:
            t.outcome = kinds.BIN_EMPTIED
        else:
            self.cancel(BY_USER)

    # each item needs two entries at most; what the reserve is for must stay
    def room_to_empty(self):
        return self._journal.free_pages >= RESERVE_PAGES + 2 * self._state.held.bin.count

    def cancel(self, reason):
        self._write(kinds.CANCELLED, (reason,), (None, None, None))

    def _write(self, kind, ext, amounts):
        t = self.current
        shown = t.order.disclosure if kind not in (kinds.CANCELLED, kinds.INTERRUPTED) else None
        self._append(kind, t.pocket.place, t.order.item, amounts, ext, shown)
        t.outcome = kind

    def _append(self, kind, place, item="", amounts=(None, None, None), ext=(), disclosure=None):
        t = self.current
        self._journal.append(
            kind,
            actor=t.order.user,
            witness=t.order.witness or None,
            item=item or None,
            place=place,
            before=amounts[0],
            change=amounts[1],
            after=amounts[2],
            txn=t.txn,
            disclosure=disclosure,
            ext=ext,
        )

    def txn_of(self, drawer):
        t = self.current
        return t.txn if t and t.pocket.drawer == drawer else 0

    def opened(self):
        self.current.opened = True

    def closed(self, now_ms):
        self.current.closed_at_ms = now_ms

    def pending(self):
        return self.current is not None and not self.current.outcome

    # once its outcome is written and its drawer has come to rest, or never will, the motion is free
    def settle(self, drawer):
        t = self.current
        if t and t.outcome and (t.left or not drawer.moving()):
            self.current = None

    def leave(self, drawer):
        if self.txn_of(drawer):
            self.current.left = True

    def deadline(self):
        t = self.current
        if t and t.closed_at_ms is not None and not t.outcome:
            return t.closed_at_ms + self._confirm_ms
        return None

    def tick(self, now_ms):
        due = self.deadline()
        if due is not None and now_ms >= due:
            self._write(kinds.INTERRUPTED, (NOT_CONFIRMED,), (None, None, None))

    # at boot: every access the journal left open
    def interrupt_all(self):
        for txn, access in sorted(self._state.open.items()):
            self._journal.append(
                kinds.INTERRUPTED, actor=access[1], item=access[2], place=access[3], txn=txn, ext=(POWER,)
            )
