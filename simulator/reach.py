"""What a hand can do in a cabinet, and what it still owes it: units moved whose confirmation nobody has heard."""

from typing import Any

from simulator.cabinet.cabinet import Cabinet, drawer_of


def spot_of(place: str, item: str) -> str:
    """Where in a cabinet's contents an item in the return bin at `place` is."""
    return f"{place}:{item}"


def lies_in_bin(spot: str) -> bool:
    """Whether it is one of those."""
    return ":" in spot


def take_all(cabinet: Cabinet, place: str) -> None:
    """Nothing is left in the return bin at `place`."""
    for spot in cabinet.contents:
        if spot.startswith(spot_of(place, "")):
            cabinet.contents[spot] = 0


class Reach:
    """One person's reach into `cabinet`."""

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self._owed: tuple[str, int] | None = None

    @property
    def owed_spot(self) -> str:
        """Where something was moved without a word of its confirmation, "" if nowhere."""
        return self._owed[0] if self._owed else ""

    def move(self, spot: str, amount: int) -> None:
        """Take `amount` out (negative: put it in)."""
        self._cabinet.put(spot, -amount)
        self._owed = (spot, amount)

    def forget(self) -> None:
        """It is confirmed."""
        self._owed = None

    def settle(self) -> None:
        """Undo what was moved without being confirmed, if that drawer is open."""
        if self._owed and not self._cabinet.drawers[drawer_of(self._owed[0])].closed:
            self._cabinet.put(*self._owed)
            self._owed = None

    def close_up(self) -> None:
        """Put back, and close every drawer."""
        self.settle()
        for number, drawer in self._cabinet.drawers.items():
            if not drawer.closed:
                self._cabinet.push(number)

    def found(self, place: str) -> list[list[Any]]:
        """[item, quantity] of what lies in the return bin at `place`."""
        inside = spot_of(place, "")
        return [
            [spot.removeprefix(inside), quantity]
            for spot, quantity in self._cabinet.contents.items()
            if quantity and spot.startswith(inside)
        ]

    def take_all(self, place: str) -> None:
        """Take everything out of the return bin at `place`."""
        take_all(self._cabinet, place)
