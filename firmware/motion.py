# What drawers tell, as entries and movements. s is the station; an access is durable before anything here moves for it.
from firmware import chart
from firmware.journal import kinds
from firmware.storage import types


# the access is durable: now it may move
def release(s, pocket):
    drawer = s.drawers[pocket.drawer]
    s.light(drawer.number, pocket.pocket)
    facts(s, drawer, drawer.handle(chart.RELEASE, s.now_ms, pocket.pocket, _units(s, drawer)))


# Doses to count out: what is taken from storage that counts by itself, and one turn of the return bin's flap. Whoever
# fills, counts or empties opens the whole.
def _units(s, drawer):
    order = s.transactions.current.order
    if drawer.kind == types.BIN:
        return 1 if order.purpose == kinds.PURPOSE_RETURN_BIN else 0
    if drawer.kind not in (types.SINGLE, types.COIL) or order.purpose != kinds.PURPOSE_REMOVE:
        return 0
    scale = s.tables.items.get(order.item)[2]
    return -(-order.quantity // scale)


# taken, put or fallen since the access began, where the storage counts; else None
def units_seen(s):
    t = s.transactions.current
    drawer = s.drawers[t.pocket.drawer] if t else None
    return drawer.seen if drawer and drawer.kind in types.COUNTING else None


def sensed(s, number, event, at=0, n=0):
    drawer = s.drawers[number]
    facts(s, drawer, drawer.handle(event, s.now_ms, at, n))


def facts(s, drawer, told):
    for what, value in told:
        _FACTS[what](s, drawer, value)
    s.settle()


def _unlock(s, drawer, on_ms):
    s.move("release", drawer.number, drawer.pocket, on_ms)


def _lid(s, drawer, on_ms):
    s.move("lid", drawer.number, drawer.pocket, on_ms)


def _dispense(s, drawer, units):
    s.move("dispense", drawer.number, drawer.pocket, units)


def _lock_off(s, drawer, _):
    s.move("lock", drawer.number)


def _did_open(s, drawer, released):
    txn = s.transactions.txn_of(drawer.number) if released else 0
    s.released_for[drawer.number] = txn
    _note(s, kinds.OPENED, drawer, txn, (drawer.number,))


def _reached(s, drawer, _):
    if s.transactions.txn_of(drawer.number):
        s.transactions.opened()


def _did_close(s, drawer, open_ms):
    txn = s.released_for.pop(drawer.number, 0)
    _note(s, kinds.CLOSED, drawer, txn, (drawer.number, open_ms))
    if txn and txn == s.transactions.txn_of(drawer.number):
        s.transactions.closed(s.now_ms)


# nobody's hand, once the access is over that it was opened for
def _note(s, kind, drawer, txn, ext):
    hers = txn and txn == s.transactions.txn_of(drawer.number)
    s.note(kind, s.session.user if hers else "", place="D%02d" % drawer.number, txn=txn, ext=ext)


def _not_opened(s, drawer, reason):
    if s.transactions.pending() and s.transactions.txn_of(drawer.number):
        s.transactions.cancel(reason)


def _alarm(s, drawer, alarm):
    s.raise_alarm(alarm, drawer.number)


def _cleared(s, drawer, alarm):
    s.clear_alarm(alarm, drawer.number)


_FACTS = {
    chart.UNLOCK: _unlock,
    chart.LID: _lid,
    chart.DISPENSE: _dispense,
    chart.LOCK_OFF: _lock_off,
    chart.DID_OPEN: _did_open,
    chart.REACHED: _reached,
    chart.DID_CLOSE: _did_close,
    chart.NOT_OPENED: _not_opened,
    chart.ALARM: _alarm,
    chart.CLEARED: _cleared,
}
