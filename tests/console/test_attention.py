"""What Home asks people to do is what can still be done."""

from firmware import codes
from server_stub.console import attention
from server_stub.stock import schema
from tests.centre.conftest import quick, site_home  # noqa: F401 - fixtures
from tests.stock.stock_site import Cabinet


def asked(bench, name):
    return next((p.number for p in attention.points(bench.engine, []) if p.name == name), 0)


def test_a_refused_par_command_is_asked_about_until_a_later_one_wants_the_same_pockets(quick):  # noqa: F811
    cabinet = Cabinet(quick)
    for day in range(3):
        cabinet.day(day)
        for place in ("D01-P01", "D01-P02"):
            cabinet.refill(place, 10 - cabinet.held[place])
            cabinet.use(place, 10)
    number, _, body, _ = cabinet.commands()[-1]
    assert asked(quick, "par-refused") == 0
    cabinet.answer(number, body, codes.PAR_OUT_OF_BOUNDS)
    assert asked(quick, "par-refused") == 1
    cabinet.day(3)
    cabinet.take()
    later = {row.place for row in cabinet.rows(schema.par_levels) if row.number > number}
    assert later >= set(body[::3])
    assert [row.number for row in cabinet.rows(schema.commands) if row.state == schema.REFUSED] == [number]
    assert asked(quick, "par-refused") == 0
