"""What stations used, by item and hour, is what their ledgers add up to: exactly, however the entries come in."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.journal import entry, kinds
from server_stub.ledger import schema

HOUR_MS = 3_600_000
COLUMNS = {kinds.REMOVE: "removed", kinds.RETURN: "returned", kinds.WASTE: "wasted", kinds.REFILL: "refilled"}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("ICU1", "ED1")),
        st.sampled_from((*COLUMNS, kinds.COUNT, kinds.SIGN_ON)),
        st.sampled_from(("HEPARIN", "ACET500")),
        st.integers(1, 50),
        st.sampled_from((0, 1, HOUR_MS // 2, 3 * HOUR_MS)),
    ),
    min_size=1,
    max_size=30,
)


def add(script, kind, item, quantity, later_ms):
    script.utc_ms += later_ms
    if kind == kinds.SIGN_ON:
        script.add()
    elif kind == kinds.WASTE:
        script.add(kind, (0, 0, quantity), item=item)
    else:
        down = kind == kinds.REMOVE
        ext = (0, None, None, None, None) if down else (0, 0) if kind == kinds.RETURN else (0, None, None)
        ext = (quantity,) if kind == kinds.COUNT else ext
        script.add(kind, ext, item=item, place="D01-P01", stock=(quantity, 0) if down else (0, quantity))


def sums(scripts):
    """The same from the entries, in the simplest way."""
    found = Counter()
    for fields in (fields for script in scripts for fields in script.entries):
        kind, item = fields[entry.F_KIND], fields[entry.F_ITEM]
        if kind in COLUMNS:
            quantity = fields[entry.F_EXT][2] if kind == kinds.WASTE else abs(fields[entry.F_CHANGE])
            hour = fields[entry.F_UTC_MS] // HOUR_MS
            found[fields[entry.F_STATION], item, hour, COLUMNS[kind]] += quantity
    return found


@pytest.mark.req("A1.c")
@given(STEPS, st.integers(1, 7))
@settings(max_examples=15, deadline=None)
def test_usage_is_what_the_ledgers_add_up_to(site_home, tmp_path_factory, steps, size):
    from tests.centre.conftest import Bench

    bench = Bench(site_home, f"sqlite:///{tmp_path_factory.mktemp('usage') / 'centre.db'}")
    scripts = {name: bench.station(name) for name in ("ICU1", "ED1")}
    for station, *step in steps:
        add(scripts[station], *step)
    for name, script in scripts.items():
        last = len(script.pages)
        for first in range(1, last + 1, size):
            raw = script.batch(first, min(last, first + size - 1))
            bench.up(name, "batch", raw, raw)
    rows = [row._asdict() for row in bench.rows(schema.usage)]
    bench.engine.dispose()
    stored = Counter({(r["station"], r["item"], r["hour"], c): r[c] for r in rows for c in COLUMNS.values() if r[c]})
    assert stored == sums(scripts.values())
