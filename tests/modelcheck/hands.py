"""The drawers of a matrix cabinet as things: what locks and hands do to them, and what the sensors would say."""


class Front:
    """One drawer: a bolt that springs into its latch when its solenoid is off, and a switch."""

    def __init__(self) -> None:
        self.closed = True
        self.latched = True
        self.energised = False
        self.told = [True, True]  # closed, latched: as the controller was last told
        self.stuck_on = False  # the chip did not answer: its driver turns it off a moment later

    def view(self) -> tuple[bool, ...]:
        return (self.closed, self.latched, self.energised, *self.told, self.stuck_on)

    def quiet(self) -> bool:
        """Has the controller been told all?"""
        return self.told == [self.closed, self.latched]

    def energise(self, jammed: bool) -> None:
        self.energised = True
        if not jammed:
            self.latched = False

    def off(self) -> None:
        self.energised = self.stuck_on = False
        if self.closed:
            self.latched = True

    def push(self) -> None:
        self.closed = True
        self.latched = not self.energised

    def lever(self, past_the_latch: bool) -> None:
        self.closed, self.latched = False, past_the_latch

    def read(self) -> tuple[bool, bool, tuple[int, ...]]:
        """The sensors at a boot."""
        self.told = [self.closed, self.latched]
        return self.closed, self.latched, ()
