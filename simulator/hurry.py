"""An event loop whose clock runs faster: what takes a minute there takes a second here. I/O takes the time it takes."""

import asyncio
import selectors
from typing import Any


class _Selector(selectors.SelectSelector):
    """Waits to the microsecond; epoll would round up to whole milliseconds."""

    speed = 1.0

    def select(self, timeout: float | None = None) -> Any:
        return super().select(timeout / self.speed if timeout and timeout > 0 else timeout)


class HurriedLoop(asyncio.SelectorEventLoop):
    """`speed` seconds of this loop in each real one."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        selector = _Selector()
        selector.speed = speed
        super().__init__(selector)

    def time(self) -> float:
        """Seconds of this loop's clock."""
        return super().time() * self._speed
