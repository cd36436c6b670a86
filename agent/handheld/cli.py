"""`apotheca handheld`: a unit in a terminal, on any serial port."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, help="A handheld in this terminal.")


class Scanner(StrEnum):
    """How codes come in."""

    typed = "typed"
    keyboard = "keyboard"


@app.command()
def main(
    port: Annotated[Path, typer.Argument(help="Serial port or pty of the cradle.")],
    state: Annotated[
        Path | None, typer.Option(help="File for the unit's memory; without, it forgets at the end.")
    ] = None,
    scanner: Annotated[
        Scanner, typer.Option(help="Codes are typed into a line, or come from a scanner that types.")
    ] = (Scanner.typed),
    printer: Annotated[Path | None, typer.Option(help="Port or file of the label printer (ZPL).")] = None,
    baud: Annotated[int, typer.Option(min=300, max=921_600, help="Speed of the line.")] = 9600,
) -> None:
    """Pick, check and deliver with a unit on a serial port: docs/handheld.md."""
    from agent.handheld.app import Handheld  # noqa: PLC0415 (listing commands stays light)
    from agent.handheld.store import InUse, StateUnreadable  # noqa: PLC0415

    try:
        unit = Handheld(port, state, printer, baud, scanner is Scanner.keyboard)
    except (OSError, StateUnreadable, InUse) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    unit.run()
