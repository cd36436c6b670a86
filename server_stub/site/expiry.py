"""Which certificates of a site end soon, and what renews each."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from server_stub.site import identities, signers
from server_stub.site.config import SiteConfig, Station
from server_stub.site.enrol import TLS
from server_stub.site.home import Home
from server_stub.site.replace import FOLDER

SOON = timedelta(days=60)
_RENEW_SITE = "apotheca server renew"
_NEW_SITE = "make a new site (docs/operations.md, Rotate keys)"


def ending(home: Home, site: SiteConfig, now: datetime) -> list[str]:
    """A line for each certificate that ends within SOON of `now`, or can not be read: which, when, what renews it.
    What is not in this home is passed over."""
    lines = (_line(home, path, remedy, now) for path, remedy in _certificates(home, site))
    return [line for line in lines if line]


def _certificates(home: Home, site: SiteConfig) -> Iterator[tuple[Path, str]]:
    yield home.keys / "ca.crt", _NEW_SITE
    for name in (*identities.NAMES, *signers.TITLES):
        yield home.keys / f"{name}.crt", _RENEW_SITE
    for station in site.station:
        renew = f"apotheca station renew {station.id}"
        yield _in_force(home, station), renew
        yield home.station(station.id) / "sign.crt", renew


def _in_force(home: Home, station: Station) -> Path:
    """After a replacement the new one may be there only, and the one that is refused in its old place."""
    own = home.station(station.id)
    new = own / FOLDER / f"{TLS}.crt"
    return new if _common_name(new) == station.common_name else own / f"{TLS}.crt"


def _common_name(path: Path) -> str:
    try:
        return str(_read(path).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    except (OSError, ValueError, IndexError):
        return ""


def _line(home: Home, path: Path, remedy: str, now: datetime) -> str:
    name = path.relative_to(home.root)
    try:
        ends = _read(path).not_valid_after_utc
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return f"{name} can not be read ({error}): {remedy}"
    return f"{name} ends on {ends:%Y-%m-%d}: {remedy}" if ends < now + SOON else ""


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())
