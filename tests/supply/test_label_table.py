"""What a cabinet is told of packages on their way; nothing but the verified scan at it changes what it holds."""

import pytest
from fakes import UTC, ready

from firmware import codes
from firmware.cradle.addresses import base62, from_base62
from firmware.journal import kinds
from firmware.journal.entry import F_AFTER, F_BEFORE, F_CHANGE, F_EXT, F_ITEM, F_KIND, F_PLACE
from firmware.wire import messages
from server_stub.fold import rebuild
from server_stub.ledger import schema as ledger
from server_stub.site import config
from server_stub.supply import label_table, life, schema
from server_stub.supply.orders import PUT_AWAY
from tests.stock.stock_site import DAY_MS, HOUR_MS, Cabinet
from tests.supply.packages import MINUTE_MS, Pharmacy, until


@pytest.fixture
def pharmacy(quick):
    return Pharmacy(quick, Cabinet(quick))


@pytest.mark.req("P35", "P38", "P39")
def test_the_table_follows_a_packages_life(bench):
    pharmacy = Pharmacy(bench, Cabinet(bench))
    picked = pharmacy.picked("AA01")
    assert pharmacy.table() == {from_base62("AA01"): [from_base62("AA01"), "ACET", 6, 1, until(picked)]}
    assert any(m.topic.endswith("ICU1/down/reference") for m in bench.sent)
    pharmacy.checked("AA01", 1, quantity=5, new="BB01")
    rows = pharmacy.table()
    assert [rows[from_base62(label)][2:4] for label in ("AA01", "BB01")] == [[6, 3], [5, 1]]
    pharmacy.delivered("BB01", picked, quantity=5)
    other = pharmacy.picked("AA02")
    pharmacy.checked("AA02", 7)
    rows = pharmacy.table()
    assert [rows[from_base62(label)][3] for label in ("AA01", "BB01", "AA02")] == [3, 4, 2]
    assert other and bench.rows(schema.pick_labels)
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after


@pytest.mark.req("A20.d", "P44")
def test_counts_change_and_orders_close_by_the_scan_at_the_cabinet_alone(bench):
    pharmacy = Pharmacy(bench, Cabinet(bench))
    (order,) = [row for row in bench.rows(schema.restock_orders) if row.item == "ACET"]
    held = [(row.place, row.quantity) for row in bench.rows(ledger.inventory)]
    first = pharmacy.picked("AA01", 10)
    pharmacy.checked("AA01", quantity=10)
    assert [(row.place, row.quantity) for row in bench.rows(ledger.inventory)] == held
    assert next(row for row in bench.rows(schema.restock_orders) if row.number == order.number).put_away == 0
    pharmacy.delivered("AA01", first, "D01-P01", 10)
    second = pharmacy.picked("AA02", 10)
    pharmacy.delivered("AA02", second, "D01-P02", 10)
    now = {row.place: row.quantity for row in bench.rows(ledger.inventory)}
    assert (now["D01-P01"], now["D01-P02"]) == (10, 10)
    closed = next(row for row in bench.rows(schema.restock_orders) if row.number == order.number)
    assert (closed.put_away, closed.reason) == (20, PUT_AWAY)


@pytest.mark.req("P35", "P42")
def test_a_package_picked_to_load_says_so_and_so_does_its_corrected_label(pharmacy):
    pharmacy.picked("AA01", purpose="L")
    assert pharmacy.table()[from_base62("AA01")][3] == 5
    pharmacy.checked("AA01", 1, quantity=5, new="BB01")
    rows = pharmacy.table()
    assert [rows[from_base62(label)][2:4] for label in ("AA01", "BB01")] == [[6, 3], [5, 5]]


def test_a_number_that_is_open_twice_goes_nowhere(pharmacy):
    pharmacy.picked("AA01")
    pharmacy.bench.clock.advance(pharmacy.bench.clock.utc_ms() + HOUR_MS)
    second = pharmacy.picked("AA01", 2)
    assert pharmacy.table() == {from_base62("AA01"): [from_base62("AA01"), "ACET", 2, 2, until(second)]}
    # an hour earlier the first had been delivered: only its record was late
    pharmacy.delivered("AA01", second - HOUR_MS)
    row = pharmacy.table()[from_base62("AA01")]
    assert row[3] == 2, "delivered after the second was picked, under the first one's label"


