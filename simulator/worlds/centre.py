"""The hospital's computer: the production centre over a disk that can fail, in virtual time.

The adapter to `server_stub.centre`. What the shell of its process does is here in small: what stations sent in groups,
answers after the commit, pieces one by one when a group fails; what follows from it later, in steps; a tick at times.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from server_stub.centre import Arrived, Asked, Centre
from server_stub.clock import SteppedClock
from server_stub.ledger.schema import open_database
from server_stub.ledger.transaction import Outgoing
from simulator.worlds.broker import Broker
from simulator.worlds.disk import Disk, Image
from simulator.worlds.host import Killed
from simulator.worlds.lean import Lean
from simulator.worlds.site import START_MS, Site
from simulator.worlds.timeline import Call, Timeline

GROUP_MS = 400
FOLD_MS = 1500
TICK_MS = 15_000
RETRY_MS = 1000
# a transaction is not committed; it is, and nothing is sent; stations are answered, and nothing is folded
BEFORE, AFTER, UNFOLDED = "before", "after", "unfolded"


class CentreHost:
    """One centre; `answered(topic, payload)` sees what it sends once that is committed."""

    station = ""

    def __init__(  # noqa: PLR0913, PLR0917 - what is handed in
        self,
        site: Site,
        disk: Disk,
        broker: Broker,
        timeline: Timeline,
        utc_ms: Callable[[], int],
        chance: random.Random,
        whole: bool,
    ) -> None:
        self._site, self.disk, self._broker, self._timeline, self._chance = site, disk, broker, timeline, chance
        self._utc_ms, self._kind = utc_ms, Centre if whole else Lean
        self.core: Centre | None = None
        self.engine: Engine | None = None
        self.sends: Callable[[str, bytes], None] = lambda topic, payload: None
        self.started: Callable[[], None] = lambda: None
        self.stopped: Callable[[], None] = lambda: None
        self.kill_at = ""
        self.kills = 0
        self.full = False
        self._queue: list[Arrived] = []
        self._waiting: Call | None = None
        self._ticking: Call | None = None
        self._folding: Call | None = None
        self._unsent: list[Outgoing] = []
        self._clock = SteppedClock(START_MS)
        self._level = 0

    # the process

    def start(self) -> None:
        """Run, and connect to the broker."""
        if self.core:
            return
        self.engine = open_database(f"sqlite:///{self.disk.path}")
        self._site.share(self.engine)
        event.listen(self.engine, "commit", self._committing)
        with self.engine.connect() as conn:
            self._level = int(conn.exec_driver_sql("PRAGMA synchronous").scalar() or 0)
        self.set_full(self.full)
        self._clock = SteppedClock(START_MS)
        self._clock.advance(self._utc_ms())
        self.core = self._kind(
            self.engine, self._site.register, self._site.keys, self._clock, lambda: self._timeline.now_ms
        )
        try:
            self._unsent = list(self.core.start())
        except OperationalError:
            if not self.full:
                raise
            return self.kill()
        self._synced()
        self.started()
        self._broker.join(self)
        self._tick_later()

    def kill(self, image: Image | None = None) -> None:
        """The process ends at once; `image`: what its disk holds then, if not what it wrote."""
        if self.engine is None:
            return
        left = self.disk.image() if image is None else image
        self.core, self.kill_at = None, ""
        self._queue.clear()
        for call in (self._waiting, self._ticking, self._folding):
            if call:
                call.cancel()
        self._waiting = self._ticking = self._folding = None
        self._broker.leave(self)
        self.engine.dispose()
        self.engine = None
        self.disk.renew(left)
        self.stopped()

    def lose_power(self) -> None:
        """The computer goes off: what was not synced may be gone."""
        if self.engine:
            self.kill(self.disk.after_power_cut(self._chance))

    def set_full(self, full: bool) -> None:
        """The disk takes no more pages, or does again."""
        self.full = full
        if self.engine:
            with self.engine.connect() as conn:
                pages = conn.scalar(text("PRAGMA page_count")) if full else 1 << 30
                conn.execute(text(f"PRAGMA max_page_count = {pages}"))

    def ask(self, do: str, **args: Any) -> dict[str, Any]:
        """A request of the intake socket, at once; {} if the centre is away or can not."""
        replies = self.ask_all([[do, args]])
        return replies[0] if replies else {}

    def ask_all(self, requests: Sequence[list[Any]]) -> list[dict[str, Any]]:
        """Requests, each a `do` with its arguments, in one transaction; [] if the centre is away or can not."""
        replies: list[dict[str, Any]] = []
        group = [Asked({"do": do, "args": args}, replies.append) for do, args in requests]
        if self.catch_up() and self.core:
            self._do(lambda core: core.ask(group))
        return replies

    # broker

    def broker_up(self) -> None:
        """Connected and subscribed: what was left goes."""
        unsent, self._unsent = self._unsent, []
        self.send(unsent)
        if self._ticking is None:
            self._tick()

    def broker_down(self) -> None:
        """The connection is gone; ticks go on when it is back: whole nights of them would find the same."""

    def broker_message(self, topic: str, payload: bytes) -> None:
        """A station's message."""
        if self.core:
            self._queue.append(Arrived(topic, payload))
            if self._waiting is None:
                self._waiting = self._timeline.after(GROUP_MS, self._work)

    def is_caught_up(self) -> bool:
        """Whether it runs, and all that it has taken in is folded."""
        return self.core is not None and not self.core.behind

    # work

    def _work(self) -> None:
        self._waiting = None
        group, self._queue = self._queue, []
        self._take(group)
        if self.core and self.kill_at == UNFOLDED and self.core.behind:
            self._die()
        self._fold_later()

    def _take(self, group: Sequence[Arrived]) -> None:
        """As the shell does: a group, else its pieces; a database that takes nothing is no message's fault."""
        if not self._do(lambda core: core.take(group)):
            for work in group:
                if self.core:
                    self._do(partial(_alone, work))

    def _fold_later(self) -> None:
        if self._folding is None and self.core and self.core.behind:
            self._folding = self._timeline.after(FOLD_MS, self.catch_up)

    def catch_up(self) -> bool:
        """All that follows from what was taken in; True once nothing waits, else later again."""
        if self._folding:
            self._folding.cancel()
        self._folding = None
        while self.core and self.core.behind:
            self._timeline.step()
            if not self._do(lambda core: core.step()):
                self._folding = self._timeline.after(RETRY_MS, self.catch_up)
                return False
        return self.core is not None

    def _tick_later(self) -> None:
        self._ticking = self._timeline.after(TICK_MS, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        if self._broker.up:
            self._tick_later()
            self._clock.advance(self._utc_ms())
            self._do(lambda core: core.tick())
        self._fold_later()

    def _do(self, work: Callable[[Centre], Sequence[Outgoing]]) -> bool:
        """One transaction and what it sends; False if the database would not take it."""
        self._clock.advance(self._utc_ms())
        assert self.core is not None
        try:
            out = work(self.core)
            if self.kill_at == AFTER:
                raise Killed
        except Killed:
            self._die()
            return True
        except OperationalError:
            if not self.full:
                raise
            return False
        self._synced()
        self.send(out)
        return True

    def _committing(self, _conn: Any) -> None:
        if self.kill_at == BEFORE:
            raise Killed

    def _die(self) -> None:
        """Killed at a transaction: between its commit and its answers the disk may still owe it."""
        after, self.kill_at = self.kill_at == AFTER, ""
        self.kills += 1
        self.kill(self.disk.after_power_cut(self._chance) if after else None)

    def _synced(self) -> None:
        self.disk.synced(self._level)

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Publish what a transaction left behind."""
        for message in messages:
            self.sends(message.topic, message.payload)
            taken = self._broker.publish(self, message.topic, message.payload)
            if taken and self.core and message.id is not None:
                self.core.sent(message.id)


def _alone(work: Arrived, core: Centre) -> Sequence[Outgoing]:
    return core.take([work])
