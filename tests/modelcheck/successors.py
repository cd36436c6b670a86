"""What can happen next to a world, and all the worlds that come of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.modelcheck import chips
from tests.modelcheck.cabinets import Plan
from tests.modelcheck.frozen import thawed
from tests.modelcheck.ledger import Violation
from tests.modelcheck.run import Event, Fault, Run
from tests.modelcheck.world import World, cut_short


@dataclass(frozen=True)
class Step:
    """One transition: an event, which of its movements failed and how, after which of its entries power went."""

    event: Event
    fault: Fault = None
    cut: int | None = None


# told of each world that is reached: how, its key, and how to have it
Reached = Callable[[Step, bytes, Callable[[], World]], None]


def possible(world: World, plan: Plan) -> Iterator[Event]:
    """All that can happen next."""
    if world.station is None:
        yield ("on",)
        yield from _by_hand(world, plan)
        return
    yield ("cut",)
    if plan.prompt and _unread(world):
        yield ("scan",)
        return
    yield from _by_time(world)
    yield from _by_hand(world, plan)
    if not _hurries(world):
        yield from (("ask", ask) for ask in plan.asks)
        if plan.restricts and plan.restricts not in world.ledger.restricted:
            yield ("restrict",)


# a driver whose chip did not answer turns all off before time goes on, or anybody at the screen says the next word
def _hurries(world: World) -> bool:
    return any(front.stuck_on for front in world.fronts.values())


def _unread(world: World) -> bool:
    return not all(front.quiet() for front in world.fronts.values())


def _by_time(world: World) -> Iterator[Event]:
    yield from (("driver", number) for number, front in world.fronts.items() if front.stuck_on)
    if _unread(world):
        yield ("scan",)
    if world.due():
        yield ("tick",)
    elif world.waits() and not _hurries(world):
        yield ("wait",)


# nobody's hand is quicker than the controller sees: the next deed waits until the sensors of the last were read
def _by_hand(world: World, plan: Plan) -> Iterator[Event]:
    for number, front in world.fronts.items():
        if world.station is not None and not front.quiet():
            continue
        others = [other for other in world.fronts.values() if other is not front]
        if not front.closed:
            yield ("push", number)
        elif plan.one_open and not all(other.closed for other in others):
            continue
        elif not front.latched:
            yield ("pull", number)
        else:
            yield from (("lever", number, past) for past in plan.levers)


def by_itself(world: World) -> Event | None:
    """What happens if nobody does any more than to push drawers shut; None: nothing."""
    if world.station is None:
        return ("on",)
    first = next((event for event in _by_time(world) if event[0] != "wait"), None)
    pushed = next((("push", n) for n, front in world.fronts.items() if not front.closed), None)
    return first or pushed or next(_by_time(world), None)


class Successors:
    """All transitions out of one world: frozen, with the image of its chips and its key."""

    def __init__(self, plan: Plan, reached: Reached) -> None:
        self._plan, self._reached = plan, reached

    def of(self, data: bytes, image: chips.Image, key: bytes) -> World:
        """Calls `reached` for each; Violation, with the step, if one breaks an invariant."""
        self._data, self._image, self._key = data, image, key
        self._world, self._fresh = thawed(data), True
        start = thawed(data)
        for event in list(possible(start, self._plan)):
            for at, move in enumerate(self._try(Step(event))):
                for how in self._plan.failing:
                    if how != "jams" or move == "release":
                        self._try(Step(event, (at, how)))
        return start

    # -> what moved. A world to which nothing came is used for the next event.
    def _try(self, step: Step) -> list[str]:
        if not self._fresh:
            self._world = thawed(self._data)
        chips.put_back(self._image)
        run, world = self.run(self._world, step), self._world
        key = world.key()
        self._fresh = key == self._key and not run.entries
        self._reached(step, key, lambda: world)
        return run.moves

    def run(self, world: World, step: Step) -> Run:
        """One transition, and all cuts within it."""
        cuts = 0

        def told(fold: Any) -> None:
            nonlocal cuts
            cut = Step(step.event, step.fault, cuts)
            self._reached(cut, world.off_key(fold), lambda: cut_short(world, fold))
            cuts += 1

        run = Run(world, self._plan, step.fault, told)
        try:
            run.happen(step.event)
        except Violation as violation:
            violation.step = step
            raise
        return run
