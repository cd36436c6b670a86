"""Hand-held reconciliation A, B, C and the checking reports (P96-P101), and what a person should look at.

Each is read for a period of hospital time, by indexes: it costs what the period holds, however long the ledger is.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, literal, select, union_all

from firmware.journal import kinds
from server_stub.stock.items import Item, items
from server_stub.supply import life, schema, settings

_L, _F = schema.pick_labels.c, schema.label_facts.c
_corrected = schema.pick_labels.alias("corrected")
_N = _corrected.c


class Span(NamedTuple):
    """From `from_ms` (included) to `to_ms` (not included), UTC."""

    from_ms: int
    to_ms: int

    def has(self, column: Any) -> Any:
        """A condition: the column's time lies in it."""
        return column.between(self.from_ms, self.to_ms - 1)


class Line(NamedTuple):
    """A line of a report, smallest units; None or "" where there is nothing.

    `quantity` was picked; `who`, `when_ms` and `found` are the checker, when she checked and what she counted, or the
    deliverer, when and how many were put away (Report.who says which). `result` and `finding` are numbers of life.py;
    (by_station, by_log, by_seq) is the entry the line is from.
    """

    label: str
    picked_ms: int | None
    station: str
    item: str
    quantity: int | None
    purpose: str
    picker: str
    who: str | None
    when_ms: int | None
    found: int | None
    result: int | None
    new_label: str
    finding: int
    by_station: str
    by_log: int
    by_seq: int
    name: str = ""
    item_class: int = 0
    scale: int = 1


_Query = Callable[[Span], Any]


class Report(NamedTuple):
    """A report: `who` is whom its lines name besides the picker, `sort` the order of its lines."""

    title: str
    who: str
    query: _Query
    sort: Callable[[Line], tuple[Any, ...]]


NOBODY, CHECKER, DELIVERER, ACTOR = "", "Checker", "Deliverer", "By"


def _packages(when: Any, who: Any, found: Any, *which: Any, finding: int = life.NONE) -> _Query:
    """Packages of which `which` is true, by `when` it happened."""
    about = (_L.label, _L.picked_ms, _L.station, _L.item, _L.quantity, _L.purpose, _L.picker)
    entry = (_L.by_station, _L.by_log, _L.by_seq)
    query = select(*about, who, when, found, _L.result, _L.new_label, literal(finding), *entry)
    return lambda span: query.where(and_(*which, span.has(when)))


def _facts(*which: Any, who: Any = _F.actor, when: Any = _F.ms, found: Any = _F.quantity) -> _Query:
    """Checks, picks and deliveries of which `which` is true, each with its package, if that is known."""
    package = and_(_L.label == _F.label, _L.picked_ms == _F.picked_ms)
    corrected = and_(_N.label == _F.new_label, _N.picked_ms == _F.ms, _N.from_label == _F.label)
    known = (func.coalesce(_L.station, _F.for_station), _F.item, _L.quantity)
    whose = (func.coalesce(_L.purpose, _F.purpose), func.coalesce(_L.picker, ""))
    entry = (_F.station, _F.log, _F.seq)
    query = select(
        _F.label, _F.picked_ms, *known, *whose, who, when, found, _F.result, _F.new_label, _F.finding, *entry
    )
    joined = schema.label_facts.outerjoin(schema.pick_labels, package).outerjoin(_corrected, corrected)
    return lambda span: query.select_from(joined).where(and_(*which, span.has(_F.ms)))


_still_open = _packages(_L.picked_ms, _L.picker, _L.quantity, _L.clash == 1, finding=life.STILL_OPEN)
# the kinds are named for the index
_found = _facts(_F.kind.in_((kinds.DELIVERED, kinds.PICKED, kinds.CHECKED)), _F.finding != life.NONE)


def _odd(span: Span) -> Any:
    return union_all(_found(span), _still_open(span))


def _of_label_or_corrected(column: str) -> Any:
    return func.coalesce(_L[column], _N[column])


