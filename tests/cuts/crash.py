"""SQLite under agent and centre, crashed everywhere: what was committed is there, whole, and nothing else.

A `Story` is told once on a disk that records. Whenever something is committed the whole content is noted; what a crash
left must read as the last content that was committed before it, or as the one whose commit was under way.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from itertools import islice, pairwise
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from agent.outbox import OutboxError
from tests.cuts import dbapi, disk

# not when each migration was made
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> '_sqlite_migrations' ORDER BY name"


def content(connection: Any) -> bytes:
    """A digest of all rows of all tables."""
    found = sha256()
    for (name,) in connection.execute(_TABLES).fetchall():
        found.update(repr((name, connection.execute(f'SELECT * FROM "{name}"').fetchall())).encode())
    return found.digest()


class Story:
    """What `tell` did to a disk: operations, and after which of them which content was durable, or should have been."""

    def __init__(self, tell: Callable[["Story"], None]) -> None:
        self.disk = disk.Disk()
        self.log = self.disk.record()
        self.contents: list[bytes] = []
        self.returned: list[tuple[int, int]] = []
        self.begun = 0
        with dbapi.on(self.disk, self._committed):
            tell(self)

    @property
    def name(self) -> str:
        """The database's own file."""
        return self.log[0].file.removesuffix("-journal").removesuffix("-wal")

    def begin(self) -> None:
        """From here on contents count; what is before is the making of the file."""
        self.begun = len(self.log)

    def _committed(self, connection: dbapi.Connection) -> None:
        connection.committed = None
        now = content(connection)
        connection.committed = self._committed
        if not self.contents or self.contents[-1] != now:
            self.contents.append(now)
        self.returned.append((len(self.log), len(self.contents) - 1))

    def committed_at(self) -> list[int]:
        """For each number of operations that returned, the index of the content that had been committed by then."""
        known = [-1] * (len(self.log) + 1)
        marks = [*self.returned, (len(self.log) + 1, 0)]
        for (at, index), (until, _) in pairwise(marks):
            known[at:until] = [index] * (until - at)
        return known


class Found:
    """What the crashes of one story left."""

    def __init__(self) -> None:
        self.images: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.corrupt: Counter[str] = Counter()

    def counts(self) -> dict[str, Any]:
        """For people and for JSON."""
        return {
            "images": self.images.total(),
            **{f"images, {model}": number for model, number in self.images.items()},
            "lost": self.lost.total(),
            "corrupt": self.corrupt.total(),
        }


def crash(story: Story, reopen: Callable[[], Any], subsets: int, wholly: int = 1, share: int = 1) -> Found:
    """Read what every crash (every `share`-th) left; every `wholly`-th is opened with `reopen`, as the program does,
    which gives a connection, the others with SQLite alone."""
    found, known = Found(), story.committed_at()
    for number, image in enumerate(islice(disk.images(story.log, subsets), 0, None, share)):
        found.images[image.model] += 1
        index = known[image.at]
        made = image.at >= story.begun
        with dbapi.on(disk.Disk(image.make())):
            now = _read(reopen if number % wholly == 0 else lambda: dbapi.connect(story.name))
        if now is None:
            found.corrupt[image.model] += 1
        elif made and now not in story.contents[index : index + 2]:
            found.lost[image.model] += 1
    return found


def _read(reopen: Callable[[], Any]) -> bytes | None:
    try:
        connection = reopen()
        now = content(connection)
        connection.drop()
    except (sqlite3.Error, SQLAlchemyError, OutboxError):
        return None
    return now
