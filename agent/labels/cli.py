"""`apotheca label`: labels to a file, or straight to a printer's port."""

# ruff: noqa: PLR0913 - an option for each field of a label

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.labels import contents, draw, layouts, planogram, zpl
from agent.labels.contents import BadLabel, Content

app = typer.Typer(no_args_is_help=True, help="Print labels of bags, shelves, users, pockets, totes and packages.")


class Format(StrEnum):
    """What printers take."""

    pdf = "pdf"
    zpl = "zpl"


Out = Annotated[Path, typer.Option(help="File to write, or the printer's port (/dev/usb/lp0).")]
FormatOption = Annotated[Format, typer.Option("--format", help="PDF, or ZPL for label printers of 203 dpi.")]
LayoutOption = Annotated[str, typer.Option(help="A file of hardware/labels; without, the one of this kind.")]
Name = Annotated[str, typer.Option(help="Name to print.")]


@app.command()
def bag(
    item: Annotated[str, typer.Argument()],
    quantity: Annotated[int, typer.Argument()],
    serial: Annotated[str, typer.Argument(help="Serial of the pick, 4 characters.")],
    *,
    name: Name,
    station: Annotated[str, typer.Option()],
    place: Annotated[str, typer.Option(help="The pocket worked out for it, such as D03-P07.")],
    out: Out,
    form: FormatOption = Format.pdf,
    layout: LayoutOption = "bag",
) -> None:
    """Print the label of a bag of picked doses."""
    _print(lambda: contents.bag(item, quantity, serial, name=name, station=station, place=place), out, form, layout)


@app.command()
def shelf(
    item: Annotated[str, typer.Argument()],
    *,
    name: Name,
    out: Out,
    form: FormatOption = Format.pdf,
    layout: LayoutOption = "shelf",
) -> None:
    """Print the label of an item's shelf in the pharmacy."""
    _print(lambda: contents.shelf(item, name=name), out, form, layout)


@app.command()
def user(
    user_id: Annotated[str, typer.Argument(metavar="USER")],
    *,
    name: Name,
    out: Out,
    form: FormatOption = Format.pdf,
    layout: LayoutOption = "user",
) -> None:
    """Print the label of a user's id, for a badge."""
    _print(lambda: contents.user(user_id, name=name), out, form, layout)


@app.command()
def pocket(
    station: Annotated[str, typer.Argument()],
    drawer: Annotated[int, typer.Argument()],
    number: Annotated[int, typer.Argument(metavar="POCKET")],
    *,
    out: Out,
    form: FormatOption = Format.pdf,
    layout: LayoutOption = "pocket",
) -> None:
    """Print the label of one pocket, for a damaged one."""
    _print(lambda: contents.pocket(station, drawer, number), out, form, layout)


@app.command()
def tote(
    station: Annotated[str, typer.Argument()],
    tote_id: Annotated[str, typer.Argument(metavar="TOTE")],
    *,
    out: Out,
    form: FormatOption = Format.pdf,
    layout: LayoutOption = "tote",
) -> None:
    """Print the label of a tote that goes to one station."""
    _print(lambda: contents.tote(station, tote_id), out, form, layout)


@app.command()
def package(
    gtin: Annotated[str, typer.Argument(help="8, 12, 13 or 14 digits.")],
    *,
    name: Name,
    expiry: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day of use.")],
    lot: Annotated[str, typer.Option()],
    serial: Annotated[str, typer.Option()],
    out: Out,
    form: FormatOption = Format.pdf,
    layout: LayoutOption = "package",
) -> None:
    """Print the label of a package that the site itself has filled, with GS1 DataMatrix."""
    day = expiry.date()
    _print(lambda: contents.package(gtin, name=name, expiry=day, lot=lot, serial=serial), out, form, layout)


@app.command()
def pockets(
    station: Annotated[str, typer.Argument()],
    *,
    cabinet: Annotated[str, typer.Option("--planogram", help="Name of one of hardware/planograms, or a .toml file.")],
    out: Out,
    sheet: Annotated[bool, typer.Option("--sheet", help="Sheets of many labels to cut, as PDF.")] = False,
    paper: Annotated[str, typer.Option(help="With --sheet: a file of hardware/labels/sheets.")] = "a4",
    form: FormatOption = Format.pdf,
    layout: LayoutOption = "pocket",
) -> None:
    """Print the labels of all pockets of a station, in the order of drawers."""
    with _words():
        if sheet and form is Format.zpl:
            raise BadLabel("sheets are PDF: leave out --sheet for a label printer")
        made = [contents.pocket(station, drawer, number) for drawer, number in planogram.pockets(cabinet)]
        data = draw.sheets(layouts.sheet(paper), made) if sheet else _rendered(made, form, layout)
        _write(out, data, len(made))


def _print(content: Callable[[], Content], out: Path, form: Format, layout: str) -> None:
    with _words():
        _write(out, _rendered([content()], form, layout), 1)


def _rendered(made: Sequence[Content], form: Format, layout: str) -> bytes:
    pages = zpl.pages if form is Format.zpl else draw.pages
    return pages(layouts.read(layout), made)


def _write(out: Path, data: bytes, count: int) -> None:
    out.write_bytes(data)
    typer.echo(f"{count} label{'s' * (count != 1)} in {out}")


@contextmanager
def _words() -> Iterator[None]:
    """What is wrong with a label is said in words, with exit status 2."""
    try:
        yield
    except (BadLabel, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
