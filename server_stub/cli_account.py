"""`apotheca account`: people's and programs' accounts, for whoever may read the home."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server_stub.cli import by_shell

if TYPE_CHECKING:
    from server_stub.console.accounts import Accounts

app = typer.Typer(help="Accounts of people and programs at the console.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="2 to 16 of a-z, 0-9, . _ - beginning with a letter.")]


@contextmanager
def _accounts(ctx: typer.Context) -> "Iterator[Accounts]":
    from server_stub.console import audit  # noqa: PLC0415
    from server_stub.console.accounts import Accounts, BadAccount  # noqa: PLC0415
    from server_stub.site.config import NoSite, read  # noqa: PLC0415
    from server_stub.site.home import DEFAULT, Home  # noqa: PLC0415

    home = Home(Path(ctx.obj or DEFAULT))
    try:
        read(home)
        accounts = Accounts(home.accounts)
        yield accounts
    except (NoSite, BadAccount) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise SystemExit(1) from None
    if not asyncio.run(audit.hand_over(accounts, home.intake)):
        typer.echo("The centre does not run: it writes this into its log when it starts.", err=True)


@app.command()
def add(
    ctx: typer.Context,
    name: Name,
    role: Annotated[str, typer.Option(help="pharmacist, technician, auditor, biomed or administrator.")],
) -> None:
    """Make an account and print its one-time password; it must be changed at the first sign-in."""
    with _accounts(ctx) as accounts:
        typer.echo(f"one-time password of {name}: {accounts.add(name, role, by_shell())}")


@app.command("list")
def list_accounts(ctx: typer.Context) -> None:
    """All accounts with role and state."""
    with _accounts(ctx) as accounts:
        for one in accounts.all():
            state = "active" if one.enabled else "disabled"
            typer.echo(f"{one.name:32} {one.role:14} {state}{', one-time password' if one.must_change else ''}")


@app.command()
def disable(ctx: typer.Context, name: Name) -> None:
    """Keep an account out: its sessions end, its tokens are gone."""
    with _accounts(ctx) as accounts:
        accounts.enable(name, False, by_shell())
        typer.echo(f"{name} is disabled")


@app.command()
def enable(ctx: typer.Context, name: Name) -> None:
    """Let a disabled account in again."""
    with _accounts(ctx) as accounts:
        accounts.enable(name, True, by_shell())
        typer.echo(f"{name} is enabled")


@app.command()
def reset(ctx: typer.Context, name: Name) -> None:
    """Print a new one-time password; the old one, its sessions and tokens are no longer good."""
    with _accounts(ctx) as accounts:
        typer.echo(f"one-time password of {name}: {accounts.reset(name, by_shell())}")


@app.command()
def token(ctx: typer.Context, name: Name) -> None:
    """Print a token with which a program calls the API with this account's rights, until its password changes."""
    with _accounts(ctx) as accounts:
        typer.echo(accounts.token(name, by_shell()))
