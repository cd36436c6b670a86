"""The command `apotheca`: a thin root that loads each room's sub-commands only when they are called."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

# told by `--help` without loading the rooms whose commands they are
_WORDS = {
    "account": "Accounts of people and programs at the console.",
    "agent": "The cabinet's computer: link, outbox, uplink, kiosk.",
    "bench": "Measure one part against the bare limit of the same run.",
    "broker": "Run the broker.",
    "cabinet": "Build, flash, test and repair a cabinet.",
    "cradle": "Handhelds in their cradles, at the pharmacy's computer.",
    "demo": "Run a hospital through the whole chain.",
    "export": "Write journals and ledger with what verifies them.",
    "handheld": "Pick, check and deliver with a unit on a serial port.",
    "init": "Make a site.",
    "label": "Print labels.",
    "order": "Give orders to cabinets, for a pharmacist.",
    "packet": "Make, record and verify compliance packets.",
    "par-trial": "Starting levels, PAR and capacity side by side.",
    "server": "Run, restore and rebuild the centre.",
    "sim": "Worlds of faults.",
    "station": "Enrol stations, give them tables, replace controllers.",
    "witness": "Be a witness of a site's ledger.",
}


class _LazyGroup(TyperGroup):
    """Sub-commands are entry points of the group `apotheca.commands`; listing them imports nothing."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return list(super().parse_args(ctx, _home_first(args)))

    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group="apotheca.commands")}

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self._points())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        point = self._points().get(cmd_name)
        return typer.main.get_command(point.load()) if point else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self._points():
            ctx.fail(f"there is no command {args[0]!r}; there are {', '.join(self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _WORDS.get(name, "")) for name in self.list_commands(ctx)])


def _home_first(args: list[str]) -> list[str]:
    """`--home DIR` may also follow a sub-command (as in `DEMO_ARGS="--home DIR"`): it is moved to the front."""
    own = args[: args.index("--")] if "--" in args else args
    for at, arg in enumerate(own):
        if arg.startswith("--home=") or arg == "--home":
            size = 1 if "=" in arg else 2
            if len(own) < at + size:
                return own[at:]
            return args[at : at + size] + args[:at] + args[at + size :]
    return args


app = typer.Typer(cls=_LazyGroup, add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root(
    ctx: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Folder with all state of the site (default ./apotheca-home; a demo makes a fresh one).",
        ),
    ] = None,
) -> None:
    """Apotheca: an open stack for automated dispensing cabinets (research and simulation, not a medical device)."""
    ctx.obj = home


main = typer.main.get_command(app)

if __name__ == "__main__":
    main(prog_name="apotheca")
