# Storage types of a cabinet, docs/drawers.md. A station loads the charts of the types it has.
from firmware.chart import Drawer

MATRIX = 1
LIDDED = 2
SINGLE = 3
TOWER = 4
FRIDGE = 5
SHELF = 6
COIL = 7
BIN = 8

ALL = (MATRIX, LIDDED, SINGLE, TOWER, FRIDGE, SHELF, COIL, BIN)
WITH_LIDS = (LIDDED, BIN)
COUNTING = (SINGLE, SHELF, COIL)


# loaded only where needed: a board's heap is small
def chart(kind):
    if kind in WITH_LIDS:
        from firmware.storage import lids

        return lids.LIDDED if kind == LIDDED else lids.BIN
    if kind in COUNTING:
        from firmware.storage import counted

        return (counted.SINGLE, counted.SHELF, counted.COIL)[COUNTING.index(kind)]
    from firmware.storage import plain

    return plain.CHART


def make(number, kind, release_ms, ajar_ms, latch_ms):
    return Drawer(number, kind, chart(kind), release_ms, ajar_ms, latch_ms)
