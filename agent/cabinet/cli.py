"""`apotheca cabinet`: everything needed to build, flash, test and repair a cabinet (docs/operations.md, Biomed)."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from agent.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Build, flash, test and repair a cabinet.")

Station = Annotated[str, typer.Argument(help="Station id.", metavar="STATION")]
Port = Annotated[Path | None, typer.Option(help="Serial port of the board's REPL; never the link's.")]
STARTED_WITHIN_S = 60.0


@app.callback()
def main() -> None:
    """Build, flash, test and repair a cabinet."""


def home_of(ctx: typer.Context) -> Path:
    """The home that the command line names."""
    return Path(ctx.find_root().obj or "apotheca-home")


@contextmanager
def refusing() -> Iterator[None]:
    """What goes wrong is said with its number, and ends the command with 1; wrong settings with 2."""
    from agent.cabinet.errors import CabinetError  # noqa: PLC0415 (listing commands stays light)
    from agent.keys import KeyFileError  # noqa: PLC0415
    from agent.settings import SettingsError  # noqa: PLC0415

    try:
        yield
    except CabinetError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None
    except (SettingsError, KeyFileError, OSError, ValueError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(2) from None


def settings_of(ctx: typer.Context, station: str) -> "Settings":
    """agent.toml of the station."""
    from agent.settings import load  # noqa: PLC0415

    return load(home_of(ctx) / "stations" / station)


def progress() -> Callable[[str], None]:
    """Says how far it is, on one line where somebody looks."""
    if not sys.stderr.isatty():
        return lambda text: None
    return lambda text: typer.echo(f"\r\x1b[K{text}", err=True, nl=False)


@app.command()
def bundle(
    ctx: typer.Context,
    board: Annotated[str, typer.Option(help="rp2, esp32 or unix.")],
    out: Annotated[Path, typer.Option(help="The bundle to write.")],
    version: Annotated[str, typer.Option(help="X.Y.Z; without, that of the firmware here.")] = "",
    station: Annotated[list[str] | None, typer.Option(help="For these stations only; without, for all.")] = None,
) -> None:
    """Make a signed firmware bundle for a kind of board. At the centre: it needs release key and stations' keys."""
    from agent.cabinet import bundle as bundles  # noqa: PLC0415
    from agent.cabinet.bytecode import BOARDS  # noqa: PLC0415
    from agent.keys import Signer  # noqa: PLC0415
    from firmware.version import VERSION  # noqa: PLC0415

    if board not in BOARDS:
        raise typer.BadParameter(f"there are {', '.join(BOARDS)}", param_hint="--board")
    keys, named = home_of(ctx) / "keys", version or VERSION
    with refusing():
        bundles.number_of(named)
        signer = Signer.load(keys / "release-sign.key", bundles.SIGNER)
        sealed_for = bundles.station_keys(keys / "stations", station or ())
        files = bundles.firmware_files(board, named)
        out.write_bytes(bundles.pack(board, named, files, signer, sealed_for))
    whom = ", ".join(sealed_for) or "nobody"
    typer.echo(f"{out}: firmware {named} for {board}, {len(files)} files, sealed for {whom}")


@app.command()
def flash(
    ctx: typer.Context,
    station: Station,
    file: Annotated[Path, typer.Argument(help="A bundle made with `cabinet bundle`.", metavar="BUNDLE")],
    port: Port = None,
) -> None:
    """Install a bundle: on the board at --port, or without it on this Linux cabinet. The same again after a cut."""
    from agent.cabinet import flashing  # noqa: PLC0415

    with refusing():
        opened = flashing.opened(file, home_of(ctx) / "stations" / station)
        settings = settings_of(ctx, station)
        if port:
            done = flashing.flash_board(settings, opened, port, progress(), STARTED_WITHIN_S)
        else:
            done = flashing.flash_here(settings, opened, progress(), STARTED_WITHIN_S)
    typer.echo(f"{station} runs {opened.version}: {done.sent} files sent, {done.kept} were there")


@app.command()
def provision(
    ctx: typer.Context,
    station: Station,
    port: Annotated[Path, typer.Option(help="Serial port of the board's REPL; never the link's.")],
    replace: Annotated[bool, typer.Option("--replace", help="The board loses the identity it has.")] = False,
) -> None:
    """Put the identity that enrolment made, and the loader, onto a board; this computer keeps no copy of the keys."""
    from agent.cabinet import provision as provisioning  # noqa: PLC0415
    from agent.cabinet.repl import ReplBoard  # noqa: PLC0415

    path = home_of(ctx) / "stations" / station / "controller" / provisioning.IDENTITY
    with refusing():
        identity, ring = provisioning.identity_of(path, station), provisioning.ring_of(path)
        with ReplBoard(port) as board:
            told = provisioning.provision(board, identity, ring, replace, progress())
        for name in (provisioning.IDENTITY, provisioning.RING):
            path.with_name(name).unlink()
    typer.echo(f"{told.station} is on the board ({told.board}); its keys are no longer on this computer. Flash it next")


