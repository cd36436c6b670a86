"""What counts the seals: a secure element, of which nobody has a copy. Most cabinets have one in software."""

from simulator.worlds.flash import Supply


class Fitted:
    """As `firmware.drivers.atecc608`: a power cut leaves it counted or not."""

    name = "atecc608"

    def __init__(self, power: Supply) -> None:
        self._power = power
        self._count = 0

    def read(self) -> int:
        """How often it has counted."""
        return self._count

    def increment(self) -> int:
        """Count one."""
        self._count += self._power.spend(1)
        self._power.check()
        return self._count
