"""The way up as a sans-I/O core: which entries go to the centre, when, and again when (docs/wire.md sections 3 and 4).

Events and the time (monotonic seconds) go in; ranges of sequence numbers to send come out. Batches of at most 64 pages,
at most 4 in flight, go-back-N from the centre's last answer. A PUBACK means nothing here.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from firmware.wire import messages

BATCH_PAGES = 64
WINDOW = 4
ANSWER_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_MAX_S = 12.0
SILENT_AFTER_S = 30.0


@dataclass(frozen=True)
class Batch:
    """Send the pages `first` to `last` in one signed batch."""

    first: int
    last: int


class Uplink:
    """What was answered, what is in flight and what waits. `taken` and `answered` start from the outbox.

    `spread()` gives a random number from 0 to 1: time-outs are lengthened by up to half with it, so that stations whose
    centre comes back do not all speak at once.
    """

    def __init__(self, taken: int, answered: int, linger_s: float, spread: Callable[[], float]) -> None:
        self._taken, self.answered = taken, answered
        self._linger_s, self._spread = linger_s, spread
        self._next = answered + 1
        self._flight: deque[Batch] = deque()
        self._connected = False
        self._urgent_to = taken
        self._waiting_since: float | None = None
        self._timeout_at: float | None = None
        self._timeout_s = ANSWER_TIMEOUT_S
        self._window = WINDOW
        self._gap_at: int | None = None
        self._unanswered_since: float | None = None
        self.stopped = False

    @property
    def depth(self) -> int:
        """Entries in the outbox that the centre has not answered."""
        return max(0, self._taken - self.answered)

    def silent(self, now: float) -> bool:
        """Whether the broker takes what is sent but the centre has not answered for 30 s."""
        since = self._unanswered_since
        return self._connected and since is not None and now - since >= SILENT_AFTER_S

    @property
    def deadline(self) -> float | None:
        """Monotonic time of the next thing to do, None if there is none."""
        if not self._connected or self.stopped:
            return None
        times = [self._timeout_at]
        if self._waiting_since is not None and len(self._flight) < self._window and not self._may_send_now():
            times.append(self._waiting_since + self._linger_s)
        return min((t for t in times if t is not None), default=None)

    def connected(self, now: float) -> list[Batch]:
        """The broker is there: everything unanswered goes again."""
        self._connected = True
        self._timeout_s = ANSWER_TIMEOUT_S
        self._go_back()
        self._urgent_to = self._taken
        return self._pump(now)

    def disconnected(self) -> None:
        """The broker is gone; what was in flight counts as not sent."""
        self._connected = False
        self._unanswered_since = None
        self._go_back()

    def expect_answer(self, now: float) -> None:
        """Something else that the centre answers (a heartbeat) was sent."""
        if self._unanswered_since is None:
            self._unanswered_since = now

    def heard(self, now: float) -> None:
        """The centre gave a sign of life."""
        self._unanswered_since = now if self._flight else None

    def taken(self, seq: int, urgent: bool, now: float) -> list[Batch]:
        """The outbox holds entries up to `seq`; `urgent` ones do not linger."""
        if self._next > self._taken:
            self._waiting_since = now
        self._taken = max(self._taken, seq)
        if urgent:
            self._urgent_to = seq
        return self._pump(now)

    def rewound(self, seq: int) -> None:
        """The outbox holds entries up to `seq` only; what followed is read again."""
        self._taken = seq
        self._go_back()

    def answer(self, verdict: int, seq: int, now: float) -> list[Batch]:
        """The centre's verdict: `seq` is the last entry it has stored."""
        batches = self._judged(verdict, seq, now)
        self.heard(now)
        return batches

    def _judged(self, verdict: int, seq: int, now: float) -> list[Batch]:
        if verdict == messages.FORK:
            self.stopped = True
            self._go_back()
            return []
        if verdict == messages.GAP:
            return self._gap(seq, now)
        return self._advance(seq, now)

    def tick(self, now: float) -> list[Batch]:
        """Carry out what is due."""
        if self._timeout_at is not None and now >= self._timeout_at:
            self._timeout_s = min(self._timeout_s * 2, ANSWER_TIMEOUT_MAX_S)
            self._go_back()
            self._window = 1
        return self._pump(now)

    def _advance(self, seq: int, now: float) -> list[Batch]:
        if seq > self.answered:
            self.answered = seq
            self._gap_at = None
        self._window, self._timeout_s = WINDOW, ANSWER_TIMEOUT_S
        while self._flight and self._flight[0].last <= seq:
            self._flight.popleft()
        self._next = max(self._next, seq + 1)
        self._arm(now)
        return self._pump(now)

    def _gap(self, seq: int, now: float) -> list[Batch]:
        """Go back to what the centre holds; once for all batches of a window that met the same gap."""
        if self._gap_at == seq and self._flight:
            return []
        self._gap_at = seq
        self.answered = seq
        self._go_back()
        self._urgent_to = self._taken
        return self._pump(now)

    def _go_back(self) -> None:
        self._flight.clear()
        self._next = self.answered + 1
        self._timeout_at = None
        self._window = WINDOW
        self._waiting_since = None

    def _may_send_now(self) -> bool:
        waiting = self._taken - self._next + 1
        return waiting >= BATCH_PAGES or self._next <= self._urgent_to

    def _pump(self, now: float) -> list[Batch]:
        batches: list[Batch] = []
        while self._connected and not self.stopped and len(self._flight) < self._window and self._ready(now):
            batch = Batch(self._next, min(self._next + BATCH_PAGES - 1, self._taken))
            self._flight.append(batch)
            batches.append(batch)
            self._next = batch.last + 1
        if batches:
            self._waiting_since = now if self._next <= self._taken else None
            self.expect_answer(now)
            if self._timeout_at is None:
                self._arm(now)
        return batches

    def _ready(self, now: float) -> bool:
        if self._next > self._taken:
            return False
        if self._waiting_since is None:
            self._waiting_since = now
        return self._may_send_now() or now >= self._waiting_since + self._linger_s

    def _arm(self, now: float) -> None:
        wait_s = self._timeout_s * (1 + self._spread() / 2)
        self._timeout_at = now + wait_s if self._flight else None
