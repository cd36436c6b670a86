"""`apotheca label`: labels to a file, or straight to a printer's port."""

# ruff: noqa: PLR0913 - an option for each field of a label

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.labels import contents, draw, layouts, planogram, zpl
from agent.labels.contents import BadLabel, Content

app = typer.Typer(no_args_is_help=True, help="Print labels of bags, shelves, users, pockets, totes and packages.")


class Format(StrEnum):
    """What printers take."""

    pdf = "pdf"
    zpl = "zpl"


@dataclass(frozen=True)
class Print:
    """Where labels go, and how: options of every command."""

    out: Annotated[Path, typer.Option(help="File to write, or the printer's port (/dev/usb/lp0).")]
    form: Annotated[Format, typer.Option("--format", help="PDF, or ZPL for label printers of 203 dpi.")]
    layout: Annotated[str, typer.Option(help="A file of hardware/labels; without, the one of this kind.")]

    def label(self, content: Callable[[], Content]) -> None:
        """Print one label."""
        with _words():
            self.write(self.rendered([content()]), 1)

    def rendered(self, made: Sequence[Content]) -> bytes:
        """Labels as the printer takes them, one to a page; raises BadLabel."""
        pages = zpl.pages if self.form is Format.zpl else draw.pages
        return pages(layouts.read(self.layout), made)

    def write(self, data: bytes, count: int) -> None:
        """Give `count` labels to the printer; raises OSError."""
        self.out.write_bytes(data)
        typer.echo(f"{count} label{'s' * (count != 1)} in {self.out}")


@contextmanager
def _words() -> Iterator[None]:
    """What is wrong with a label is said in words, with exit status 2."""
    try:
        yield
    except (BadLabel, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _command(layout: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function, whose first parameter is the Print, a command that takes the options of Print beside its own."""

    def of(print_it: Callable[..., None]) -> Callable[..., None]:
        def command(*, out: Path, form: Format, layout: str, **fields: Any) -> None:
            print_it(Print(out, form, layout), **fields)

        own = [one for name, one in inspect.signature(print_it).parameters.items() if name != "to"]
        defaults = {"form": Format.pdf, "layout": layout}
        shared = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name, one.default))
            for name, one in inspect.signature(Print).parameters.items()
        ]
        command.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in (*own, *shared)}
        app.command(print_it.__name__, help=print_it.__doc__)(command)
        return print_it

    return of


Name = Annotated[str, typer.Option(help="Name to print.")]


@_command("bag")
def bag(
    to: Print,
    item: Annotated[str, typer.Argument()],
    quantity: Annotated[int, typer.Argument()],
    serial: Annotated[str, typer.Argument(help="Serial of the pick, 4 characters.")],
    *,
    name: Name,
    station: Annotated[str, typer.Option()],
    place: Annotated[str, typer.Option(help="The pocket worked out for it, such as D03-P07.")],
) -> None:
    """Print the label of a bag of picked doses."""
    to.label(lambda: contents.bag(item, quantity, serial, name=name, station=station, place=place))


@_command("shelf")
def shelf(to: Print, item: Annotated[str, typer.Argument()], *, name: Name) -> None:
    """Print the label of an item's shelf in the pharmacy."""
    to.label(lambda: contents.shelf(item, name=name))


@_command("user")
def user(to: Print, user_id: Annotated[str, typer.Argument(metavar="USER")], *, name: Name) -> None:
    """Print the label of a user's id, for a badge."""
    to.label(lambda: contents.user(user_id, name=name))


@_command("pocket")
def pocket(
    to: Print,
    station: Annotated[str, typer.Argument()],
    drawer: Annotated[int, typer.Argument()],
    number: Annotated[int, typer.Argument(metavar="POCKET")],
) -> None:
    """Print the label of one pocket, for a damaged one."""
    to.label(lambda: contents.pocket(station, drawer, number))


@_command("tote")
def tote(
    to: Print,
    station: Annotated[str, typer.Argument()],
    tote_id: Annotated[str, typer.Argument(metavar="TOTE")],
) -> None:
    """Print the label of a tote that goes to one station."""
    to.label(lambda: contents.tote(station, tote_id))


@_command("package")
def package(
    to: Print,
    gtin: Annotated[str, typer.Argument(help="8, 12, 13 or 14 digits.")],
    *,
    name: Name,
    expiry: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day of use.")],
    lot: Annotated[str, typer.Option()],
    serial: Annotated[str, typer.Option()],
) -> None:
    """Print the label of a package that the site itself has filled, with GS1 DataMatrix."""
    day = expiry.date()
    to.label(lambda: contents.package(gtin, name=name, expiry=day, lot=lot, serial=serial))


@_command("pocket")
def pockets(
    to: Print,
    station: Annotated[str, typer.Argument()],
    *,
    cabinet: Annotated[str, typer.Option("--planogram", help="Name of one of hardware/planograms, or a .toml file.")],
    sheet: Annotated[bool, typer.Option("--sheet", help="Sheets of many labels to cut, as PDF.")] = False,
    paper: Annotated[str, typer.Option(help="With --sheet: a file of hardware/labels/sheets.")] = "a4",
) -> None:
    """Print the labels of all pockets of a station, in the order of drawers."""
    with _words():
        if sheet and to.form is Format.zpl:
            raise BadLabel("sheets are PDF: leave out --sheet for a label printer")
        made = [contents.pocket(station, drawer, number) for drawer, number in planogram.pockets(cabinet)]
        data = draw.sheets(layouts.sheet(paper), made) if sheet else to.rendered(made)
        to.write(data, len(made))
