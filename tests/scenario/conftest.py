"""The hospital that stays up for the tests of bad input."""

import pytest

from tests.scenario.live import Live


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    live = Live(tmp_path_factory.mktemp("live") / "home", stations=2)
    yield live
    live.close()
