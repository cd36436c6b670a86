"""The centre's core, as in tests/centre, with the words of a removal's day."""

import pytest

from tests.centre import conftest as centre
from tests.verify.day import Day

bench, database, quick, site_home = (
    centre.bench,
    centre.database,
    centre.quick,
    centre.site_home,
)


@pytest.fixture
def day(quick):
    return Day(quick)


@pytest.fixture
def day_anywhere(bench):
    """As `day`, on SQLite and on PostgreSQL."""
    return Day(bench)


@pytest.fixture
def new_day(site_home, tmp_path_factory):
    """Makes days of their own (for examples of hypothesis)."""
    benches = []

    def make():
        benches.append(centre.Bench(site_home, f"sqlite:///{tmp_path_factory.mktemp('v') / 'c.db'}"))
        return Day(benches[-1])

    yield make
    for one in benches:
        one.engine.dispose()
