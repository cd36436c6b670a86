"""Who uses a cabinet: visits as small scripts that ask through the agent and move drawers with their hands.

What really lies in a pocket changes only here. A person is honest but not attentive: she confirms late or never, puts
back what she did not want, and goes away when the screen does not answer.
"""

import random
from collections.abc import Callable, Generator
from typing import Any

from agent.actions import Reply
from firmware import codes
from firmware.wire import messages
from simulator.worlds.cabinet import Cabinet
from simulator.worlds.host import Host
from simulator.worlds.site import PLACES, USERS
from simulator.worlds.timeline import Timeline

PATIENCE_MS = 20_000
Step = int | tuple[int, list[Any]]
Script = Generator[Step, Reply, bool]
_CAPACITY = {row[0]: row[6] for row in PLACES}
_GONE = Reply(0, codes.LINK_DOWN, [])


class Person:
    """One script at a time at one cabinet: `yield` a wait (ms), or a request, which gives its reply."""

    def __init__(self, cabinet: Cabinet, host: Host, timeline: Timeline, chance: random.Random) -> None:
        self.cabinet, self.host, self._timeline, self._chance = cabinet, host, timeline, chance
        self.busy = False
        self._turn = 0

    def visit(self, most: int = 3) -> None:
        """Come, do some things, go."""
        self._begin(self._visit(self._chance.choice(USERS), self._chance.randint(1, most)), lambda done: None)

    def recount(self, places: list[str], then: Callable[[bool], None]) -> None:
        """Count these pockets; `then` learns whether all went well."""
        self._begin(self._recount(places), then)

    def _begin(self, script: Script, then: Callable[[bool], None]) -> None:
        if self.busy:
            return
        self.busy = True
        self._go_on(script, next, then)

    def _go_on(self, script: Script, step: Callable[[Script], Step], then: Callable[[bool], None]) -> None:
        self._turn += 1
        turn = self._turn
        try:
            wanted = step(script)
        except StopIteration as end:
            self.busy = False
            return then(bool(end.value))

        def resume(reply: Reply) -> None:
            if turn == self._turn:
                self._go_on(script, lambda script: script.send(reply), then)

        if isinstance(wanted, int):
            self._timeline.after(wanted, lambda: resume(_GONE))
        else:
            # a reply comes within a call of ours at times: go on after it
            def later(reply: Reply) -> None:
                self._timeline.after(0, lambda: resume(reply))

            self._timeline.after(PATIENCE_MS, lambda: resume(_GONE))
            if not self.host.ask(*wanted, later):
                later(_GONE)
        return None

    # scripts

    def _visit(self, user: tuple[str, str, str], count: int) -> Script:
        badge, _, pin = user
        reply = yield messages.SIGN_ON, [badge, pin]
        if reply.code:
            return False
        for _ in range(count):
            yield self._chance.randint(200, 3000)
            yield from self._deed()
        if self._chance.random() < 0.7:
            yield messages.SIGN_OFF, []
        return True

    def _deed(self) -> Script:
        item = self._chance.choice(("MORP", "ACET"))
        wanted = self._chance.randint(1, 3)
        what = self._chance.random()
        if what < 0.55:
            reply = yield messages.REMOVE, ["P1", "O1", item, wanted, None, None, 3, "", 0]
            return (yield from self._at_pocket(reply, wanted, -wanted))
        if what < 0.9:
            reply = yield messages.REFILL, [item, 2 * wanted, None, None, None, None, 0]
            return (yield from self._at_pocket(reply, 2 * wanted, 2 * wanted))
        place = self._chance.choice(PLACES)[0]
        reply = yield messages.COUNT, [place]
        return (yield from self._count(place, reply))

    def _at_pocket(self, reply: Reply, asked: int, change: int) -> Script:
        if reply.code == codes.MUST_COUNT:
            return (yield from self._count_owed())
        if reply.code:
            return False
        _, place, drawer, *_ = reply.params
        mood = self._chance.random()
        if mood < 0.06:  # does not pull: the lock falls shut again
            yield 15_000
            return True
        if mood < 0.1:
            yield messages.CANCEL, []
            return True
        yield self._chance.randint(200, 2500)
        if not self.cabinet.pull(drawer):
            return False
        yield self._chance.randint(200, 2000)
        change = min(change, _CAPACITY[place] - self.held(place)) if change > 0 else max(change, -self.held(place))
        self.cabinet.physical[place] = self.held(place) + change
        confirmed = yield from self._confirm(mood, abs(change), drawer)
        if confirmed and mood >= 0.2:
            yield self._chance.randint(100, 1000)
        self.cabinet.push(drawer)
        return confirmed and asked == abs(change)

    def _confirm(self, mood: float, quantity: int, drawer: int) -> Script:
        if mood < 0.16:  # goes away without a word
            return False
        if mood < 0.25:  # shuts first
            self.cabinet.push(drawer)
            yield 800
        reply = yield messages.CONFIRM, [quantity, None, None]
        return reply.code == codes.NONE

    def _count_owed(self) -> Script:
        station = self.cabinet.station
        for place in sorted(station.state.must_count)[:1] if station else ():
            reply = yield messages.COUNT, [place]
            yield from self._count(place, reply)
        return False

    def _count(self, place: str, reply: Reply) -> Script:
        if reply.code:
            return False
        drawer = reply.params[2]
        yield self._chance.randint(200, 1500)
        if not self.cabinet.pull(drawer):
            return False
        yield self._chance.randint(200, 1500)
        told = yield messages.CONFIRM, [self.held(place), None, None]
        if told.code == codes.COUNT_AGAIN:
            told = yield messages.CONFIRM, [self.held(place), None, None]
        self.cabinet.push(drawer)
        yield 800
        return told.code == codes.NONE

    def held(self, place: str) -> int:
        """What really lies there."""
        return self.cabinet.physical.get(place, 0)

    def _recount(self, places: list[str]) -> Script:
        badge, _, pin = USERS[0]
        reply = yield messages.SIGN_ON, [badge, pin]
        well = reply.code == codes.NONE
        for place in places if well else ():
            reply = yield messages.COUNT, [place]
            well = (yield from self._count(place, reply)) and well
        yield messages.SIGN_OFF, []
        return well
