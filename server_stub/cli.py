"""The centre's commands. Each imports what it needs when it is called, so that help is quick."""

import getpass
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server_stub.site.home import Home

init_app = typer.Typer(help="Make a site: authority, keys, broker configuration.", add_completion=False)
station_app = typer.Typer(help="Enrol stations and give them their tables.", no_args_is_help=True)
server_app = typer.Typer(help="Run the centre.", no_args_is_help=True)
broker_app = typer.Typer(help="Run the broker.", no_args_is_help=True)
export_app = typer.Typer(help="Write journals and ledger with what is needed to verify them.", add_completion=False)

Board = Annotated[str, typer.Option(help="A file of hardware/boards.")]
Planogram = Annotated[str, typer.Option(help="A file of hardware/planograms; none: all drawers are matrix.")]


def home_of(ctx: typer.Context) -> "Home":
    """The home that the command line names."""
    from server_stub.site.home import DEFAULT, Home  # noqa: PLC0415

    return Home(Path(ctx.obj or DEFAULT))


def refuse(error: Exception) -> SystemExit:
    """Say why, in red; raise what this gives."""
    typer.secho(str(error), err=True, fg=typer.colors.RED)
    return SystemExit(1)


@contextmanager
def readable() -> "Iterator[None]":
    """Say it in words when the database, a file or a key can not be read or written."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    try:
        yield
    except DBAPIError as error:
        raise refuse(ValueError(f"the database can not be used: {error.orig}; keep it as it is")) from None
    except OSError as error:
        raise refuse(error) from None


def by_shell() -> str:
    """Who types commands here, as the actor of entries: no account can have such a name."""
    return f"shell:{getpass.getuser()}"[:16]


@init_app.command()
def init(
    ctx: typer.Context,
    site: Annotated[str, typer.Option(help="Id of the site: letters, digits, - and _.")],
    host: Annotated[
        str, typer.Option(help="This computer as cabinets reach it, DNS name or IPv4 address; without, nobody does.")
    ] = "127.0.0.1",
    broker_port: Annotated[int, typer.Option(help="MQTT over TLS.")] = 18883,
    web_port: Annotated[int, typer.Option(help="Console and API over HTTPS.")] = 8443,
) -> None:
    """Make a site in --home; refuses if there is one."""
    from server_stub.site.make import SiteExists, make_site  # noqa: PLC0415

    home = home_of(ctx)
    try:
        make_site(home, site, broker_port=broker_port, web_port=web_port, host=host)
    except (SiteExists, ValueError) as error:
        raise refuse(error) from None
    typer.echo(f"site {site} is in {home.root}; next: apotheca --home {home.root} station add ID --ward WARD")


@station_app.command("add")
def station_add(  # noqa: PLR0913, PLR0917 - an option for each thing there is to say
    ctx: typer.Context,
    station: Annotated[str, typer.Argument(help="Id of the station: letters, digits, - and _.")],
    ward: Annotated[list[str], typer.Option(help="A ward it serves; may be given several times.")],
    board: Board = "linux-bus",
    planogram: Planogram = "none",
    shard: Annotated[str, typer.Option(help="Shard of the process that takes in its entries (PostgreSQL).")] = "",
) -> None:
    """Enrol a station: keys, certificate, files; the running broker and centre take it up."""
    from server_stub.site.broker import BrokerRefused  # noqa: PLC0415
    from server_stub.site.config import NoSite  # noqa: PLC0415
    from server_stub.site.enrol import NotEnrolled, add_station  # noqa: PLC0415
    from server_stub.site.pki import Unusable  # noqa: PLC0415

    home = home_of(ctx)
    try:
        add_station(home, station, ward, board=board, planogram=planogram, shard=shard)
    except (NoSite, NotEnrolled, BrokerRefused, Unusable, FileNotFoundError) as error:
        raise refuse(error) from None
    typer.echo(f"station {station} is enrolled; its files are in {home.station(station)}")


@station_app.command("load")
def station_load(  # noqa: PLR0913, PLR0917 - an option for each table
    ctx: typer.Context,
    station: str,
    items: Annotated[Path | None, typer.Option(help="JSON lines, one row of the table each.")] = None,
    pockets: Annotated[Path | None, typer.Option(help="JSON lines, as all of these.")] = None,
    users: Annotated[Path | None, typer.Option(help="Salt and hash in hex; roles may be an object by area.")] = None,
    overrides: Annotated[Path | None, typer.Option(help="What may be removed without an order.")] = None,
    kits: Annotated[Path | None, typer.Option(help="Items of kits.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Rules of the station by name, such as profiled.")] = None,
    item_names: Annotated[Path | None, typer.Option(help="Names and aliases for people.")] = None,
    item_codes: Annotated[Path | None, typer.Option(help="What scanners read on packages.")] = None,
    prompts: Annotated[Path | None, typer.Option(help="Questions of high-alert items, by number.")] = None,
) -> None:
    """Give a station tables through the running centre: its first ones, or new ones in place of those it has."""
    from server_stub.integration.intake import IntakeAway  # noqa: PLC0415
    from server_stub.integration.loading import load_tables  # noqa: PLC0415

    given = {"items": items, "pockets": pockets, "users": users, "overrides": overrides, "kits": kits}
    given |= {"policy": policy, "item_names": item_names, "item_codes": item_codes, "prompts": prompts}
    files = {table: path for table, path in given.items() if path}
    if not files:
        raise refuse(ValueError("name a file for one table at least"))
    try:
        versions = load_tables(home_of(ctx).intake, station, files)
    except (IntakeAway, ValueError, OSError) as error:
        raise refuse(error) from None
    typer.echo(" ".join(f"{table} {version}" for table, version in versions.items()))


@station_app.command("release-key")
def station_release_key(ctx: typer.Context) -> None:
    """Bring a site of an earlier release up to date: the key that signs firmware, and what stations have to know."""
    from server_stub.site import treekey  # noqa: PLC0415
    from server_stub.site.config import NoSite, read  # noqa: PLC0415
    from server_stub.site.release import ensure_for  # noqa: PLC0415

    home = home_of(ctx)
    try:
        site = read(home)
        made = ensure_for(home, [station.id for station in site.station])
    except NoSite as error:
        raise refuse(error) from None
    treekey.ensure(home, site.site.id)
    for station in site.station:
        treekey.hand_out(home, station.id)
    typer.echo("a release key was made" if made else "there is one already; all stations have it")


@station_app.command("replace")
def station_replace(
    ctx: typer.Context,
    station: Annotated[str, typer.Argument(help="Id of the station whose controller is another one from now on.")],
    signer: Annotated[list[str], typer.Option(help="Account of who signs; twice, one of them a pharmacist.")],
    board: Annotated[str, typer.Option(help="A file of hardware/boards; without, the board it had.")] = "",
    planogram: Annotated[
        str, typer.Option(help="A file of hardware/planograms, or none; without, the planogram it had.")
    ] = "",
) -> None:
    """Give a station a new controller under its next log and a new certificate; two people sign.

    The old certificate is refused from then on. Then: cabinet replace, at the cabinet.
    """
    from server_stub.replacing import NotSigned, Signature, replace  # noqa: PLC0415
    from server_stub.site.broker import BrokerRefused  # noqa: PLC0415
    from server_stub.site.config import NoSite  # noqa: PLC0415
    from server_stub.site.enrol import NotEnrolled  # noqa: PLC0415
    from server_stub.site.pki import Unusable  # noqa: PLC0415

    signed = [Signature(name, typer.prompt(f"Password of {name}", hide_input=True)) for name in signer]
    try:
        new = replace(home_of(ctx), station, signed, board=board, planogram=planogram)
    except (NoSite, NotSigned, NotEnrolled, BrokerRefused, Unusable, FileNotFoundError) as error:
        raise refuse(error) from None
    typer.echo(f"{station} goes on with log {new.log}; next, at the cabinet: apotheca cabinet replace {station}")


@station_app.command("renew")
def station_renew(
    ctx: typer.Context,
    station: Annotated[str, typer.Argument(help="Id of the station whose certificates are made anew.")],
) -> None:
    """Give a station's computer a new TLS key and certificates; the old certificate is refused from then on."""
    from server_stub.site.broker import BrokerRefused  # noqa: PLC0415
    from server_stub.site.config import NoSite  # noqa: PLC0415
    from server_stub.site.enrol import NotEnrolled  # noqa: PLC0415
    from server_stub.site.pki import Unusable  # noqa: PLC0415
    from server_stub.site.renew import OF_A_PHARMACY, OF_A_STATION, renew_station  # noqa: PLC0415

    home = home_of(ctx)
    try:
        with readable():
            files = OF_A_PHARMACY if renew_station(home, station).pharmacy else OF_A_STATION
    except (NoSite, NotEnrolled, BrokerRefused, Unusable) as error:
        raise refuse(error) from None
    typer.echo(f"the old certificate of {station} is refused from now on; its outbox waits meanwhile. Next:")
    typer.echo(f"copy {', '.join(files)} from {home.station(station)} to that folder on the cabinet's computer")
    typer.echo("then start its agent again (a pharmacy's computer: `apotheca cradle run`)")


