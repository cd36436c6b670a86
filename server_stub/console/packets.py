"""Packets as the console has them: what lies in the home's folder, making one beside the pages, taking one away."""

import asyncio
import logging
import re
import time
import zipfile
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

from sqlalchemy import Engine, select

import verify_apotheca
from server_stub.integration.intake import IntakeAway
from server_stub.proof import schema
from server_stub.proof.packet import PacketRefused, make_packet
from server_stub.proof.period import Period
from server_stub.proof.signatory import NoSigner, signatory
from server_stub.recording import NotRecorded, record
from server_stub.site import signers
from server_stub.site.home import Home, make_folder

log = logging.getLogger(__name__)

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,99}")
_IN_MEMORY = 8 * 1024 * 1024


class Made(NamedTuple):
    """A packet that the ledger records: of which period, made when and by whom; hospital time."""

    manifest_sha256: str
    utc_ms: int
    actor: str
    from_utc_ms: int
    to_utc_ms: int


class Checked(NamedTuple):
    """What verification found, line by line."""

    good: bool
    lines: list[str]


class Busy(Exception):
    """One packet is being made already."""


def recorded(engine: Engine, limit: int) -> list[Made]:
    """Packets of the ledger, the newest first."""
    table = schema.packets.c
    query = select(table.manifest_sha256, table.utc_ms, table.actor, table.from_utc_ms, table.to_utc_ms)
    with engine.connect() as conn:
        return [Made(row[0].hex(), *row[1:]) for row in conn.execute(query.order_by(table.seq.desc()).limit(limit))]


class Packets:
    """The folder of packets of a home, and the one that is being made."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._task: asyncio.Task[None] | None = None
        self.making = ""
        self.failed = ""

    def folders(self) -> dict[str, Path]:
        """Packets on disk by the SHA-256 of their manifest."""
        if not self._home.packets.is_dir():
            return {}
        folders = (f for f in sorted(self._home.packets.iterdir()) if f.is_dir() and _NAME.fullmatch(f.name))
        return {verify_apotheca.Folder(f).digest(verify_apotheca.MANIFEST)[0]: f for f in folders if _has_manifest(f)}

    def folder(self, name: str) -> Path | None:
        """The packet of that name."""
        path = self._home.packets / name
        return path if _NAME.fullmatch(name) and path.is_dir() and _has_manifest(path) else None

    def start(self, period: Period, by: str) -> None:
        """Make the packet of a period; `making` says so until it is there, `failed` why it is not. Raises Busy."""
        if self._task and not self._task.done():
            raise Busy(f"The packet {self.making} is being made. Wait until it is there.")
        self.making, self.failed = period.name, ""
        self._task = asyncio.create_task(self._make(period, by))

    async def _make(self, period: Period, by: str) -> None:
        try:
            out = make_folder(self._home.packets) / f"{period.name}--{time.time_ns()}"
            signer = signatory(self._home, signers.PHARMACIST)
            now_ms = time.time_ns() // 1_000_000
            packet = await asyncio.to_thread(make_packet, self._home, period, signer, out, now_ms)
            await record(self._home, packet, by)
        except (PacketRefused, NoSigner, IntakeAway, NotRecorded, OSError) as error:
            self.failed = f"The packet {period.name} was not made or not recorded: {error}"
        except Exception:
            # nobody waits for this task: what is not said here is never said
            log.exception("the packet %s was not made", period.name)
            self.failed = f"The packet {period.name} was not made; the log file of the console says why."
        finally:
            self.making = ""

    def verify(self, folder: Path) -> Checked:
        """What `verify_apotheca.py` says of it, with the site's own authority."""
        try:
            found = verify_apotheca.check(folder, self._home.keys / "ca.crt")
        except (verify_apotheca.Unreadable, OSError) as error:
            return Checked(False, [f"BAD: {error}"])
        return Checked(found.good, found.lines())


def zipped(folder: Path) -> IO[bytes]:
    """The packet as one file, with the program that verifies it left to the auditor's own copy."""
    out: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    out.seek(0)
    return out


def _has_manifest(folder: Path) -> bool:
    return (folder / verify_apotheca.MANIFEST).is_file()
