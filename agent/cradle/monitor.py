"""Live traffic of a line, for people: listens only, sends nothing."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol

from agent.cradle.spoken import to_object
from firmware.cradle import frames

# a frame that stops for so long will not go on
SILENCE_S = 0.5


class Port(Protocol):
    """What is used of pyserial's ports; `read` gives b"" after SILENCE_S without a byte."""

    @property
    def in_waiting(self) -> int: ...

    def read(self, size: int, /) -> bytes: ...


def watch(port: Port, now: Callable[[], datetime], as_json: bool) -> Iterator[str]:
    """A line of text for each frame, as it comes; goes on until the port fails (OSError, pyserial's too)."""
    parser = frames.Parser()
    form = json.dumps if as_json else readable
    while True:
        data = port.read(port.in_waiting or 1)
        for frame in parser.feed(data) if data else parser.timeout():
            line = form(to_object(frame))
            yield line if as_json else f"{now():%H:%M:%S.%f}"[:12] + " " + line


def readable(said: dict[str, Any]) -> str:
    """`kind address name=value ...`, what is right left out."""
    rest = {name: value for name, value in said.items() if name not in ("kind", "address")}
    if rest.get("bcc_ok"):
        del rest["bcc_ok"]
    pairs = [f"{name}={json.dumps(value)}" for name, value in rest.items()]
    return " ".join([f"{said['kind']:<15}", said["address"] or "--", *pairs])
