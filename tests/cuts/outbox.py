"""The agent's outbox in a life of its own: pages come, answers come, names come, pages are read again."""

from pathlib import Path
from typing import Any

from agent import pages
from agent.outbox import Outbox
from firmware.journal import kinds
from tests.agent.fake_cabinet import LOG, STATION, Cabinet
from tests.cuts import crash, dbapi

UNDER = ("agent.durable", "agent.outbox")
ENTRIES = 200
NAMES = [["b1", ["Ann"]], ["b2", ["Ben"]]]


def cabinet(entries: int = ENTRIES) -> Cabinet:
    """A controller with so many entries."""
    made = Cabinet()
    for number in range(entries):
        made.append(kinds.REMOVE if number % 2 else kinds.ACCESS, "D01-P01", number)
    return made


def steps(made: Cabinet, box: Outbox) -> Any:
    """One change after the other, as calls."""
    last, rewound = len(made.pages), 0
    yield lambda: box.start(made.genesis, made.heads[0])
    seq = 0
    while seq < last:
        first, seq = seq + 1, min(last, seq + 1 + seq % 3)
        read = [pages.read(made.pages[n], STATION, LOG, n, made.heads[n - 1]) for n in range(first, seq + 1)]
        yield lambda read=read: box.take(read)
        if seq % 4 == 0:
            yield lambda seq=seq: box.answered(seq - 1, made.heads[seq - 1], b"answer %d" % seq)
        if seq % 20 == 0:
            yield lambda seq=seq: box.put_names("users", seq, seq % 40, NAMES, seq)
        if seq >= rewound + 50:
            rewound = seq
            yield box.rewind
            seq = box.log().seq


class Opened:
    """The outbox as the agent opens it, with what the crash checker asks of a connection."""

    def __init__(self, path: Path) -> None:
        self.box = Outbox(path, STATION, LOG)
        self.execute = self.box._db.conn.execute
        self.drop = self.box._db.conn.drop


def story(path: Path, entries: int = ENTRIES, careless: str = "") -> crash.Story:
    """Tell it; `careless`: a pragma that should not be there."""
    made = cabinet(entries)

    def tell(told: crash.Story) -> None:
        box = Outbox(path, STATION, LOG)
        told.begin()
        if careless:
            box._db.conn.execute(careless)
        for step in steps(made, box):
            step()
        box._db.conn.drop()

    with dbapi.under(*UNDER):
        return crash.Story(tell)


def crashes(path: Path, entries: int = ENTRIES, subsets: int = 8, careless: str = "") -> dict[str, Any]:
    """Count what the crashes of the story left."""
    told = story(path, entries, careless)
    with dbapi.under(*UNDER):
        found = crash.crash(told, lambda: Opened(path), subsets)
    return {"operations": len(told.log), "contents": len(told.contents), **found.counts()}
