"""Requests of people on their way to the controller: one at a time, each repeated until its reply or its limit."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.actions import Action, Reply, Send
from firmware import codes
from firmware.wire import cbor, messages

LIMIT_S = 12.0
WAITING = 32
_OUR_IDS_FROM = 1 << 32


@dataclass
class _Request:
    rid: int
    payload: bytes
    until: float


class Requests:
    """The queue; sans-I/O as all of the link (monotonic seconds go in, actions come out)."""

    def __init__(self, first_id: int, retry_s: float) -> None:
        self._next_id = _OUR_IDS_FROM + first_id
        self._retry_s = retry_s
        self._queue: deque[_Request] = deque()
        self._open = False
        self._again_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """Monotonic time of the next thing to do, None if there is none."""
        times = [self._again_at, self._queue[0].until if self._queue else None]
        return min((t for t in times if t is not None), default=None)

    def open(self) -> None:
        """The port is open; what waits goes with `send`."""
        self._open = True

    def close(self) -> None:
        """The port is gone; requests wait within their limit."""
        self._open, self._again_at = False, None

    def add(self, kind: int, args: Sequence[Any], now: float, rid: int | None) -> tuple[int, list[Action]]:
        """Queue a request, under a number of our own if `rid` is None; one that waits already is not queued twice."""
        if rid is None:
            rid = self._next_id
            self._next_id += 1
        if any(waiting.rid == rid for waiting in self._queue):
            return rid, []
        if len(self._queue) >= WAITING:
            return rid, [Reply(rid, codes.BUSY, [])]
        payload = cbor.encode([messages.REQUEST, rid, kind, list(args)])
        self._queue.append(_Request(rid, payload, now + LIMIT_S))
        return rid, self.send(now) if len(self._queue) == 1 else []

    def send(self, now: float) -> list[Action]:
        """The first request goes, or goes again."""
        if not self._open or not self._queue:
            return []
        self._again_at = now + self._retry_s
        return [Send(self._queue[0].payload)]

    def replied(self, rid: int, code: int, params: list[Any], now: float) -> list[Action]:
        """The controller's REPLY; one to nothing that waits is a repetition."""
        if not self._queue or self._queue[0].rid != rid:
            return []
        self._queue.popleft()
        self._again_at = None
        return [Reply(rid, code, params), *self.send(now)]

    def tick(self, now: float) -> list[Action]:
        """Repeat what is due; what had no reply within its limit ends with code 4001."""
        actions: list[Action] = []
        if self._again_at is not None and now >= self._again_at:
            self._again_at = None
            actions += self.send(now)
        while self._queue and now >= self._queue[0].until:
            actions.append(Reply(self._queue.popleft().rid, codes.LINK_DOWN, []))
            actions += self.send(now)
        return actions
