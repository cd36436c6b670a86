"""The cabinet's computer: the production agent over a disk that can fail, in virtual time.

The adapter to `agent.station`. The process can be killed at any step that makes something durable, the computer can
lose its power, the disk can be full, and the outbox can be deleted or be an old copy.
"""

import random
import sqlite3
from collections.abc import Callable
from typing import Any

from agent.actions import Reply
from agent.outbox import Outbox
from agent.station import Agent
from simulator.worlds.broker import Broker
from simulator.worlds.disk import Disk, Image
from simulator.worlds.site import Identity
from simulator.worlds.timeline import Call, Timeline

FULL_SYNC = 2


class Killed(BaseException):
    """The process is dead: no production code may catch it."""


class Clock:
    """Hospital time as the computer has it."""

    def __init__(self, utc_ms: Callable[[], int]) -> None:
        self._utc_ms = utc_ms

    def utc_ms(self) -> int:
        """Milliseconds since 1970 (UTC)."""
        return self._utc_ms()

    def mono_ms(self) -> float:
        """The same: it only goes on."""
        return float(self._utc_ms())


class Life:
    """Time and chance of one run of a process; nothing comes any more once it has ended."""

    def __init__(self, timeline: Timeline, chance: random.Random, guard: Callable[[Callable[[], None]], None]) -> None:
        self._timeline, self._chance, self._guard = timeline, chance, guard
        self.over = False

    def now(self) -> float:
        """Seconds since the world began."""
        return self._timeline.now_ms / 1000

    def later(self, delay_s: float, call: Callable[[], None]) -> Call:
        """Call once in virtual time, a millisecond late at most."""
        return self._timeline.after(int(delay_s * 1000) + 1, lambda: None if self.over else self._guard(call))

    def spread(self) -> float:
        """A number from 0 to 1."""
        return self._chance.random()

    def first_request_id(self) -> int:
        """A random number with room behind it."""
        return self._chance.getrandbits(48) << 8


class Host:
    """One agent; `write` puts a payload on the link to its controller."""

    def __init__(  # noqa: PLR0913, PLR0917 - what is handed in
        self,
        identity: Identity,
        disk: Disk,
        broker: Broker,
        timeline: Timeline,
        utc_ms: Callable[[], int],
        chance: random.Random,
    ) -> None:
        self.identity, self.disk, self._broker = identity, disk, broker
        self.station = identity.station
        self._timeline, self._utc_ms, self._chance = timeline, utc_ms, chance
        self.write: Callable[[bytes], None] = lambda payload: None
        self.agent: Agent | None = None
        self.outbox: Outbox | None = None
        self.on_death: Callable[[], None] = lambda: None
        self.kill_at: tuple[str, bool] | None = None
        self.kills = 0
        self.full = False
        self.answers: Callable[[int], None] = lambda seq: None
        self._life: Life | None = None

    # the process

    def start(self) -> None:
        """Run, and connect to broker and link."""
        if self.agent:
            return
        self.outbox = Outbox(self.disk.path, self.station, self.identity.settings.log)
        self._level = int(self._conn.execute("PRAGMA synchronous").fetchone()[0])
        self._watch(self.outbox)
        self.set_full(self.full)
        self._life = Life(self._timeline, self._chance, self._guarded)
        identity = self.identity
        self.agent = Agent(
            identity.settings, self.outbox, Clock(self._utc_ms), identity.signer, identity.verifier, self._life
        )
        self.agent.attach(self.write, self)
        self._guarded(self.agent.link_opened)
        self._broker.join(self)

    def kill(self, image: Image | None = None) -> None:
        """The process ends at once; `image`: what its disk holds then, if not what it wrote."""
        if self.agent is None or self.outbox is None or self._life is None:
            return
        left = self.disk.image() if image is None else image
        self._life.over = True
        self.agent = self.kill_at = None
        self._broker.leave(self)
        self.outbox.close()
        self.outbox = None
        self.disk.renew(left)
        self.on_death()

    def lose_power(self) -> None:
        """The computer goes off: what was not synced may be gone."""
        self.kill(self.disk.after_power_cut(self._chance))

    @property
    def _conn(self) -> sqlite3.Connection:
        assert self.outbox is not None
        conn: sqlite3.Connection = self.outbox._db.conn
        return conn

    def set_full(self, full: bool) -> None:
        """The disk takes no more pages, or does again."""
        self.full = full
        if self.outbox:
            pages = self._conn.execute("PRAGMA page_count").fetchone()[0] if full else 1 << 30
            self._conn.execute(f"PRAGMA max_page_count = {pages}")

    def _watch(self, outbox: Outbox) -> None:
        """What makes something durable tells the disk so, and is where a kill may strike."""
        for name in ("start", "anchor", "forget", "take", "answered", "rewind", "put_names"):
            setattr(outbox, name, self._watched(name, getattr(outbox, name)))

    def _watched(self, name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            self._strike(name, before=True)
            result = act(*args, **named)
            self.disk.synced(self._level)
            self._strike(name, before=False)
            return result

        return watched

    def _strike(self, name: str, *, before: bool) -> None:
        if self.kill_at == (name, before):
            self.kill_at = None
            self.kills += 1
            raise Killed

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Killed:
            self.kill()
        except sqlite3.OperationalError:
            # an event loop tells its log of this, and goes on
            if not self.full:
                raise

    # link

    def received(self, payload: bytes) -> None:
        """One payload of the controller."""
        if self.agent:
            agent = self.agent
            self._guarded(lambda: agent.link_received([payload]))

    def damaged(self) -> None:
        """A frame did not decode."""
        if self.agent:
            self.agent.link_damaged(1)

    def relinked(self) -> None:
        """The port was lost, and is open again."""
        if self.agent:
            agent = self.agent
            self._guarded(agent.link_lost)
            self._guarded(agent.link_opened)

    # broker

    def broker_up(self) -> None:
        """Connected and subscribed."""
        if self.agent:
            self._guarded(self.agent.broker_up)

    def broker_down(self) -> None:
        """The connection is gone."""
        if self.agent:
            self._guarded(self.agent.broker_down)

    def broker_message(self, topic: str, payload: bytes) -> None:
        """Something from the centre."""
        if self.agent:
            agent = self.agent
            self._guarded(lambda: agent.broker_message(topic, payload))

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """As the broker's client does: send if connected, else not at all."""
        if self._broker.publish(self, topic, payload, retain):
            self.puback(topic, payload)

    def puback(self, topic: str, payload: bytes) -> None:
        """The broker has it, which means nothing."""

    # people

    def ask(self, kind: int, args: list[Any], then: Callable[[Reply], None]) -> bool:
        """Put a person's request; False if nobody is there to take it."""
        if self.agent is None:
            return False
        desk = self.agent.desk
        self._guarded(lambda: desk.put(kind, args, None, then))
        return True

    def answered(self) -> int:
        """Up to where the outbox believes the centre to have it."""
        return self.outbox.log().answered if self.outbox else 0
