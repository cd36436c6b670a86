"""Pages read the database a fixed number of times, however many stations there are."""

import pytest
from sqlalchemy import event

from server_stub.console import queries
from server_stub.site.config import read
from server_stub.stock.queries import stock_and_par
from tests.centre.conftest import quick, site_home  # noqa: F401 - fixtures


@pytest.fixture
def counted(quick):  # noqa: F811
    """Counts the statements of a call."""
    seen = []
    event.listen(quick.engine, "before_cursor_execute", lambda _c, _u, statement, *_: seen.append(statement))

    def count(call):
        seen.clear()
        call()
        return len(seen)

    return count


def test_more_stations_are_no_more_queries(quick, counted):  # noqa: F811
    few = read(quick.home).station
    many = [*few, *(few[0].model_copy(update={"id": f"N{n}"}) for n in range(5))]
    for call in (queries.stations, lambda engine, rows: stock_and_par(engine, [s.id for s in rows])):
        assert 0 < counted(lambda: call(quick.engine, many)) == counted(lambda: call(quick.engine, few))  # noqa: B023
    assert [row.station for row in queries.stations(quick.engine, many)] == [s.id for s in many]
