"""What holds after every story, whatever its text says."""

from typing import Any

from firmware.journal import entry, kinds
from tests.scenarios.language import Failed
from tests.scenarios.world import World


def check(world: World) -> None:
    """Nothing unlocked that the text does not speak of; every entry follows; each access ended once. Raises Failed."""
    if not world.started:
        return
    if world.locks.unlocked:
        raise Failed(f"{world.locks.unlocked} unlocked and the text does not say so")
    pages = [fields for fields, _ in world.journal()]
    for access in [fields for fields in pages if fields[entry.F_KIND] == kinds.ACCESS]:
        going_on = world.panel is None or world.panel.state[4] == access[entry.F_TXN]
        ended_once(access, [f for f in pages if f[entry.F_TXN] == access[entry.F_TXN]], going_on)


def ended_once(access: list[Any], of_it: list[list[Any]], going_on: bool) -> None:
    """One outcome among the entries of an access, or none yet; a bin is emptied item by item. Raises Failed."""
    ended = [f[entry.F_KIND] for f in of_it if f[entry.F_KIND] in kinds.OUTCOMES]
    by_item = len(ended) > 1 and set(ended) == {kinds.BIN_EMPTIED}
    if not (len(ended) == 1 or by_item or (going_on and not ended)):
        raise Failed(f"access {access[entry.F_SEQ]} has the outcomes {ended}")
