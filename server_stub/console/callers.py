"""Who calls the API: a program with a token, the hospital with the site's own, or a person with a session."""

import hmac
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from firmware import codes
from server_stub.console import gate
from server_stub.console.accounts import Account
from server_stub.console.door import Door, Visitor
from server_stub.console.problems import problem
from server_stub.console.roles import HOSPITAL, Right

_bearer = HTTPBearer(auto_error=False, description="A token of `apotheca account token NAME`, or the site's own")
_cookie = APIKeyCookie(name=gate.COOKIE, auto_error=False, description="The console's session")


class Callers:
    """Decides for each call; `site_token` is that of `keys/hospital.token`."""

    def __init__(self, door: Door, site_token: str) -> None:
        self._door = door
        self._site_token = site_token.encode()

    def with_right(self, right: Right) -> Callable[..., Visitor]:
        """A dependency that gives the caller, or answers 401 or 403."""

        def caller(
            request: Request,
            token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
            _session: Annotated[str | None, Depends(_cookie)],
        ) -> Visitor:
            visitor = self._program(token.credentials) if token else request.scope[gate.VISITOR]
            if visitor is None:
                words = "send a token as Authorization: Bearer, or sign in at the console"
                raise problem(401, codes.NOT_AUTHORISED, words, {"WWW-Authenticate": "Bearer"})
            if not visitor.may(right):
                raise problem(403, codes.NOT_PERMITTED, f"a {visitor.account.role} may not {right}")
            return visitor

        return caller

    def pharmacy(self, token_hashes: Callable[[], Iterable[tuple[str, Path]]]) -> Callable[..., str]:
        """A dependency that gives the pharmacy's computer whose token was sent, or answers 401; `token_hashes` names
        the file of each with the SHA-256 of its token, in hex."""

        def caller(token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
            sent = sha256(token.credentials.encode()).hexdigest().encode() if token else b""
            # each is looked at, so that the time does not tell which one it nearly was
            good = [station for station, path in token_hashes() if hmac.compare_digest(sent, _hash(path))]
            if not good:
                words = "send stations/ID/api.token of the pharmacy's computer as Authorization: Bearer"
                raise problem(401, codes.NOT_AUTHORISED, words, {"WWW-Authenticate": "Bearer"})
            return good[0]

        return caller

    def _program(self, token: str) -> Visitor | None:
        if hmac.compare_digest(token.encode(), self._site_token):
            return Visitor(Account(HOSPITAL, HOSPITAL, must_change=False, enabled=True, version=0))
        return self._door.program(token)


def _hash(path: Path) -> bytes:
    """What the file says; of one that is not there, what no token has."""
    return path.read_bytes().strip() if path.is_file() else b"-"
