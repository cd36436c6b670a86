"""Compliance packets: made for a period, fetched as one file, verified in words (A16.a)."""

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from server_stub.console import gate, words
from server_stub.console.actions import Actions, Form, NotDone
from server_stub.console.document import field, form, notice, refusal
from server_stub.console.door import Visitor
from server_stub.console.frame import Console, NoSuchPage, View, add_page
from server_stub.console.packets import Busy, Made, Packets, recorded, zipped
from server_stub.console.roles import Right
from server_stub.console.table import Cell, first, table
from server_stub.proof.period import BadPeriod, between

MOST = 100
_BLOCK = 64 * 1024


def add(console: Console, actions: Actions, app: FastAPI) -> None:
    """Register pages, form and download."""
    store = console.packets
    add_page(console, "/packets", "Packets", Right.PACKETS, packets)
    add_page(console, "/packets/{name}", "Packet", Right.PACKETS, one)
    actions.add("/packets/make", Right.MAKE_PACKETS, "/packets", _Forms(store).make)

    async def download(request: Request) -> Response:
        return await _download(console, request)

    app.add_api_route(
        "/packets/{name}/download", download, methods=["GET"], include_in_schema=False, response_model=None
    )


def packets(view: View) -> None:
    """The list, and the form to make one."""
    view.frame("Packets", "Signed evidence of a period, which anybody can verify without us", "/packets")
    if view.may(Right.MAKE_PACKETS):
        fields = field("from", "From (UTC)", "datetime-local") + field("to", "To (UTC, not included)", "datetime-local")
        view.show(form("/packets/make", fields, "Make packet", testid="make", look="apo-form wide"), "New packet")
    view.live("", lambda: _state(view.console.packets), "apo-static")
    view.live("Packets made", lambda: first(MOST, recorded(view.engine, MOST + 1), partial(_list, view)))


def _state(store: Packets) -> str:
    making = f"Making the packet {store.making}; it appears below when it is there." if store.making else ""
    return notice(making) + notice(store.failed, bad=True)


def _list(view: View, packets: Sequence[Made]) -> str:
    folders = view.console.packets.folders()
    rows = []
    for made in packets:
        folder = folders.get(made.manifest_sha256)
        opens = Cell("look and verify", href=f"/packets/{folder.name}") if folder else Cell("not in this home")
        fetch = Cell("download", href=f"/packets/{folder.name}/download") if folder else Cell("–")
        times = (words.clock(made.from_utc_ms), words.clock(made.to_utc_ms), words.clock(made.utc_ms))
        rows.append((*times, made.actor, made.manifest_sha256[:16], opens, fetch))
    columns = ("From (UTC)", "To (UTC)", "Made (UTC)", "By", "Manifest SHA-256", "Packet", "File")
    return table("packets", "Packets", columns, rows)


def one(view: View) -> None:
    """One packet with what verification says of it now."""
    folder = view.console.packets.folder(view.path["name"])
    if folder is None:
        raise NoSuchPage("There is no such packet in this home.")
    view.frame("Packet", folder.name, "/packets")
    view.show(f'<p><a class="apo-button" href="/packets/{escape(folder.name)}/download">Download</a></p>')
    view.once("What verification says", lambda: _verified(view.console.packets, folder), "apo-card")
    rows = [
        (path.relative_to(folder).as_posix(), path.stat().st_size)
        for path in sorted(p for p in folder.rglob("*") if p.is_file())
    ]
    view.show(table("files", "Files", ("File", "Bytes"), rows), "Files")


def _verified(store: Packets, folder: Any) -> str:
    found = store.verify(folder)
    verdict = notice("GOOD: as it was signed" if found.good else "BAD: not as it was signed", bad=not found.good)
    return verdict + "".join(f"<p>{escape(line)}</p>" for line in found.lines)


class _Forms:
    def __init__(self, store: Packets) -> None:
        self._store = store

    async def make(self, visitor: Visitor, values: Form) -> str:
        try:
            self._store.start(between(values.get("from", ""), values.get("to", "")), visitor.name)
        except (BadPeriod, Busy) as error:
            raise NotDone(str(error)) from None
        return "The packet is being made."


async def _download(console: Console, request: Request) -> Response:
    visitor: Visitor = request.scope[gate.VISITOR]
    if not visitor.may(Right.PACKETS):
        return refusal("Not for your role", f"A {visitor.account.role} may not {Right.PACKETS}.", 403)
    folder = console.packets.folder(request.path_params["name"])
    if folder is None:
        return refusal("Not found", "There is no such packet in this home.", 404)
    console.door.accounts.note(visitor.name, "packet fetched", folder.name)
    file = await run_in_threadpool(zipped, folder)
    headers = {"Content-Disposition": f'attachment; filename="{folder.name}.zip"'}
    blocks = iter(lambda: file.read(_BLOCK), b"")
    return StreamingResponse(blocks, media_type="application/zip", headers=headers)
