"""`apotheca cradle`: the line between handhelds and their host."""

import json
import sys
from datetime import datetime
from typing import Annotated

import typer

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
    baud: Annotated[int, typer.Option(help="Speed of the line.")] = 9600,
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
