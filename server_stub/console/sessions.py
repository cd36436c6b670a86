"""Sessions of people: on the server, in memory, so that a restart of `web` signs everybody out.

Both classes are used by the threads of a pool at once.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

IDLE_S = 15 * 60
ABSOLUTE_S = 12 * 60 * 60
MOST_FAILURES = 5
BLOCKED_S = 5 * 60
MOST_NAMES = 10_000
TURNS = 64


@dataclass
class Session:
    """A person who has signed in; `said` is shown once, on the next page (it may be a secret: no address has it)."""

    account: str
    version: int
    opened_s: float
    used_s: float
    said: str = ""


class Sessions:
    """Open sessions by the hash of their token; `now_s` never goes back."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._open: dict[bytes, Session] = {}
        self._lock = threading.Lock()

    def open(self, account: str, version: int) -> str:
        """A session; gives its token."""
        now = self._now_s()
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._open = {key: one for key, one in self._open.items() if not self._over(one)}
            self._open[_key(token)] = Session(account, version, now, now)
        return token

    def find(self, token: str, *, use: bool) -> Session | None:
        """The session if it is neither idle nor open for too long; `use` counts as the person being there."""
        with self._lock:
            found = self._open.get(_key(token))
            if found is None or self._over(found):
                self._open.pop(_key(token), None)
                return None
            if use:
                found.used_s = self._now_s()
            return found

    def end(self, token: str) -> None:
        """Sign out."""
        with self._lock:
            self._open.pop(_key(token), None)

    def _over(self, one: Session) -> bool:
        now = self._now_s()
        return now - one.used_s >= IDLE_S or now - one.opened_s >= ABSOLUTE_S


class Attempts:
    """Failed sign-ins by name, known or not; the fifth in a row closes the name for five minutes."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = [threading.Lock() for _ in range(TURNS)]

    def turn(self, name: str) -> threading.Lock:
        """Held from the look at `blocked` to `failed` or `good`, so that tries under one name come one by one.

        Few locks for all names: a name cannot be made up for which more memory is needed.
        """
        return self._turns[hash(name) % TURNS]

    def blocked(self, name: str) -> bool:
        """True while nothing is let in under this name."""
        with self._lock:
            count, last_s = self._failed.get(name, (0, 0.0))
        return count >= MOST_FAILURES and self._now_s() - last_s < BLOCKED_S

    def failed(self, name: str) -> None:
        """Count a failure; of too many names the one longest quiet is forgotten."""
        with self._lock:
            count, last_s = self._failed.pop(name, (0, 0.0))
            if self._now_s() - last_s >= BLOCKED_S:
                count = 0
            self._failed[name] = (count + 1, self._now_s())
            if len(self._failed) > MOST_NAMES:
                self._failed.popitem(last=False)

    def good(self, name: str) -> None:
        """The person is in."""
        with self._lock:
            self._failed.pop(name, None)


def _key(token: str) -> bytes:
    return sha256(token.encode()).digest()
