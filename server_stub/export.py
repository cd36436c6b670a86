"""`apotheca export`: ledger, batches and journals as files, with what is needed to verify them and no key."""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from firmware.journal.chain import head0
from firmware.journal.flash import PAGE
from server_stub.ledger import schema
from server_stub.ledger.schema import there
from server_stub.ledger.snapshot import snapshot_of
from server_stub.ledger.store import load_log
from server_stub.proof import leaves, seal
from server_stub.proof.signatory import signatory
from server_stub.proof.stretch import LogKey, Stretch, all_logs, described, pages
from server_stub.site import signers
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


def write_export(home: Home, out: Path, made_utc_ms: int) -> Report:
    """Write everything into the new folder `out` (docs/interfaces.md, Export); `made_utc_ms` is the computer's time.

    Raises ExportRefused, NoSite, NoSigner, and WrongSchema if there is no database.
    """
    if out.exists():
        raise ExportRefused(f"{out} is there already: name a new folder")
    site = read(home)
    url = there(database_url(home, site))
    for name in ("ledger", "batches", "journals", "keys"):
        make_folder(out / name)
    report = Report()
    # rings before the ledger: what is written while this runs may be missing in them, never in the ledger alone
    for enrolled in site.station:
        _write_ring(home.controller(enrolled.id) / "ring.bin", out / "journals" / f"{enrolled.id}.ring")
    with snapshot_of(url) as conn:
        logs = [_whole(conn, key, genesis) for key, genesis in all_logs(conn, site).items()]
        for log in logs:
            _write_ledger(conn, out, log, report)
        _write_batches(conn, out / "batches")
        leaves.write_tree(conn, out, logs)
    leaves.copy_keys(home, site, out)
    signer = signatory(home, signers.CENTRE)
    seal.copy_certificates(out, signer)
    seal.seal(out, _manifest(home, site, logs), signer, made_utc_ms)
    return report


def _whole(conn: Connection, key: LogKey, genesis: bytes) -> Stretch:
    end = load_log(conn, *key, genesis)
    return Stretch(*key, genesis, 1, end.seq, bytes(head0(genesis)), end.head)


def _manifest(home: Home, site: SiteConfig, logs: Sequence[Stretch]) -> dict[str, Any]:
    keys = {s.id: home.public_key(s.id).read_text() for s in site.station}
    keys["centre"] = (home.keys / "centre-sign.pub").read_text()
    described_logs = [{**described(log), "entries": log.last_seq} for log in logs]
    return {"format": "apotheca-export", "v": 1, "site": site.site.id, "logs": described_logs, "public_keys": keys}


def _write_ledger(conn: Connection, out: Path, log: Stretch, report: Report) -> None:
    head, count = log.start_head, 0
    with (out / "ledger" / f"{log.name}.pages").open("w") as file:
        for count, page in enumerate(pages(conn, log), 1):  # noqa: B007 - the last count is wanted
            head = page.head
            file.write(_line(page.entry.seq, page.data, leaf=page.leaf.hex(), head=head.hex()))
    report.logs[log.name] = count
    if (count, head) != (log.last_seq, log.end_head):
        report.wrong.append(f"{log.name}: {count} entries do not end at the head the ledger holds")


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
