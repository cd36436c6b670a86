"""A counterexample in words: the same events once more, with what was written and what moved."""

from collections.abc import Iterator
from typing import Any

from firmware.journal import kinds
from firmware.journal.entry import F_ACTOR, F_AFTER, F_EXT, F_ITEM, F_KIND, F_PLACE, F_SEQ, F_TXN, F_WITNESS
from tests.modelcheck import chips
from tests.modelcheck.cabinets import Plan
from tests.modelcheck.explore import Result
from tests.modelcheck.ledger import Violation
from tests.modelcheck.run import Event, Run
from tests.modelcheck.successors import Step, by_itself
from tests.modelcheck.world import World, cut_short, real_times, set_times

KINDS = {
    value: name.lower() for name, value in vars(kinds).items() if name.isupper() and not name.startswith("PURPOSE")
}
LEFT_ALONE = 12  # events shown of what happens when nobody does anything any more
_WORDS = {
    "set up": "the cabinet is set up",
    "scan": "the sensors are read",
    "tick": "the deadline that has come",
    "wait": "time goes on by one unit",
    "cut": "power is cut",
    "on": "power is back",
    "pull": "drawer {} is pulled",
    "push": "drawer {} is pushed shut",
    "driver": "the driver of drawer {} turns its solenoid off",
}


def words(event: Event) -> str:
    if event[0] == "ask":
        return str(event[1].words)
    if event[0] == "lever":
        return f"drawer {event[1]} is levered open" + (", its latch stays out" if event[2] else "")
    if event[0] == "restrict":
        return "the users come anew, with one of them restricted"
    return _WORDS[event[0]].format(*event[1:])


def told(result: Result) -> Iterator[str]:
    """One line a step, each with the entries and movements that came of it."""
    set_times()
    yield from _told(result.plan, result.trace or [])
    real_times()


def _told(plan: Plan, trace: list[Step]) -> Iterator[str]:
    chips.put_back(chips.BLANK)
    world = World(plan)
    for number, step in enumerate(trace):
        yield f"{number:3}. {words(step.event)}{_how(step)}"
        world = yield from _again(world, plan, step)
    if world.rests():
        return
    yield "     then nobody does any more than to push drawers shut:"
    for _ in range(LEFT_ALONE):
        event, before = by_itself(world), world.key()
        if event is None:
            break
        yield f"     {words(event)}"
        world = yield from _again(world, plan, Step(event))
        if world.key() == before:
            break


def _how(step: Step) -> str:
    how = f", movement {step.fault[0] + 1} {step.fault[1]}" if step.fault else ""
    return how + (f", power is cut after entry {step.cut + 1} of it" if step.cut is not None else "")


def _again(world: World, plan: Plan, step: Step) -> Any:
    cuts: list[tuple[World, chips.Image, int]] = []

    def told_of(fold: Any) -> None:
        if step.cut is not None and len(cuts) <= step.cut:
            cuts.append((cut_short(world, fold), chips.image(), len(run.entries)))

    run = Run(world, plan, step.fault, told_of)
    try:
        run.happen(step.event)
    except Violation as violation:
        yield from _came_of(run, len(run.entries))
        yield f"     => {violation}"
        return world
    if step.cut is None:
        yield from _came_of(run, len(run.entries))
        return world
    off, image, written = cuts[step.cut]
    chips.put_back(image)
    run.actions = []
    yield from _came_of(run, written)
    return off


def _came_of(run: Run, written: int) -> Iterator[str]:
    if run.entries and run.entries[0][F_SEQ] == 1:
        return  # the set-up
    for fields in run.entries[:written]:
        who = " and ".join(name for name in (fields[F_ACTOR], fields[F_WITNESS]) if name)
        what = " ".join(str(part) for part in (who, fields[F_ITEM], fields[F_PLACE]) if part)
        now = "" if fields[F_AFTER] is None else f", now {fields[F_AFTER]}"
        yield f"       entry {fields[F_SEQ]} {KINDS[fields[F_KIND]]} {what}{now}, txn {fields[F_TXN]}, {fields[F_EXT]}"
    for action in run.actions:
        if action[0] in ("release", "lock"):
            yield f"       {action[0]} drawer {action[1]}"
