# The durable state of a station: the fold of its journal. `apply` is the only thing that changes it.
from firmware import codes, levels, schema
from firmware.journal import kinds
from firmware.journal.entry import F_ACTOR, F_AFTER, F_BOOT, F_CHANGE, F_EXT, F_ITEM, F_KIND, F_PLACE, F_TXN
from firmware.tables import Table
from firmware.wire import messages

UNKNOWN = (0, b"")


class State:
    def __init__(self):
        self.boot = 0
        self.command_number = 0
        self.entries = 0
        self.removals = 0
        self.user = ""  # signed on, as far as the journal knows
        self.open_drawers = 0  # bits, as the switches last said
        self.quarantined = 0  # bits of drawers
        self.versions = {}  # table -> (version, digest)
        self.stock = Table(schema.STOCK)
        self.must_count = set()  # places; the flag in stock says the same
        self.open = {}  # txn -> [purpose, actor, item, place, quantity asked]
        self.alarms = []  # [code, drawer]
        self.last = [0, 0, 0]  # txn, kind of its outcome, quantity

    # [place, quantity, must be counted, min, max]
    def pocket(self, place):
        return self.stock.get(place) or [place, 0, 0, 0, 0]

    def quantity(self, place):
        return self.pocket(place)[1]

    def version(self, table):
        return self.versions.get(table, UNKNOWN)

    def drawer_open(self, drawer):
        return bool(self.open_drawers >> (drawer - 1) & 1)

    def is_quarantined(self, drawer):
        return bool(self.quarantined >> (drawer - 1) & 1)

    def dump(self):
        tables = [[name, v[0], v[1]] for name, v in sorted(self.versions.items())]
        opened = [[txn] + access for txn, access in sorted(self.open.items())]
        counters = [self.entries, self.removals, self.open_drawers, self.user, self.quarantined]
        return [self.command_number, counters, tables, self.stock.dump(), opened, self.alarms, self.last]

    def load(self, dumped):
        self.command_number, counters, tables, stock, opened, self.alarms, self.last = dumped
        self.entries, self.removals, self.open_drawers, self.user, self.quarantined = counters
        self.versions = {name: (version, digest) for name, version, digest in tables}
        self.stock.load(stock)
        self.must_count = {row[0] for row in self.stock.rows() if row[2]}
        self.open = {row[0]: row[1:] for row in opened}


def apply(state, fields):
    state.entries += 1
    state.boot = fields[F_BOOT]
    change = _APPLY.get(fields[F_KIND])
    if change:
        change(state, fields)


def _signed_on(state, f):
    state.user = f[F_ACTOR]


def _signed_off(state, f):
    state.user = ""


def _access(state, f):
    purpose, quantity = f[F_EXT][0], f[F_EXT][1]
    state.open[f[F_TXN]] = [purpose, f[F_ACTOR], f[F_ITEM], f[F_PLACE], quantity]


def _opened(state, f):
    state.open_drawers |= 1 << (f[F_EXT][0] - 1)


def _closed(state, f):
    state.open_drawers &= ~(1 << (f[F_EXT][0] - 1))


def _cancelled(state, f):
    _end(state, f, 0)


def _interrupted(state, f):
    _set_stock(state, f[F_PLACE], state.quantity(f[F_PLACE]), 1)
    _end(state, f, 0)


def _moved(state, f):
    _set_stock(state, f[F_PLACE], f[F_AFTER], f[F_PLACE] in state.must_count)
    _end(state, f, abs(f[F_CHANGE]))


def _removed(state, f):
    state.removals += 1
    _moved(state, f)


def _counted(state, f):
    _set_stock(state, f[F_PLACE], f[F_AFTER], 0)
    _end(state, f, f[F_AFTER])


def _wasted(state, f):
    _end(state, f, f[F_EXT][2])


def _end(state, f, quantity):
    state.open.pop(f[F_TXN], None)
    state.last = [f[F_TXN], f[F_KIND], quantity]


# a pocket of which there is nothing to say has no record: so there are never more records than pockets
def _set_stock(state, place, quantity, must_count):
    if must_count:
        state.must_count.add(place)
    else:
        state.must_count.discard(place)
    _put(state, [place, quantity, 1 if must_count else 0] + state.pocket(place)[3:])


def _put(state, row):
    if any(row[1:]):
        state.stock.put(row)
    else:
        state.stock.remove(row[0])


def _alarm(state, f):
    if f[F_EXT] not in state.alarms:
        state.alarms.append(f[F_EXT])


def _alarm_cleared(state, f):
    if f[F_EXT] in state.alarms:
        state.alarms.remove(f[F_EXT])


def _reference(state, f):
    table, version, digest = f[F_EXT]
    state.versions[table] = (version, digest)


def _quarantine(state, f):
    _set_quarantine(state, int(f[F_PLACE][1:3]), f[F_EXT][0])


def _set_quarantine(state, drawer, on):
    bit = 1 << (drawer - 1)
    state.quarantined = state.quarantined | bit if on else state.quarantined & ~bit


def _command(state, f):
    number, kind, code, body = f[F_EXT]
    state.command_number = number or state.command_number  # 0: the station's own
    if kind == messages.COMMAND_PAR and code == codes.NONE:
        for place, low, high in levels.each(body):
            _put(state, state.pocket(place)[:3] + [low, high])
    elif kind == messages.COMMAND_RELEASE_QUARANTINE and code == codes.NONE:
        _set_quarantine(state, body[0], 0)


_APPLY = {
    kinds.SIGN_ON: _signed_on,
    kinds.SIGN_OFF: _signed_off,
    kinds.ACCESS: _access,
    kinds.OPENED: _opened,
    kinds.CLOSED: _closed,
    kinds.CANCELLED: _cancelled,
    kinds.INTERRUPTED: _interrupted,
    kinds.REMOVE: _removed,
    kinds.RETURN: _moved,
    kinds.REFILL: _moved,
    kinds.COUNT: _counted,
    kinds.WASTE: _wasted,
    kinds.ALARM: _alarm,
    kinds.ALARM_CLEARED: _alarm_cleared,
    kinds.QUARANTINE: _quarantine,
    kinds.REFERENCE: _reference,
    kinds.COMMAND: _command,
}
