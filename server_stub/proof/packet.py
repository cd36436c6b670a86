"""A compliance packet: report, dataset, chains, keys and manifest of a period in one folder (A14-A16; docs/packets.md).

Nothing but the manifest's `made_utc_ms` and the signatures tells when it was made: the same ledger, the same files.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from server_stub.ledger.batch import Refused
from server_stub.ledger.snapshot import snapshot_of
from server_stub.proof import leaves, pades, seal
from server_stub.proof.facts import Facts
from server_stub.proof.formulary import Formulary
from server_stub.proof.on_hand import on_hand
from server_stub.proof.period import Period, iso
from server_stub.proof.report import report
from server_stub.proof.rows import dataset_row, line
from server_stub.proof.signatory import Signatory
from server_stub.proof.stretch import Stretch, all_logs, described, pages, stretches
from server_stub.site.config import SiteConfig, database_url, read
from server_stub.site.home import Home, make_folder


class PacketRefused(Exception):
    """Nothing was made; the text says why."""


@dataclass(frozen=True)
class Packet:
    """A packet that was made: where, of how many entries, and the SHA-256 of its manifest."""

    path: Path
    period: Period
    entries: int
    manifest_sha256: bytes


def make_packet(home: Home, period: Period, signer: Signatory, out: Path, made_utc_ms: int) -> Packet:
    """Make the packet of `period` as the new folder `out`, whole or not at all; reads the database and changes nothing.

    `made_utc_ms` is the computer's time. Raises PacketRefused, NoSite, NoSigner, and OSError where `out` cannot be.
    """
    if out.exists():
        raise PacketRefused(f"{out} is there already: name a new folder with --out")
    draft = out.with_name(f".{out.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        for name in ("chains", "keys"):
            make_folder(draft / name)
        site = read(home)
        with snapshot_of(database_url(home, site)) as conn:
            described_logs, entries = _write_ledger(conn, draft, site, period, signer)
        _copy_keys(home, site, draft, signer)
        digest = seal.seal(draft, _manifest(site, period, described_logs), signer, made_utc_ms)
        draft.rename(out)
    except Refused as refused:
        raise PacketRefused(f"the ledger holds a page that is none, nothing was made: {refused}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Packet(out, period, entries, digest)


def read_packet(folder: Path) -> Packet:
    """A packet made earlier, as its manifest says; `verify_apotheca` tells if it is true. Raises PacketRefused."""
    try:
        raw = (folder / seal.MANIFEST).read_bytes()
        manifest = json.loads(raw)
        period = Period(manifest["from_utc_ms"], manifest["to_utc_ms"])
        entries = sum(log["entries"] for log in manifest["logs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PacketRefused(f"{folder} is no packet: {error}") from None
    return Packet(folder, period, entries, sha256(raw).digest())


def _manifest(site: SiteConfig, period: Period, logs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": "apotheca-packet",
        "v": 1,
        "site": site.site.id,
        "from_utc_ms": period.from_utc_ms,
        "to_utc_ms": period.to_utc_ms,
        "from": iso(period.from_utc_ms),
        "to": iso(period.to_utc_ms),
        "disclosures": site.packets.disclosures,
        "logs": logs,
    }


def _write_ledger(
    conn: Connection, draft: Path, site: SiteConfig, period: Period, signer: Signatory
) -> tuple[list[dict[str, Any]], int]:
    formulary = Formulary.read(conn)
    facts = Facts(formulary)
    logs = stretches(conn, all_logs(conn, site), period)
    counts = _write_chains(conn, draft, logs, (period, site.packets.disclosures), facts)
    (draft / "items.json").write_text(json.dumps(formulary.listed(), indent=1) + "\n")
    leaves.write_tree(conn, draft, logs)
    pdf = report(site.site.id, period, logs, facts, on_hand(conn, period.to_utc_ms))
    (draft / "report.pdf").write_bytes(pades.sign_pdf(pdf, signer))
    return [{**described(log), "entries": count} for log, count in zip(logs, counts, strict=True)], sum(counts)


def _write_chains(
    conn: Connection, draft: Path, logs: Sequence[Stretch], what: tuple[Period, bool], facts: Facts
) -> list[int]:
    """Chains and dataset in one pass; gives how many entries of each log are of the period."""
    period, disclosures = what
    counts = []
    with (draft / "dataset.ndjson").open("w") as dataset:
        for log in logs:
            count = 0
            with (draft / "chains" / f"{log.name}.ndjson").open("w") as chain:
                head = log.start_head
                for page in pages(conn, log, disclosures=disclosures):
                    head = page.head
                    chain.write(line({"seq": page.entry.seq, "page": page.data.hex(), "head": page.head.hex()}))
                    if period.holds(page.entry.utc_ms):
                        count += 1
                        dataset.write(line(dataset_row(page)))
                        facts.take(page.entry)
            if head != log.end_head:
                raise PacketRefused(
                    f"the ledger's chain of {log.name} is broken, nothing was made: see docs/packets.md"
                )
            counts.append(count)
    return counts


def _copy_keys(home: Home, site: SiteConfig, draft: Path, signer: Signatory) -> None:
    seal.copy_certificates(draft, signer)
    (draft / "keys" / "centre-sign.pub").write_bytes((home.keys / "centre-sign.pub").read_bytes())
    leaves.copy_keys(home, site, draft)
    for station in site.station:
        public = home.public_key(station.id)
        (make_folder(draft / "keys" / "stations") / public.name).write_bytes(public.read_bytes())
