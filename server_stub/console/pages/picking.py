"""Picking: what was picked and went no further, what nobody checked, what checking caught (P96-P101); also as CSV."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request, Response

from server_stub.console import gate, picking, queries, words
from server_stub.console.document import field, hidden, refusal
from server_stub.console.door import Visitor
from server_stub.console.frame import Console, NoSuchPage, View, add_page
from server_stub.console.roles import Right
from server_stub.console.spreadsheet import csv_text
from server_stub.console.table import Cell, Row, table, tabs
from server_stub.proof.period import BadPeriod, Period
from server_stub.supply import reports

MOST = 1000
_PATH = "/picking"


def add(console: Console, app: FastAPI) -> None:
    """Register the page and its files."""
    add_page(console, _PATH, "Picking", Right.STOCK, page)

    async def download(request: Request) -> Response:
        return _download(console, request)

    app.add_api_route(f"{_PATH}/csv", download, methods=["GET"], include_in_schema=False, response_model=None)


def page(view: View) -> None:
    """One report of one period; both are in the address. It stays as it is."""
    name, report, period = _asked(view.console, view.query)
    view.frame("Picking", "Packages between pharmacy and pocket, and what checking found", _PATH)
    offered = picking.reports_of(view.engine)
    view.show(tabs(_PATH, "show", [(key, one.title) for key, one in offered.items()], name))
    view.show(_choose(name, period))
    lines = picking.read(view.engine, report, period)
    if name == reports.ERRORS:
        view.show(_scrolled(_summary(lines), "By picker"), "By picker")
    view.show(_scrolled(_table(name, report, lines[:MOST]), report.title), report.title)
    if len(lines) > MOST:
        view.show(f'<p data-testid="more">The first {MOST} of {len(lines)} lines; the file has all of them.</p>')


def _asked(console: Console, query: dict[str, str]) -> tuple[str, reports.Report, Period]:
    """What an address asks for; raises NoSuchPage."""
    offered = picking.reports_of(console.engine)
    name = query.get("show", reports.A)
    if name not in offered:
        raise NoSuchPage(f"There is no report {name} of picking, or PROCAR.INI switches it off.")
    try:
        now_ms = queries.hospital_ms(console.engine)
        return name, offered[name], picking.period_of(query.get("from", ""), query.get("to", ""), now_ms)
    except BadPeriod as error:
        raise NoSuchPage(str(error)) from None


def _ends(period: Period) -> tuple[str, str]:
    start, end = (words.clock(ms).replace(" ", "T") for ms in (period.from_utc_ms, -(-period.to_utc_ms // 1000) * 1000))
    return start, end


def _choose(name: str, period: Period) -> str:
    start, end = _ends(period)
    fields = field("from", "From (UTC)", "datetime-local", start, 'required step="1"')
    fields += field("to", "To (UTC, not included)", "datetime-local", end, 'required step="1"')
    href = f"{_PATH}/csv?{urlencode({'show': name, 'from': start, 'to': end})}"
    return (
        f'<form method="get" action="{_PATH}" class="apo-form wide" data-testid="period" role="search">'
        f'{hidden("show", name)}{fields}<button type="submit" class="apo-button">Show</button>'
        f'<a class="apo-button" data-testid="csv" href="{escape(href)}">CSV</a></form>'
    )


def _scrolled(html: str, title: str) -> str:
    return f'<div class="apo-scroll" tabindex="0" role="region" aria-label="{escape(title)}">{html}</div>'


def _summary(lines: list[reports.Line]) -> str:
    shown: list[Row] = [(picker, *counts) for picker, counts in picking.summary(lines)]
    return table("errors-by-picker", "Errors by picker", ("Picker", *picking.CATEGORIES), shown)


def _table(name: str, report: reports.Report, lines: list[reports.Line]) -> str:
    columns = picking.columns(name, report)
    shown = [_row(columns, line) for line in lines]
    headings = [column.heading for column in columns]
    return table("picking", report.title, headings, shown, key=headings.index("Label") + 1)


def _row(columns: Sequence[picking.Column], line: reports.Line) -> Row:
    cells: list[Cell | str | int] = [_cell(column, line) for column in columns]
    at = [column.heading for column in columns].index("Station")
    if line.station:
        cells[at] = Cell(line.station, href=f"/stations/{quote(line.station)}")
    return cells


def _cell(column: picking.Column, line: reports.Line) -> Cell | str:
    text = column.text(line)
    return Cell(text, number=column.number) if column.number or column.wide else text


def _download(console: Console, request: Request) -> Response:
    visitor: Visitor = request.scope[gate.VISITOR]
    if not visitor.may(Right.STOCK):
        return refusal("Not for your role", f"A {visitor.account.role} may not {Right.STOCK}.", 403)
    try:
        name, report, period = _asked(console, dict(request.query_params))
    except NoSuchPage as error:
        return refusal("Not found", str(error), 404)
    columns = picking.columns(name, report)
    text = csv_text([c.heading for c in columns], picking.rows(columns, picking.read(console.engine, report, period)))
    headers = {"Content-Disposition": f'attachment; filename="{name}--{period.name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
