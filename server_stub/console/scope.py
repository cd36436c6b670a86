"""Parameters that calls of the API share, and what pages read from addresses."""

from typing import Annotated

from fastapi import Path, Query

from firmware import codes
from server_stub.console.frame import Console
from server_stub.console.models_stock import ID
from server_stub.console.problems import problem

_MOST_DIGITS = 15

StationId = Annotated[str, Path(pattern=ID, description="Id of a station")]
OneStation = Annotated[str, Query(pattern=ID, description="Id of a station")]
OptionalStation = Annotated[str | None, Query(pattern=ID, description="Only this station")]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many rows")]


def known_station(console: Console, station: str | None) -> None:
    """404 for a station that is not enrolled."""
    if station is not None and station not in {s.id for s in console.site().station}:
        raise problem(404, codes.UNKNOWN_STATION, f"{station} is not enrolled here")


def entry_key(station: str, log: str, seq: str) -> tuple[str, int, int] | None:
    """The key of an entry from an address or a form; None if it is none."""
    numbers = [text for text in (log, seq) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS]
    return (station, int(log), int(seq)) if len(numbers) == 2 and station.isprintable() else None
