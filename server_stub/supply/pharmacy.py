"""What the pharmacy's interface computer picks by (P13, P31, P43, P52): one snapshot of the ledger for all cabinets."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, Row, and_, select

from firmware.wire import messages
from server_stub.ledger import schema as ledger
from server_stub.ledger import store
from server_stub.stock.items import items
from server_stub.stock.shelves import Shelf, read_shelves
from server_stub.supply import life, schema
from server_stub.supply.generations import WINDOW_MS
from server_stub.supply.pick import lines

LOAD, REFILL = "L", "R"
_MINUTE_MS = 60_000
# of a row of the table users
_USER, _ROLES = 1, 5
_ASK = {"ask_beginning_quantity": "ask_beginning", "ask_expiry": "ask_expiry"}

_OPEN = ("label", "station", "item", "quantity", "picked_ms", "state")
_Place = tuple[str, str]

_L, _R = schema.pick_labels.c, ledger.reference_rows.c


class Cabinet(NamedTuple):
    """A station that is picked for, in the zone the site puts it in ("" none)."""

    station: str
    zone: str


def snapshot(conn: Connection, cabinets: Sequence[Cabinet], unloaded: Collection[_Place]) -> dict[str, Any]:
    """As `GET /api/v1/pharmacy/snapshot` gives it; `unloaded` are the places that are to be loaded, `conn` must see one
    moment of the database."""
    last = store.last_entry(conn)
    names = [cabinet.station for cabinet in cabinets]
    shelves = read_shelves(conn, names)
    known = sorted({item for shelf in shelves.values() for item in shelf.items})
    labels = _open(conn, last.utc_ms)
    return {
        "snapshot": last.id,
        "as_of_utc_ms": last.utc_ms,
        "stations": list(_stations(conn, cabinets)),
        "needs": list(_needs(conn, shelves, unloaded, labels, last.utc_ms)),
        "items": list(_items(conn, known)),
        "users": list(_users(conn)),
        "open_labels": [_open_label(label, last.utc_ms) for label in labels],
    }


def _stations(conn: Connection, cabinets: Sequence[Cabinet]) -> Iterator[dict[str, Any]]:
    policy = {(station, row[0]): row[1] for station, row in _rows(conn, "policy")}
    for station, zone in cabinets:
        asked = {name: bool(policy.get((station, setting))) for name, setting in _ASK.items()}
        yield {"station": station, "zone": zone, **asked}


def _needs(
    conn: Connection,
    shelves: Mapping[str, Shelf],
    unloaded: Collection[_Place],
    labels: Iterable[Row[Any]],
    now_ms: int,
) -> Iterator[dict[str, Any]]:
    """What the pick list of each cabinet asks for, less what is on its way there already."""
    under_way: dict[tuple[str, str, str], int] = defaultdict(int)
    for label in labels:
        under_way[label.station, label.item, label.purpose] += 0 if _stale(label, now_ms) else label.quantity
    for station, shelf in shelves.items():
        for line in lines(conn, station, shelf):
            for purpose in (REFILL, LOAD):
                wanted = _wanted(line, {place for at, place in unloaded if at == station}, purpose)
                quantity = wanted - under_way[station, line["item"], purpose]
                if quantity > 0:
                    need = {"station": station, "item": line["item"], "quantity": quantity}
                    yield {**need, "load_or_refill": purpose, "pick_area": ""}


def _wanted(line: dict[str, Any], unloaded: Collection[str], purpose: str) -> int:
    """What the pockets of a line lack that are to be loaded, or refilled."""
    pockets = (pocket for pocket in line["pockets"] if (pocket["place"] in unloaded) == (purpose == LOAD))
    return sum(int(pocket["quantity"]) for pocket in pockets)


def _stale(label: Row[Any], now_ms: int) -> bool:
    return bool(label.until_min * _MINUTE_MS <= now_ms)


def _items(conn: Connection, known: Sequence[str]) -> Iterator[dict[str, Any]]:
    named = items(conn, known)
    codes: dict[str, set[str]] = defaultdict(set)
    for _, (code, item) in _rows(conn, "item_codes"):
        codes[item].add(code)
    for item in known:
        yield {"item": item, "name": named[item].name, "codes": sorted(codes[item])}


def _users(conn: Connection) -> Iterator[dict[str, Any]]:
    """Everybody whom some station knows, with what she may do anywhere; who is restricted anywhere may do nothing."""
    roles: dict[str, int] = defaultdict(int)
    for _, row in _rows(conn, "users"):
        roles[row[_USER]] |= row[_ROLES]
    for user, may in sorted(roles.items()):
        free = not may & messages.ROLE_RESTRICTED
        picks, checks = bool(may & messages.ROLE_REFILL), bool(may & messages.ROLE_CHECK)
        yield {"user": user, "may_pick": free and picks, "may_check": free and checks}


def _open(conn: Connection, as_of_ms: int) -> list[Row[Any]]:
    """Packages that went no further yet, also stale ones: no unit may give their serials again (RD-P9b)."""
    query = select(*(_L[name] for name in _OPEN), _L.purpose, _L.until_min)
    which = and_(_L.state.in_(life.OPEN), _L.picked_ms >= as_of_ms - WINDOW_MS, _L.quantity > 0)
    return list(conn.execute(query.where(which).order_by(_L.picked_ms, _L.label)))


def _open_label(label: Row[Any], as_of_ms: int) -> dict[str, Any]:
    told = {name: label._mapping[name] for name in _OPEN}
    return {**told, "picked_utc_ms": told.pop("picked_ms"), "stale": _stale(label, as_of_ms)}


def _rows(conn: Connection, table: str) -> Iterator[tuple[str, Any]]:
    query = select(_R.station, _R.row).where(and_(_R.table == table, _R.row.is_not(None)))
    for station, row in conn.execute(query.order_by(_R.station, _R.key)):
        yield station, cbor2.loads(row)
