"""`apotheca order`: what a pharmacist orders of a cabinet, for whoever may read the home."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Give orders to cabinets, for a pharmacist.", no_args_is_help=True)

Station = Annotated[str, typer.Argument(help="Id of the station.")]
By = Annotated[str, typer.Option("--by", help="The pharmacist's account at the console.")]
Reason = Annotated[str, typer.Option(help="Why; it stays in the log.")]


def _ask(ctx: typer.Context, do: str, by: str, **args: Any) -> dict[str, Any]:
    from server_stub.console.accounts import Accounts  # noqa: PLC0415
    from server_stub.console.roles import Right, rights_of  # noqa: PLC0415
    from server_stub.integration.intake import IntakeAway, ask  # noqa: PLC0415
    from server_stub.site.config import NoSite, read  # noqa: PLC0415
    from server_stub.site.home import DEFAULT, Home  # noqa: PLC0415

    home = Home(Path(ctx.obj or DEFAULT))
    try:
        read(home)
        account = Accounts(home.accounts).get(by)
        if account is None or not account.enabled or Right.ORDER not in rights_of(account.role):
            raise ValueError(f"{by} has no account that may {Right.ORDER}")
        reply = asyncio.run(ask(home.intake, {"do": do, "args": {**args, "person": _actor()}}))
        if "code" in reply:
            raise ValueError(f"error {reply['code']}: {reply['message']}")
    except (NoSite, IntakeAway, ValueError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise SystemExit(1) from None
    return reply


def _actor() -> str:
    return f"shell:{getpass.getuser()}"[:16]


@app.command("critical-override")
def critical_override(
    ctx: typer.Context,
    station: Station,
    hours: Annotated[int, typer.Option(min=1, max=12, help="It ends by itself after so many.")],
    by: By,
    reason: Reason,
) -> None:
    """Let a cabinet give what it has without orders, for a time."""
    reply = _ask(ctx, "critical_override", by, station=station, hours=hours, reason=f"for {by}: {reason}")
    typer.echo(f"command {reply['number']} to {station}: critical override for {hours} h")


@app.command("release-quarantine")
def release_quarantine(
    ctx: typer.Context,
    station: Station,
    drawer: Annotated[int, typer.Argument(min=1, max=16)],
    by: By,
    reason: Reason,
) -> None:
    """Let a drawer be used again after its temperature was out of bounds."""
    reply = _ask(ctx, "release_quarantine", by, station=station, drawer=drawer, reason=f"for {by}: {reason}")
    typer.echo(f"command {reply['number']} to {station}: drawer {drawer} is released")


@app.command("merge-provisional")
def merge_provisional(
    ctx: typer.Context,
    station: Station,
    patient: Annotated[str, typer.Argument(help="As added at the cabinet.")],
    into: Annotated[str, typer.Argument(help="The hospital's patient.")],
    by: By,
) -> None:
    """Say who a patient added at a cabinet is: what was removed for her is the patient's."""
    _ask(ctx, "merge_provisional", by, station=station, patient=patient, into=into)
    typer.echo(f"{patient} at {station} is {into}")
