"""The packet at the end of a run: made for its whole period, recorded, and verified by the program for auditors."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import verify_apotheca
from server_stub.proof.packet import Packet, make_packet
from server_stub.proof.period import Period
from server_stub.proof.signatory import signatory
from server_stub.recording import record
from server_stub.site import signers
from server_stub.site.home import Home, make_folder

ACTOR = "shell:demo"


@dataclass(frozen=True)
class Verified:
    """A packet and what the verifier found, line by line."""

    path: Path
    ok: bool
    words: tuple[str, ...]


async def make_and_verify(home: Path, from_utc_ms: int, to_utc_ms: int) -> Verified:
    """As `apotheca packet make` and `apotheca packet verify --ca`; raises what they refuse for."""
    place = Home(home)
    packet = await asyncio.to_thread(_make, place, Period(from_utc_ms, to_utc_ms))
    await record(place, packet, ACTOR)
    findings = await asyncio.to_thread(verify_apotheca.check, packet.path, place.keys / "ca.crt")
    return Verified(packet.path, findings.good, tuple(findings.lines()))


def _make(home: Home, period: Period) -> Packet:
    out = make_folder(home.packets) / f"{period.name}--demo"
    return make_packet(home, period, signatory(home, signers.PHARMACIST), out, time.time_ns() // 1_000_000)
