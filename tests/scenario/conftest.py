"""The hospital that stays up for the tests of bad input, and the small day that several tests look at."""

import pytest

from tests.scenario.live import Live
from tests.scenario.mini import MiniDay
from tests.scenario.played import play


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    live = Live(tmp_path_factory.mktemp("live") / "home", stations=2)
    yield live
    live.close()


@pytest.fixture(scope="session")
def small_day(tmp_path_factory):
    home = tmp_path_factory.mktemp("small-day") / "home"
    return home, play(MiniDay().plan, home)
