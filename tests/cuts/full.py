"""A disk that is full, or fails, at each call of SQLite in turn: nothing that was done is lost, what was not done says
so with the program's own error, and once the disk has room again all goes on to the same end."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
from sqlalchemy.exc import DatabaseError

from agent.outbox import Outbox, OutboxError
from server_stub.site.home import Home
from tests.agent.fake_cabinet import LOG, STATION
from tests.cuts import centre, crash, dbapi, disk, outbox

ERRORS: dict[str, Callable[[], Exception]] = {
    "full": lambda: apsw.FullError("no room"),
    "input or output error": lambda: apsw.IOError("bad sector"),
}
LASTS = (1, 6)
AGAIN = 40


class Failing:
    """Fails `lasts` calls from the `first` on; a call it has not seen yet is not failed twice."""

    def __init__(self, first: int, lasts: int, error: Callable[[], Exception]) -> None:
        self._first, self._until, self._error = first, first + lasts, error
        self.failed = 0

    def __call__(self, number: int) -> Exception | None:
        if self._first <= number < self._until:
            self.failed += 1
            return self._error()
        return None


def _insist(do: Callable[[], Any], typed: type[Exception]) -> int:
    """Do it until it is done; gives how often it said no. Any other error than `typed` goes up."""
    for refused in range(AGAIN):
        try:
            do()
        except typed:
            continue
        return refused
    raise AssertionError("the disk has room again, and still it is not done")


def of_outbox(path: Path, first: int, lasts: int, error: str, entries: int = 12) -> tuple[int, bytes]:
    """One life of the outbox with calls that fail; gives how often it refused, and what it held in the end."""
    made, on = outbox.cabinet(entries), disk.Disk()
    on.failing = Failing(first, lasts, ERRORS[error])
    boxes: list[Outbox] = []
    with dbapi.under(*outbox.UNDER), dbapi.on(on):
        refused = _insist(lambda: boxes.append(_opened(path, on)), OutboxError)
        box = boxes[0]
        for step in outbox.steps(made, box):
            before = _insisted(lambda: crash.content(box._db.conn))
            refused += _insist(lambda step=step, before=before: _done(box, step, before), OutboxError)
        held = _insisted(lambda: crash.content(box._db.conn))
        box._db.conn.drop()
    return refused, held


def _insisted(read: Callable[[], bytes]) -> bytes:
    found: list[bytes] = []
    _insist(lambda: found.append(read()), dbapi.Error)
    return found[0]


def _opened(path: Path, on: disk.Disk) -> Outbox:
    # a process that could not open the file ends, and with it what it had open
    for connection in tuple(on.connections):
        connection.drop()
    return Outbox(path, STATION, LOG)


def _done(box: Outbox, step: Callable[[], Any], before: bytes) -> None:
    """Whole or not at all."""
    try:
        step()
    except OutboxError:
        # right after the error even reading can fail
        with suppress(dbapi.Error):
            assert crash.content(box._db.conn) == before
        raise


def calls_of_outbox(path: Path, entries: int = 12) -> tuple[int, bytes]:
    """How many calls a life without trouble makes, and what it holds in the end."""
    made, on = outbox.cabinet(entries), disk.Disk()
    with dbapi.under(*outbox.UNDER), dbapi.on(on):
        box = Outbox(path, STATION, LOG)
        for step in outbox.steps(made, box):
            step()
        held = crash.content(box._db.conn)
        box._db.conn.drop()
    return on.calls, held


def all_of_outbox(path: Path, every: int = 1) -> dict[str, Any]:
    """Each `every`-th call fails, in each way."""
    calls, wanted = calls_of_outbox(path)
    lives = refusals = 0
    for first in range(1, calls + 1, every):
        for error in ERRORS:
            for lasts in LASTS:
                refused, held = of_outbox(path, first, lasts, error)
                assert held == wanted, (first, error, lasts)
                lives, refusals = lives + 1, refusals + refused
    return {"calls": calls, "failures": lives, "refused with a code": refusals, "lost": 0}


def of_centre(home: Home, first: int, lasts: int, error: str, entries: int = 20) -> tuple[int, int]:
    """One life of the centre with calls that fail after its start; gives how many groups failed, and the calls."""
    on = disk.Disk()
    with dbapi.under(*centre.UNDER), dbapi.on(on):
        day = centre.Day(home, f"sqlite:///{home.root / 'centre.db'}")
        started = on.calls
        on.failing = Failing(started + first, lasts, ERRORS[error])
        failed = sum(_insist(step, DatabaseError) for step in day.steps(entries))
        on.failing = None
        day.check()
        day.drop()
    return failed, on.calls - started


def all_of_centre(home: Home, every: int = 1) -> dict[str, Any]:
    """Each `every`-th call fails, in each way."""
    _, calls = of_centre(home, 1 << 40, 1, "full")
    lives = refusals = 0
    for first in range(1, calls + 1, every):
        for error in ERRORS:
            for lasts in LASTS:
                failed, _ = of_centre(home, first, lasts, error)
                lives, refusals = lives + 1, refusals + failed
    return {"calls": calls, "failures": lives, "groups that failed": refusals, "lost": 0}
