"""Where the centre's computer is reached by others, and where its servers listen for them."""

import ipaddress
import re

LOOPBACK = "127.0.0.1"
# every address of this computer
EVERYWHERE = "0.0.0.0"  # noqa: S104 - certificates and accounts guard what listens there
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)*{_LABEL}")
# others read a last part of such as an address in another notation
_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
_LONGEST_NAME = 253


def checked(host: str) -> str:
    """`host` in small letters, a DNS name or an IPv4 address that can be called; ValueError if it is neither."""
    host = host.lower()
    address = ip(host)
    if not (_callable(address) if address else _is_name(host)):
        raise ValueError(
            f"{host!r} is no DNS name and no IPv4 address: write the centre's computer as cabinets reach it, such as"
            " centre.example.org or 10.1.2.3"
        )
    return host


def listen_at(host: str) -> str:
    """The address at which a server listens that others reach as `host`: loopback only if that is loopback."""
    if host.rpartition(".")[2] == "localhost":
        return LOOPBACK
    address = ip(host)
    return host if address and address.is_loopback else EVERYWHERE


def ip(host: str) -> ipaddress.IPv4Address | None:
    """The address that `host` is; None if it is a name."""
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        return None


def _callable(address: ipaddress.IPv4Address) -> bool:
    return not (address.is_unspecified or address.is_multicast or address.is_reserved)


def _is_name(host: str) -> bool:
    return len(host) <= _LONGEST_NAME and bool(_NAME.fullmatch(host)) and not _NUMBER.fullmatch(host)
