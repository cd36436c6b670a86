"""Commands as issued and as the stations answered in their journals, and the PAR levels that follow from both."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, update

from firmware.journal import kinds
from firmware.wire import messages
from server_stub.ledger.record import Entry
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.store import upsert
from server_stub.stock import schema

PAR_HOLD = "par_hold"

_C, _L = schema.commands.c, schema.par_levels.c
_WANTED = ("wanted_min", "wanted_max", "reason", "number", "wanted_ms")
_LOST = (
    update(schema.commands)
    .where(and_(_C.station == bindparam("at"), _C.number < bindparam("below"), _C.state == schema.SENT))
    .values(state=schema.LOST)
)
_DONE = (
    update(schema.commands)
    .where(and_(_C.station == bindparam("at"), _C.number == bindparam("n")))
    .values(state=bindparam("came"), result=bindparam("code"), done_ms=bindparam("when"))
)
_APPLIED = ("applied_min", "applied_max", "applied_ms")
_END = delete(schema.par_levels).where(and_(_L.station == bindparam("at"), _L.place == bindparam("where")))


class Answer(NamedTuple):
    """What a station's journal says of a command; `levels` are those it applied."""

    number: int
    kind: int
    code: int
    levels: list[tuple[str, int, int]]


def answer_of(entry: Entry) -> Answer:
    """Read an entry of kind 41. A body that is none (older firmware wrote no body) counts as empty."""
    number, kind, code, *rest = entry.ext
    body = rest[0] if rest and isinstance(rest[0], list) and len(rest[0]) % 3 == 0 else []
    levels = list(triples(body)) if kind == messages.COMMAND_PAR and not code else []
    return Answer(number, kind, code, levels)


def triples(body: list[Any]) -> Iterator[tuple[str, int, int]]:
    """(place, min, max) of a PAR body."""
    return zip(body[::3], body[1::3], body[2::3], strict=True)


def reasons(text: str, count: int) -> list[str]:
    """The reason of each place: one line a place, in the order of the body."""
    lines = text.split("\n")
    return lines if len(lines) == count else [text] * count


class Issued:
    """The projections `commands`, `par_levels` and `par_holds`. Steps are kept and done in order at `flush`."""

    KINDS = frozenset((kinds.COMMAND_ISSUED, kinds.COMMAND, kinds.OPERATOR))

    def __init__(self) -> None:
        self._steps: list[Callable[[Connection], None]] = []

    def apply(self, entry: Entry) -> None:
        """A command went out, a station took one or refused it, or somebody holds an item."""
        if entry.kind == kinds.COMMAND_ISSUED:
            self._steps.append(lambda conn: _issued(conn, entry))
        elif entry.kind == kinds.COMMAND:
            self._steps.append(lambda conn: _answered(conn, entry))
        elif entry.ext[0] == PAR_HOLD:
            self._steps.append(lambda conn: _held(conn, entry))

    def flush(self, conn: Connection) -> None:
        """Do the steps since the last flush."""
        for step in self._steps:
            step(conn)
        self._steps = []


def _issued(conn: Connection, entry: Entry) -> None:
    station, number, kind, body, reason = entry.ext
    if kind == messages.COMMAND_END_PROVISIONAL:
        body = [entry.patient]
    row = {"station": station, "number": number, "kind": kind, "body": json.dumps(body), "reason": reason}
    row["person"] = "" if entry.actor == CENTRE else entry.actor
    more = {"issued_ms": entry.utc_ms, "state": schema.SENT, "result": 0, "done_ms": None}
    conn.execute(upsert(conn, schema.commands, ("station", "number")), {**row, **more})
    if kind != messages.COMMAND_PAR:
        return
    levels = [
        {
            "station": station,
            "place": place,
            "wanted_min": low,
            "wanted_max": top,
            "reason": words,
            "number": number,
            "wanted_ms": entry.utc_ms,
        }
        for (place, low, top), words in zip(triples(body), reasons(reason, len(body) // 3), strict=True)
    ]
    conn.execute(upsert(conn, schema.par_levels, ("station", "place"), _WANTED), levels)


def _answered(conn: Connection, entry: Entry) -> None:
    """Number 0 is the station's own: levels that ended because the pocket got another item (max 0)."""
    number, _, code, levels = answer_of(entry)
    at = {"at": entry.station}
    if number:
        state = schema.REFUSED if code else schema.APPLIED
        conn.execute(_DONE, {**at, "n": number, "came": state, "code": code, "when": entry.utc_ms})
        conn.execute(_LOST, {**at, "below": number})
    for place, low, top in levels:
        if not top:
            conn.execute(_END, {**at, "where": place})
            continue
        row = {"station": entry.station, "place": place, "wanted_min": low, "wanted_max": top, "reason": ""}
        row |= {"number": number, "wanted_ms": entry.utc_ms}
        row |= {"applied_min": low, "applied_max": top, "applied_ms": entry.utc_ms}
        conn.execute(upsert(conn, schema.par_levels, ("station", "place"), _APPLIED), row)


def _held(conn: Connection, entry: Entry) -> None:
    row = {**json.loads(entry.ext[1]), "person": entry.actor, "utc_ms": entry.utc_ms}
    conn.execute(upsert(conn, schema.par_holds, ("station", "item")), row)
