# One access from intent to outcome. Writes before it moves: `access` is durable before the lock is released.
from firmware import codes, pockets, schema
from firmware.journal import kinds
from firmware.journal.journal import TooLong
from firmware.wire import messages

BY_USER = 1
NOT_CONFIRMED = 1
POWER = 2
DRAWER_FAILED = 4

PROMPT_NONE = 0
PROMPT_OPEN = 1
PROMPT_CONFIRM = 2
PROMPT_CLOSE = 3

OUTCOME = {
    kinds.PURPOSE_REMOVE: kinds.REMOVE,
    kinds.PURPOSE_RETURN: kinds.RETURN,
    kinds.PURPOSE_REFILL: kinds.REFILL,
    kinds.PURPOSE_COUNT: kinds.COUNT,
}


# What was asked for. `extra` is what the outcome's ext carries beside its reason.
class Order:
    def __init__(self, purpose, user, item, quantity, extra=(), disclosure=None):
        self.purpose = purpose
        self.user = user
        self.item = item
        self.quantity = quantity
        self.extra = extra
        self.disclosure = disclosure


class Transaction:
    def __init__(self, order, pocket, txn):
        self.order = order
        self.pocket = pocket
        self.txn = txn
        self.opened = False
        self.closed_at_ms = None
        self.outcome = 0

    def phase(self):
        if not self.opened and not self.outcome:
            return messages.RELEASED
        waiting = self.closed_at_ms is not None and not self.outcome
        return messages.CLOSED if waiting else messages.OPEN

    def prompt(self):
        if self.outcome:
            return PROMPT_CLOSE
        return PROMPT_CONFIRM if self.opened else PROMPT_OPEN


# change of the book for the quantity the user confirmed
def change_of(purpose, quantity, before):
    if purpose == kinds.PURPOSE_COUNT:
        return quantity - before
    return -quantity if purpose == kinds.PURPOSE_REMOVE else quantity


def valid_quantity(transaction, quantity, before):
    if not schema.is_uint(quantity) or quantity > schema.QUANTITY_MAX:
        return False
    order = transaction.order
    if order.purpose == kinds.PURPOSE_COUNT:
        return True
    if quantity > order.quantity:
        return False
    return (
        quantity <= before
        if order.purpose == kinds.PURPOSE_REMOVE
        else before + quantity <= transaction.pocket.capacity
    )


def outcome_ext(order, before):
    if order.purpose == kinds.PURPOSE_COUNT:
        return (before,)
    return (codes.NONE,) + tuple(order.extra)


# The one transaction that owns motion, or none.
class Transactions:
    def __init__(self, journal, state, confirm_ms):
        self._journal = journal
        self._state = state
        self._confirm_ms = confirm_ms
        self.current = None

    # -> txn; raises JournalFull, TooLong: then nothing has been written and nothing may move
    def begin(self, order, pocket):
        self._would_fit(order, pocket)
        txn = self._journal.append(
            kinds.ACCESS,
            actor=order.user,
            item=order.item,
            place=pocket.place,
            disclosure=order.disclosure,
            ext=(order.purpose, order.quantity, codes.NONE),
        )
        self.current = Transaction(order, pocket, txn)
        return txn

    # the outcome is the longest entry of an access: if it would not fit, nothing may move
    def _would_fit(self, order, pocket):
        most = schema.QUANTITY_MAX
        kind, ext = OUTCOME[order.purpose], outcome_ext(order, most)
        amounts = (most, -most, most)
        if not self._journal.fits(
            kind, order.user, None, order.item, pocket.place, *amounts, None, order.disclosure, ext
        ):
            raise TooLong()

    # -> (code, params)
    def confirm(self, quantity):
        t = self.current
        if t is None or t.outcome:
            return codes.NOTHING_OPEN, []
        if not t.opened:
            return codes.NOT_OPENED, []
        before = self._state.quantity(t.pocket.place)
        if not valid_quantity(t, quantity, before):
            return codes.BAD_QUANTITY, []
        if quantity == 0 and t.order.purpose != kinds.PURPOSE_COUNT:
            self.cancel(BY_USER)
            return codes.NONE, [t.txn, before, before]
        change = change_of(t.order.purpose, quantity, before)
        self._write(OUTCOME[t.order.purpose], outcome_ext(t.order, before), (before, change, before + change))
        return codes.NONE, [t.txn, before, before + change]

    def cancel(self, reason):
        self._write(kinds.CANCELLED, (reason,), (None, None, None))

    def _write(self, kind, ext, amounts):
        t = self.current
        shown = t.order.disclosure if kind not in (kinds.CANCELLED, kinds.INTERRUPTED) else None
        self._journal.append(
            kind,
            actor=t.order.user,
            item=t.order.item,
            place=t.pocket.place,
            before=amounts[0],
            change=amounts[1],
            after=amounts[2],
            txn=t.txn,
            disclosure=shown,
            ext=ext,
        )
        t.outcome = kind

    def txn_of(self, drawer):
        t = self.current
        return t.txn if t and t.pocket.drawer == drawer else 0

    def opened(self):
        self.current.opened = True

    def closed(self, now_ms):
        self.current.closed_at_ms = now_ms

    def pending(self):
        return self.current is not None and not self.current.outcome

    # once its outcome is written and its drawer has come to rest the motion is free
    def settle(self, drawer):
        if self.current and self.current.outcome and not drawer.moving():
            self.current = None

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
            _purpose, user, item, place, _quantity = access
            self._journal.append(kinds.INTERRUPTED, actor=user, item=item, place=place, txn=txn, ext=(POWER,))


# Rows for the pocket rules: planogram, book and sensors brought together.
class Pockets:
    def __init__(self, table, state, drawer_of):
        self._table = table
        self._state = state
        self._drawer_of = drawer_of  # number -> Drawer or None

    def _row(self, row):
        place, drawer, pocket, item, low, high, capacity = row
        _, quantity, must_count, set_low, set_high = self._state.pocket(place)
        if set_high:
            low, high = min(set_low, capacity), min(set_high, capacity)
        lock = self._drawer_of(drawer)
        state = pockets.MUST_COUNT if must_count else pockets.USABLE
        if lock is None or not lock.usable():
            state = pockets.FAILED
        elif self._state.is_quarantined(drawer):
            state = pockets.QUARANTINED
        return pockets.Pocket(place, drawer, pocket, item, low, high, capacity, quantity, state)

    def of_item(self, item):
        return [self._row(row) for row in self._table.where(3, item)]

    def at(self, place):
        row = self._table.get(place)
        return self._row(row) if row else None

    def count(self):
        return self._table.count

    def part(self, start, size):
        return [self._row(self._table.row(i)) for i in range(start, min(start + size, self._table.count))]
