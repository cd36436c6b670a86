"""The command `apotheca`: a thin root that loads each room's sub-commands only when they are called."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup


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
            formatter.write_dl([(name, point.module.split(".")[0]) for name, point in sorted(self._points().items())])


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
