"""`apotheca sim`: worlds with faults, and what they came to."""

import json
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from simulator.output import writable, write
from simulator.worlds import run
from simulator.worlds.controls import CONTROLS
from simulator.worlds.site import Site
from simulator.worlds.size import FULL, SHORT, Size
from simulator.worlds.world import Found

KEPT_EVERY = 1000
app = typer.Typer(add_completion=False, no_args_is_help=True)


def _seeds(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise typer.BadParameter("seeds are two numbers, both included: --seeds 1-2000")
    pair = int(first), int(last if dash else first)
    if pair[0] > pair[1]:
        raise typer.BadParameter("the first seed is greater than the last")
    return pair


def _control(name: str) -> str:
    if name and name not in CONTROLS:
        raise typer.BadParameter(f"one of {', '.join(CONTROLS)}")
    return name


Control = Annotated[str, typer.Option(help="Put this bad variant in: it must be found out.", callback=_control)]
Trace = Annotated[
    str, typer.Option(help="Write what happened in the last world here (- is standard out).", callback=writable)
]


Short = Annotated[bool, typer.Option("--short", help="A quarter of the entries, a third of the faults.")]


@app.command()
def world(  # noqa: PLR0913, PLR0917 - options
    seeds: Annotated[str, typer.Option(help="First and last seed, both included.")] = "1-100",
    json_: Annotated[
        str, typer.Option("--json", help="Write the result here (- is standard out).", callback=writable)
    ] = "",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    control: Control = "",
    trace: Trace = "",
    short: Short = False,
    go_on: Annotated[bool, typer.Option("--go-on", help="Go on with the run that --json has written so far.")] = False,
) -> None:
    """Run production firmware, agents and centre through worlds of faults; fails if any must-never happened."""
    logging.disable(logging.CRITICAL)  # the cores tell their log of every fault
    first, last = _seeds(seeds)
    size = SHORT if short else FULL
    total = _written(json_) if go_on else run.Total(first, last, size.name, control)
    if (total.first, total.last, total.size, total.control) != (first, last, size.name, control):
        of = f"seeds {total.first}-{total.last}, {total.size}, control {total.control or 'none'}"
        raise typer.BadParameter(f"{json_} is of {of}: ask for these")
    if total.program != run.program():
        raise typer.BadParameter(f"{json_} is of another program than this one: begin anew, without --go-on")

    def tell(found: Found, total: run.Total) -> None:
        _tell(found)
        if total.seeds % KEPT_EVERY == 0:
            typer.echo(f"{total.seeds} worlds, {len(total.failed)} with violations, {total.seconds:.0f} s", err=True)
            if json_ != "-":
                _keep(json_, total)

    run.many(total, workers=workers, told=tell)
    if trace:
        write(trace, _story(last, size, control))
    _keep(json_ or "-", total)
    raise SystemExit(1 if total.violations else 0)


def _keep(path: str, total: run.Total) -> None:
    if path:
        write(path, json.dumps(total.as_json(), indent=1) + "\n")


def _written(path: str) -> run.Total:
    try:
        return run.Total.of(json.loads(Path(path).read_text()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise typer.BadParameter(f"nothing to go on with in {path or '--json'}: {error}") from error


@app.command()
def shrink(seed: int, control: Control = "", trace: Trace = "-", short: Short = False) -> None:
    """Leave out of a failing world what it does not need to fail, and tell what is left."""
    logging.disable(logging.CRITICAL)
    found = run.shrink(seed, SHORT if short else FULL, control, lambda text: typer.echo(text, err=True))
    write(trace, told(found))
    raise SystemExit(1 if found.violations else 0)


def _tell(found: Found) -> None:
    for violation in found.violations[:3]:
        typer.echo(f"seed {found.seed}: {violation.kind}, {violation.station}: {violation.text}", err=True)


def _story(seed: int, size: Size, control: str) -> str:
    shared = Site()
    try:
        return told(run.one(shared, size, control, None, seed))
    finally:
        shared.close()


def told(found: Found) -> str:
    """The trace of one world, a line an event: virtual time, where, what. Of a failing one what leads to its first
    violation: faults, the station it is about, and the centre."""
    first = found.violations[0] if found.violations else None
    wanted = {first.station, "centre", ""} if first else set()
    lines = []
    for at_ms, where, what in found.trace:
        if not wanted or where in wanted or what.startswith("FAULT"):
            lines.append(f"{at_ms / 1000:12.3f}  {where or 'all':8} {what}")
        if what.startswith("VIOLATION"):
            break
    return "\n".join([f"seed {found.seed}: {len(found.violations)} violations", *lines]) + "\n"
