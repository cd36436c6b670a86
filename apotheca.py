"""The command `apotheca`: a thin root that loads each room's sub-commands only when they are called."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click
import typer.main


class _LazyGroup(click.Group):
    """Sub-commands are entry points of the group `apotheca.commands`; listing them imports nothing."""

    def _points(self) -> dict[str, EntryPoint]:
        return {p.name: p for p in entry_points(group="apotheca.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._points())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        point = self._points().get(cmd_name)
        return typer.main.get_command(point.load()) if point else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._points()[name].module.split(".")[0]) for name in self.list_commands(ctx)])


@click.group(cls=_LazyGroup)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder with all state of the site (default ./apotheca-home; a demo makes a fresh one).",
)
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Apotheca: an open stack for automated dispensing cabinets (research and simulation, not a medical device)."""
    ctx.obj = home


if __name__ == "__main__":
    main()
