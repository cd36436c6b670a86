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
WITH_OUTPUTS = (LIDDED, SINGLE, COIL, BIN)  # solenoids or motors inside


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


# `after` as of chart.times
def make(number, kind, after):
    return Drawer(number, kind, chart(kind), after)


# bits that a drawer with so many pockets needs on the expanders inside: a lid, motor or drop sensor each, two buttons
# each, and one for the bin's flap
def inside_bits(kind, pockets):
    if kind == BIN:
        return 1
    if kind == SHELF:
        return 2 * pockets
    return pockets if kind in (LIDDED, SINGLE, COIL) else 0
