"""What people of each role see and do on pages, over a centre that runs."""

from types import SimpleNamespace

import pytest

from server_stub.console.accounts import Accounts
from server_stub.site.config import database_url, read
from tests.centre.conftest import Bench
from tests.console.hospital import NAMES
from tests.console.visitor import sign_in
from tests.stock.stock_site import Cabinet


@pytest.fixture(scope="module")
def ward(web_home):
    """The centre of the site that `web` shows, with a cabinet that has been used."""
    bench = Bench(web_home, database_url(web_home, read(web_home)))
    bench.ask("reference", station="ICU1", table="item_names", rows=NAMES)
    cabinet = Cabinet(bench)
    for place, quantity in (("D01-P01", 10), ("D01-P02", 10), ("D02-P01", 6000)):
        cabinet.refill(place, quantity)
    cabinet.use("D01-P01", 6)
    cabinet.use("D01-P02", 10)
    yield SimpleNamespace(bench=bench, cabinet=cabinet)
    bench.engine.dispose()


@pytest.fixture
def at(client, web_home):
    """Sign in with a new account of a role; gives its name."""
    return lambda role: sign_in(client, Accounts(web_home.accounts), role)


@pytest.mark.req("P13", "A1.f")
def test_a_technician_takes_a_pick_list_with_its_snapshot(client, ward, at):
    at("technician")
    found = client.get("/api/v1/pick-list", params={"station": "ICU1"}).json()
    assert found == ward.bench.ask("pick_list", station="ICU1")
    assert [(p["place"], p["quantity"]) for p in found["lines"][0]["pockets"]] == [("D01-P02", 10), ("D01-P01", 6)]
    page = client.get("/restock", params={"station": "ICU1"}).text
    for words in ("Pick list of ICU1", f"snapshot {found['snapshot']}", "Acetaminophen", "D01-P02", "window.print()"):
        assert words in page
    assert client.get("/restock", params={"station": "NONE"}).status_code == 404
    assert client.get("/api/v1/pick-list").status_code == 422
