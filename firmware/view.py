# What the gate looks at, gathered from the station: tables, folded state, drawers, session. s is the station.
from firmware import gate, profile
from firmware.people import expired

DEPARTED = 2
PROVISIONAL = 3


# `row` is the pocket in question, or None
def of(s, order, row):
    patient, order_id = order.disclosure[1:] if order.disclosure else ("", "")
    drawer = s.drawers.get(row.drawer) if row else None
    return gate.View(
        s.session.user,
        s.transactions.current is not None,
        s.ready(),
        s.journal.opening_allowed,
        patient_status(s, patient, order.on_record),
        item(s.tables, order.item),
        row.state if row else None,
        drawer.state if drawer else None,
        s.state.is_quarantined(row.drawer) if row else None,
        row.state == gate.POCKET_EXPIRED if row else None,
        profile.policy(s.tables, "profiled") != 0,
        profile.has_order(s.tables, patient, order_id, order.item, s.now) if patient else False,
        profile.listed(s.tables, order.item),
        profile.in_kit(s.tables, order.kit, order.item) if order.kit else None,
        s.now[2] != 0 and s.now[0] < s.state.people.critical_until_ms,
    )


# 0 nobody named, None unknown; a patient the centre knows by now is no longer provisional. What was removed for one who
# is not known any more can still come back or be wasted.
def patient_status(s, patient, on_record):
    if not patient:
        return 0
    known = s.tables.patients.get(patient)
    if known:
        return known[1]
    until_min = s.state.people.until_min(patient)
    if until_min is not None and not expired(until_min, s.now):
        return PROVISIONAL
    return DEPARTED if on_record else None


def item(tables, name):
    row = tables.items.get(name)
    return gate.Item(row[1], row[3], row[4]) if row else None
