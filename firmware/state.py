# The durable state of a station: the fold of its journal. `apply` is the only thing that changes it.
from firmware import codes, delivery, holdings, layers, levels, people, schema
from firmware.holdings import Holdings
from firmware.journal import kinds
from firmware.journal.entry import F_ACTOR, F_AFTER, F_BOOT, F_CHANGE, F_EXT, F_ITEM, F_KIND, F_PLACE, F_SEQ, F_TXN
from firmware.people import People
from firmware.schema import is_place
from firmware.tables import Table
from firmware.wire import messages

UNKNOWN = (0, b"")


# `limit` is for smaller ones, as that of Tables
class State:
    def __init__(self, limit=None):
        self.boot = 0
        self.command_number = 0
        self.entries = 0
        self.removals = 0
        self.user = ""  # signed on, as far as the journal knows
        self.open_drawers = 0  # bits, as the switches last said
        self.quarantined = 0  # bits of drawers
        self.maintenance = 0  # 1: begun
        self.sealed = (0, 0)  # counter and seq of the last seal
        self.versions = {}  # table -> (version, digest)
        self.held = Holdings(limit)
        self.open = {}  # txn -> [purpose, actor, item, place, quantity asked, 1 once the drawer was open]
        self.alarms = []  # [code, drawer]
        self.last = [0, 0, 0]  # txn, kind of its outcome, quantity
        self.people = People()
        self.delivered = Table(schema.DELIVERED, limit)

    def quantity(self, place):
        return self.held.pocket(place)[1]

    @property
    def must_count(self):
        return self.held.must_count

    def version(self, table):
        return self.versions.get(table, UNKNOWN)

    def drawer_open(self, drawer):
        return bool(self.open_drawers >> (drawer - 1) & 1)

    def is_quarantined(self, drawer):
        return bool(self.quarantined >> (drawer - 1) & 1)

    def dump(self):
        tables = [[name, v[0], v[1]] for name, v in sorted(self.versions.items())]
        opened = [[txn] + access for txn, access in sorted(self.open.items())]
        counters = [self.entries, self.removals, self.open_drawers, self.user, self.quarantined, self.maintenance]
        counters += self.sealed
        book = [self.held.dump(), opened, self.alarms, self.last]
        return [self.command_number, counters, tables] + book + [self.people.dump(), self.delivered.dump()]

    def load(self, dumped):
        self.command_number, counters, tables, held, opened, self.alarms, self.last, who = dumped[:8]
        self.people.load(who)
        self.delivered.load(dumped[8] if len(dumped) > 8 else b"")  # earlier firmware knew no labels
        self.entries, self.removals, self.open_drawers, self.user, self.quarantined = counters[:5]
        self.maintenance = counters[5] if len(counters) > 5 else 0  # earlier firmware knew no maintenance
        self.sealed = tuple(counters[6:8]) if len(counters) > 7 else (0, 0)  # nor seals
        self.versions = {name: (version, digest) for name, version, digest in tables}
        self.held.load(held)
        self.open = {row[0]: row[1:] for row in opened}


# `disclosure` is that of the entry, or None
def apply(state, fields, disclosure):
    state.entries += 1
    state.boot = fields[F_BOOT]
    change = _APPLY.get(fields[F_KIND])
    if change:
        change(state, fields)
    people.apply(state.people, fields, disclosure)


def _signed_on(state, f):
    state.user = f[F_ACTOR]


def _signed_off(state, f):
    state.user = ""


def _access(state, f):
    purpose, quantity = f[F_EXT][0], f[F_EXT][1]
    state.open[f[F_TXN]] = [purpose, f[F_ACTOR], f[F_ITEM], f[F_PLACE], quantity, 0]


# from here on somebody was there, whatever she says in the end
def _opened(state, f):
    state.open_drawers |= 1 << (f[F_EXT][0] - 1)
    access = state.open.get(f[F_TXN])
    if state.maintenance:
        state.held.must_count_drawer(f[F_EXT][0])  # what a self-test opens is counted after it
    if access:
        access[5] = 1
        state.held.put_accessor(access[3], f[F_TXN])


def _closed(state, f):
    state.open_drawers &= ~(1 << (f[F_EXT][0] - 1))


def _cancelled(state, f):
    access = state.open.get(f[F_TXN])
    if access and access[5]:
        _was_there(state, f)
    _end(state, f, 0)


# a return bin is counted when it is emptied, whatever was interrupted there
def _interrupted(state, f):
    if not _at_bin(state, f):
        state.held.put_flag(f[F_PLACE], holdings.MUST_COUNT, True)
    _cancelled(state, f)


