"""Who calls the API: a program with a token, the hospital with the site's own, or a person with a session."""

import hmac
from collections.abc import Callable
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

    def _program(self, token: str) -> Visitor | None:
        if hmac.compare_digest(token.encode(), self._site_token):
            return Visitor(Account(HOSPITAL, HOSPITAL, must_change=False, enabled=True, version=0))
        return self._door.program(token)
