"""Negative controls: bad variants of one behaviour each, put in from outside. A harness that lets one pass is none.

`world` is not started yet when a control is put in; `undo` is called when it has ended.
"""

import hmac
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import cbor2
from sqlalchemy import Engine, event

from firmware.journal import kinds
from firmware.station import Station
from firmware.wire import cose
from server_stub.ledger import ingest, schema, shape
from server_stub.ledger.record import Entry
from simulator.worlds import check
from simulator.worlds.truth import decoded

if TYPE_CHECKING:
    from simulator.worlds.world import World

UNCHECKED_KIND = kinds.REMOVE


def acknowledge_before_commit(world: "World", stack: ExitStack) -> None:
    """The centre sends its answers before the commit that makes them true."""
    host, flush = world.centre, ingest._Group.flush

    def early(group: Any) -> None:
        flush(group)
        due, group.due = group.due, []
        core: Any = host.core
        host.send([core._ingest._answer(*one, group._now) for one in due])

    stack.enter_context(mock.patch.object(ingest._Group, "flush", early))


def puback_as_acknowledgement(world: "World", _stack: ExitStack) -> None:
    """An agent takes the broker's PUBACK of a batch for the centre's answer."""
    for rig in world.rigs:
        host = rig.host

        def puback(topic: str, payload: bytes, host: Any = host) -> None:
            if topic.endswith("/batch") and host.outbox:
                fields = cbor2.loads(cose.parse(payload)[1])
                host.outbox.answered(fields[3] + len(fields[5]) - 1, fields[6], b"")

        host.puback = puback  # type: ignore[method-assign]


def no_intent(world: "World", _stack: ExitStack) -> None:
    """The controller releases a lock without the entry that says so."""

    def tamper(station: Station) -> None:
        journal: Any = station.journal
        append = journal.append

        def bad(kind: int, *args: Any, **named: Any) -> int:
            return int(journal.seq + 1 if kind == kinds.ACCESS else append(kind, *args, **named))

        journal.append = bad

    for rig in world.rigs:
        rig.cabinet.tamper = tamper


def normal_sync(world: "World", stack: ExitStack) -> None:
    """The centre's database does not sync at each commit."""
    opened: Callable[[str], Engine] = schema.open_database

    def careless(url: str) -> Engine:
        engine = opened(url)
        engine.dispose()
        event.listen(engine, "connect", lambda conn, _: conn.execute("PRAGMA synchronous=NORMAL"))
        return engine

    stack.enter_context(mock.patch("simulator.worlds.centre.open_database", careless))


def unchecked_kind(_world: "World", stack: ExitStack) -> None:
    """The centre's check of MACs skips the entries of one kind."""
    looked_at: list[int] = []
    fault, compare = shape.fault, hmac.compare_digest

    def seen(entry: Entry, **named: Any) -> Any:
        looked_at[:] = [entry.kind]
        return fault(entry, **named)

    def skipping(one: bytes, other: bytes) -> bool:
        return looked_at == [UNCHECKED_KIND] or compare(one, other)

    stack.enter_context(mock.patch.object(shape, "fault", seen))
    stack.enter_context(mock.patch.object(hmac, "compare_digest", skipping))


def blind_checker(_world: "World", stack: ExitStack) -> None:
    """The checker of the worlds itself does not look at entries of one kind."""
    tally = check.tally

    def blind(pages: Any) -> Any:
        return tally(page for page in pages if decoded(page)[8] != UNCHECKED_KIND)

    stack.enter_context(mock.patch.object(check, "tally", blind))


CONTROLS: dict[str, Callable[["World", ExitStack], None]] = {
    "acknowledge-before-commit": acknowledge_before_commit,
    "puback-as-acknowledgement": puback_as_acknowledgement,
    "no-intent": no_intent,
    "normal-sync": normal_sync,
    "unchecked-kind": unchecked_kind,
    "blind-checker": blind_checker,
}


@contextmanager
def put_in(world: "World", name: str) -> Iterator[None]:
    """One bad variant in place of the production behaviour; "" is none."""
    with ExitStack() as stack:
        if name:
            CONTROLS[name](world, stack)
        yield
