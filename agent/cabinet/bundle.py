"""Firmware bundles (docs/firmware.md): the compiled firmware of one version for one kind of board.

The release key's signature is for who flashes, a MAC under each station's key for its controller.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.cabinet import bytecode
from agent.cabinet.errors import CabinetError
from agent.keys import BadSignatureError, Signer, Verifier
from firmware import codes
from firmware.compat import derive
from firmware.ports.install import PURPOSE
from firmware.wire import cbor, sealed

SIGNER = "release"
KIND = "bundle"
MAC_BYTES = 16
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})")

# [name, size in bytes, SHA-256]
Listed = list[Any]


@dataclass(frozen=True)
class Bundle:
    """An opened bundle; `macs` by station, `files` by name."""

    board: str
    version: str
    number: int
    listed: list[Listed]
    macs: Mapping[str, bytes]
    files: Mapping[str, bytes]

    def manifest_for(self, station: str) -> bytes:
        """What the controller of `station` checks; CabinetError if the bundle was not made for it."""
        if station not in self.macs:
            raise CabinetError(codes.FIRMWARE_NOT_MACED, station)
        fields = _fields(station, self.board, self.version, self.number, self.listed)
        return bytes(cbor.encode([*fields, self.macs[station]]))


def number_of(version: str) -> int:
    """The number that orders versions X.Y.Z (each below 1,000); ValueError for another text."""
    found = _VERSION.fullmatch(version)
    if not found:
        raise ValueError(f"{version!r} is no version: X.Y.Z, each at most 999")
    major, minor, patch = (int(part) for part in found.groups())
    return (major * 1000 + minor) * 1000 + patch


def firmware_files(board: str, version: str) -> dict[str, bytes]:
    """The compiled firmware of `board` that says it is `version`; raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as name:
        room, folder = Path(name) / "source", Path(name) / "out"
        named = room / "firmware" / "version.py"
        named.parent.mkdir(parents=True)
        named.write_text(f'VERSION = "{version}"\n', encoding="utf-8")
        rest = [path for path in bytecode.sources(board) if path.name != named.name]
        bytecode.compile_into(folder, bytecode.ROOT, rest)
        bytecode.compile_into(folder, room, [named])
        return bytecode.compiled_files(folder)


def pack(board: str, version: str, files: Mapping[str, bytes], signer: Signer, keys: Mapping[str, bytes]) -> bytes:
    """The bundle of these files; `keys` are the stations' K by station. ValueError for a bad version."""
    listed: list[Listed] = [[name, len(data), hashlib.sha256(data).digest()] for name, data in sorted(files.items())]
    number = number_of(version)
    envelope = signer.seal(KIND, bytes(cbor.encode([1, board, version, number, listed])))
    macs = [
        [station, sealed.seal(_fields(station, board, version, number, listed), derive(key, PURPOSE))[-MAC_BYTES:]]
        for station, key in sorted(keys.items())
    ]
    return bytes(cbor.encode([1, envelope, macs, [files[name] for name in sorted(files)]]))


def unpack(data: bytes, verifier: Verifier) -> Bundle:
    """Check and open a bundle; CabinetError for one that is cut, foreign or changed."""
    envelope, macs, contents = _parts(data)
    try:
        fields = cbor.decode(verifier.open(KIND, envelope))
    except BadSignatureError as error:
        raise CabinetError(codes.FOREIGN_BUNDLE, str(error)) from None
    _, board, version, number, listed = fields
    if len(contents) != len(listed):
        raise CabinetError(codes.DAMAGED_BUNDLE, f"{len(contents)} files of {len(listed)}")
    for (name, size, digest), content in zip(listed, contents, strict=True):
        if len(content) != size or hashlib.sha256(content).digest() != digest:
            raise CabinetError(codes.DAMAGED_BUNDLE, name)
    files = {row[0]: content for row, content in zip(listed, contents, strict=True)}
    return Bundle(board, version, number, listed, dict(macs), files)


def _parts(data: bytes) -> tuple[bytes, list[tuple[str, bytes]], list[bytes]]:
    try:
        version, envelope, macs, contents = cbor.decode(data)
        fits = version == 1 and isinstance(envelope, bytes) and all(isinstance(one, bytes) for one in contents)
        if not fits or not all(isinstance(s, str) and isinstance(mac, bytes) for s, mac in macs):
            raise ValueError("not the parts of a bundle")
    except (ValueError, TypeError) as error:
        raise CabinetError(codes.BAD_BUNDLE, str(error)) from None
    return envelope, [(station, mac) for station, mac in macs], contents


def _fields(station: str, board: str, version: str, number: int, listed: Iterable[Listed]) -> list[Any]:
    return [1, station, board, version, number, list(listed)]


def station_keys(folder: Path, stations: Iterable[str] = ()) -> dict[str, bytes]:
    """K of each station from `keys/stations/`, of all or of those named; FileNotFoundError if one has none."""
    names = sorted(stations) or sorted(path.stem for path in folder.glob("*.mac"))
    return {name: (folder / f"{name}.mac").read_bytes() for name in names}