@server_app.command("run")
def server_run(
    ctx: typer.Context,
    clock: Annotated[str, typer.Option(help="system, or stepped: hospital time moves by `advance` only.")] = "system",
) -> None:
    """Run ingest and web until stopped."""
    from server_stub import supervisor  # noqa: PLC0415
    from server_stub.ledger.schema import WrongSchema, missing, open_database  # noqa: PLC0415
    from server_stub.site import chosen  # noqa: PLC0415
    from server_stub.site.config import NoSite, database_url, read  # noqa: PLC0415
    from server_stub.site.expiry import ending  # noqa: PLC0415
    from server_stub.site.home import make_folder  # noqa: PLC0415

    home = home_of(ctx)
    try:
        with readable():
            site = read(home)
            chosen.check(home, site)
            if path := missing(database_url(home, site)):
                typer.echo(f"an empty database is made, {path}; if there was one before, stop: apotheca server restore")
            open_database(database_url(home, site)).dispose()
    except (NoSite, WrongSchema, chosen.LedgerElsewhere) as error:
        raise refuse(error) from None
    if clock not in ("system", "stepped"):
        raise refuse(ValueError("--clock is system or stepped"))
    for line in ending(home, site, datetime.now(UTC)):
        typer.secho(line, err=True, fg=typer.colors.YELLOW)
    # stepped time is one process's
    shards = site.further_shards if clock == "system" else ()
    try:
        supervisor.run(home.root, make_folder(home.run), clock, shards=shards, packets=site.packets.every_days > 0)
    except supervisor.RunsAlready as error:
        raise refuse(error) from None


