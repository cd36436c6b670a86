"""Calls of the API about the tree: what the page Sync shows, the newest checkpoint, tiles (C2SP tlog-tiles)."""

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from firmware import codes
from server_stub.console import queries, syncing
from server_stub.console.callers import Callers
from server_stub.console.frame import Console
from server_stub.console.problems import documented, problem
from server_stub.console.roles import Right
from server_stub.ledger import checkpoint, tiles
from server_stub.ledger.tree import HASH, WIDTH, TileKey

MOST_DIGITS = 7


class Tree(BaseModel):
    """The log that grows; `halted` is "" or why nothing of it is signed."""

    origin: str
    size: int
    root: str
    halted: str
    checkpoint_size: int | None
    checkpoint_made_ms: int | None
    cosigned_by: list[str]


class Sync(BaseModel):
    """A station's word: where its log is, its last seal, the checkpoint it took, what it refused."""

    station: str
    log: int
    verdict: str
    why: str
    seq: int
    last_utc_ms: int | None
    heartbeat_age_ms: int | None
    in_tree_seq: int
    seal_seq: int | None
    seal_counter: int | None
    taken_size: int | None
    taken_utc_ms: int | None
    refused_seq: int | None
    refused_reason: int | None
    forked: bool
    evidence: int


def tree_calls(console: Console, callers: Callers) -> APIRouter:
    """All of them."""
    router = APIRouter(
        tags=["Ledger"],
        responses=documented(401, 403, 404, 422),
        dependencies=[Depends(callers.with_right(Right.STATIONS))],
    )

    @router.get("/sync")
    def sync() -> list[Sync]:
        """Every station's word against the tree."""
        enrolled = console.site().station
        rows = syncing.stations(console.engine, queries.stations(console.engine, enrolled), enrolled)
        return [Sync(**row._asdict()) for row in rows]

    @router.get("/tree")
    def tree() -> Tree:
        """The tree and its newest checkpoint; 404 before there is one."""
        state = syncing.tree_state(console.engine)
        if state is None:
            raise _nothing()
        return Tree(**state._asdict())

    @router.get("/tree/checkpoint", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def newest() -> Response:
        """The newest checkpoint with its cosignatures, a signed note (docs/wire.md section 6)."""
        with console.engine.connect() as conn:
            made = checkpoint.newest(conn)
            if made is None:
                raise _nothing()
            note = checkpoint.with_cosignatures(conn, made)
        return Response(note, media_type="text/plain; charset=utf-8")

    @router.get(
        "/tree/tile/{level}/{path:path}",
        response_class=Response,
        responses={200: {"content": {"application/octet-stream": {}}}},
    )
    def tile(level: int, path: str) -> Response:
        """A tile of the tree, whole or (`.p/W`) its first W hashes."""
        number, width = _tile(path)
        with console.engine.connect() as conn:
            row = tiles.newest(conn)
            try:
                data = tiles.reader(conn, row.number if row else 0)(TileKey(level, number))
            except (LookupError, OverflowError):
                raise _nothing() from None
        if len(data) < width * HASH:
            raise _nothing()
        return Response(data[: width * HASH], media_type="application/octet-stream")

    return router


def _tile(path: str) -> tuple[int, int]:
    """(number, width) of `x001/x234/067` or `x001/x234/067.p/8`."""
    name, partial, digits = path.partition(".p/")
    parts = name.split("/")
    whole = "".join(part[-3:] for part in parts)
    good = all(len(part) == 4 and part[0] == "x" for part in parts[:-1]) and len(parts[-1]) == 3
    if not good or len(parts) > MOST_DIGITS or not _digits(whole) or (partial and not _digits(digits)):
        raise _nothing()
    width = int(digits) if partial else WIDTH
    if not 0 < width <= WIDTH:
        raise _nothing()
    return int(whole), width


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 * MOST_DIGITS


def _nothing() -> Exception:
    return problem(404, codes.NOT_FOUND, "there is nothing of the tree under this address")
