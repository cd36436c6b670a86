"""`apotheca packet`: make a compliance packet, have the centre record one, verify one."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server_stub.cli import by_shell, home_of, refuse

if TYPE_CHECKING:
    from server_stub.proof.packet import Packet
    from server_stub.site.home import Home

NOT_RECORDED = 3

packet_app = typer.Typer(help="Make, record and verify compliance packets.", no_args_is_help=True)

Actor = Annotated[
    str | None,
    typer.Option(help="User id of the one who asks for it, for the ledger (default: shell:USER)."),
]


@packet_app.command("make")
def make(  # noqa: PLR0913, PLR0917 - options of a command
    ctx: typer.Context,
    from_: Annotated[str, typer.Option("--from", help="ISO date or date-time, UTC; included.")],
    to: Annotated[str, typer.Option("--to", help="ISO date or date-time, UTC; not included.")],
    out: Annotated[
        Path | None, typer.Option(help="A folder that does not exist yet (default: in HOME/packets).")
    ] = None,
    signer: Annotated[str, typer.Option(help="keys/NAME.key (no passphrase) and keys/NAME.crt.")] = "pharmacist-sign",
    actor: Actor = None,
) -> None:
    """Make the packet of a period, signed, and have the running centre record that it was made."""
    from server_stub.ledger.actors import BadActor  # noqa: PLC0415
    from server_stub.ledger.schema import WrongSchema  # noqa: PLC0415
    from server_stub.proof.packet import PacketRefused, make_packet  # noqa: PLC0415
    from server_stub.proof.period import BadPeriod, between  # noqa: PLC0415
    from server_stub.proof.record import person  # noqa: PLC0415
    from server_stub.proof.signatory import NoSigner, signatory  # noqa: PLC0415
    from server_stub.site.config import NoSite, read  # noqa: PLC0415

    home = home_of(ctx)
    try:
        read(home)
        who = person(actor or by_shell())
        period = between(from_, to)
        target = out or home.packets / f"{period.name}--{time.time_ns()}"
        made = make_packet(home, period, signatory(home, signer), target, time.time_ns() // 1_000_000)
    except (NoSite, NoSigner, PacketRefused, WrongSchema, BadActor, BadPeriod, OSError) as error:
        raise refuse(error) from None
    typer.echo(f"{made.path}: {made.entries} entries, signed by {signer}")
    _record(home, made, who)


@packet_app.command("record")
def record_made(
    ctx: typer.Context, folder: Annotated[Path, typer.Argument(help="A packet of this site.")], actor: Actor = None
) -> None:
    """Have the running centre record a packet that it does not know of yet; of one it knows it says the entry."""
    import verify_apotheca  # noqa: PLC0415
    from server_stub.ledger.actors import BadActor  # noqa: PLC0415
    from server_stub.proof.packet import PacketRefused, read_packet  # noqa: PLC0415
    from server_stub.proof.record import person  # noqa: PLC0415
    from server_stub.site.config import NoSite, read  # noqa: PLC0415

    home = home_of(ctx)
    try:
        read(home)
        who = person(actor or by_shell())
        found = verify_apotheca.check(folder, home.keys / "ca.crt")
        if not found.good or found.kind != "packet":
            raise PacketRefused(
                "\n".join([*found.lines(), f"{folder} is not a good packet of this site: not recorded"])
            )
        packet = read_packet(folder)
    except (NoSite, PacketRefused, BadActor, verify_apotheca.Unreadable, OSError) as error:
        raise refuse(error) from None
    _record(home, packet, who)


def _record(home: "Home", packet: "Packet", actor: str) -> None:
    """Say the entry, or what to do and end with NOT_RECORDED."""
    from server_stub.integration.intake import IntakeAway  # noqa: PLC0415
    from server_stub.recording import NotRecorded, record  # noqa: PLC0415

    try:
        seq = asyncio.run(record(home, packet, actor))
    except (IntakeAway, NotRecorded) as error:
        words = f"the packet is good, but the ledger does not say that it was made: {error}"
        then = f"then: apotheca --home {home.root} packet record {packet.path}"
        typer.secho(f"{words}\n{then}", err=True, fg=typer.colors.YELLOW)
        raise SystemExit(NOT_RECORDED) from None
    typer.echo(f"recorded as entry {seq} of the centre's log")


@packet_app.command("verify")
def verify(
    folder: Annotated[Path, typer.Argument(help="A packet or an export.")],
    ca: Annotated[Path | None, typer.Option(help="The site's authority (ca.crt), got from the site itself.")] = None,
) -> None:
    """Verify a packet or an export; exit code 0 good, 1 bad, 2 cannot read. The same as `verify_apotheca.py`."""
    import verify_apotheca  # noqa: PLC0415

    raise SystemExit(verify_apotheca.main([str(folder), *(["--ca", str(ca)] if ca else [])]))