@server_app.command("renew")
def server_renew(ctx: typer.Context) -> None:
    """Make certificates of broker, centre, feed, supplier and signers anew (stop the server first)."""
    from server_stub.integration.intake import runs  # noqa: PLC0415
    from server_stub.site.broker import BrokerRefused  # noqa: PLC0415
    from server_stub.site.config import NoSite, read  # noqa: PLC0415
    from server_stub.site.home import make_folder  # noqa: PLC0415
    from server_stub.site.pki import Unusable  # noqa: PLC0415
    from server_stub.site.renew import renew_site  # noqa: PLC0415
    from server_stub.supervisor import RunsAlready, alone  # noqa: PLC0415

    home = home_of(ctx)
    try:
        read(home)
        with readable(), alone(make_folder(home.run)):
            # an ingest process may run by itself
            if runs(home.intake):
                raise RunsAlready("the centre runs: stop `apotheca server run` first")
            renew_site(home)
    except (NoSite, RunsAlready, BrokerRefused, Unusable) as error:
        raise refuse(error) from None
    typer.echo("certificates are renewed, the old ones are refused by the broker; next, start again:")
    typer.echo("`apotheca broker run` and `apotheca server run` (agents need nothing)")
    typer.echo("who reads feed or supplier gets feed.crt, feed.key or supplier.crt, supplier.key from keys/")


@server_app.command("successor")
def server_successor(
    ctx: typer.Context,
    signer: Annotated[list[str], typer.Option(help="Account of who signs; twice, one of them a pharmacist.")],
    reason: Annotated[str, typer.Option(help="Why this ledger is not the one cabinets or witnesses saw.")],
) -> None:
    """Go on with a new log of the tree where cabinets or witnesses saw what this ledger lost; two people sign."""
    from server_stub.integration.intake import IntakeAway  # noqa: PLC0415
    from server_stub.replacing import NotSigned, Signature  # noqa: PLC0415
    from server_stub.succeeding import succeed  # noqa: PLC0415

    signatures = [Signature(name, typer.prompt(f"Password of {name}", hide_input=True)) for name in signer]
    try:
        origin = succeed(home_of(ctx), signatures, reason)
    except (NotSigned, IntakeAway) as error:
        raise refuse(error) from None
    typer.echo(f"the tree goes on as {origin}; tell the witnesses: apotheca witness run --origin {origin} ...")


