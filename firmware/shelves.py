# Rows for the pocket rules: planogram, book and sensors brought together.
from firmware import codes, holdings, layers, pockets, schema

_ITEM = 3  # column of `pockets`
MINUTE_MS = 60000
_NEVER = 0xFFFFFFFF


class Pockets:
    # drawer_of: number -> Drawer or None; bins: numbers of the drawers that are return bins; clock.value is
    # (utc_ms, mono_ms, time quality)
    def __init__(self, table, state, drawer_of, bins, clock):
        self._table = table
        self._quarantined = state.is_quarantined
        self._held = state.held
        self._drawer_of = drawer_of
        self._bins = bins
        self._clock = clock

    # without a time of any quality nothing that expires is known to be good
    @property
    def now_min(self):
        utc_ms, _, quality = self._clock.value
        return utc_ms // MINUTE_MS if quality else _NEVER

    def _row(self, row):
        place, drawer, pocket, item, low, high, capacity = row
        _, quantity, flags, set_low, set_high, _ = self._held.pocket(place)
        if set_high:
            low, high = min(set_low, capacity), min(set_high, capacity)
        lots = self._held.lots.of(place, quantity)
        state = self._state(drawer, flags, lots)
        return pockets.Pocket(
            place, drawer, pocket, item, low, high, capacity, quantity, state, *layers.first(lots)
        )  # fmt: skip

    def _state(self, drawer, flags, lots):
        if flags & holdings.FAILED or self._out_of_order(drawer):
            return pockets.FAILED
        if flags & holdings.MUST_COUNT:
            return pockets.MUST_COUNT
        if flags & holdings.NOT_LOADED:
            return pockets.NOT_LOADED
        if self._quarantined(drawer):
            return pockets.QUARANTINED
        return pockets.EXPIRED if layers.expired(lots, self.now_min) else pockets.USABLE

    def _out_of_order(self, drawer):
        lock = self._drawer_of(drawer)
        return lock is None or not lock.usable() or self._held.drawer_failed(drawer)

    def of_item(self, item):
        return [self._row(row) for row in self._table.where(_ITEM, item)]

    def at(self, place):
        row = self._table.get(place)
        return self._row(row) if row else None

    def in_drawer(self, drawer):
        return [self._row(row) for row in self._table.rows() if row[1] == drawer]

    def expired(self, place):
        return layers.total(layers.expired(self._held.layers(place), self.now_min))

    # May this lot go in? -> the code that says why not
    def lot_code(self, place, lot, expiry_min):
        if 0 < expiry_min <= self.now_min:
            return codes.EXPIRED_DRUG
        held = self._held.layers(place)
        known = (lot, expiry_min) == layers.UNKNOWN or (lot, expiry_min) in [layer[:2] for layer in held]
        room = layers.has_room(held, lot, expiry_min) and (known or self._held.lots.has_room())
        return codes.NONE if room else codes.LAYERS_FULL

    # ---- return bins

    # the bin that works, for this item; "" for all of it
    def bin_for(self, item):
        rows = [self._bin_row(schema.place_name(drawer, 1), item) for drawer in self._bins]
        return pockets.nearest(rows)

    def bin_at(self, place):
        at_bin = schema.is_place(place) and int(place[1:3]) in self._bins and place[4:] == "P01"
        return self._bin_row(place, "") if at_bin else None

    def _bin_row(self, place, item, quantity=None):
        if quantity is None:
            quantity = self._held.bin.quantity(place, item) if item else 0
        drawer = int(place[1:3])
        flags = self._held.pocket(place)[2]
        state = pockets.FAILED if flags & holdings.FAILED or self._out_of_order(drawer) else pockets.BIN
        return pockets.Pocket(place, drawer, 1, item, 0, 0, 0, quantity, state, "", 0)

    # ---- all of them, for INVENTORY: the pockets, then what lies in the bins

    def count(self):
        return self._table.count + self._held.bin.count

    def part(self, start, size):
        held = self._table.count
        rows = [self._row(self._table.row(at)) for at in range(start, min(start + size, held))]
        binned = list(self._held.bin.rows())[max(0, start - held) : max(0, start + size - held)]
        return rows + [self._bin_row(*row) for row in binned]
