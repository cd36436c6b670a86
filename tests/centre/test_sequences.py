"""Any order of batches a station may send, right and wrong: the ledger is always a prefix of its one history."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from firmware.wire import messages
from tests.centre.conftest import Bench

LENGTH = 30


class Sequences(RuleBasedStateMachine):
    site_home = folder = None

    @initialize()
    def begin(self):
        self.bench = Bench(self.site_home, f"sqlite:///{self.folder.mktemp('s') / 'c.db'}")
        self.script = self.bench.station("ICU1")
        for _ in range(LENGTH):
            self.script.add()
        self.stored, self.stopped = 0, False

    def _send(self, raw):
        return self.bench.verdicts(self.bench.up("ICU1", "batch", raw))

    @rule(first=st.integers(1, LENGTH), length=st.integers(1, 12))
    def honest(self, first, length):
        last = min(LENGTH, first + length - 1)
        if self.stopped:
            expected = messages.FORK
        elif first > self.stored + 1:
            expected = messages.GAP
        else:
            expected = messages.ACCEPT if last > self.stored else messages.DUP
            self.stored = max(self.stored, last)
        assert self._send(self.script.batch(first, last)) == [expected]

    @rule(at=st.integers(0, LENGTH - 2), length=st.integers(1, 4))
    def another_history(self, at, length):
        """The history parts after `at`; the batch starts right there."""
        other = self.script.fork(at)
        for _ in range(length):
            other.add()
        verdict = self._send(other.batch(at + 1, at + length))
        if self.stopped or at < self.stored:
            self.stopped = True
            assert verdict == [messages.FORK]
        elif at > self.stored:
            assert verdict == [messages.GAP]
        else:
            assert verdict == [messages.ACCEPT], "the first history to come is the history"
            self.script, self.stored = other, at + length
            for _ in range(LENGTH - len(other.pages)):
                other.add()

    @rule()
    def nonsense(self):
        assert self._send(self.script.batch(1, 2, last_head=bytes(32))) == []

    @rule()
    def restart(self):
        self.bench.restart()

    @invariant()
    def the_ledger_is_a_prefix(self):
        assert self.bench.ledger() == [(n, self.script.heads[n]) for n in range(1, self.stored + 1)]

    def teardown(self):
        self.bench.engine.dispose()


def test_sequences(site_home, tmp_path_factory):
    run_state_machine_as_test(
        type("Here", (Sequences,), {"site_home": site_home, "folder": tmp_path_factory}),
        settings=settings(
            max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
