"""A cabinet drawn as Mermaid from its wiring: how the supplies hang together, and who is wired to whom."""

import re
from collections import defaultdict
from collections.abc import Iterator

from tests.tools.electrical import GPIO, Net
from tests.tools.wiring import Cabinet, types

SUPPLIES = ("12V_IN", "12V_UPS", "BATTERY", "5V", "5V_CONTROLLER", "5V_OUT", "12V_RAW", "12V", "12V_LOCK", "3V3")
PASSING = ("splice", "xh3", "xh4", "xh8")  # not drawn: what comes in at a pin goes on from it
_LAST_NUMBER = re.compile(r"(\d+)(\D*)$")
_PLACE = re.compile(r"^d\d+\.(\d+\.)?")

Edges = dict[tuple[str, str], list[str]]


class Drawing:
    """The wires of some signals as edges between boxes. Parts that differ by their number only are one box; plugs and
    resistors are passed through."""

    def __init__(self, cabinet: Cabinet, supplies: bool) -> None:
        self._net = Net(cabinet)
        self._wires = [w for w in cabinet.wires if w.signal != "GND" and (w.signal in SUPPLIES) == supplies]
        self.numbers: dict[str, str] = {}  # box -> order number
        self._next: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for wire in self._wires:
            self._next[self._node(wire.start)].append((self._node(wire.end), wire.signal))

    def edges(self) -> Edges:
        """(box, box) -> signals, in the order of the tables."""
        found: Edges = defaultdict(list)
        for node, onward in list(self._next.items()):
            if not _passes(node):
                for end, signal in onward:
                    for box in self._boxes(end):
                        if box != node:
                            found[node, box].append(signal)
        return found

    def _node(self, pin: str) -> str:
        """A box's name, or `=pin` or `=part` of what is passed through."""
        ref = pin.rsplit(".", 1)[0]
        kind = self._net.cabinet.parts[ref]
        if kind in PASSING:
            return f"={pin}"
        if "ohms" in types()[kind]:
            ends = [self._net.signal(f"{ref}.{end}") for end in "AB"]
            return f"={pin}" if any(end in (*SUPPLIES, "GND") for end in ends) else f"={ref}"
        box = f"drawers: {_PLACE.sub('', ref)}" if _PLACE.match(ref) else re.sub(r"\d+$", "", ref)
        self.numbers[box] = types()[kind]["number"]
        return box

    def _boxes(self, node: str) -> Iterator[str]:
        if _passes(node):
            for end, _ in self._next[node]:
                yield from self._boxes(end)
        else:
            yield node


def _passes(node: str) -> bool:
    return node.startswith("=")


def _label(signals: list[str]) -> str:
    """`lock1` to `lock16` are `lock1..16`."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for signal in dict.fromkeys(signals):
        found = None if signal in SUPPLIES else _LAST_NUMBER.search(signal)
        numbers[_LAST_NUMBER.sub(r"*\2", signal) if found else signal] += [int(found[1])] if found else []
    return ", ".join(name.replace("*", _span(many)) for name, many in numbers.items())


def _span(numbers: list[int]) -> str:
    """1 2 3 7 is `1..3+7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "+".join(str(run[0]) if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)


def mermaid(cabinet: Cabinet, supplies: bool) -> str:
    """The supplies, or all else, as a fenced block."""
    drawing = Drawing(cabinet, supplies)
    edges = drawing.edges()
    boxes = {box: f"b{at}" for at, box in enumerate(dict.fromkeys(box for edge in edges for box in edge))}
    lines = [f'  {mark}["{box}<br/>{drawing.numbers[box]}"]' for box, mark in boxes.items()]
    lines += [f'  {boxes[a]} -->|"{_label(names)}"| {boxes[b]}' for (a, b), names in edges.items()]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```"])


def pin_table(cabinet: Cabinet) -> str:
    """What each pin of the controller is wired to, as Markdown."""
    net = Net(cabinet)
    prefix = f"controller.{GPIO[cabinet.parts['controller']]}"
    pins = sorted((pin for pin in net.of if pin.startswith(prefix)), key=lambda pin: int(pin.removeprefix(prefix)))
    rows = []
    for pin in pins:
        signal = net.signal(pin)
        ends = ", ".join(end for end in net.pins(signal) if end != pin)
        safe = {wire.safe for wire in net.signals[signal]} - {None}
        rows.append(f"| {pin.split('.')[1]} | {signal} | {ends} | {next(iter(safe), '')} |")
    return "\n".join(["| Pin | Signal | Goes to | Safe |", "|---|---|---|---|", *rows])
