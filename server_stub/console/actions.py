"""What people do at the console: each is one form, one request, one right, one note in the centre's log."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from server_stub.console import audit, gate
from server_stub.console.document import document, field, form, hidden, notice, refusal
from server_stub.console.door import Door, Visitor
from server_stub.console.passwords import MIN_LENGTH, BadPassword
from server_stub.console.roles import Right
from server_stub.integration.intake import IntakeAway, ask

MAX_FORM = 16 * 1024

Form = dict[str, str]
Action = Callable[[Visitor, Form], Awaitable[str]]


class NotDone(Exception):
    """What was asked could not be done; the text says why and what to do."""


class Actions:
    """Forms of the console; `intake` is where notes go."""

    def __init__(self, app: FastAPI, door: Door, intake: Path) -> None:
        self._app = app
        self._door = door
        self._intake = intake

    def add(self, path: str, right: Right, back: str, do: Action) -> None:
        """A form at `path`, whose parts are among the values: `do` gives words to show on the page `back`, or raises
        NotDone.
        """

        async def handle(request: Request) -> Response:
            visitor: Visitor = request.scope[gate.VISITOR]
            if not visitor.may(right):
                return refusal("Not for your role", f"Your role may not {right}.", 403)
            values = {**await read_form(request), **request.path_params}
            try:
                words = await do(visitor, values)
            except NotDone as error:
                return refusal("Not done", str(error), 409)
            await self._hand_over()
            if visitor.session:
                visitor.session.said = words
            return RedirectResponse(back.format(**request.path_params), 303)

        self._app.add_api_route(path, handle, methods=["POST"], include_in_schema=False, response_model=None)

    async def ask(self, do: str, args: dict[str, Any]) -> dict[str, Any]:
        """A request to ingest; raises NotDone with what it said."""
        try:
            reply = await ask(self._intake, {"do": do, "args": args})
        except IntakeAway:
            raise NotDone("The centre takes nothing in just now. Try again in a minute.") from None
        if "code" in reply:
            raise NotDone(f"{reply['message']} (code {reply['code']})")
        return reply

    def add_door(self) -> None:
        """Signing in and out, and the password."""
        for path, method, handle in (
            ("/sign-in", "GET", self._show_sign_in),
            ("/sign-in", "POST", self._sign_in),
            ("/sign-out", "POST", self._sign_out),
            ("/password", "GET", self._show_password),
            ("/password", "POST", self._change_password),
            ("/here", "POST", self._here),
            ("/_session", "GET", self._here),
        ):
            self._app.add_api_route(path, handle, methods=[method], include_in_schema=False, response_model=None)

    async def _hand_over(self) -> None:
        await audit.hand_over(self._door.accounts, self._intake)

    async def _show_sign_in(self, request: Request) -> Response:
        if request.scope[gate.VISITOR]:
            return RedirectResponse("/", 303)
        return _sign_in_page(_local(request.query_params.get("next", "")))

    async def _sign_in(self, request: Request) -> Response:
        values = await read_form(request)
        there = _local(values.get("next", ""))
        name, password = values.get("name", ""), values.get("password", "")
        token, why_not = await run_in_threadpool(self._door.sign_in, name, password)
        # the answer does not wait for the log: `web` hands notes over by itself every few seconds
        if why_not:
            return _sign_in_page(there, why_not, 401)
        response = RedirectResponse(there, 303)
        gate.set_token(response, token)
        return response

    async def _sign_out(self, request: Request) -> Response:
        await asyncio.to_thread(self._door.sign_out, gate.token_of(request.headers))
        response = RedirectResponse("/sign-in", 303)
        gate.set_token(response, "")
        return response

    async def _show_password(self, request: Request) -> Response:
        return _password_page(request.scope[gate.VISITOR])

    async def _change_password(self, request: Request) -> Response:
        visitor: Visitor = request.scope[gate.VISITOR]
        values = await read_form(request)
        old, new = values.get("old", ""), values.get("new", "")
        if new != values.get("again"):
            return _password_page(visitor, "The two new passwords are not the same.", 422)
        try:
            token = await run_in_threadpool(self._door.change_password, visitor, old, new)
        except BadPassword as error:
            return _password_page(visitor, str(error), 422)
        if not token:
            return _password_page(visitor, "The password you have now is not right.", 422)
        response = RedirectResponse("/", 303)
        gate.set_token(response, token)
        return response

    async def _here(self, request: Request) -> Response:
        """The person touched a page, or a page asks if its session holds: the gate has noted or refused it already."""
        return Response(status_code=204)


async def read_form(request: Request) -> Form:
    """The form's values, the last of each name; a form that is too long or no text is read as empty."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return {}
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=50).items()}
    except ValueError:
        return {}


def _local(there: str) -> str:
    """Only a page of this console, never another site (`//host` and `/\\host` are other sites)."""
    plain = there.startswith("/") and there[1:2] not in ("/", "\\") and there.isprintable()
    return there if plain else "/"


def _sign_in_page(there: str, why_not: str = "", status: int = 200) -> Response:
    fields = (
        field("name", "Name", more='required autofocus autocomplete="username" maxlength="64"')
        + field("password", "Password", "password", more='required autocomplete="current-password" maxlength="128"')
        + hidden("next", there)
    )
    return document(
        "Pharmacy console",
        notice(why_not, bad=True)
        + form("/sign-in", fields, "Sign in", testid="sign-in")
        + '<p class="apo-note">Accounts are individual. An administrator makes one with '
        "<code>apotheca account add</code>. Signing in is recorded.</p>",
        status,
    )


def _password_page(visitor: Visitor, why_not: str = "", status: int = 200) -> Response:
    once = visitor.account.must_change
    now = "One-time password" if once else "Password now"
    fields = (
        field("old", now, "password", more='required autofocus autocomplete="current-password"')
        + field("new", f"New password, at least {MIN_LENGTH} characters", "password", more=_NEW)
        + field("again", "New password again", "password", more=_NEW)
    )
    body = notice(why_not, bad=True) + form("/password", fields, "Change password", testid="password")
    body += form("/sign-out", "", "Sign out", testid="sign-out") if once else _END_OF_TOKENS
    return document("Choose your password", body, status)


_END_OF_TOKENS = (
    '<p class="apo-note">Tokens that programs have of this account end with the old password.</p>'
    '<p><a href="/">Back</a></p>'
)
_NEW = f'required autocomplete="new-password" minlength="{MIN_LENGTH}" maxlength="128"'