@pytest.mark.req("P55")
def test_a_serial_that_comes_round_is_another_label(pharmacy):
    first = pharmacy.picked("AA01")
    pharmacy.delivered("AA01", first)
    pharmacy.bench.clock.advance(pharmacy.bench.clock.utc_ms() + 10 * DAY_MS)
    second = pharmacy.picked("AA01", 3)
    assert pharmacy.table() == {from_base62("AA01"): [from_base62("AA01"), "ACET", 3, 1, until(second)]}


def test_only_items_of_the_cabinet_are_named(pharmacy):
    pharmacy.picked("AA01", item="NOWHERE")
    assert pharmacy.table() == {}
    pharmacy.bench.ask("reference", station="ICU1", table="items", rows=[["NOWHERE", 0, 1, 0]], mode="delta")
    assert set(pharmacy.table()) == {from_base62("AA01")}


def test_open_ones_come_first_and_too_many_are_told(pharmacy):
    now, made = pharmacy.bench.clock.utc_ms(), []
    for index in range(label_table.LIMIT + 1):
        made.append("C" + base62(index, 3))
        pharmacy._add(kinds.PICKED, (made[-1], now + index, "ICU1", 1, "R", "CC"), "PT001", "ACET")
        if index % 60 == 0:
            pharmacy.send()
    pharmacy.send()
    full = lambda: [row.station for row in pharmacy.bench.rows(ledger.alarms) if row.code == codes.LABELS_FULL]  # noqa: E731
    assert set(pharmacy.table()) == {from_base62(label) for label in made[1:]} and full() == ["ICU1"]
    pharmacy.checked(made[-1], 7, at=now + HOUR_MS)
    assert set(pharmacy.table()) == {from_base62(label) for label in made[:-1]} and full() == []


@pytest.mark.parametrize("hours", [24, 72])
def test_how_long_a_label_is_good_is_the_sites_setting(quick, hours, monkeypatch):
    site = quick.register.config
    changed = site.model_copy(update={"picking": config.Picking(stale_hours=hours)})
    monkeypatch.setattr(quick.register, "config", changed)
    quick.restart()
    pharmacy = Pharmacy(quick, Cabinet(quick))
    at = pharmacy.picked("AA01")
    assert pharmacy.table()[from_base62("AA01")][4] == at // MINUTE_MS + hours * 60
    # a pick keeps what it was given
    monkeypatch.setattr(quick.register, "config", site)
    quick.restart()
    pharmacy.checked("AA01")
    assert pharmacy.table()[from_base62("AA01")][4] == at // MINUTE_MS + hours * 60
    with quick.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after


@pytest.mark.req("A20.d", "P42", "P44")
def test_a_package_goes_from_the_pick_to_the_pocket_and_back_into_the_ledger(quick):
    """The rows that the centre issues are the firmware's; what the firmware journals is the centre's delivery."""
    cabinet = ready()
    ward = Cabinet(quick, [["D03-P01", 3, 1, "saline", 4, 12, 12]], [["saline", 0, 1, 0]])
    quick.clock.advance(UTC)
    pharmacy = Pharmacy(quick, ward)
    pharmacy.picked("AB0z", item="saline")
    pharmacy.checked("AB0z", item="saline")
    assert cabinet.reference("labels", 1, list(pharmacy.table().values())) == codes.NONE
    start = cabinet.journal.seq
    assert cabinet.ask(messages.REFILL, "saline", 6, None, None, None, from_base62("AB0z"), 1)[0] == codes.NONE
    cabinet.pull(3)
    assert cabinet.confirm(6, None, "D03-P01")[0] == codes.NONE
    for told in cabinet.entries(start):
        if told[F_KIND] in (kinds.DELIVERED, kinds.REFILL):
            stock = (told[F_BEFORE], told[F_AFTER]) if told[F_KIND] == kinds.REFILL else None
            where = {"item": told[F_ITEM], "place": told[F_PLACE], "change": told[F_CHANGE], "stock": stock}
            ward.append(told[F_KIND], told[F_EXT], **where)
    ward.send()
    (package,) = quick.rows(schema.pick_labels)
    assert (package.state, package.delivered) == (life.DELIVERED, 6)
    assert [fact.finding for fact in quick.rows(schema.label_facts)] == [life.NONE] * 3
    assert [(row.place, row.quantity) for row in quick.rows(ledger.inventory)] == [("D03-P01", 6)]
    assert pharmacy.table()[from_base62("AB0z")][3] == 4
