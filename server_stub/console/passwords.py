"""Passwords: argon2id hashes (RFC 9106), one-time passwords, and what a chosen one must be."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12
MAX_LENGTH = 128
# no letters that are taken for others
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 5

_hasher = PasswordHasher()
_nobodys = _hasher.hash(secrets.token_urlsafe(16))


class BadPassword(Exception):
    """A chosen password will not do; the text says why."""


def one_time() -> str:
    """A random password of about 99 bits, easy to read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def hashed(password: str) -> str:
    """The argon2id hash with its salt and parameters."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """True if it is the password; takes as long for nobody (`stored` None) as for somebody."""
    if len(password) > MAX_LENGTH:
        password = ""
    try:
        return _hasher.verify(stored or _nobodys, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def check_choice(name: str, old: str, new: str) -> None:
    """Raises BadPassword if `new` may not become the password (NIST SP 800-63B: length, not composition)."""
    if not MIN_LENGTH <= len(new) <= MAX_LENGTH:
        raise BadPassword(f"Choose at least {MIN_LENGTH} and at most {MAX_LENGTH} characters.")
    if name in new.lower():
        raise BadPassword("Choose a password without your name in it.")
    if len(set(new)) < 5:
        raise BadPassword("Choose a password with more different characters.")
    if new == old:
        raise BadPassword("Choose another password than the one you have.")
