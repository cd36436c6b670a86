# What the station says of itself: INFO, STATE and INVENTORY of docs/wire.md section 2.
from firmware import motion
from firmware.version import VERSION
from firmware.wire import messages

INVENTORY_ROWS = 32
DRAWERS = 16
FAILED_SHOWN = 32
MUST_COUNT_SHOWN = 64  # a STATE must fit a frame; INVENTORY has them all


def info(s):
    journal, state = s.journal, s.state
    start = [
        messages.INFO,
        s.id,
        s.log,
        journal.boot,
        VERSION,
        s.genesis,
        journal.first_held,
        journal.seq,
        journal.head,
    ]
    return start + [journal.released, s.reference.versions(), [state.entries, state.removals], s.frames_dropped]


def state(s):
    t = s.transactions.current
    phase, prompt = messages.SIGNED_ON if s.session.user else messages.IDLE, 0
    access = [0, 0, "", "", 0]
    if t:
        phase, prompt = t.phase(), t.prompt()
        access = [t.order.purpose, t.txn, t.order.item, t.pocket.place, t.order.quantity]
    out = [messages.STATE, phase, s.session.user] + access + [prompt, s.state.open_drawers]
    out += [sorted(s.state.alarms)] + s.state.last + [sorted(s.state.must_count)[:MUST_COUNT_SHOWN]]
    return out + _care(s)


# count mode, label needed, witness, critical until, drawers in quarantine, failed places, provisional patients, units
# seen, temporary users, must change PIN
def _care(s):
    people, witness = s.state.people, s.session.present(s.now_ms)
    critical = people.critical_until_ms if s.now[0] < people.critical_until_ms else 0
    temporary = [[user, until_min] for _, user, until_min in s.credentials.present(s.now)]
    t = s.transactions.current
    out = [t.order.count_mode, 1 if t.order.label_needed else 0] if t else [0, 0]
    out += [witness.user if witness else "", critical, _bits(s.state.quarantined), _failed(s.state.held)]
    return out + [people.provisional, motion.units_seen(s), temporary, s.session.must_change_pin]


# numbers of the drawers
def _bits(drawers):
    return [n for n in range(1, DRAWERS + 1) if drawers >> (n - 1) & 1]


# drawers, then places
def _failed(held):
    drawers = ["D%02d" % n for n in _bits(held.failed_drawers)]
    return drawers + sorted(held.failed)[:FAILED_SHOWN]


def inventory(s, start):
    rows = s.pockets.part(start, INVENTORY_ROWS)
    rows = [[r.place, r.item, r.quantity, r.min, r.max, r.capacity, r.state, r.lot, r.expiry_min] for r in rows]
    return [messages.INVENTORY, start, s.pockets.count(), rows]
