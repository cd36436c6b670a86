"""Every documented call answers as documented, whatever it is asked."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware import codes
from server_stub.console.problems import MEDIA

TEXT = st.one_of(
    st.sampled_from(
        ["ICU1", "ED1", "open", "verified", "1", "0", "-1", "true", "1001", "9" * 30, "'; --", "\x00", "é"]
    ),
    st.text(max_size=40),
)
PICKING = {
    f"/api/v1/picking/{name}"
    for name in (
        *("not-checked-not-delivered", "checked-not-delivered", "not-checked-delivered"),
        *("errors-caught", "checking-detail", "findings"),
    )
}
ROLES = ("pharmacist", "technician", "auditor", "biomed", "administrator")


@pytest.fixture(scope="module")
def api(app):
    return app.openapi()


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def gets(api):
    return {path: methods["get"] for path, methods in api["paths"].items() if "get" in methods}


def test_the_description_names_all_that_the_console_shows(api):
    assert set(api["paths"]) == {
        "/api/v1/stations",
        "/api/v1/sync",
        "/api/v1/tree",
        "/api/v1/tree/checkpoint",
        "/api/v1/tree/tile/{level}/{path}",
        "/api/v1/alarms",
        "/api/v1/stations/{station}/inventory",
        "/api/v1/alerts",
        "/api/v1/verdicts",
        "/api/v1/verdicts/counts",
        "/api/v1/par",
        "/api/v1/par/commands",
        "/api/v1/par/holds",
        "/api/v1/restock-orders",
        "/api/v1/pick-list",
        "/api/v1/discrepancies",
        "/api/v1/packets",
        "/api/v1/overrides",
        "/api/v1/open-wastes",
        "/api/v1/expiring",
        "/api/v1/recall",
        "/api/v1/return-bins",
        "/api/v1/conditions",
        "/api/v1/temporary-users",
        "/api/v1/provisional-patients",
        "/api/v1/stations/{station}/critical-override",
        "/api/v1/stations/{station}/release-quarantine",
        "/api/v1/stations/{station}/merge-provisional",
        "/api/v1/hospital-events",
        "/api/v1/pharmacy/snapshot",
        *PICKING,
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_get_answers_as_documented(client, api, people, data):
    calls = gets(api)
    path = data.draw(st.sampled_from(sorted(calls)))
    role = data.draw(st.sampled_from([*ROLES, "nobody"]))
    values = {p["name"]: data.draw(TEXT, p["name"]) for p in calls[path].get("parameters", []) if p["in"] != "cookie"}
    chosen = {name: value for name, value in values.items() if data.draw(st.booleans())}
    where = path
    for name in ("station",):
        if "{" + name + "}" in path:
            where = path.replace("{station}", _quoted(chosen.pop(name, "ICU1")))
    answer = client.get(where, params=chosen, headers=bearer(people.get(role, "no token of ours")))
    documented = {int(status) for status in calls[path]["responses"]}
    if where == path or "%2F" not in where:
        assert answer.status_code in documented, answer.text
    assert answer.status_code < 500
    if answer.status_code != 200:
        assert answer.headers["content-type"] == MEDIA
        assert answer.json()["code"] >= 5000 and answer.json()["message"]


def _quoted(text):
    from urllib.parse import quote

    return quote(text, safe="") or "ICU1"


def test_who_may_call_what(client, api, people):
    # what there is of the tree everybody sees who sees stations
    asked = {path for path in gets(api) if not path.startswith("/api/v1/tree")}
    may = {role: {path for path in asked if _status(client, path, people[role]) == 200} for role in ROLES}
    stock = {
        "/api/v1/stations/{station}/inventory",
        "/api/v1/par",
        "/api/v1/par/commands",
        "/api/v1/par/holds",
        "/api/v1/restock-orders",
        "/api/v1/pick-list",
        "/api/v1/expiring",
        "/api/v1/recall",
        "/api/v1/return-bins",
    }
    stations = {"/api/v1/stations", "/api/v1/sync", "/api/v1/alarms"}
    stations |= {"/api/v1/conditions", "/api/v1/temporary-users"}
    assert may["pharmacist"] == may["auditor"] == asked - {"/api/v1/pharmacy/snapshot"}
    assert may["technician"] == stations | stock | PICKING | {"/api/v1/discrepancies"}
    assert may["biomed"] == may["administrator"] == stations


def _status(client, path, token):
    where, asked = path.replace("{station}", "ICU1"), {"station": "ICU1", "lot": "L1"}
    return client.get(where, params=asked, headers=bearer(token)).status_code


@pytest.mark.req("F4")
@pytest.mark.parametrize(
    ("what", "wanted"),
    [
        ("critical-override", {"hours": 2, "reason": "mass casualty"}),
        ("release-quarantine", {"drawer": 5, "reason": "stability data seen"}),
        ("merge-provisional", {"patient": "TEMP1", "into": "P1"}),
    ],
)
def test_only_a_pharmacist_orders_and_only_what_can_be(client, people, what, wanted):
    path = f"/api/v1/stations/ICU1/{what}"
    for role in ROLES:
        answer = client.post(path, json=wanted, headers=bearer(people[role]))
        code = codes.INTAKE_AWAY if role == "pharmacist" else codes.NOT_PERMITTED
        assert answer.json()["code"] == code, role
    pharmacist = bearer(people["pharmacist"])
    unknown = client.post(path.replace("ICU1", "NONE"), json=wanted, headers=pharmacist)
    assert (unknown.status_code, unknown.json()["code"]) == (404, codes.UNKNOWN_STATION)
    first = next(iter(wanted))
    wrong = client.post(path, json={**wanted, first: [] if first == "patient" else 99}, headers=pharmacist)
    assert (wrong.status_code, wrong.json()["code"]) == (422, codes.BAD_PARAMETER)


def test_without_a_right_nothing_is_told(client, people):
    for headers, status, code in (
        ({}, 401, codes.NOT_AUTHORISED),
        (bearer("x" * 43), 401, codes.NOT_AUTHORISED),
        ({"authorization": "Basic eDp5"}, 401, codes.NOT_AUTHORISED),
        (bearer(people["biomed"]), 403, codes.NOT_PERMITTED),
    ):
        answer = client.get("/api/v1/alerts", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    unknown = client.get("/api/v1/par", params={"station": "NONE"}, headers=bearer(people["auditor"]))
    assert (unknown.status_code, unknown.json()["code"]) == (404, codes.UNKNOWN_STATION)


def test_hospital_events_are_for_the_hospitals_token(client, people, web_home):
    assert client.post("/api/v1/hospital-events", headers=bearer(people["pharmacist"])).status_code == 403
    own = (web_home.keys / "hospital.token").read_text()
    away = client.post("/api/v1/hospital-events", headers=bearer(own), content="")
    assert (away.status_code, away.json()["code"]) == (503, codes.INTAKE_AWAY)
    assert away.headers["retry-after"]
    assert client.get("/api/v1/alerts", headers=bearer(own)).status_code == 403


def test_the_documentation_needs_nothing_from_elsewhere(client, api):
    page = client.get("/api/docs").text
    assert all(path in page for path in api["paths"])
    assert "<td>floor</td><td>body</td>" in page
    assert "http://" not in page and "https://" not in page and "<script" not in page
