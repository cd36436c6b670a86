"""What an attacker tried, with what, and what came of it."""

from dataclasses import dataclass, field


@dataclass
class Attempt:
    kind: str
    what: str
    outcome: str
    failed: bool
    """The attack failed: what the attacker wanted did not happen, or was found."""

    def line(self):
        return f"{'failed   ' if self.failed else 'SUCCEEDED'} {self.kind:7} {self.what}: {self.outcome}"


@dataclass
class Attack:
    """One attacker: who it is, what it has and has not, and what it tried."""

    name: str
    has: str
    has_not: str
    attempts: list[Attempt] = field(default_factory=list)

    def tried(self, kind, what, outcome, failed):
        assert kind in ("forge", "hide", "reorder")
        self.attempts.append(Attempt(kind, what, str(outcome), bool(failed)))

    @property
    def failed(self):
        """Each of the three was tried, and nothing of it worked."""
        kinds = {attempt.kind for attempt in self.attempts}
        return kinds == {"forge", "hide", "reorder"} and all(attempt.failed for attempt in self.attempts)

    def lines(self):
        yield f"{self.name}: has {self.has}"
        yield f"{' ' * len(self.name)}  has not {self.has_not}"
        yield from (f"  {attempt.line()}" for attempt in self.attempts)
        worked = sum(not attempt.failed for attempt in self.attempts)
        yield f"  {len(self.attempts)} attempts, {worked} succeeded"
