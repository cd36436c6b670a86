"""A way for messages, one direction: each takes a while, and the next one may be lost, doubled, late, out of turn or
changed, as faults were armed.

What no fault touches goes as it is: codecs of frames have tests of their own.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from simulator.worlds.timeline import Timeline

Message = TypeVar("Message")
LOST, DOUBLED, LATE, OUT_OF_TURN, CHANGED, AGAIN = "lost", "doubled", "late", "out of turn", "changed", "again"
OUT_OF_TURN_MS = (100, 1500)
LATE_MS = (5_000, 90_000)


class Lane(Generic[Message]):
    """`deliver` gets each message after `delay_ms` (least, most); `change` makes another of it, or None."""

    def __init__(  # noqa: PLR0913, PLR0917 - what is handed in
        self,
        timeline: Timeline,
        chance: random.Random,
        delay_ms: tuple[int, int],
        deliver: Callable[[Message], None],
        change: Callable[[Message], list[Message]],
        hit: Callable[[str], None],
        *,
        in_order: bool = False,
    ) -> None:
        self._timeline, self._chance, self._delay_ms = timeline, chance, delay_ms
        self._deliver, self._change, self._hit = deliver, change, hit
        self._in_order = in_order  # a cable: a doubled frame comes at once or not at all
        self._armed: deque[tuple[str, str]] = deque()
        self._life = 0
        self._last_ms = 0
        self._before: Message | None = None
        self.sent = 0

    def arm(self, what: str, fault: str) -> None:
        """The next message meets this; `fault` is the name it is counted under once it has."""
        self._armed.append((what, fault))

    def clear(self) -> None:
        """No fault waits any more."""
        self._armed.clear()

    def cut(self) -> None:
        """What is on its way is gone."""
        self._life += 1

    def send(self, message: Message) -> None:
        """Take one message."""
        before, self._before = self._before, message
        self.sent += 1
        if not self._armed or (self._armed[0][0] == AGAIN and before is None):
            return self._go(message, 0)
        what, fault = self._armed.popleft()
        self._hit(fault)
        extra_ms = {LATE: LATE_MS, OUT_OF_TURN: OUT_OF_TURN_MS}.get(what)
        if what == CHANGED:
            for other in self._change(message):
                self._go(other, 0)
        elif extra_ms:
            self._go(message, self._chance.randint(*extra_ms))
        elif what != LOST:
            self._go(message, 0)
        if what == DOUBLED:
            self._go(message, 0 if self._in_order else self._chance.randint(0, 3000))
        elif what == AGAIN and before is not None:
            self._go(before, self._chance.randint(0, 30_000))
        return None

    def _go(self, message: Message, extra_ms: int) -> None:
        """In order, but for what has to take longer."""
        life = self._life
        due_ms = self._timeline.now_ms + self._chance.randint(*self._delay_ms)
        if extra_ms:
            due_ms += extra_ms
        else:
            due_ms = self._last_ms = max(due_ms, self._last_ms)
        self._timeline.at(due_ms, lambda: self._deliver(message) if life == self._life else None)
