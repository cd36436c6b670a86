"""What the solenoids and motors of the cabinet do, seen from outside the controller."""

import threading
from collections.abc import Callable

from firmware.schema import place_name
from server_stub.site.planograms import Planogram
from simulator.cabinet.cabinet import Cabinet
from simulator.cabinet.expander import Expander


class Locks:
    """Watches every output. Drawers are told as `D02`, what is inside them as places."""

    def __init__(self, cabinet: Cabinet, layout: Planogram) -> None:
        self._cabinet = cabinet
        with_outputs = {number for number, wiring in cabinet.inside.items() if wiring.outputs}
        inside = [drawer for drawer in layout.drawer if drawer.drawer in with_outputs]
        self._places = [place_name(d.drawer, n) for d in inside for n in range(1, len(d.capacities) + 1)]
        self.unlocked: list[str] = []  # and nothing has spoken of it since
        self.on_unlock: Callable[[], None] | None = None  # once
        self._driven: set[str] = set()
        for chip in cabinet.expanders.values():
            chip.on_output = self._watched(chip)

    def spoken_of(self, name: str) -> None:
        """The text has this one."""
        if name in self.unlocked:
            self.unlocked.remove(name)

    def _watched(self, chip: Expander) -> Callable[[], None]:
        moved = chip.on_output

        def on_output() -> None:
            now = self._now_driven()
            new, self._driven = sorted(now - self._driven), now
            self.unlocked += new
            if new and self.on_unlock:
                done, self.on_unlock = self.on_unlock, None
                done()
            moved()

        return on_output

    def _now_driven(self) -> set[str]:
        drawers = {name_of(number) for number in self._cabinet.drawers if self._cabinet.energised(number)}
        return drawers | {place for place in self._places if self._cabinet.driven(place)}


def name_of(drawer: int) -> str:
    """A drawer as entries name it."""
    return f"D{drawer:02d}"


class PowerCut:
    """The process dies in the moment something unlocks."""

    WITHIN_S = 10

    def __init__(self, locks: Locks, kill: Callable[[], None]) -> None:
        self._happened = threading.Event()
        self._kill = kill
        locks.on_unlock = self._now

    def _now(self) -> None:
        self._kill()
        self._happened.set()

    def wait(self) -> bool:
        """Whether it happened."""
        return self._happened.wait(self.WITHIN_S)
