# What the tables say that the gate wants to know: orders, override list, kits, policy. Pure.
from firmware.flags import ORDER_PRN, ORDER_UNVERIFIED
from firmware.people import MINUTE_MS

# of a station that was told nothing
POLICY = {
    "profiled": 0,
    "label_scan": 0,
    "early_min": 60,
    "late_min": 60,
    "too_soon_min": 30,
    "witness_window_s": 60,
    "excursion_min": 15,
}
# columns of `orders`
O_ORDER, O_PATIENT, O_ITEM, O_DOSE, O_START, O_STOP, O_INTERVAL, O_FLAGS = range(8)


# names beyond POLICY are 0 unless told
def policy(tables, name):
    row = tables.policy.get(name)
    return row[1] if row else POLICY.get(name, 0)


# Is there a verified order for this, now? `order` "" is any. One as needed has no time to be early for.
# `now` is (utc_ms, mono_ms, tq); without the time nobody can say
def has_order(tables, patient, order, item, now):
    if now[2] == 0:
        return False
    early_ms = policy(tables, "early_min") * MINUTE_MS
    return any(row[O_ITEM] == item and _active(row, early_ms, now[0]) for row in _orders(tables, patient, order))


def _orders(tables, patient, order):
    if not order:
        return tables.orders.where(O_PATIENT, patient)
    row = tables.orders.get(order)
    return [row] if row and row[O_PATIENT] == patient else []


def _active(row, early_ms, utc_ms):
    if row[O_FLAGS] & ORDER_UNVERIFIED:
        return False
    early_ms = 0 if row[O_FLAGS] & ORDER_PRN else early_ms
    return row[O_START] * MINUTE_MS - early_ms <= utc_ms <= row[O_STOP] * MINUTE_MS


# flags of the item on the override list, None if it is not there
def listed(tables, item):
    row = tables.overrides.get(item)
    return row[1] if row else None


# how much of the item the kit has, None without
def in_kit(tables, kit, item):
    amounts = [row[3] for row in tables.kits.where(2, item) if row[1] == kit]
    return sum(amounts) if amounts else None