def _moved(state, f):
    _stock(state, f)
    _was_there(state, f)
    _end(state, f, abs(f[F_CHANGE]))


def _removed(state, f):
    state.removals += 1
    _moved(state, f)


def _counted(state, f):
    _moved(state, f)
    state.held.put_flag(f[F_PLACE], holdings.MUST_COUNT, False)
    if f[F_AFTER]:  # what was put there before a load was interrupted is in use
        state.held.put_flag(f[F_PLACE], holdings.NOT_LOADED, False)
    state.last[2] = f[F_AFTER]


def _loaded(state, f):
    _moved(state, f)
    state.held.put_flag(f[F_PLACE], holdings.NOT_LOADED, False)


def _unloaded(state, f):
    _moved(state, f)
    state.held.put_flag(f[F_PLACE], holdings.NOT_LOADED, True)
    state.held.put_flag(f[F_PLACE], holdings.MUST_COUNT, False)


def _delivered(state, f):
    delivery.remember(state.delivered, f[F_EXT][0], f[F_EXT][2])


# stock follows the count; the access goes on
def _diverged(state, f):
    if _at_bin(state, f):
        state.held.bin.put(f[F_PLACE], f[F_ITEM], f[F_AFTER])
    else:
        _stock(state, f)


def _wasted(state, f):
    _end(state, f, f[F_EXT][2])


def _put_in_bin(state, f):
    state.held.bin.put(f[F_PLACE], f[F_ITEM], f[F_AFTER])
    _was_there(state, f)
    _end(state, f, abs(f[F_CHANGE]))


# the last item ends it
def _taken_from_bin(state, f):
    state.held.bin.remove(f[F_PLACE], f[F_ITEM])
    _was_there(state, f)
    if not any(state.held.bin.of(f[F_PLACE])):
        _end(state, f, abs(f[F_CHANGE]))


def _failed(state, f):
    if is_place(f[F_PLACE]):
        state.held.put_flag(f[F_PLACE], holdings.FAILED, True)
    else:
        state.held.failed_drawers |= 1 << (int(f[F_PLACE][1:]) - 1)


# it works again; what is in it nobody knows until it was counted
def _recovered(state, f):
    place, owes = f[F_PLACE], not _at_bin(state, f)
    if is_place(place):
        state.held.put_flag(place, holdings.FAILED, False)
        state.held.put_flag(place, holdings.MUST_COUNT, owes)
        return
    state.held.failed_drawers &= ~(1 << (int(place[1:]) - 1))
    if owes:
        state.held.must_count_drawer(int(place[1:]))


# one item of it, or all: then the access names none
def _at_bin(state, f):
    access = state.open.get(f[F_TXN])
    return access is not None and (access[0] == kinds.PURPOSE_RETURN_BIN or access[2] is None)


def _stock(state, f):
    place, after = f[F_PLACE], f[F_AFTER]
    lots = layers.step(state.held.layers(place), f[F_KIND], f[F_CHANGE], after, f[F_EXT])
    state.held.put_stock(place, after, lots)


def _was_there(state, f):
    state.held.put_accessor(f[F_PLACE], f[F_SEQ])


def _end(state, f, quantity):
    state.open.pop(f[F_TXN], None)
    state.last = [f[F_TXN], f[F_KIND], quantity]


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


def _maintenance(state, f):
    state.maintenance = f[F_EXT][0]


def _sealed(state, f):
    state.sealed = (f[F_EXT][0], f[F_SEQ])


def _command(state, f):
    number, kind, code, body = f[F_EXT]
    state.command_number = number or state.command_number  # 0: the station's own
    if kind == messages.COMMAND_PAR and code == codes.NONE:
        for place, low, high in levels.each(body):
            state.held.put_levels(place, low, high)
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
    kinds.RETURN_BIN: _put_in_bin,
    kinds.BIN_EMPTIED: _taken_from_bin,
    kinds.LOAD: _loaded,
    kinds.UNLOAD: _unloaded,
    kinds.OUTDATE: _moved,
    kinds.FAILED: _failed,
    kinds.RECOVERED: _recovered,
    kinds.DISCREPANCY: _diverged,
    kinds.ALARM: _alarm,
    kinds.ALARM_CLEARED: _alarm_cleared,
    kinds.QUARANTINE: _quarantine,
    kinds.REFERENCE: _reference,
    kinds.COMMAND: _command,
    kinds.MAINTENANCE: _maintenance,
    kinds.DELIVERED: _delivered,
    kinds.SEAL: _sealed,
}
