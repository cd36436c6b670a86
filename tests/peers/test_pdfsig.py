"""Poppler's pdfsig and NSS, which know nothing of us, verify the report of a packet."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from server_stub.ledger.schema import open_database
from server_stub.proof.packet import make_packet
from server_stub.proof.period import Period
from server_stub.proof.signatory import signatory
from server_stub.site import config, signers
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.tools import peers

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def run():
    written = peers.VENV / "peers.json"
    found = json.loads(written.read_text()) if written.exists() else peers.installed()

    def ran(name, *words):
        command, env = [*found[name], *map(str, words)], os.environ | found["env"]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout

    return ran


@pytest.fixture(scope="module")
def packet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers")
    home = Home(folder / "home")
    make_site(home, "demo")
    open_database(config.database_url(home, config.read(home))).dispose()
    made = make_packet(home, Period(0, 1000), signatory(home, signers.PHARMACIST), folder / "p", 1_795_000_000_000)
    return home, made.path / "report.pdf"


@pytest.fixture
def trusting(run, packet, tmp_path):
    """An NSS database that trusts the site's authority."""
    home, _ = packet
    run("certutil", "-N", "-d", tmp_path, "--empty-password")
    run("certutil", "-A", "-d", tmp_path, "-n", "site", "-t", "CT,C,C", "-i", home.keys / "ca.crt")
    return tmp_path


@pytest.mark.req("A15", "A16.b")
def test_pdfsig_finds_the_signature_valid_and_trusted(run, packet, trusting):
    said = run("pdfsig", "-nssdir", trusting, packet[1])
    assert "Signature is Valid." in said
    assert "Certificate is Trusted." in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" in said
    assert "Signer Certificate Common Name: Responsible pharmacist" in said


@pytest.mark.req("A15")
def test_pdfsig_refuses_a_changed_report_and_another_authority(run, packet, trusting, tmp_path_factory):
    folder = tmp_path_factory.mktemp("changed")
    data = bytearray(packet[1].read_bytes())
    data[data.index(b"/Producer") + 12] ^= 1
    changed = Path(folder / "changed.pdf")
    changed.write_bytes(data)
    assert "Digest Mismatch" in run("pdfsig", "-nssdir", trusting, changed)
    run("certutil", "-N", "-d", folder, "--empty-password")
    said = run("pdfsig", "-nssdir", folder, packet[1])
    assert "Signature is Valid." in said and "Certificate is Trusted." not in said
