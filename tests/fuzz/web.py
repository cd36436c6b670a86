"""What comes over HTTP: calls of the centre's API, and what a witness is asked."""

import asyncio
import json
import re
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import h11

from firmware.wire import note
from tests.fuzz.centre import bench
from tests.fuzz.target import Check, Wrong

_NOT_IN_TARGETS = re.compile(rb"[^\x21-\x7e]")
_END = b"\r\n\r\n"
_HOST = b" HTTP/1.1\r\nHost: localhost"
_HEAD = _HOST + b"\r\nAuthorization: Bearer "
_FORM = b"\r\nOrigin: https://localhost\r\nContent-Type: application/x-www-form-urlencoded"
_JSON = b"\r\nContent-Type: application/json"
_COOKIE = b"\r\nCookie: __Host-apotheca=x"
# a name in the place of a token, of which every home has its own
_TOKENS = (b"HOSPITAL", b"PERSON")
_GETS = (
    b"/api/v1/stations", b"/api/v1/stations/ICU1/inventory", b"/api/v1/verdicts?station=ICU1&limit=5&verdict=verified",
    b"/api/v1/tree/tile/0/x001/067", b"/api/v1/tree/tile/1/000.p/5", b"/api/v1/expiring?days=30",
    b"/api/v1/recall?lot=L1",
    b"/api/v1/overrides?from=2026-01-01&to=2026-02-01", b"/api/v1/par?station=ICU1", b"/api/v1/picking/findings?day=x",
    b"/api/openapi.json",
)  # fmt: skip


def requests() -> list[bytes]:
    """Calls as they come over the line, without the length of the body."""
    hold = b'{"station": "ICU1", "item": "ACET", "held": true, "floor": 3, "reason": "recall"}'
    merge = b'{"patient": "TEMP7", "into": "P1", "reason": "x"}'
    release = b'{"drawer": 1, "reason": "x"}'
    event = b'{"type": "adt", "id": "e1", "utc_ms": 1, "event": "A01", "patient": "P1", "name": "A", "ward": "MICU"}\n'
    return [
        *(b"GET " + path + _HEAD + b"PERSON" + _END for path in _GETS),
        b"POST /api/v1/hospital-events" + _HEAD + b"HOSPITAL\r\nIdempotency-Key: k1" + _END + event,
        b"POST /api/v1/par/holds" + _HEAD + b"PERSON" + _JSON + _END + hold,
        b"POST /api/v1/stations/ICU1/merge-provisional" + _HEAD + b"PERSON" + _JSON + _END + merge,
        b"POST /api/v1/stations/ICU1/release-quarantine" + _HEAD + b"PERSON" + _JSON + _END + release,
        b"POST /sign-in" + _HOST + _FORM + _COOKIE + _END + b"name=ann.p&password=correct%20horse&next=%2Fstations",
        b"GET /sign-in?next=/stations%3Fx" + _HOST + _COOKIE + _END,
    ]


@contextmanager
def http() -> Iterator[Check]:
    """The API and the door behind the gate, and the centre behind its intake; `h11` reads the line as in uvicorn."""
    from server_stub.console.accounts import Accounts
    from server_stub.integration import intake
    from server_stub.web_main import without_pages
    from tests.console.visitor import add_account

    with bench() as core, asyncio.Runner() as runner:
        home, accounts = core.home, Accounts(core.home.accounts)
        add_account(accounts, "phil.p", "pharmacist")
        tokens = (home.keys / "hospital.token").read_bytes().strip(), accounts.token("phil.p", "test").encode()
        app = without_pages(home)[0]

        async def handle(wanted: Any) -> Any:
            return core.ask(wanted["do"], **wanted["args"])

        server = runner.run(intake.serve(home.intake, handle))

        def check(data: bytes) -> str:
            head, _, body = data.partition(_END)
            for name, token in zip(_TOKENS, tokens, strict=True):
                head = head.replace(name, token)
            try:
                asked = _request(head + b"\r\nContent-Length: %d" % len(body) + _END)
            except h11.RemoteProtocolError:
                return "no HTTP"
            status, said = runner.run(_answer(app, asked, body))
            core.sent.clear()
            if status >= 500 and status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise Wrong(f"{status} {said!r}")
            return f"{HTTPStatus(status).phrase} {_message(said)}"

        yield check
        server.close()


def _request(head: bytes) -> h11.Request:
    """As it comes over the line; what no address can hold is written as in one."""
    first, _, headers = head.partition(b"\r\n")
    method, _, target = first.removesuffix(b" HTTP/1.1").partition(b" ")
    quoted = _NOT_IN_TARGETS.sub(lambda found: b"%%%02x" % found[0][0], target)
    head = method + b" " + quoted + b" HTTP/1.1\r\n" + headers
    line = h11.Connection(h11.SERVER)
    line.receive_data(head)
    asked = line.next_event()
    if not isinstance(asked, h11.Request):
        raise h11.RemoteProtocolError("not all of a request")
    return asked


async def _answer(app: Any, asked: h11.Request, body: bytes) -> tuple[int, bytes]:
    raw, _, query = asked.target.partition(b"?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": asked.http_version.decode(), "scheme": "https",
        "method": asked.method.decode(), "path": unquote(raw.decode()), "raw_path": raw, "query_string": query,
        "root_path": "", "headers": list(asked.headers), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 443),
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _message(said: bytes) -> str:
    with suppress(ValueError, AttributeError):
        return str(json.loads(said).get("message", ""))
    return ""


def questions() -> list[bytes]:
    """What a witness is asked; it signs nothing itself, so the log's signature comes with the target."""
    root, way = b64encode(bytes(32)), b64encode(b"\1" * 32)
    return [
        b"old 0\n\napotheca/1/demo\n5\n" + root + b"\n\n\xe2\x80\x94 apotheca/1/demo AAAA\n",
        b"old 5\n" + way + b"\n" + way + b"\n\napotheca/1/demo\n7\n" + way + b"\n\n\xe2\x80\x94 apotheca/1/demo AAAA\n",
        b"old 0\n\napotheca/1/demo/2\n1\n" + root + b"\n\n\xe2\x80\x94 apotheca/1/demo/2 AAAA\n",
    ]


@contextmanager
def checkpoint() -> Iterator[Check]:
    """A witness, with what comes and with the same signed by the log."""
    from server_stub.ledger.checkpoint import NoteSigner
    from server_stub.site import treekey
    from server_stub.witness import Seen, logs_of, open_witness

    with bench() as core, tempfile.TemporaryDirectory(prefix="apotheca-fuzz-") as name:
        signer = NoteSigner((core.home.keys / treekey.KEY).read_bytes(), note.origin("demo", 1))
        witness, _ = open_witness(Path(name), "demo/witness", logs_of({"demo": signer.vkey}, ()))

        def check(data: bytes) -> str:
            asked, _, rest = data.partition(b"\n\n")
            text = rest.partition(b"\n\n")[0].decode("utf-8", "replace") + "\n"
            if witness.add_checkpoint(data, 1).status == HTTPStatus.OK:
                raise Wrong("a checkpoint that the log has not signed")
            answer = witness.add_checkpoint(asked + f"\n\n{text}\n{signer.sign(text)}\n".encode(), 1)
            if answer.status == HTTPStatus.OK:
                with witness._memory.holding(signer.key.name) as (_seen, keep):
                    keep(Seen(5, bytes(32)))
            return f"{HTTPStatus(answer.status).phrase} {answer.body}"

        yield check
        witness._memory.close()