_DELIVERY = {
    "who": _of_label_or_corrected("deliverer"),
    "when": _of_label_or_corrected("delivered_ms"),
    "found": _of_label_or_corrected("delivered"),
}
_CAUGHT = (_F.kind == kinds.CHECKED, _F.result != 0)
_PUT_AWAY = (_L.delivered_ms, _L.deliverer, _L.delivered, _L.state == life.DELIVERED)


def _by_class(line: Line) -> tuple[Any, ...]:
    return (line.item_class, line.station, line.name, line.picked_ms or 0, line.label)


def _by_deliverer(line: Line) -> tuple[Any, ...]:
    return (line.station, line.name, line.who or "", line.when_ms or 0, line.label)


def _by_picker(line: Line) -> tuple[Any, ...]:
    return (line.picker, line.name, line.when_ms or 0, line.label)


def _by_item(line: Line) -> tuple[Any, ...]:
    return (line.station, line.name, line.item, line.when_ms or 0, line.label)


def _by_time(line: Line) -> tuple[Any, ...]:
    return (-(line.when_ms or 0), line.label)


A, B, C = "not-checked-not-delivered", "checked-not-delivered", "not-checked-delivered"
ERRORS, DETAIL, FINDINGS = "errors-caught", "checking-detail", "findings"
_ERRORS_TITLE, _DETAIL_TITLE = "Errors caught in checking", "Checking detail"

REPORTS = {
    A: Report(
        "A: not checked and not delivered",
        NOBODY,
        _packages(_L.picked_ms, literal(None), literal(None), _L.state == life.PICKED),
        _by_class,
    ),
    B: Report(
        "B: checked but not delivered",
        CHECKER,
        _packages(_L.checked_ms, _L.checker, _L.quantity, _L.state == life.CHECKED_OK),
        _by_class,
    ),
    C: Report("C: not checked but delivered", DELIVERER, _packages(*_PUT_AWAY, _L.checked_ms.is_(None)), _by_deliverer),
    ERRORS: Report(_ERRORS_TITLE, CHECKER, _facts(*_CAUGHT), _by_picker),
    DETAIL: Report(_DETAIL_TITLE, CHECKER, _facts(_F.kind == kinds.CHECKED), _by_item),
    FINDINGS: Report("Findings", ACTOR, _odd, _by_time),
}
# P101: where nobody checks, who put it away and when stand for the checker and her time
_WITHOUT_CHECKS = {
    ERRORS: Report(_ERRORS_TITLE, DELIVERER, _facts(*_CAUGHT, **_DELIVERY), _by_picker),
    DETAIL: Report(_DETAIL_TITLE, DELIVERER, _packages(*_PUT_AWAY), _by_item),
}


def of_account(conn: Connection) -> dict[str, Report]:
    """Those of this account, by what its pharmacy's computer said of its PROCAR.INI."""
    told = {row.name: row.value for row in conn.execute(select(schema.supply_settings))}
    return reports(
        checks=bool(told.get(settings.CHECK_REPORTING, 1)), unchecked=bool(told.get(settings.REPORT_UNCHECKED, 1))
    )


def reports(*, checks: bool, unchecked: bool) -> dict[str, Report]:
    """Those of an account; its switches are CHECK_REPORTING and REPORT_NOT_CHECKED_BUT_DELIVERED (`unchecked`)."""
    chosen = REPORTS if checks else {**REPORTS, **_WITHOUT_CHECKS}
    return {name: report for name, report in chosen.items() if unchecked or name != C}


def lines(conn: Connection, report: Report, span: Span) -> list[Line]:
    """The lines of a report in its order."""
    found = [Line(*row) for row in conn.execute(report.query(span))]
    known = items(conn, (line.item for line in found))
    return sorted(_named(found, known), key=report.sort)


def _named(found: Iterable[Line], known: dict[str, Item]) -> Iterable[Line]:
    for line in found:
        item = known.get(line.item, Item(line.item, 1))
        yield line._replace(name=item.name, item_class=item.item_class, scale=item.scale)
