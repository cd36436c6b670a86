"""One session at a time: whose it is, the screen's or that of a unit in the station's cradle."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class Floor:
    """`unit` is the address of the unit that has the session, `""` while it is the screen's or nobody's.

    Who signs on holds `turn`: of two at the same moment the second one sees the first.
    """

    unit: str = ""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def leave(self, unit: str) -> None:
        """The unit is gone, or done."""
        if self.unit == unit:
            self.unit = ""
