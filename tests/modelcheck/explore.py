"""Breadth first through all states of one cabinet: what comes back first as a counterexample has the fewest events."""

import gc
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from tests.modelcheck import chips
from tests.modelcheck.cabinets import Plan
from tests.modelcheck.frozen import frozen
from tests.modelcheck.ledger import ENDS, Violation
from tests.modelcheck.successors import Step, Successors, by_itself
from tests.modelcheck.world import World, real_times, set_times

NOBODY = -1
DOUBT_EVERY = 400  # times that a known state is reached again, until one is looked at for being the same


class NotTheSame(Exception):
    """Two states were taken for one and do differ: abstraction.py leaves out too much."""


@dataclass
class Result:
    """What was explored; `trace` is the shortest way to a state that breaks `violation`, None if none does."""

    plan: Plan
    states: int = 0
    off: int = 0
    transitions: int = 0
    events: Counter[str] = field(default_factory=Counter)
    deepest: int = 0
    compared: int = 0
    complete: bool = False
    seconds: float = 0.0  # of the processor
    violation: Violation | None = None
    trace: list[Step] | None = None


class Explorer:
    """`most`: states after which it stops, complete or not."""

    def __init__(self, plan: Plan, most: int = 10**9) -> None:
        self.plan, self.most = plan, most
        self.result = Result(plan)
        self._index: dict[bytes, int] = {}
        self._steps: list[Step] = []
        self._parents, self._depths = array("l"), array("l")
        self._next = array("l")  # the state that comes by itself
        self._came = array("Q")  # what all its successors are, as one number
        self._rests = bytearray()
        self._waiting: deque[tuple[int, bytes, chips.Image, bytes]] = deque()
        self._doubted: list[tuple[int, bytes, bytes, chips.Image]] = []
        self._again = 0
        self._judged = 50

    def explore(self) -> Result:
        """All states, or up to the first violation."""
        began = time.process_time()
        set_times()
        gc.disable()  # a world has no cycles
        try:
            self._start()
            while self._waiting and len(self._steps) < self.most:
                self._expand(*self._waiting.popleft())
                self._judge_now_and_then()
            self.result.complete = not self._waiting
            self._judge_ends()
        except Violation as violation:
            self.result.violation = violation
        finally:
            gc.enable()
            real_times()
        self.result.states = len(self._steps)
        self.result.deepest = max(self._depths, default=0)
        self.result.seconds = time.process_time() - began
        return self.result

    def _start(self) -> None:
        chips.put_back(chips.BLANK)
        world, step = World(self.plan), Step(("set up",))
        Successors(self.plan, lambda *_: None).run(world, step)
        self._add(NOBODY, world.key(), world, step)

    def _expand(self, index: int, data: bytes, image: chips.Image, key: bytes) -> None:
        by_step: dict[Step, int] = {}
        came = blake2b(digest_size=8)

        def reached(step: Step, to: bytes, world: Callable[[], World]) -> None:
            came.update(to)
            self.result.transitions += 1
            self.result.events["cut" if step.cut is not None else step.event[0]] += 1
            known = self._index.get(to)
            if known is None:
                by_step[step] = self._add(index, to, world(), step)
            else:
                by_step[step] = known
                self._reach_again(known, to, world)

        try:
            world = Successors(self.plan, reached).of(data, image, key)
        except Violation as violation:
            self.result.trace = [*self._way(index), violation.step]
            raise
        alone = by_itself(world)
        self.result.off += world.station is None
        self._next[index] = by_step[Step(alone)] if alone else NOBODY
        self._came[index] = int.from_bytes(came.digest(), "little")
        self._compare_up_to(index)

    def _add(self, index: int, key: bytes, world: World, step: Step) -> int:
        self._index[key] = new = len(self._steps)
        self._steps.append(step)
        self._parents.append(index)
        self._depths.append(self._depths[index] + 1 if index != NOBODY else 0)
        self._next.append(NOBODY)
        self._came.append(0)
        self._rests.append(world.rests())
        self._waiting.append((new, frozen(world), chips.image(), key))
        return new

    # ---- is the abstraction right? Now and then what was taken for a known state is expanded as well

    def _reach_again(self, known: int, key: bytes, world: Callable[[], World]) -> None:
        self._again += 1
        if self._again % DOUBT_EVERY == 0:
            self._doubted.append((known, key, frozen(world()), chips.image()))

    # those of states that have been expanded
    def _compare_up_to(self, index: int) -> None:
        ready = [other for other in self._doubted if other[0] <= index]
        self._doubted = [other for other in self._doubted if other[0] > index]
        for known, key, data, image in ready:
            came = blake2b(digest_size=8)
            Successors(self.plan, lambda _step, to, _world, came=came: came.update(to)).of(data, image, key)
            self.result.compared += 1
            if int.from_bytes(came.digest(), "little") != self._came[known]:
                raise NotTheSame(f"state {known}, reached by {self._way(known)}, is not what was taken for it")

    def _way(self, index: int) -> list[Step]:
        way: list[Step] = []
        while index != NOBODY:
            way.append(self._steps[index])
            index = self._parents[index]
        return way[::-1]

    # whenever there are twice as many states: what stays open is found before all are known
    def _judge_now_and_then(self) -> None:
        if len(self._steps) >= 2 * self._judged:
            self._judge_ends()
            self._judged = len(self._steps)

    # From each state, left alone, one is reached in which no access is open and no lock is on.
    def _judge_ends(self) -> None:
        ends = bytearray(self._rests)
        expanded = len(self._steps) - len(self._waiting)
        for start in range(expanded):
            path, at = [], start
            while at != NOBODY and at < expanded and not ends[at] and at not in path:
                path.append(at)
                at = self._next[at]
            if at != NOBODY and (at >= expanded or ends[at]):
                for each in path:
                    ends[each] = 1
            else:
                self.result.trace = self._way(start)
                raise Violation(ENDS, "left alone, this access stays without an outcome, or its lock on")
