"""Where everything of a site is on disk (docs/interfaces.md, Home), and how its files are written."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path("apotheca-home")


@dataclass(frozen=True)
class Home:
    """The folder of a site; properties name its places, nothing is read or made."""

    root: Path

    @property
    def config(self) -> Path:
        """`site.toml`."""
        return self.root / "site.toml"

    @property
    def keys(self) -> Path:
        """Private keys and secrets."""
        return self.root / "keys"

    @property
    def authority(self) -> tuple[Path, Path]:
        """Certificate and key of the site's own authority."""
        return self.keys / "ca.crt", self.keys / "ca.key"

    @property
    def broker(self) -> Path:
        """The broker's configuration and data."""
        return self.root / "broker"

    @property
    def run(self) -> Path:
        """Sockets, pid files and log files."""
        return self.root / "run"

    @property
    def intake(self) -> Path:
        """The socket through which everything but the stations reaches ingest."""
        return self.run / "intake.sock"

    @property
    def accounts(self) -> Path:
        """People's accounts, mode 0600, written by `web` and by `apotheca account`."""
        return self.root / "accounts.db"

    @property
    def packets(self) -> Path:
        """Compliance packets that were made."""
        return self.root / "packets"

    def station(self, station: str) -> Path:
        """The folder of one cabinet's agent."""
        return self.root / "stations" / station

    def controller(self, station: str) -> Path:
        """The flash of one cabinet's controller."""
        return self.station(station) / "controller"

    def mac_key(self, station: str) -> Path:
        """K of a station: 32 bytes, read by ingest only."""
        return self.keys / "stations" / f"{station}.mac"

    def mac_key_of(self, station: str, log: int) -> Path:
        """K of one log of a station: put away under its number from the moment that a later log's is made."""
        path = self.mac_key(station)
        put_away = path.with_name(f"{path.name}.{log}")
        return put_away if put_away.exists() else path

    def token_hash(self, station: str) -> Path:
        """SHA-256, in hex, of the token with which a pharmacy's interface computer calls the API."""
        return self.keys / "stations" / f"{station}.token.sha256"

    def public_key(self, station: str) -> Path:
        """The key with which a station's agent signs."""
        return self.keys / "stations" / f"{station}.pub"


def make_folder(path: Path) -> Path:
    """Make `path`, and what is missing above it, with mode 0700."""
    for missing in reversed([p for p in (path, *path.parents) if not p.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, data: bytes) -> None:
    """Write `data` whole or not at all, mode 0600, durable: a reader never sees half a file."""
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
