"""The stand-alone verifier's own parts: CBOR, ECDSA, certificates, exit codes. It needs nothing but Python."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

import verify_apotheca as v
from server_stub.proof.signatory import Signatory, signatory
from server_stub.site import pki, signers
from server_stub.site.home import Home
from tests.proof.mutations import sign_anew

VECTORS = Path(__file__).parents[1] / "vectors"
PROGRAM = Path(v.__file__)
KEY = ec.generate_private_key(ec.SECP256R1())
POINT = (KEY.public_key().public_numbers().x, KEY.public_key().public_numbers().y)


def program(*words):
    """As on a machine that has nothing of ours: isolated, no environment, another folder."""
    command = [sys.executable, "-I", "-S", str(PROGRAM), *map(str, words)]
    return subprocess.run(command, env={"PATH": os.defpath}, cwd="/", capture_output=True, text=True, check=False)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=100))
def test_ecdsa_agrees_with_another_implementation(message):
    signature = KEY.sign(message, ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(signature)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert v.is_der_signature(POINT, message, signature) and v.is_raw_signature(POINT, message, raw)
    assert not v.is_der_signature(POINT, message + b"x", signature)
    assert not v.is_raw_signature(POINT, message, raw[:-1] + bytes([raw[-1] ^ 1]))
    assert not v.is_raw_signature(POINT, message, raw + b"\0")


def test_numbers_out_of_range_are_no_signature():
    for r, s in ((0, 1), (1, 0), (v.N, 1), (1, v.N), (0, 0), (v.N + 1, v.N + 1)):
        assert not v.is_signature(POINT, b"m", r, s)
    # the generator itself as key: sums of equal and of opposite points
    one = ec.derive_private_key(1, ec.SECP256R1())
    last = ec.derive_private_key(v.N - 1, ec.SECP256R1())
    for key in (one, last):
        numbers = key.public_key().public_numbers()
        for message in (b"a", b"b", b"c"):
            signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
            assert v.is_der_signature((numbers.x, numbers.y), message, signature)


def test_a_der_signature_has_one_form_only():
    signature = KEY.sign(b"m", ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(signature)
    for bad in (signature + b"\0", signature[:-1], b"\x31" + signature[1:], b"\x30\x81" + signature[1:]):
        with pytest.raises(v.Wrong):
            v.is_der_signature(POINT, b"m", bad)
    assert v.is_der_signature(POINT, b"m", encode_dss_signature(r, v.N - s)), "ECDSA itself allows this one"


def test_a_key_off_the_curve_is_refused():
    pem = pki.public_pem(KEY).decode()
    assert v.public_key(pem) == POINT
    der = bytearray(v._pem(pem, "PUBLIC KEY"))
    der[-1] ^= 1
    import base64

    with pytest.raises(v.Wrong, match="no point"):
        v.public_key(f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n")


@pytest.mark.parametrize("vector", sorted(p.name for p in VECTORS.glob("bad_cbor_*.json")))
def test_cbor_outside_the_subset_is_refused(vector):
    told = json.loads((VECTORS / vector).read_text())
    data = next(value for key, value in told.items() if key not in ("name", "error", "what", "kind", "why"))
    with pytest.raises(v.Wrong):
        v.decode(bytes.fromhex(data))


@pytest.mark.req("A15", "A16.b")
def test_the_program_alone_verifies_and_says_so(site, packet, export):
    for folder in (packet, export):
        done = program(folder, "--ca", site.home.keys / "ca.crt")
        assert (done.returncode, done.stderr) == (v.GOOD, ""), done.stdout
        assert "certificate comes from Apotheca demo authority" in done.stdout
    assert "trust in the signer was not checked" in program(packet).stdout


def test_what_cannot_be_read_is_said_with_its_own_exit_code(site, packet, tmp_path):
    for words in (
        (tmp_path / "nowhere",),
        (tmp_path,),
        (packet, "--ca", tmp_path / "no.crt"),
        (packet, "--ca", PROGRAM),
    ):
        done = program(*words)
        assert done.returncode == v.UNREADABLE and done.stderr.startswith("cannot read: "), words


def test_a_bad_packet_is_named_in_words(packet, tmp_path):
    folder = shutil.copytree(packet, tmp_path / "p")
    lines = (folder / "chains" / "ED1-1.ndjson").read_bytes().splitlines(keepends=True)
    (folder / "chains" / "ED1-1.ndjson").write_bytes(b"".join(lines[:2] + lines[3:]))
    done = program(folder)
    assert done.returncode == v.BAD
    seq = json.loads(lines[2])["seq"]
    assert f"BAD: station ED1, log 1, entry {seq}: entry {seq + 1} stands in its place" in done.stdout
    assert "BAD: chains/ED1-1.ndjson: not as it was signed" in done.stdout


@pytest.mark.req("A15")
def test_another_sites_pharmacist_and_a_stations_key_are_not_trusted(site, packet, tmp_path):
    other = Home(tmp_path / "other")
    other.keys.mkdir(parents=True)
    pki.make_authority(other.keys / "ca.crt", other.keys / "ca.key", "demo")
    folder = shutil.copytree(packet, tmp_path / "p")
    replaced(folder, signatory(other, signers.PHARMACIST))
    assert v.check(folder).good, "in itself it is whole"
    assert "does not come from" in v.check(folder, site.home.keys / "ca.crt").lines()[-1]
    # a TLS identity of the site comes from its authority, but is not for signing
    tls = Home(tmp_path / "tls")
    tls.keys.mkdir(parents=True)
    for name, source in (("centre.key", "centre.key"), ("centre.crt", "centre.crt"), ("ca.crt", "ca.crt")):
        shutil.copy(site.home.keys / source, tls.keys / name)
    folder = shutil.copytree(packet, tmp_path / "q")
    replaced(folder, Signatory(tls, "centre"))
    assert "not one for signing documents" in v.check(folder, site.home.keys / "ca.crt").lines()[-1]


def replaced(folder, signer):
    """The packet as `signer` would have signed it."""
    shutil.copy(signer.certificate_file, folder / "keys" / "pharmacist-sign.crt")
    sign_anew(folder, signer)


def test_a_certificate_is_good_in_its_time_only(site):
    authority = v.certificate((site.home.keys / "ca.crt").read_text())
    signer = v.certificate((site.home.keys / "pharmacist-sign.crt").read_text())
    now = datetime.now(UTC)
    v.check_trust(signer, authority, now)
    for off in (timedelta(days=-2), timedelta(days=900)):
        with pytest.raises(v.Wrong, match="not valid at"):
            v.check_trust(signer, authority, now + off)
    theirs = x509.load_pem_x509_certificate((site.home.keys / "pharmacist-sign.crt").read_bytes())
    assert signer.fingerprint == theirs.fingerprint(hashes.SHA256()).hex(":").upper()
    assert signer.not_after == theirs.not_valid_after_utc


def test_a_signed_manifest_that_makes_no_sense_is_bad_and_not_a_crash(site, packet, tmp_path):
    signer = signatory(site.home, signers.PHARMACIST)
    for change in (
        {"logs": None},
        {"logs": [{}]},
        {"made_utc_ms": "x"},
        {"from_utc_ms": None},
        {"made_utc_ms": 1 << 80},
    ):
        folder = shutil.copytree(packet, tmp_path / str(change)[:12].replace("/", ""), dirs_exist_ok=True)
        manifest = json.loads((packet / "manifest.json").read_text()) | change
        (folder / "manifest.json").write_text(json.dumps(manifest))
        sign_anew(folder, signer)
        findings = v.check(folder)
        assert not findings.good and findings.files[0].startswith("manifest.json"), change


def test_a_link_out_of_the_folder_is_refused(packet, tmp_path):
    folder = shutil.copytree(packet, tmp_path / "p")
    (folder / "items.json").unlink()
    (folder / "items.json").symlink_to(packet / "items.json")
    assert any("a link" in line for line in v.check(folder).files)


def test_the_other_form_of_a_signature_is_refused(packet, tmp_path):
    folder = shutil.copytree(packet, tmp_path / "p")
    r, s = decode_dss_signature((folder / "manifest.sig").read_bytes())
    (folder / "manifest.sig").write_bytes(encode_dss_signature(r, v.N - s))
    (line,) = v.check(folder).files
    assert line.startswith("manifest.sig is not")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "empty folder"])
def test_what_is_neither_a_file_nor_holds_one_is_refused(packet, tmp_path, make):
    folder = shutil.copytree(packet, tmp_path / "p")
    make(folder / "more")
    assert [line.partition(":")[0] for line in v.check(folder).files] == ["more"]


def test_a_files_name_cannot_speak_for_the_verifier(packet, tmp_path):
    folder = shutil.copytree(packet, tmp_path / "p")
    (folder / "x\nGOOD: this packet is as it was signed").write_text("")
    said = program(folder)
    assert said.returncode == 1
    assert not any(line.startswith("GOOD") for line in said.stdout.splitlines())
