"""What people of each role see and do on pages, over a centre that runs."""

from types import SimpleNamespace

import pytest

from firmware.journal import kinds
from server_stub.console.accounts import Accounts
from server_stub.console.pages import alerts, expiry
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


def held(client):
    return [(h["item"], h["held"], h["floor"], h["person"]) for h in client.get("/api/v1/par/holds").json()]


@pytest.mark.req("A1.g")
@pytest.mark.usefixtures("centre_runs")
def test_a_pharmacist_holds_levels_on_the_items_page_and_a_technician_only_sees_it(client, ward, at):
    where, form = "/items/MORP?station=ICU1", "/items/MORP/ICU1/hold"
    at("technician")
    assert "Least min" not in client.get(where).text
    values = {"held": "yes", "floor": "3", "reason": "shortage"}
    assert client.post(form, data=values).status_code == 403
    client.post("/sign-out")
    name = at("pharmacist")
    assert "Least min" in client.get(where).text
    for bad in ({"floor": "-1"}, {"floor": "9" * 7}, {"floor": ""}, {"reason": " "}):
        assert client.post(form, data={**values, **bad}).status_code == 409
    assert client.post("/items/NONE/ICU1/hold", data=values).status_code == 409
    assert held(client) == []
    answer = client.post(form, data=values)
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    page = client.get(where).text
    assert "Levels stay as they are, min at least 3. shortage" in page and name in page
    assert held(client) == [("MORP", True, 3000, name)]
    client.post(form, data={"held": "", "floor": "0", "reason": "over"})
    assert held(client) == [("MORP", False, 0, name)]


@pytest.mark.req("A1.g")
@pytest.mark.usefixtures("centre_runs")
def test_a_hold_by_the_api_is_for_pharmacists_and_never_from_pages_of_others(client, ward, at, people):
    wanted = {"station": "ICU1", "item": "ACET", "held": True, "reason": "shortage"}
    technician, pharmacist = ({"authorization": f"Bearer {people[r]}"} for r in ("technician", "pharmacist"))

    def post(headers, **more):
        return client.post("/api/v1/par/holds", json={**wanted, **more}, headers=headers).status_code

    assert post(technician) == 403
    name = at("pharmacist")
    assert post({"origin": "https://evil.example"}) == 401
    assert "ACET" not in [row[0] for row in held(client)]
    assert post({}) == 204
    assert held(client)[0] == ("ACET", True, 0, name)
    assert post(pharmacist, held=False, floor=7) == 204
    assert held(client)[0] == ("ACET", False, 7, "pharmacist.p")
    assert (post(pharmacist, item="NONE"), post(pharmacist, station="NONE")) == (409, 404)
    assert (post(pharmacist, floor=-1), post(pharmacist, held=1), post(pharmacist, more=1)) == (422, 422, 422)


@pytest.mark.req("P25", "F27")
def test_a_recall_that_shows_only_some_of_the_removals_says_so(client, ward, at, monkeypatch):
    monkeypatch.setattr(expiry, "MOST", 2)
    ward.cabinet.move(kinds.REFILL, "D02-P01", 4, (0, "RECALLED", 30_000_000, None, None))
    ward.cabinet.send()
    at("pharmacist")
    for taken in (1, 2, 3):
        ward.cabinet.use("D02-P01", 1)
        page = client.get("/expiry", params={"lot": "RECALLED"}).text
        assert ("There are more. 2 are shown" in page) is (taken > 2)
    assert len(client.get("/api/v1/recall", params={"lot": "RECALLED"}).json()["removals"]) == 3


@pytest.mark.req("A4.c")
@pytest.mark.usefixtures("centre_runs")
def test_a_list_that_shows_only_some_says_so(client, ward, at, monkeypatch):
    seqs = [undocumented_removal(ward) for _ in range(2)]
    at("pharmacist")
    page = client.get("/alerts?show=undocumented").text
    assert all(f"/alerts/ICU1/1/{seq}" in page for seq in seqs) and 'data-testid="more"' not in page
    monkeypatch.setattr(alerts, "MOST", 1)
    page = client.get("/alerts?show=undocumented").text
    assert [f"/alerts/ICU1/1/{seq}" in page for seq in seqs] == [False, True]
    assert "There are more. The first 1 are shown" in page
