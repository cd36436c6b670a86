"""A talk with a unit over S and D blocks: one question to the panel at a time, what comes meanwhile waits its turn."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent.cradle import prompts
from agent.panel import Outcome
from agent.view import View
from firmware import codes
from firmware.cradle import display

HELD_BACK = 16


@dataclass(frozen=True)
class Show:
    """An S message for the unit."""

    data: bytes


@dataclass(frozen=True)
class Give:
    """A file for the unit."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Ask:
    """A request of the panel; its outcome comes back with `answered`."""

    name: str
    args: dict[str, Any]


Steps = list[Show | Ask | Give]


class Talk:
    """What every talk shares; who talks of something has `_message`, `changed`, `gone` and `shown`."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._done: Callable[[Outcome], Steps] | None = None
        self._held: deque[tuple[Any, ...]] = deque()
        self._away = False

    def heard(self, data: bytes) -> Steps:
        """A D message. While an answer is awaited it waits its turn; one too many is refused."""
        try:
            message = display.read(data)
        except ValueError:
            return [Show(prompts.refused(self._view, codes.BAD_MESSAGE, [])), *self.shown()]
        if not self._done:
            return self._message(message)
        if len(self._held) >= HELD_BACK:
            return [Show(prompts.refused(self._view, codes.BUSY, []))]
        self._held.append(message)
        return []

    def answered(self, outcome: Outcome) -> Steps:
        """The outcome of the last `Ask`."""
        done, self._done = self._done, None
        steps = done(outcome) if done else []
        steps += self.changed()
        while self._held and not self._done:
            steps += self._message(self._held.popleft())
        return [*steps, *self.gone()] if self._away else steps

    @property
    def asking(self) -> bool:
        """Whether an answer of the panel is awaited."""
        return self._done is not None

    def _ask(self, name: str, args: dict[str, Any], done: Callable[[Outcome], Steps]) -> Steps:
        self._done = done
        return [Ask(name, {key: value for key, value in args.items() if value is not None})]

    def changed(self) -> Steps:
        """The cabinet has said something new."""
        raise NotImplementedError

    def gone(self) -> Steps:
        """The unit is away."""
        raise NotImplementedError

    def shown(self) -> Steps:
        """What stands on the unit now."""
        raise NotImplementedError

    def _message(self, message: tuple[Any, ...]) -> Steps:
        raise NotImplementedError
