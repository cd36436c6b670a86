"""What people of each role see and do on pages, over a centre that runs."""

from types import SimpleNamespace

import pytest

from firmware.journal import kinds
from server_stub.console.accounts import Accounts
from server_stub.site.config import database_url, read
from tests.centre.conftest import Bench
from tests.console.hospital import NAMES, adt, order, taking_requests
from tests.console.visitor import sign_in
from tests.stock.stock_site import HOUR_MS, Cabinet


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


@pytest.fixture
def centre_runs(ward, web_home):
    """Forms do something: the intake socket is served."""
    with taking_requests(web_home, lambda request: ward.bench.ask(request["do"], **request["args"])):
        yield


def undocumented_removal(ward):
    """One that was ordered and that nobody charted in time; gives its seq."""
    cabinet = ward.cabinet
    events = [adt("A01", 0, cabinet.now, "P1"), order(cabinet.now, "P1", "ACET")]
    assert ward.bench.ask("hospital_events", events=events, key="")["refused"] == []
    cabinet.to(cabinet.now + HOUR_MS)
    stock = (cabinet.held["D01-P01"], cabinet.held["D01-P01"] - 1)
    cabinet.held["D01-P01"] = stock[1]
    seq = cabinet.append(
        kinds.REMOVE, (0, None, None, None, None), patient="P1", item="ACET", place="D01-P01", stock=stock
    )
    cabinet.send()
    cabinet.to(cabinet.now + 2 * HOUR_MS)
    return seq


@pytest.mark.req("A4.c")
@pytest.mark.usefixtures("centre_runs")
def test_a_pharmacist_closes_what_was_never_charted_and_home_asks_no_more(client, ward, at):
    seq = undocumented_removal(ward)
    at("auditor")
    assert "Close as undocumented" not in client.get(f"/alerts/ICU1/1/{seq}").text
    about = {"station": "ICU1", "log": 1, "seq": seq, "facet": 2, "note": "told the ward"}
    assert client.post("/alerts/clear", data=about).status_code == 403
    client.post("/sign-out")
    at("pharmacist")
    assert "point-undocumented" in client.get("/").text
    assert f"/alerts/ICU1/1/{seq}" in client.get("/alerts?show=undocumented").text
    assert "Close as undocumented" in client.get(f"/alerts/ICU1/1/{seq}").text
    assert client.post("/alerts/clear", data={**about, "facet": "x"}).status_code == 409
    assert client.post("/alerts/clear", data=about).status_code == 303
    assert "it stays undocumented" in client.get("/alerts").text
    assert "point-undocumented" not in client.get("/").text
    assert f"/alerts/ICU1/1/{seq}" not in client.get("/alerts?show=undocumented").text
    assert f"/alerts/ICU1/1/{seq}" in client.get("/alerts?show=closed").text
    assert client.post("/alerts/clear", data=about).status_code == 409
