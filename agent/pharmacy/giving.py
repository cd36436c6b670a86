"""What each handheld holds of the lists, and what is new for it (P34, P52): given when it is in a cradle."""

from collections.abc import Callable, Mapping

from agent.pharmacy import lists
from firmware.cradle.host import Host


class Giving:
    """`wanted(address)` are a unit's lists by name, as they are now."""

    def __init__(self, wanted: Callable[[str], Mapping[str, bytes]]) -> None:
        self._wanted = wanted
        self._held: dict[str, dict[str, bytes]] = {}
        self._given: dict[str, dict[str, bytes]] = {}

    def give(self, host: Host, address: str, anew: bool = False) -> list[str]:
        """Give a unit what it does not hold; `anew`: everything. Names, with reasons, what no unit can be given."""
        if anew:
            self._held.pop(address, None)
        self.confirmed(host, address)
        on_the_way = self._given.setdefault(address, {})
        refused = []
        for item in lists.changed(self._wanted(address), self._held.setdefault(address, {}) | on_the_way):
            try:
                if host.give(address, [item]):
                    on_the_way[item[1]] = item[2]
            except ValueError as error:
                refused.append(f"{item[1]}: {error}")
        return refused

    def confirmed(self, host: Host, address: str) -> None:
        """The unit has got something: what does not wait for it any more it holds."""
        waiting = {item[1] for item in host.book.status(address).waiting}
        on_the_way = self._given.get(address, {})
        for name in [name for name in on_the_way if name not in waiting]:
            self._held.setdefault(address, {})[name] = on_the_way.pop(name)

    def forget(self, host: Host, address: str) -> None:
        """The unit has left this site."""
        host.take_back(address)
        self._held.pop(address, None)
        self._given.pop(address, None)
