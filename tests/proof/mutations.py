"""Seeded mutations of a packet or an export: each says what a verifier must name."""

import json
import random
import shutil
import sys
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import cbor2

import verify_apotheca

CHAINS = (".ndjson", ".pages")
# every file kind of both folders has its turn
PACKET_FILES = (
    "chains/*.ndjson",
    "dataset.ndjson",
    "chains/*.ndjson",
    "report.pdf",
    "dataset.ndjson",
    "items.json",
    "manifest.json",
    "keys/*.crt",
    "manifest.sig",
    "keys/**/*.pub",
)
EXPORT_FILES = (
    "ledger/*.pages",
    "batches/*.cose",
    "ledger/*.pages",
    "journals/*.ring",
    "manifest.json",
    "batches/*.cose",
    "keys/*.crt",
    "journals/*.ring",
    "manifest.sig",
)
OPERATIONS = ("edit", "drop", "insert", "reorder", "truncate")


class Mutation:
    """One change to `folder`; `must_name` is how a finding must begin (any one of the tuple), `what` is for people."""

    def __init__(self, folder, patterns, number, signer=None):
        self.rng = random.Random(number)
        self.folder = folder
        self.operation = OPERATIONS[number % len(OPERATIONS)]
        files = sorted(p for p in folder.glob(patterns[number // len(OPERATIONS) % len(patterns)]) if p.is_file())
        files = [p for p in files if p.stat().st_size]
        self.path = self.rng.choice(files)
        self.name = self.path.relative_to(folder).as_posix()
        self.must_name = (self.name,)
        if self.name.startswith("manifest."):
            self.must_name = ("manifest.json", "manifest.sig")
        if self.path.suffix in CHAINS:
            self._lines()
        else:
            self._bytes()
        self.what = f"{number}: {self.operation} {self.name}"
        if signer is not None:
            self.what += ", signed anew"
            sign_anew(folder, signer)

    def _lines(self):
        lines = self.path.read_bytes().splitlines(keepends=True)
        at = self.rng.randrange(len(lines) - (self.operation == "reorder"))
        self.must_name = (self._entry(lines[at]),)
        getattr(self, f"_{self.operation}_line")(lines, at)
        self.path.write_bytes(b"".join(lines))

    def _entry(self, line):
        """The entry of a line, as a verifier names it."""
        row = json.loads(line)
        if "station" in row:
            return f"station {row['station']}, log {row['log']}, entry {row['seq']}: "
        station, log = self.path.stem.rsplit("-", 1)
        return f"station {station}, log {log}, entry {row['seq']}: "

    def _edit_line(self, lines, at):
        """An entry's bytes (not its MAC, whose key a verifier does not have), or any character of a row."""
        row = json.loads(lines[at])
        if "page" in row:
            entry, *rest = cbor2.loads(bytes.fromhex(row["page"]))
            row["page"] = cbor2.dumps([other_byte(entry, self.rng), *rest]).hex()
            lines[at] = json.dumps(row).encode() + b"\n"
        else:
            lines[at] = other_byte(lines[at][:-1], self.rng) + b"\n"

    def _drop_line(self, lines, at):
        del lines[at]

    def _insert_line(self, lines, at):
        lines.insert(at, lines[at - 1] if at else lines[-1])

    def _reorder_line(self, lines, at):
        lines[at : at + 2] = lines[at + 1], lines[at]

    def _truncate_line(self, lines, at):
        del lines[at:]

    def _bytes(self):
        data = self.path.read_bytes()
        at = self.rng.randrange(1, len(data) - 1)
        if self.operation == "drop":
            self.path.unlink()
        elif self.operation == "insert" and self.path.parent != self.folder:
            extra = self.path.with_name("extra" + self.path.suffix)
            extra.write_bytes(data)
            self.must_name = (extra.relative_to(self.folder).as_posix(),)
        else:
            self.path.write_bytes(self._changed(data, at))

    def _changed(self, data, at):
        if self.operation == "edit":
            return other_byte(data, self.rng)
        if self.operation == "insert":
            return data[:at] + self.rng.randbytes(3) + data[at:]
        if self.operation == "truncate":
            return data[:at]
        swapped = data[at:] + data[:at]
        return swapped if swapped != data else data[1:]


def other_byte(data, rng):
    """One byte is another one; JSON stays one line."""
    at = rng.randrange(len(data))
    new = rng.choice([byte for byte in b"0123456789abcdefXYZ" if byte != data[at]])
    return data[:at] + bytes([new]) + data[at + 1 :]


def sign_anew(folder, signer):
    """As one who holds the signing key: hashes and signature fit what is there."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, stated in manifest["files"].items():
        if (folder / name).exists():
            data = (folder / name).read_bytes()
            stated.update(sha256=sha256(data).hexdigest(), bytes=len(data))
    raw = json.dumps(manifest, indent=1).encode()
    (folder / "manifest.json").write_bytes(raw)
    (folder / "manifest.sig").write_bytes(signer.sign(raw))


def trial(check, whole, folder, patterns, number, signer=None):
    """What is wrong with how `check` takes mutation `number` of the folder `whole`; None if nothing is."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    mutation = Mutation(folder, patterns, number, signer)
    findings = check(folder)
    if findings.good:
        return f"{mutation.what}: not noticed"
    if mutation.path.suffix in CHAINS:
        named = [*findings.entries, *findings.files][0].startswith(mutation.must_name)
        named = named and (signer is not None or any(line.startswith(mutation.name) for line in findings.files))
    else:
        named = any(line.startswith(mutation.must_name) for line in findings.files)
    return None if named else f"{mutation.what}: should name {mutation.must_name[0]}, says {findings.lines()}"


def skipping(old, new):
    """The verifier without one check."""
    text = Path(verify_apotheca.__file__).read_text(encoding="utf-8")
    assert text.count(old) == 1, "the check to skip is not there"
    module = module_from_spec(spec_from_loader("lax_verifier", loader=None))
    sys.modules["lax_verifier"] = module
    try:
        exec(compile(text.replace(old, new), "lax_verifier", "exec"), module.__dict__)
    finally:
        del sys.modules["lax_verifier"]
    # tables of the curve are dear; both are the same
    module.is_signature = verify_apotheca.is_signature
    return module
