"""`apotheca agent`: runs one station's agent."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from agent import clock as clocks
from firmware.wire import topics

app = typer.Typer(no_args_is_help=True, help="The cabinet's Linux computer: link, outbox, uplink, kiosk.")


@app.callback()
def main() -> None:
    """The cabinet's Linux computer: link, outbox, uplink, kiosk."""


@app.command()
def run(  # noqa: PLR0913, PLR0917 - an option for each port
    ctx: typer.Context,
    station: Annotated[str, typer.Argument(help="Station id.", metavar="ID")],
    link: Annotated[Path, typer.Option(help="Serial port or pty of the controller.")],
    kiosk: Annotated[int | None, typer.Option(help="Serve the kiosk page on this port of 127.0.0.1.")] = None,
    cradle: Annotated[Path | None, typer.Option(help="Serial port or pty of the cradle for handhelds.")] = None,
    clock: Annotated[
        clocks.ClockKind, typer.Option(help="`stepped`: hospital time moves by `advance` only.")
    ] = clocks.ClockKind.system,
) -> None:
    """Run the agent of station ID until it is told to stop."""
    from agent.keys import KeyFileError  # noqa: PLC0415 (listing commands stays light)
    from agent.outbox import OutboxError  # noqa: PLC0415
    from agent.process import run as run_agent  # noqa: PLC0415
    from agent.settings import SettingsError, load  # noqa: PLC0415

    if not topics.valid_id(station):
        raise typer.BadParameter("a station id is 1 to 32 of A-Z a-z 0-9 _ -", param_hint="ID")
    home = ctx.find_root().obj or Path("apotheca-home")
    try:
        settings = load(home / "stations" / station)
        asyncio.run(run_agent(settings, link, clocks.of(clock), kiosk, cradle=cradle))
    except (SettingsError, KeyFileError, OutboxError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@app.command()
def busd(
    ctx: typer.Context,
    station: Annotated[str, typer.Argument(help="Station id.", metavar="ID")],
    socket: Annotated[Path, typer.Option(help="Unix socket for the controller.")],
) -> None:
    """Answer the controller of station ID for this computer's I2C bus and GPIO lines until told to stop."""
    from agent.busd import run as run_bus  # noqa: PLC0415 (listing commands stays light)
    from firmware import config  # noqa: PLC0415

    file = (ctx.find_root().obj or Path("apotheca-home")) / "stations" / station / "controller" / "controller.cbor"
    try:
        cabinet = config.read(file.read_bytes())
        asyncio.run(run_bus(cabinet, socket))
    except (OSError, ValueError) as error:
        typer.echo(
            f"{error}; is {station} enrolled here with its board, and are /dev/i2c-* and gpiochips free?", err=True
        )
        raise typer.Exit(2) from None
