"""The power budget of a cabinet, from its wiring: current on every supply on average and at the peak, hours on battery.

The peak is everything at its most with `at_once` coils pulling in; the pull-in lasts as long as the board file says.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from server_stub.site import boards, planograms
from tests.tools.electrical import Net
from tests.tools.wiring import HARDWARE, Cabinet, types

LIMITING = ("source", "contact")
SENSING = "3V3"


@cache
def assumed() -> dict[str, float]:
    """`hardware/power.toml`."""
    return tomllib.loads((HARDWARE / "power.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Rail:
    """One supply at one pin that gives or passes it."""

    pin: str
    signal: str
    average_ma: float
    peak_ma: float
    limit_ma: float


class Budget:
    """The budget of one cabinet."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet, self.net = cabinet, Net(cabinet)
        self.layout = boards.read(cabinet.board)
        self.pockets = {d.drawer: len(d.capacities) for d in planograms.read(cabinet.planogram).drawer}

    @cached_property
    def loads(self) -> dict[str, float]:
        """Coils and motors: reference -> mA at full voltage."""
        pins = {ref: types()[kind]["pins"].get("MINUS", {}) for ref, kind in self.cabinet.parts.items()}
        return {ref: pin["ma"] for ref, pin in pins.items() if pin.get("is") == "load"}

    @cached_property
    def strongest(self) -> str:
        """The load that takes most."""
        return max(self.loads, key=lambda ref: self.loads[ref])

    @cached_property
    def opening_w(self) -> float:
        """Average power at the solenoids' supply, W: a pull-in and a hold for each opening."""
        a, amps = assumed(), self.loads[self.strongest] / 1000
        volts = self.net.volts(self.net.signal(f"{self.strongest}.PLUS"))
        pull_in_s = self.layout.fitted["pull_in_ms"] / 1000
        held_a = volts / (volts / amps + a["hold_ohms"])
        joules = volts * (amps * pull_in_s + held_a * (a["held_ms"] / 1000 - pull_in_s))
        return joules * a["openings_an_hour"] / 3600

    def ma(self, signal: str, peak: bool) -> float:
        """Current taken from a supply, mA; what hangs on it through a converter or fuse included."""
        own = sum(self._taken(pin, peak) for pin in self.net.pins(signal))
        watts = sum(w for ref in self.cabinet.parts for w in self._through(ref, signal, peak))
        return own + self._elsewhere(signal, peak) + watts / self.net.volts(signal) * 1000

    def _taken(self, pin: str, peak: bool) -> float:
        ref = pin.rsplit(".", 1)[0]
        told, kind = self.net.told(pin), types()[self.cabinet.parts[ref]]
        if told["is"] != "feed" or "charge_w" in kind:
            return 0
        dark = kind.get("ma_a_pocket", 0) * self.pockets.get(_drawer(ref), 0)
        return float(told.get("peak_ma", told["ma"]) if peak else told["ma"]) + dark

    def _elsewhere(self, signal: str, peak: bool) -> float:
        """Closed contacts at the sensors' supply, the one pixel that is lit, the coil that is on."""
        out = 0.0
        if signal == SENSING:
            out += sum(self._contact_ma(ref) for ref in self.cabinet.parts if ref.startswith("d"))
        if peak and signal == self.net.signal("rail_5v_out.ANY"):
            out += types()["strip"]["lit_ma"]
        if signal == self.net.signal(f"{self.strongest}.PLUS"):
            mean = self.opening_w / self.net.volts(signal) * 1000
            out += self.loads[self.strongest] * assumed()["at_once"] if peak else mean
        return out

    def _contact_ma(self, ref: str) -> float:
        ohms = types()[self.cabinet.parts[ref]].get("ohms")
        held = ohms and self.net.signal(f"{ref}.B") == "GND"
        return self.net.volts(self.net.signal(f"{ref}.A")) / ohms * 1000 if held else 0

    def at_supply(self, ref: str, signal: str) -> float:
        """What one part takes from a supply on average, mA."""
        pins = [pin for pin in self.net.pins(signal) if pin.rsplit(".", 1)[0] == ref]
        taken = sum(self._taken(pin, False) for pin in pins)
        return taken + (self._contact_ma(ref) if signal == SENSING else 0)

    def _through(self, ref: str, signal: str, peak: bool) -> Iterator[float]:
        """Power that a part passes on from `signal`, W."""
        for row in types()[self.cabinet.parts[ref]].get("supplies", ()):
            to = self.net.signal(f"{ref}.{row['to']}")
            if to and self.net.signal(f"{ref}.{row['from']}") == signal:
                yield self.ma(to, peak) / 1000 * self.net.volts(to) / row["efficiency"]

    def rails(self) -> list[Rail]:
        """Every pin that gives a supply or passes one through a fuse."""
        found = []
        for ref, kind in self.cabinet.parts.items():
            for pin, limit in _limits(ref, types()[kind]):
                signal = self.net.signal(pin)
                if signal and not signal.startswith("motor"):
                    found.append(Rail(pin, signal, self.ma(signal, False), self.ma(signal, True), limit))
        return found

    @cached_property
    def charging_ma(self) -> float:
        """Current from the mains adaptor on average while the battery charges, mA."""
        signal = self.net.signal("ups.DCIN")
        ups = types()[self.cabinet.parts["ups"]]
        charge_w = ups["charge_w"] / ups["supplies"][0]["efficiency"]
        return self.ma(signal, False) + charge_w / self.net.volts(signal) * 1000

    @cached_property
    def watts(self) -> float:
        """Average power at 5 V, W."""
        return self.ma("5V", False) / 1000 * self.net.volts("5V")

    @cached_property
    def hold_up_h(self) -> float:
        """Hours on battery."""
        cells = [kind for ref, kind in self.cabinet.parts.items() if ref.startswith("cell")]
        wh = sum(types()[kind]["ah"] * types()[kind]["volts"] for kind in cells)
        return wh * assumed()["usable"] * assumed()["from_cells"] / self.watts


def _drawer(ref: str) -> int:
    head = ref.split(".", 1)[0]
    return int(head[1:]) if head[:1] == "d" and head[1:].isdigit() else 0


def _limits(ref: str, kind: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for row in kind.get("supplies", ()):
        told = kind["pins"][row["to"]]
        if told["is"] in LIMITING:
            yield f"{ref}.{row['to']}", told["max_ma"]
    if "PLUS" in kind["pins"] and kind["pins"]["PLUS"]["is"] == "source":
        yield f"{ref}.PLUS", kind["pins"]["PLUS"]["max_ma"]


def findings(cabinet: Cabinet) -> list[str]:
    """What the supplies do not stand, a sentence each."""
    budget = Budget(cabinet)
    found = [
        f"{rail.pin} gives {rail.limit_ma:g} mA, {rail.signal} takes {rail.peak_ma:.0f} mA at the peak"
        for rail in budget.rails()
        if rail.peak_ma > rail.limit_ma
    ]
    feed = budget.net.told("ups.DCIN")["peak_ma"]
    if budget.charging_ma > feed:
        found.append(f"ups.DCIN stands {feed} mA, charging takes {budget.charging_ma:.0f} mA")
    if budget.hold_up_h < assumed()["hold_up_h"]:
        found.append(f"the battery lasts {budget.hold_up_h:.1f} h only")
    return found
