"""Stretches of logs: the entries from the first to the last one of a period, read page by page (A12.b, A14).

Entries of the period need not lie together: clocks are set, hospital events come late. A stretch is what the chain
needs, first to last without a gap; which of them are of the period their time says.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, func, select

from firmware.journal.chain import head0
from server_stub.ledger import schema
from server_stub.ledger.batch import next_page
from server_stub.ledger.record import Page
from server_stub.proof.period import Period
from server_stub.site.config import SiteConfig

LogKey = tuple[str, int]

_T = schema.entries.c


class Stretch(NamedTuple):
    """A part of a log: an empty one begins at 1 and ends at 0. `start_head` is the head before it."""

    station: str
    log: int
    genesis: bytes
    first_seq: int
    last_seq: int
    start_head: bytes
    end_head: bytes

    @property
    def name(self) -> str:
        """The log's name in file names."""
        return f"{self.station}-{self.log}"


def all_logs(conn: Connection, site: SiteConfig) -> dict[LogKey, bytes]:
    """Every log of a site, also those of controllers since replaced, with what each begins with; the centre's first."""
    logs = {("centre", 1): bytes.fromhex(site.site.genesis)}
    logs |= {(s.id, s.log): bytes.fromhex(s.genesis) for s in site.station}
    held = schema.logs.c
    query = select(held.station, held.log, held.genesis).order_by(held.station, held.log)
    return logs | {(station, log): bytes(genesis) for station, log, genesis in conn.execute(query)}


def stretches(conn: Connection, logs: Mapping[LogKey, bytes], period: Period | None = None) -> list[Stretch]:
    """The stretch of each log that the period (by default all time) needs."""
    query = select(_T.station, _T.log, func.min(_T.seq), func.max(_T.seq)).group_by(_T.station, _T.log)
    if period:
        query = query.where(_T.utc_ms >= period.from_utc_ms, _T.utc_ms < period.to_utc_ms)
    found = {(station, log): (first, last) for station, log, first, last in conn.execute(query)}
    return [_stretch(conn, key, genesis, *found.get(key, (1, 0))) for key, genesis in logs.items()]


def _stretch(conn: Connection, key: LogKey, genesis: bytes, first: int, last: int) -> Stretch:
    start = _head(conn, key, genesis, first - 1)
    return Stretch(*key, genesis, first, last, start, _head(conn, key, genesis, last))


def _head(conn: Connection, key: LogKey, genesis: bytes, seq: int) -> bytes:
    if seq == 0:
        return bytes(head0(genesis))
    query = select(_T.head).where(_T.station == key[0], _T.log == key[1], _T.seq == seq)
    return bytes(conn.scalars(query).one())


def pages(conn: Connection, stretch: Stretch, *, disclosures: bool = True) -> Iterator[Page]:
    """The pages of a stretch in order; without `disclosures` they name no patient and all else still verifies."""
    query = select(_T.page).where(
        _T.station == stretch.station, _T.log == stretch.log, _T.seq.between(stretch.first_seq, stretch.last_seq)
    )
    head = stretch.start_head
    for data in conn.scalars(query.order_by(_T.seq).execution_options(yield_per=1000)):
        page = _page(data, head, disclosures)
        head = page.head
        yield page


def _page(data: bytes, head: bytes, disclosures: bool) -> Page:
    entry, disclosure, mac = cbor2.loads(data)
    return next_page(entry, disclosure if disclosures else None, mac, head)


def described(stretch: Stretch) -> dict[str, Any]:
    """As manifests have it; `seq` and `head` are those of the last entry."""
    return {
        "station": stretch.station,
        "log": stretch.log,
        "genesis": stretch.genesis.hex(),
        "key_id": cbor2.loads(stretch.genesis)[3].hex(),
        "first_seq": stretch.first_seq,
        "start_head": stretch.start_head.hex(),
        "seq": stretch.last_seq,
        "head": stretch.end_head.hex(),
    }
