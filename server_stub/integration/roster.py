"""Which patients and orders each station should know of. Pure: stays and orders in, wanted rows out.

A patient who left a station's wards stays in its tables as departed for GRACE_MS of hospital time, so that what was
taken for her can still be wasted or returned; a stopped order stays as long. Over a table's limit the newest are kept.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from server_stub.integration.hospital import Order, Stay

GRACE_MS = 120 * 60_000
MAX_PATIENTS = 60
MAX_ORDERS = 720
HERE = 1
DEPARTED = 2
NO_STOP = 0xFFFFFFFF

Row = list[Any]
Rows = dict[str, Row | None]


class _Guest(NamedTuple):
    since_ms: int
    row: Row
    named: Row
    orders: Mapping[str, tuple[int, Row]]


class Wanted(NamedTuple):
    """Rows a station's tables should have; None takes a row away. `full`: the tables hold nothing else."""

    patients: Rows
    orders: Rows
    patient_names: Rows
    over_limit: bool
    full: bool


class Roster:
    """Keeps what each station should know; `wards` is each station's wards, `items` what its cabinet can hold."""

    def __init__(self, wards: Mapping[str, Collection[str]]) -> None:
        self._stations: dict[str, list[str]] = defaultdict(list)
        for station, its_wards in wards.items():
            for ward in its_wards:
                self._stations[ward].append(station)
        self._guests: dict[str, dict[str, _Guest]] = {station: {} for station in wards}
        self._over: set[str] = set()

    def guests(self, station: str) -> set[str]:
        """The patients a station knows of."""
        return set(self._guests[station])

    def update(
        self, patient: str, stays: list[Stay], orders: list[Order], items: Mapping[str, Collection[str]], now_ms: int
    ) -> tuple[dict[str, Wanted], int | None]:
        """Place one patient anew: the changed rows of each station touched, and when to look at her again."""
        places = self._places(stays, now_ms)
        running = [o for o in orders if o.stop_ms is None or o.stop_ms + GRACE_MS > now_ms]
        wanted = {}
        for station in places.keys() | {s for s, guests in self._guests.items() if patient in guests}:
            before = self._guests[station].pop(patient, None)
            if station in places:
                self._guests[station][patient] = _guest(places[station], running, items.get(station, ()))
            wanted[station] = self._wanted(station, patient, before)
        ends = [stay.left_ms + GRACE_MS for stay in places.values() if stay.left_ms is not None]
        ends += [o.stop_ms + GRACE_MS for o in running if places and o.stop_ms is not None]
        return wanted, min(ends, default=None)

    def _places(self, stays: list[Stay], now_ms: int) -> dict[str, Stay]:
        """For each station the stay that counts: the open one, else the last whose grace runs."""
        places: dict[str, Stay] = {}
        for stay in sorted(stays, key=_lasting):
            if stay.left_ms is None or stay.left_ms + GRACE_MS > now_ms:
                places.update(dict.fromkeys(self._stations.get(stay.ward, ()), stay))
        return places

    def _wanted(self, station: str, patient: str, before: _Guest | None) -> Wanted:
        guests = self._guests[station]
        over = len(guests) > MAX_PATIENTS or sum(len(g.orders) for g in guests.values()) > MAX_ORDERS
        was_over = station in self._over
        (self._over.add if over else self._over.discard)(station)
        if over or was_over:
            return _newest(guests, over)
        guest = guests.get(patient)
        gone: Rows = dict.fromkeys(before.orders) if before else {}
        orders = {key: row for key, (_, row) in guest.orders.items()} if guest else {}
        return Wanted(
            {patient: guest.row if guest else None},
            {**gone, **orders},
            {patient: guest.named if guest else None},
            over_limit=False,
            full=False,
        )


def _lasting(stay: Stay) -> tuple[bool, int]:
    return (stay.left_ms is None, stay.left_ms or stay.since_ms)


def _guest(stay: Stay, orders: Iterable[Order], items: Collection[str]) -> _Guest:
    status = HERE if stay.left_ms is None else DEPARTED
    rows = {o.order: (o.start_ms, _order_row(o)) for o in orders if o.item in items}
    named = [stay.patient, stay.name, stay.ward]
    return _Guest(stay.since_ms, [stay.patient, status], named, rows)


def _order_row(order: Order) -> Row:
    stop_min = NO_STOP if order.stop_ms is None else -(-order.stop_ms // 60_000)
    return [order.order, order.patient, order.item, order.dose, order.start_ms // 60_000, stop_min, 0, 0]


def _newest(guests: Mapping[str, _Guest], over: bool) -> Wanted:
    kept = sorted(guests.items(), key=lambda pair: (pair[1].since_ms, pair[0]), reverse=True)[:MAX_PATIENTS]
    orders = [(start, key, row) for _, guest in kept for key, (start, row) in guest.orders.items()]
    newest = sorted(orders, key=lambda order: order[:2], reverse=True)[:MAX_ORDERS]
    return Wanted(
        {patient: guest.row for patient, guest in kept},
        {key: row for _, key, row in newest},
        {patient: guest.named for patient, guest in kept},
        over_limit=over,
        full=True,
    )
