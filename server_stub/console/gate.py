"""The gate before all pages: a session for everything but signing in, and only from pages of our own.

Own pages: state changes and websockets need an Origin of this host (OWASP, cross-site request forgery and websocket
hijacking); names other than this computer's are refused, so that no foreign name can be pointed here. The API looks at
its callers itself (callers.py); a session counts there for what changes anything only from own pages.
"""

from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server_stub.console.door import Door, Visitor

COOKIE = "__Host-apotheca"
VISITOR = "apotheca.visitor"
HOSTS = ("127.0.0.1", "localhost")
_OPEN = ("/sign-in", "/favicon.ico")
_ASSETS = "/_nicegui/"
_NO_PASSWORD_YET = ("/password", "/sign-out")
_SAFE = ("GET", "HEAD", "OPTIONS")
# no Strict-Transport-Security: it would hold for every port of this name, and the kiosk speaks plain HTTP on localhost;
# the console itself speaks HTTPS alone, and its cookie is Secure
_PROTECTING = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


class Ask(NamedTuple):
    """What the gate looks at."""

    method: str
    path: str
    query: str
    host: str
    origin: str
    visitor: Visitor | None


def decide(ask: Ask, host: str = HOSTS[0]) -> tuple[int, str]:
    """(0, "") lets it pass; (303, address) sends it elsewhere; (4xx, words) refuses it.

    `host` is this computer as others reach it.
    """
    if ask.host.rsplit(":", 1)[0] not in (*HOSTS, host):
        return 421, "This is not the name of this computer."
    foreign = _foreign(ask.host, ask.origin)
    if (ask.method not in _SAFE and foreign) or (ask.origin and foreign):
        return 403, "This did not come from a page of the console."
    if ask.path in _OPEN or ask.path.startswith(_ASSETS):
        return 0, ""
    if ask.visitor is None:
        return _sent_to_sign_in(ask)
    if ask.visitor.account.must_change and ask.path not in _NO_PASSWORD_YET:
        return 303, "/password"
    return 0, ""


def _foreign(host: str, origin: str) -> bool:
    return origin.partition("://")[2] != host


def _sent_to_sign_in(ask: Ask) -> tuple[int, str]:
    if ask.method != "GET" or ask.path.startswith("/_"):
        return 401, "Sign in first."
    there = ask.path + (f"?{ask.query}" if ask.query else "")
    return 303, "/sign-in" if there == "/" else f"/sign-in?next={quote(there, safe='')}"


def token_of(headers: Headers) -> str:
    """The session's token, or ""."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def set_token(response: Response, token: str) -> None:
    """Give the session to the browser; an empty token takes it away."""
    kept: dict[str, Any] = {"path": "/", "secure": True, "httponly": True, "samesite": "strict"}
    response.set_cookie(COOKIE, token, **kept) if token else response.delete_cookie(COOKIE, **kept)


class Gate:
    """ASGI middleware of a console that others reach as `host`; puts the visitor into the scope."""

    def __init__(self, app: ASGIApp, door: Door, host: str) -> None:
        self._app = app
        self._door = door
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass, send elsewhere or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        # the page's own heartbeat over the websocket is not a person
        visitor = self._door.visitor(token_of(headers), use=not path.startswith("/_"))
        scope[VISITOR] = visitor
        if path.startswith("/api/"):
            if scope.get("method") not in _SAFE and _foreign(headers.get("host", ""), headers.get("origin", "")):
                scope[VISITOR] = None
            await self._app(scope, receive, _protected(send, private=True))
            return
        method = scope.get("method", "WEBSOCKET")
        query = scope["query_string"].decode("latin-1")
        ask = Ask(method, path, query, headers.get("host", ""), headers.get("origin", ""), visitor)
        status, words = decide(ask, self._host)
        if not status:
            await self._app(scope, receive, _protected(send, private=not path.startswith(_ASSETS)))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            refused = RedirectResponse(words, 303) if status == 303 else PlainTextResponse(words, status)
            await refused(scope, receive, _protected(send, private=True))


def _protected(send: Send, *, private: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_PROTECTING)
            if private:
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sending
