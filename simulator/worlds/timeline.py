"""Virtual time: calls in order of their moment, and a stream of chance for each purpose."""

import heapq
import random
from collections.abc import Callable


class Call:
    """One call that waits; `cancel` keeps it from coming."""

    __slots__ = ("call", "off")

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.off = False

    def cancel(self) -> None:
        """It is not to come any more."""
        self.off = True


class EndlessError(BaseException):
    """More steps than a world takes that ends: no production code may catch it."""


class Timeline:
    """Milliseconds since the world began; calls of the same moment come in the order they were put in.

    `most`: so many steps are enough for any world; what goes on after that would go on for ever.
    """

    def __init__(self, most: int) -> None:
        self.now_ms = 0
        self.most, self.steps = most, 0
        self._heap: list[tuple[int, int, Call]] = []
        self._count = 0

    def after(self, delay_ms: int, call: Callable[[], object]) -> Call:
        """Call so many milliseconds from now."""
        return self.at(self.now_ms + max(0, delay_ms), call)

    def at(self, when_ms: int, call: Callable[[], object]) -> Call:
        """Call at that moment, or now if it has passed."""
        waiting = Call(call)
        self._count += 1
        heapq.heappush(self._heap, (max(when_ms, self.now_ms), self._count, waiting))
        return waiting

    def step(self) -> None:
        """Something happens; raises EndlessError when that is too much."""
        self.steps += 1
        if self.steps > self.most:
            raise EndlessError

    def run(self, until_ms: int) -> None:
        """Carry out all that is due up to and with `until_ms`."""
        while self._heap and self._heap[0][0] <= until_ms:
            self.now_ms, _, waiting = heapq.heappop(self._heap)
            if not waiting.off:
                self.step()
                waiting.call()
        self.now_ms = until_ms


def stream(seed: int, *names: object) -> random.Random:
    """Chance for one purpose; the same seed and names give the same draws."""
    return random.Random("/".join(map(str, (seed, *names))))
