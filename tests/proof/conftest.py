"""A site with every kind of transaction in its ledger, a packet of one day of it and an export."""

import time
from types import SimpleNamespace

import pytest

from firmware.journal import kinds
from server_stub.export import write_export
from server_stub.proof.packet import make_packet
from server_stub.proof.period import between
from server_stub.proof.signatory import signatory
from server_stub.site import config, signers
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre import conftest as centre
from tests.tamper import site as sealed_site

# fixtures of the centre's core over a fresh database
bench, quick = centre.bench, centre.quick
database, site_home = centre.database, centre.site_home

NIGHT_MS = 1_700_006_400_000  # 2023-11-15T00:00Z; the scripts begin at 1_700_000_000_000
MADE_MS = time.time_ns() // 1_000_000  # certificates are made now
DAY = between("2023-11-15", "2023-11-16")
ITEMS = [["ACET500", 0, 1, 0], ["MORP4I", 2, 1000, 0], ["LORA2", 4, 1, 0]]
NAMES = [["ACET500", "Acetaminophen 500 mg", ""], ["MORP4I", "Morphine 4 mg/mL", ""], ["LORA2", "Lorazepam 2 mg", ""]]


def day(script):
    """Before midnight a refill; after it one of everything; the last entry is of the day after."""
    script.utc_ms = NIGHT_MS - 61_000
    script.add(kinds.BOOT, ("0.1.0", 0, "none", 0), actor="")
    script.add(kinds.REFILL, (0, "LOT7", None), item="MORP4I", place="D02-P01", stock=(0, 9000), txn=2)
    script.utc_ms = NIGHT_MS - 1000
    script.removal("D02-P01", "MORP4I", 9000, 1000)
    txn = len(script.pages) - 3
    script.add(kinds.WASTE, (0, txn, 250), item="MORP4I", patient="P1")
    script.add(kinds.RETURN, (0, txn), item="MORP4I", place="D02-P01", stock=(8000, 8500), txn=txn, patient="P1")
    script.removal("D01-P01", "ACET500", 10, 2)
    script.add(kinds.COUNT, (8500,), item="MORP4I", place="D02-P01", stock=(8500, 8000), txn=20)
    script.add(kinds.ALARM, (2, 2), actor="")
    script.add(kinds.ALARM_CLEARED, (2, 2), actor="")
    taken = (0, None, None, None, None)
    script.add(kinds.REMOVE, taken, item="GONE", place="D03-P01", stock=(5, 4), txn=30, patient="P1")
    script.utc_ms = NIGHT_MS + 86_400_000 - 1000
    script.add(kinds.REMOVE, taken, item="MORP4I", place="D02-P01", stock=(8000, 7000), txn=31)


def fill(core, script):
    day(script)
    for first in range(1, len(script.pages) + 1, 5):
        core.up(script.station, "batch", script.batch(first, min(first + 4, len(script.pages))))
    (core.home.controller(script.station) / "ring.bin").write_bytes(script.ring(4))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("proof") / "home")
    make_site(home, "demo")
    add_stations(home, {"ICU1": ("MICU",), "ED1": ("ED",)})
    core = centre.Bench(home, config.database_url(home, config.read(home)))
    core.ask("reference", station="ICU1", table="items", rows=ITEMS)
    core.ask("reference", station="ICU1", table="item_names", rows=NAMES)
    core.ask("advance", utc_ms=NIGHT_MS + 3_600_000)
    event = {
        "type": "adt",
        "id": "e1",
        "utc_ms": NIGHT_MS,
        "event": "A01",
        "patient": "P1",
        "name": "Ann",
        "ward": "MICU",
    }
    assert core.ask("hospital_events", events=[event])["accepted"] == 1
    scripts = [core.station("ICU1"), core.station("ED1")]
    for script in scripts:
        fill(core, script)
    yield SimpleNamespace(home=home, core=core, scripts=scripts)
    core.engine.dispose()


@pytest.fixture(scope="session")
def pharmacist(site):
    return signatory(site.home, signers.PHARMACIST)


@pytest.fixture(scope="session")
def packet(site, pharmacist, tmp_path_factory):
    return make_packet(site.home, DAY, pharmacist, tmp_path_factory.mktemp("packet") / "p", MADE_MS).path


@pytest.fixture(scope="session")
def export(site, tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "e"
    assert write_export(site.home, out, MADE_MS).ok
    return out


@pytest.fixture(scope="session")
def tampered(tmp_path_factory):
    """Story and export of a site with seals, checkpoints and a witness."""
    return sealed_site.make(tmp_path_factory.mktemp("sealed") / "site", MADE_MS)
