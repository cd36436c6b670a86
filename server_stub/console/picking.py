"""The reports of picking as tables of text: the same columns on the page and in the file (P96-P101)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Engine

from server_stub.console import words
from server_stub.proof.period import BadPeriod, Period, between
from server_stub.supply import life, reports
from server_stub.supply.reports import Line, Report

DAY_MS = 86_400_000
LONGEST_MS = 366 * DAY_MS
RECENT_MS = 7 * DAY_MS


class Column(NamedTuple):
    """A column: its heading and what it says of a line; numbers are set right, what is `wide` takes several lines."""

    heading: str
    text: Callable[[Line], str]
    number: bool = False
    wide: bool = False


def reports_of(engine: Engine) -> dict[str, Report]:
    """The reports that the account wants."""
    with engine.connect() as conn:
        return reports.of_account(conn)


def read(engine: Engine, report: Report, period: Period) -> list[Line]:
    """The lines of a report in its order."""
    with engine.connect() as conn:
        return reports.lines(conn, report, reports.Span(*period))


def period_of(start: str, end: str, now_ms: int) -> Period:
    """What an address asks for, by default the last week of hospital time `now_ms`. Raises BadPeriod."""
    if not start and not end:
        return Period(max(0, now_ms + 1 - RECENT_MS), now_ms + 1)
    return bounded(between(start, end))


def bounded(period: Period) -> Period:
    """The period itself; raises BadPeriod for one that is empty or longer than a year."""
    if not 0 < period.to_utc_ms - period.from_utc_ms <= LONGEST_MS:
        raise BadPeriod("a report is of at most 366 days: choose a from before to, at most a year apart")
    return period


def columns(name: str, report: Report) -> Sequence[Column]:
    """The columns of the report of that name."""
    first = [*([_CLASS] if name in (reports.A, reports.B) else []), _STATION, _ITEM, _ITEM_ID, _LABEL]
    picked = [_QUANTITY, _PICKED, _PICKER]
    return [*first, *picked, *_second(report.who), *_more(name)]


def rows(shown: Sequence[Column], lines: Sequence[Line]) -> list[list[str]]:
    """The lines as text."""
    return [[column.text(line) for column in shown] for line in lines]


def summary(lines: Sequence[Line]) -> list[tuple[str, list[int]]]:
    """How many errors of each category (P37, from QTY on) were caught, by picker."""
    counts: dict[str, list[int]] = {}
    for line in lines:
        row = counts.setdefault(line.picker or _NONE, [0] * len(CATEGORIES))
        if line.result and line.result <= len(CATEGORIES):
            row[line.result - 1] += 1
    return sorted(counts.items())


_NONE = "–"
CATEGORIES = life.RESULTS[1:]
_ACTS = {reports.CHECKER: "Checked", reports.DELIVERER: "Delivered", reports.ACTOR: "Told"}


def _units(quantity: int | None, line: Line) -> str:
    return _NONE if quantity is None else words.units(quantity, line.scale)


def category(line: Line) -> str:
    """What a check came to."""
    if line.result is None:
        return _NONE
    return life.RESULTS[line.result] if line.result < len(life.RESULTS) else f"result {line.result}"


_CLASS = Column("Class", lambda line: str(line.item_class), number=True)
_STATION = Column("Station", lambda line: line.station or _NONE)
_ITEM = Column("Item", lambda line: line.name, wide=True)
_ITEM_ID = Column("Item ID", lambda line: line.item)
_LABEL = Column("Label", lambda line: line.label)
_QUANTITY = Column("Picked", lambda line: _units(line.quantity, line), number=True)
_PICKED = Column("Picked at (UTC)", lambda line: words.clock(line.picked_ms))
_PICKER = Column("Picker", lambda line: line.picker or _NONE)


def _second(who: str) -> list[Column]:
    if not who:
        return []
    act = _ACTS[who]
    return [
        Column(act, lambda line: _units(line.found, line), number=True),
        Column(f"{act} at (UTC)", lambda line: words.clock(line.when_ms)),
        Column(who, lambda line: line.who or _NONE),
    ]


def _more(name: str) -> list[Column]:
    if name in (reports.ERRORS, reports.DETAIL):
        return [Column("Result", category), Column("New label", lambda line: line.new_label or _NONE)]
    if name == reports.FINDINGS:
        entry = Column("Entry", lambda line: f"{line.by_station} {line.by_log}/{line.by_seq}")
        return [Column("Finding", lambda line: life.FINDINGS.get(line.finding, str(line.finding)), wide=True), entry]
    return []
