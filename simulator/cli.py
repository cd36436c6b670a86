"""`apotheca demo`, `apotheca bench` and `apotheca par-trial`."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from server_stub.site.make import SiteExists
from simulator.bench import BENCHES
from simulator.bench import run as run_bench
from simulator.demo import Options, demo
from simulator.errors import RunFailed
from simulator.output import writable, write
from simulator.plan import Plan
from simulator.site import free_port, with_fresh_pins

demo_app = typer.Typer(add_completion=False)
bench_app = typer.Typer(add_completion=False)
par_trial_app = typer.Typer(add_completion=False)


@demo_app.command()
def run_demo(  # noqa: PLR0913, PLR0917
    ctx: typer.Context,
    data: Annotated[Path | None, typer.Option(help="Replay the records in this folder (MIMIC-IV demo).")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Replay only this many days of them.")] = None,
    seed: Annotated[int, typer.Option(help="Everything drawn is drawn from this.")] = 1,
    exit_: Annotated[bool, typer.Option("--exit", help="End after the summary.")] = False,
    json_: Annotated[
        str | None,
        typer.Option("--json", help="Write results as JSON here (- is standard out).", callback=writable),
    ] = None,
    kill: Annotated[int, typer.Option(min=0, help="SIGKILL each kind of process this often.")] = 0,
    kiosk: Annotated[int, typer.Option(min=0, max=65535, help="Port of the kiosk left up (0: a free one).")] = 0,
) -> None:
    """Run a hospital through the whole chain and check what came of it (--home DIR: there, not in a fresh folder)."""
    if days is not None and data is None:
        raise typer.BadParameter("--days needs --data: the synthetic hospital has one day")
    console = Console(stderr=True)
    home = ctx.obj or Path(tempfile.mkdtemp(prefix="apotheca-demo-"))
    console.print(f"home {home}")
    options = Options(seed, exit_, json_, kill, kiosk or free_port())
    try:
        plan = with_fresh_pins(_plan(data, seed, days))
        held = asyncio.run(demo(plan, home, options, console))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise SystemExit(130) from None
    except (RunFailed, SiteExists) as error:
        console.print(f"[bold red]the demo failed:[/] {error}")
        raise SystemExit(1) from None
    raise SystemExit(0 if held else 1)


def _plan(data: Path | None, seed: int, days: int | None) -> Plan:
    # the readers of records are only loaded when they are needed
    if data is None:
        from simulator.hospital import synthetic  # noqa: PLC0415

        return synthetic.make_plan(seed)
    from simulator.hospital import mimic  # noqa: PLC0415

    return mimic.make_plan(data, seed, days=days)


@bench_app.command()
def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHES)}.")],
    json_: Annotated[
        str, typer.Option("--json", help="Write the result here (- is standard out).", callback=writable)
    ] = "-",
) -> None:
    """Measure one part against the bare limit of the same run."""
    if name not in BENCHES:
        raise typer.BadParameter(f"no benchmark {name}: choose {', '.join(BENCHES)}")
    _write(run_bench(name, Console(stderr=True)), json_)


@par_trial_app.command()
def par_trial(
    data: Annotated[Path | None, typer.Option(help="Replay the records in this folder (MIMIC-IV demo).")] = None,
    seed: Annotated[int, typer.Option(help="Everything drawn is drawn from this.")] = 1,
    days: Annotated[int, typer.Option(min=2, help="Without data: this many synthetic days.")] = 16,
    json_: Annotated[
        str | None,
        typer.Option("--json", help="Write results as JSON here (- is standard out).", callback=writable),
    ] = None,
) -> None:
    """Starting levels, PAR and capacity side by side: doses not available, units on hand, refill lines."""
    from simulator import par_trial as trial  # noqa: PLC0415

    console = Console(stderr=json_ == "-")
    try:
        plan = _plan(data, seed, None) if data else trial.repeated([_plan(None, seed + n, None) for n in range(days)])
    except RunFailed as error:
        console.print(f"[bold red]the trial failed:[/] {error}")
        raise SystemExit(1) from None
    outcomes = trial.trial(plan)
    trial.show(console, outcomes)
    if json_ is not None:
        _write({"source": plan.source, "seed": seed, "arms": trial.as_json(outcomes)}, json_)


def _write(result: dict[str, Any], to: str) -> None:
    write(to, json.dumps(result, indent=2) + "\n")
