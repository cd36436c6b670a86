"""`apotheca export`: ledger, batches and journals as files, with what is needed to verify them and no key."""

import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
from sqlalchemy import Connection, Engine, select

from firmware.journal.chain import head0
from firmware.journal.flash import PAGE
from server_stub.ledger import schema
from server_stub.ledger.record import LogState
from server_stub.ledger.schema import open_database
from server_stub.ledger.store import load_log, read_page
from server_stub.site.config import SiteConfig, database_url, read
from server_stub.site.home import Home, make_folder

_MAX_PAGE = 246
_RING_HEAD = 6


class ExportRefused(Exception):
    """Nothing was written."""


@dataclass
class Report:
    """What was written, and whether every chain came out at the head the ledger holds."""

    logs: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Is every head right?"""
        return not self.wrong

    def lines(self) -> list[str]:
        """For people."""
        good = [f"{name}: {count} entries" for name, count in self.logs.items()]
        return [*good, *self.wrong, "every head is right" if self.ok else "NOT every head is right"]


def write_export(home: Home, out: Path) -> Report:
    """Write everything into the new folder `out` (docs/interfaces.md, Export); raises ExportRefused, NoSite."""
    if out.exists():
        raise ExportRefused(f"{out} is there already: name a new folder")
    site = read(home)
    for name in ("ledger", "batches", "journals"):
        make_folder(out / name)
    report = Report()
    # rings before the ledger: what is written while this runs may be missing in them, never in the ledger alone
    for enrolled in site.station:
        _write_ring(home.controller(enrolled.id) / "ring.bin", out / "journals" / f"{enrolled.id}.ring")
    with _snapshot(open_database(database_url(home, site))) as conn:
        logs = [_write_ledger(conn, out, log, report) for log in _logs(site)]
        _write_batches(conn, out / "batches")
    (out / "manifest.json").write_text(json.dumps(_manifest(home, site, logs), indent=1) + "\n")
    return report


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile."""
    with engine.connect().execution_options(isolation_level="SERIALIZABLE") as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("BEGIN")
        yield conn
    engine.dispose()


def _logs(site: SiteConfig) -> Iterator[tuple[str, int, bytes]]:
    yield "centre", 1, bytes.fromhex(site.site.genesis)
    for station in site.station:
        yield station.id, station.log, bytes.fromhex(station.genesis)


def _manifest(home: Home, site: SiteConfig, ends: list[LogState]) -> dict[str, Any]:
    logs = [
        {
            "station": end.station,
            "log": end.log,
            "genesis": end.genesis.hex(),
            "key_id": cbor2.loads(end.genesis)[3].hex(),
            "seq": end.seq,
            "head": end.head.hex(),
        }
        for end in ends
    ]
    keys = {s.id: home.public_key(s.id).read_text() for s in site.station}
    keys["centre"] = (home.keys / "centre-sign.pub").read_text()
    return {"v": 1, "site": site.site.id, "logs": logs, "public_keys": keys}


def _write_ledger(conn: Connection, out: Path, which: tuple[str, int, bytes], report: Report) -> LogState:
    station, log, genesis = which
    end = load_log(conn, station, log, genesis)
    head = head0(genesis)
    entries = schema.entries.c
    rows = conn.execute(
        select(entries.seq, entries.page).where(entries.station == station, entries.log == log).order_by(entries.seq)
    )
    count = 0
    with (out / "ledger" / f"{station}-{log}.pages").open("w") as file:
        for count, (seq, data) in enumerate(rows, 1):  # noqa: B007 - the last count is wanted
            page = read_page(data, head)
            head = page.head
            file.write(_line(seq, data, leaf=page.leaf.hex(), head=head.hex()))
    report.logs[f"{station}-{log}"] = count
    if (count, head) != (end.seq, end.head):
        report.wrong.append(f"{station}-{log}: {count} entries do not end at the head the ledger holds")
    return end


def _write_batches(conn: Connection, folder: Path) -> None:
    table = schema.batches
    for row in conn.execute(select(table).order_by(table.c.id).execution_options(yield_per=100)):
        (folder / f"{row.station}-{row.log}-{row.first_seq}-{row.last_seq}.cose").write_bytes(row.raw)


def _write_ring(ring: Path, out: Path) -> None:
    with out.open("w") as file:
        for seq, data in sorted(_ring_pages(ring)):
            file.write(_line(seq, data))


def _ring_pages(ring: Path) -> Iterator[tuple[int, bytes]]:
    """(seq, journal page) of every whole page of a ring (docs/journal.md section 4)."""
    data = ring.read_bytes() if ring.exists() else b""
    for at in range(0, len(data) - PAGE + 1, PAGE):
        page = data[at : at + PAGE]
        length, seq = struct.unpack_from("<HI", page)
        if length <= _MAX_PAGE and zlib.crc32(page[:-4]) == struct.unpack_from("<I", page, PAGE - 4)[0]:
            yield seq, page[_RING_HEAD : _RING_HEAD + length]


def _line(seq: int, page: bytes, **more: str) -> str:
    return json.dumps({"seq": seq, "page": page.hex(), **more}) + "\n"
