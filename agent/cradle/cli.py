"""`apotheca cradle`: the line between handhelds and their host."""

import asyncio
import getpass
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from agent.panel import Outcome
    from agent.settings import Settings

import typer

from agent import clock as clocks

app = typer.Typer(no_args_is_help=True, help="Handhelds in their cradles: the POL/SELECT line.")


@app.callback()
def main() -> None:
    """Handhelds in their cradles: the POL/SELECT line."""


@app.command()
def decode(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="Hex lines, one frame each (- is standard in).")],
    raw: Annotated[bool, typer.Option("--raw", help="The file is a capture of the line's bytes.")] = False,
) -> None:
    """Print one JSON object for each frame; docs/polselect.md says what is in it."""
    from agent.cradle import lines  # noqa: PLC0415 (listing commands stays light)

    for said in lines.from_raw(file) if raw else lines.from_hex(file):
        print(json.dumps(said), flush=True)


@app.command()
def encode(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="JSON lines, one frame each (- is standard in).")],
) -> None:
    """Print the hex line of each frame. Lines that no frame can be are named on standard error; then it ends with 1."""
    from agent.cradle import lines, spoken  # noqa: PLC0415

    refused = False
    for number, line in lines.numbered(file):
        try:
            if line is None:
                raise spoken.Refused(f"more than {lines.LONGEST} characters")
            print(spoken.encoded(line).hex(), flush=True)
        except ValueError as error:
            refused = True
            typer.echo(f"line {number}: {error}", err=True)
    raise typer.Exit(1 if refused else 0)


@app.command()
def monitor(
    port: Annotated[str, typer.Argument(help="Serial port, pty, or an address that pyserial knows.")],
    baud: Annotated[int, typer.Option(min=300, max=921_600, help="Speed of the line.")] = 9600,
    json_: Annotated[bool, typer.Option("--json", help="The objects of `decode` instead.")] = False,
) -> None:
    """Show the frames on a line as they come, until it is told to stop; it sends nothing."""
    import serial  # noqa: PLC0415

    from agent.cradle.monitor import SILENCE_S, watch  # noqa: PLC0415

    try:
        with serial.serial_for_url(port, baudrate=baud, timeout=SILENCE_S) as line:
            for text in watch(line, datetime.now, json_):
                print(text, flush=True)
    except KeyboardInterrupt:
        sys.exit(0)
    except (OSError, ValueError) as error:
        typer.echo(f"{port}: {error}", err=True)
        raise typer.Exit(1) from None


Station = Annotated[str, typer.Argument(help="Id of the pharmacy's interface computer.", metavar="ID")]


@app.command()
def run(  # noqa: PLR0913, PLR0917 - an option for each port
    ctx: typer.Context,
    station: Station,
    port: Annotated[list[Path], typer.Option(help="Serial port of a chain of cradles; may be given several times.")],
    ini: Annotated[Path, typer.Option(help="PROCAR.INI.")],
    link: Annotated[
        Path | None, typer.Option(help="Serial port or pty of a journal that runs already; without, it is started.")
    ] = None,
    clock: Annotated[
        clocks.ClockKind, typer.Option(help="`stepped`: hospital time moves by `advance` only.")
    ] = clocks.ClockKind.system,
) -> None:
    """Run the pharmacy's interface computer until it is told to stop: agent, journal and cradles."""
    from agent.keys import KeyFileError  # noqa: PLC0415 (listing commands stays light)
    from agent.outbox import OutboxError  # noqa: PLC0415
    from agent.pharmacy.book import BookError  # noqa: PLC0415
    from agent.pharmacy.ini import IniError, load  # noqa: PLC0415
    from agent.pharmacy.run import run as run_cradles  # noqa: PLC0415

    try:
        settings = _settings(ctx, station)
        asyncio.run(run_cradles(settings, load(ini), port, link, clocks.of(clock)))
    except (IniError, BookError, KeyFileError, OutboxError, OSError) as error:
        raise _refused(str(error)) from None


@app.command()
def clear(
    ctx: typer.Context,
    station: Station,
    address: Annotated[str, typer.Argument(help="The unit's address, two letters.")],
    by: Annotated[str, typer.Option(help="Your user id, for the journal.")] = "",
) -> None:
    """Take back the address of a unit that leaves this site; `cradle run` must be running."""
    from agent import words  # noqa: PLC0415
    from firmware.schema import is_id  # noqa: PLC0415

    actor = by or "shell-" + re.sub(r"[^A-Za-z0-9_-]", "_", getpass.getuser())[:10]
    if not is_id(actor):
        raise typer.BadParameter("a user id is 1 to 16 of A-Z a-z 0-9 _ -", param_hint="--by")
    outcome = _asked(_settings(ctx, station), "clear", {"address": address, "actor": actor})
    if outcome.code:
        raise _refused(words.of(outcome.code))
    typer.echo(f"{address} is nobody's address any more; clear the unit itself too before it leaves")


@app.command()
def units(ctx: typer.Context, station: Station) -> None:
    """Show the units that have an address, one JSON object a line, as the running `cradle run` knows them.

    What is wrong now goes to standard error.
    """
    from agent import words  # noqa: PLC0415

    settings = _settings(ctx, station)
    for unit in _asked(settings, "units", {}).params:
        typer.echo(json.dumps(unit))
    for about, code in _asked(settings, "troubles", {}).params:
        typer.echo(f"{about}: {words.of(code)}", err=True)


def _settings(ctx: typer.Context, station: str) -> "Settings":
    from agent.settings import SettingsError, load  # noqa: PLC0415
    from firmware.wire import topics  # noqa: PLC0415

    if not topics.valid_id(station):
        raise typer.BadParameter("a station id is 1 to 32 of A-Z a-z 0-9 _ -", param_hint="ID")
    try:
        return load((ctx.find_root().obj or Path("apotheca-home")) / "stations" / station)
    except SettingsError as error:
        raise _refused(str(error)) from None


def _asked(settings: "Settings", name: str, args: dict[str, Any]) -> "Outcome":
    from agent.pharmacy.desk import ask  # noqa: PLC0415
    from agent.pharmacy.run import socket_of  # noqa: PLC0415

    try:
        return asyncio.run(ask(socket_of(settings), name, args))
    except OSError as error:
        raise _refused(f"`cradle run {settings.station}` does not answer: {error}") from None


def _refused(words: str) -> typer.Exit:
    typer.echo(words, err=True)
    return typer.Exit(2)