@server_app.command("restore")
def server_restore(
    ctx: typer.Context,
    backup: Annotated[Path | None, typer.Option("--from", help="Backup of centre.db; without, what is there.")] = None,
    copy: Annotated[
        list[Path] | None,
        typer.Option(help="An export, a centre.db, an agent's outbox.db; several times."),
    ] = None,
) -> None:
    """Put a backup in place and take in what copies hold beyond it (stop the server first; then `server run`).

    What cabinets still hold comes by itself once the server runs; then `server rebuild` says what is lost.
    """
    from server_stub import restoring  # noqa: PLC0415
    from server_stub.ledger.schema import WrongSchema  # noqa: PLC0415
    from server_stub.site.config import NoSite  # noqa: PLC0415

    try:
        with readable():
            said = restoring.restore(home_of(ctx), backup, copy or [], time.time_ns() // 1_000_000)
    except (NoSite, WrongSchema, restoring.NotRestored) as error:
        raise refuse(error) from None
    for line in said:
        typer.echo(line)


@server_app.command("rebuild")
def server_rebuild(ctx: typer.Context) -> None:
    """Check every entry with its key, fold every projection anew from the ledger and say whether it came out the same
    (stop the server first).

    The database of an older release is brought to this one by it.
    """
    from server_stub.auditing import audit  # noqa: PLC0415
    from server_stub.fold import PROJECTIONS, rebuild  # noqa: PLC0415
    from server_stub.integration.intake import runs  # noqa: PLC0415
    from server_stub.ledger import tiles  # noqa: PLC0415
    from server_stub.ledger.schema import WrongSchema, open_renewed, there  # noqa: PLC0415
    from server_stub.restoring import lost, trees_seen  # noqa: PLC0415
    from server_stub.site.config import NoSite, database_url, read  # noqa: PLC0415

    home = home_of(ctx)
    if runs(home.intake):
        raise refuse(ValueError("the centre runs: stop `apotheca server run` first"))
    try:
        with readable():
            site = read(home)
            engine, renewed = open_renewed(there(database_url(home, site)), PROJECTIONS)
            with engine.connect() as conn:
                forged = audit(conn, home, site)
    except (NoSite, WrongSchema) as error:
        raise refuse(error) from None
    if forged:
        raise refuse(ValueError("\n".join(f"{one}; keep the database" for one in forged)))
    typer.echo("every entry's MAC is right")
    with readable(), engine.begin() as conn:
        before, after = rebuild(conn)
        trees = tiles.rebuild(conn)
        wrong = tiles.differing(conn, trees)
        gone = [*lost(conn), *trees_seen(conn)]
    for line in gone:
        typer.echo(f"lost with what this centre was restored from: {line}")
    for tree in trees:
        typer.echo(f"the tree {tree.origin} came out at {tree.size} leaves, root {tree.root.hex()}")
    if wrong:
        raise refuse(ValueError(f"{', '.join(wrong)}: not the root that was signed; keep the database"))
    if renewed:
        typer.echo(f"the database is of this release now, the projections are {after.hex()}")
        return
    if before != after:
        raise refuse(ValueError(f"the projections were {before.hex()} and are {after.hex()}: they had gone wrong"))
    typer.echo(f"the projections came out the same: {after.hex()}")


@broker_app.callback()
def _broker() -> None:
    """Run the broker."""


@broker_app.command("run")
def broker_run(ctx: typer.Context) -> None:
    """Become nats-server with this home's configuration, which is made anew from site.toml."""
    from server_stub.site.broker import BrokerRefused, executable, renew_configuration  # noqa: PLC0415
    from server_stub.site.config import NoSite, read  # noqa: PLC0415

    home = home_of(ctx)
    try:
        path = executable()
        renew_configuration(home, read(home))
    except (NoSite, BrokerRefused) as error:
        raise refuse(error) from None
    os.execv(path, [path, "-c", str(home.broker / "nats.conf")])  # noqa: S606 - that very process is to be the broker


@export_app.command()
def export(ctx: typer.Context, out: Annotated[Path, typer.Option(help="A folder that does not exist yet.")]) -> None:
    """Write ledger, batches and journals, and check every head."""
    from server_stub.export import ExportRefused, write_export  # noqa: PLC0415
    from server_stub.ledger.schema import WrongSchema  # noqa: PLC0415
    from server_stub.proof.signatory import NoSigner  # noqa: PLC0415
    from server_stub.site.config import NoSite  # noqa: PLC0415

    try:
        with readable():
            report = write_export(home_of(ctx), out, time.time_ns() // 1_000_000)
    except (NoSite, NoSigner, WrongSchema, ExportRefused) as error:
        raise refuse(error) from None
    for line in report.lines():
        typer.echo(line)
    if not report.ok:
        raise SystemExit(1)
