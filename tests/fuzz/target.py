"""What a target is: an input in, a word or two out; it raises what only a defect can raise."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Check = Callable[[bytes], str]


class Wrong(Exception):
    """Taken, but not for what it is."""


@dataclass(frozen=True)
class Target:
    """`opened` gives the check, which says in a word or two what became of an input."""

    seeds: Callable[[], list[bytes]]
    opened: Callable[[], Any]
    structured: bool = False


def plain(check: Check) -> Callable[[], Any]:
    @contextmanager
    def opened() -> Iterator[Check]:
        yield check

    return opened
