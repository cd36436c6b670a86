"""Manifests: what a folder holds, by SHA-256 and size, under a signature (A15; docs/packets.md, manifest)."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from server_stub.proof.signatory import Signatory

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"


def copy_certificates(folder: Path, signer: Signatory) -> None:
    """Put the signer's certificate and its authority's into `folder`/keys, which is there."""
    for source in (signer.certificate_file, signer.authority_file):
        (folder / "keys" / source.name).write_bytes(source.read_bytes())


def seal(folder: Path, manifest: dict[str, Any], signer: Signatory, made_utc_ms: int) -> bytes:
    """Write and sign the manifest of all files in `folder`; `made_utc_ms` is the computer's time. Gives its SHA-256."""
    whole = {
        **manifest,
        "signer": {
            "name": signer.common_name,
            "certificate": f"keys/{signer.certificate_file.name}",
            "fingerprint": signer.fingerprint,
        },
        "files": {path.relative_to(folder).as_posix(): _file(path) for path in sorted(_files(folder))},
        "made_utc_ms": made_utc_ms,
    }
    raw = (json.dumps(whole, indent=1) + "\n").encode()
    (folder / MANIFEST).write_bytes(raw)
    (folder / SIGNATURE).write_bytes(signer.sign(raw))
    return sha256(raw).digest()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _file(path: Path) -> dict[str, Any]:
    whole = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            whole.update(block)
    return {"sha256": whole.hexdigest(), "bytes": path.stat().st_size}