@app.command()
def run(
    ctx: typer.Context,
    station: Station,
    bus: Annotated[Path, typer.Option(help="Socket of `apotheca agent busd`.")],
    link: Annotated[Path | None, typer.Option(help="Where the agent finds the link (run/STATION.link).")] = None,
) -> None:
    """Run the controller of a Linux cabinet, the firmware that was flashed last, until told to stop."""
    from agent.cabinet.provision import IDENTITY, identity_of  # noqa: PLC0415
    from agent.cabinet.runner import Runner, run_until_told  # noqa: PLC0415

    home = home_of(ctx)
    folder = home / "stations" / station / "controller"
    with refusing():
        identity_of(folder / IDENTITY, station)
        run_until_told(Runner(folder, bus, link or home / "run" / f"{station}.link"))


@app.command()
def maintenance(
    ctx: typer.Context,
    station: Station,
    what: Annotated[str, typer.Argument(help="begin, repl (begin, and open the board's REPL), end, or tell.")],
    badge: Annotated[str, typer.Option(help="Badge of who maintains; the PIN is asked for.")] = "",
    reason: Annotated[str, typer.Option(help="flash, selftest, repair or other.")] = "flash",
) -> None:
    """Begin or end maintenance. The service key has to be turned, and every drawer shut."""
    from agent.cabinet import servicing  # noqa: PLC0415

    if what not in servicing.WHAT or reason not in servicing.REASONS:
        raise typer.BadParameter("begin, repl, end or tell; flash, selftest, repair or other")
    with refusing():
        pin = typer.prompt("PIN", hide_input=True) if badge else ""
        typer.echo(servicing.maintain(settings_of(ctx, station), what, reason, badge, pin))


@app.command("selftest")
def selftest_command(
    ctx: typer.Context,
    station: Station,
    out: Annotated[Path, typer.Option(help="The report: .pdf, or another name for text.")],
    badge: Annotated[str, typer.Option(help="Badge of who tests; the PIN is asked for.")] = "",
    answers: Annotated[Path | None, typer.Option(help="JSON object of answers instead of a person.")] = None,
) -> None:
    """Test each lock, switch, light and thermometer, buzzer and cradle; ends with 1 if a part failed."""
    from agent.cabinet import guide, report  # noqa: PLC0415
    from agent.cabinet.errors import CabinetError  # noqa: PLC0415
    from firmware import codes  # noqa: PLC0415

    with refusing():
        report.check_place(out)
        person = guide.FromFile(answers) if answers else guide.AtTheTerminal()
        pin = typer.prompt("PIN", hide_input=True) if badge else ""
        made = guide.guided(settings_of(ctx, station), person, badge, pin, typer.echo)
        report.write(made, out)
        typer.echo(f"report: {out}")
        if not made.passed:
            raise CabinetError(codes.SELFTEST_FAILED, report.failed(made))


@app.command("export")
def export_command(
    ctx: typer.Context,
    station: Station,
    out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")],
    heads: Annotated[Path | None, typer.Option(help="Add what the centre answered last to this file.")] = None,
) -> None:
    """Write this cabinet's journal with its proofs, without the centre: `verify_apotheca.py` verifies the folder.

    With --heads FILE the verifier also finds whether an export of the centre's has lost or changed what was answered.
    """
    from agent.cabinet.export import answered_head, export  # noqa: PLC0415

    with refusing():
        settings = settings_of(ctx, station)
        count = export(settings, out, time.time_ns() // 1_000_000)
        if heads and (line := answered_head(settings)):
            with heads.open("a") as file:
                file.write(f"{line}\n")
    typer.echo(f"{out}: {count} entries of {station}; verify with python3 verify_apotheca.py {out}")


@app.command("monitor")
def monitor_command(
    ctx: typer.Context,
    station: Station,
    once: Annotated[bool, typer.Option("--once", help="Say how it stands, then end.")] = False,
) -> None:
    """Show the cabinet's state and its journal as they come, through the agent's panel, until told to stop."""
    from agent.cabinet.monitor import watch  # noqa: PLC0415

    with refusing():
        watch(settings_of(ctx, station).panel_socket, typer.echo, 1 if once else None)


@app.command("replace")
def replace_command(
    ctx: typer.Context,
    station: Station,
    port: Port = None,
    replace: Annotated[bool, typer.Option("--replace", help="The board at --port loses the identity it has.")] = False,
) -> None:
    """Put the identity of `apotheca station replace` on a new board at --port, or without it on this Linux cabinet."""
    from agent.cabinet import replace as replacing  # noqa: PLC0415
    from agent.cabinet.repl import ReplBoard  # noqa: PLC0415

    folder = home_of(ctx) / "stations" / station
    with refusing():
        if port:
            with ReplBoard(port) as board:
                replacing.on_board(folder, station, board, replace, progress())
        else:
            kept = replacing.here(folder, station)
            typer.echo(f"the old controller's files are kept in {kept}")
    typer.echo(f"{station} has a new controller; next: flash it with a bundle made from now on, then count its pockets")
