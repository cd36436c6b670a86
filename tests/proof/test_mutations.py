"""A hundred mutations each of a packet and an export are refused where they are; a verifier lacking a check fails."""

import json
import shutil
import subprocess

import pytest

import verify_apotheca
from server_stub.proof.signatory import signatory
from server_stub.site import signers
from tests.node import NODE, VERIFY_EXPORT
from tests.proof.mutations import EXPORT_FILES, PACKET_FILES, Mutation, skipping, trial

CHAINS_OF_PACKET, CHAINS_OF_EXPORT = ("chains/*.ndjson", "dataset.ndjson"), ("ledger/*.pages",)


def failures(check, whole, folder, patterns, count, signer=None):
    found = (trial(check, whole, folder, patterns, number, signer) for number in range(count))
    return [one for one in found if one]


@pytest.mark.req("A12.b", "A15", "A16.b")
def test_unchanged_folders_are_good(packet, export):
    for folder in (packet, export):
        findings = verify_apotheca.check(folder)
        assert findings.lines()[-1].startswith("GOOD"), findings.lines()


@pytest.mark.req("A12.b", "A15", "A16.b")
def test_a_hundred_mutations_of_a_packet_are_refused(packet, tmp_path):
    assert failures(verify_apotheca.check, packet, tmp_path / "m", PACKET_FILES, 100) == []


@pytest.mark.req("A12.b", "A15")
def test_a_hundred_mutations_of_an_export_are_refused(export, tmp_path):
    assert failures(verify_apotheca.check, export, tmp_path / "m", EXPORT_FILES, 100) == []


@pytest.mark.req("A12.b")
def test_entries_are_checked_even_where_the_signer_vouches_for_the_files(site, packet, export, tmp_path):
    for name, whole, patterns in (
        (signers.PHARMACIST, packet, CHAINS_OF_PACKET),
        (signers.CENTRE, export, CHAINS_OF_EXPORT),
    ):
        signer = signatory(site.home, name)
        assert failures(verify_apotheca.check, whole, tmp_path / "m", patterns, 50, signer) == []


def told(folders, whole):
    """What the second verifier says of folders made of `whole`: [(good, first bad entry by log)]."""
    cases = whole.parent / "cases.ndjson"
    cases.write_text("".join(json.dumps({"folder": str(folder), "given": {}}) + "\n" for folder in folders))
    command = [NODE, VERIFY_EXPORT, "--cases", cases]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [(one["good"], one["first"]) for one in map(json.loads, done.stdout.splitlines())]


@pytest.mark.req("A12", "A12.b", "A13")
def test_both_verifiers_agree_on_every_mutation(site, packet, export, tmp_path):
    pharmacist, centre = signatory(site.home, signers.PHARMACIST), signatory(site.home, signers.CENTRE)
    for name, whole, patterns, count, signer in (
        ("p", packet, PACKET_FILES, 100, None),
        ("e", export, EXPORT_FILES, 100, None),
        ("ps", packet, CHAINS_OF_PACKET, 50, pharmacist),
        ("es", export, CHAINS_OF_EXPORT, 50, centre),
    ):
        folders = [tmp_path / f"{name}{number}" for number in range(count)]
        mutations = [mutated(whole, to, patterns, number, signer) for number, to in enumerate(folders)]
        said = [verify_apotheca.check(folder).plain() for folder in folders]
        untouched, *others = told([whole, *folders], whole)
        assert untouched == (True, {})
        # a manifest that is not what was signed is not read any further by one of them
        agreed = zip(mutations, said, others, strict=True)
        differ = [(what, one["first"], two) for what, one, two in agreed if (one["good"], one["first"]) != two]
        assert [one for one in differ if "manifest." not in one[0]] == []
        assert not any(one["good"] for one in said) and not any(good for good, _ in others)


def mutated(whole, folder, patterns, number, signer):
    """One mutation of `whole` in `folder`, in words."""
    shutil.copytree(whole, folder)
    return Mutation(folder, patterns, number, signer).what


SKIPPED = {
    "the manifest's signature": ("if is_der_signature(signer.key, raw, signature, low_s=True):", "if True:"),
    "the files' hashes": ('if folder.digest(name) != (stated[name]["sha256"], stated[name]["bytes"]):', "if False:"),
    "missing files": ("for name in sorted(stated.keys() - folder.names):", "for name in ():"),
    "added files": ("for name in sorted(folder.names - stated.keys() - {MANIFEST, SIGNATURE}):", "for name in ():"),
    "the chain": ('if head.hex() != row["head"] or row.get("leaf", leaf.hex()) != leaf.hex():', "if False:"),
    "the end of a chain": ("if chain.end < log.last_seq:", "if False:"),
    "the dataset": ('if next(rows, b"") != json.dumps(dataset_row(page)).encode():', "if next(rows, None) is ...:"),
}


@pytest.mark.parametrize("check", SKIPPED)
def test_a_verifier_that_skips_a_check_is_found_out(site, packet, export, tmp_path, check):
    lax = skipping(*SKIPPED[check]).check
    assert lax(packet).good and lax(export).good
    pharmacist, centre = signatory(site.home, signers.PHARMACIST), signatory(site.home, signers.CENTRE)
    trials = ((packet, PACKET_FILES, None), (packet, CHAINS_OF_PACKET, pharmacist), (export, CHAINS_OF_EXPORT, centre))
    assert any(trial(lax, whole, tmp_path / "m", *rest[:1], n, rest[1]) for whole, *rest in trials for n in range(50))
