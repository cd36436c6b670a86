"""A scanner that types: characters faster than fingers, then ENTER, are a scan; all others are keys."""

from agent.handheld.steps import ENTER

# between two characters of a scanner, and how many it types at least
GAP_MS = 40
_LEAST = 4

Typed = list[tuple[str, str]]


class Wedge:
    """Keys come in with their time; ("key", key) and ("scan", text) come out, keys once it is sure that they are."""

    def __init__(self, gap_ms: int = GAP_MS) -> None:
        self._gap_ms = gap_ms
        self._held = ""
        self._last_ms = 0

    def key(self, key: str, now_ms: int) -> Typed:
        """A key was typed."""
        out = self.tick(now_ms)
        self._last_ms = now_ms
        if len(key) == 1:
            self._held += key
            return out
        if key == ENTER and len(self._held) >= _LEAST:
            text, self._held = self._held, ""
            return [*out, ("scan", text)]
        return [*out, *self._release(), ("key", key)]

    def tick(self, now_ms: int) -> Typed:
        """Time has passed."""
        return self._release() if self._held and now_ms - self._last_ms >= self._gap_ms else []

    def deadline(self) -> int | None:
        """When tick() is due."""
        return self._last_ms + self._gap_ms if self._held else None

    def _release(self) -> Typed:
        held, self._held = self._held, ""
        return [("key", char) for char in held]
