"""What passes the gate, and what the forms do."""

import re

import pytest

from server_stub.console.accounts import Account, Accounts
from server_stub.console.actions import _local
from server_stub.console.door import Visitor
from server_stub.console.gate import COOKIE, Ask, decide
from server_stub.console.sessions import Session
from tests.console.visitor import sign_in

HOST = "localhost"
BASE = "https://localhost"


def visitor(must_change=False):
    return Visitor(Account("anna", "pharmacist", must_change, True, 1), Session("anna", 1, 0, 0))


def ask(method="GET", path="/", query="", host=HOST, origin="", who=None):
    return decide(Ask(method, path, query, host, origin, who))


def test_without_a_session_only_signing_in():
    assert ask() == (303, "/sign-in")
    assert ask(path="/alerts", query="show=late") == (303, "/sign-in?next=%2Falerts%3Fshow%3Dlate")
    assert ask(path="/sign-in") == (0, "")
    assert ask(path="/_nicegui/3/static/x.js") == (0, "")
    assert ask("WEBSOCKET", "/_nicegui_ws/socket.io/", origin=BASE)[0] == 401
    assert ask(path="/_nicegui_ws/socket.io/")[0] == 401
    assert ask("POST", "/packets/make", origin=BASE)[0] == 401


@pytest.mark.parametrize("origin", ["", "https://evil.example", "null", "https://localhost.evil.example", "https://["])
@pytest.mark.parametrize("method", ["POST", "WEBSOCKET", "DELETE"])
def test_nothing_changes_from_pages_of_others(method, origin):
    assert ask(method, "/packets/make", origin=origin, who=visitor())[0] == 403
    assert ask(method, "/sign-in", origin=origin)[0] == 403
    assert ask(method, "/packets/make", origin=BASE, who=visitor()) == (0, "")


def test_foreign_names_of_this_computer_are_refused():
    assert ask(host="evil.example", who=visitor())[0] == 421
    assert ask(host="127.0.0.1:8443", who=visitor()) == (0, "")


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        *(
            ("centre.example.org", True),
            ("centre.example.org:8443", True),
            ("localhost:8443", True),
            ("127.0.0.1", True),
        ),
        *(("example.org", False), ("xcentre.example.org", False), ("10.1.2.3", False), ("", False), ("[::1]", False)),
    ],
)
def test_the_name_under_which_others_reach_it_is_its_own_and_no_further_one(name, passes):
    status, _ = decide(Ask("GET", "/alerts", "", name, "", visitor()), "centre.example.org")
    assert status == (0 if passes else 421)


def test_the_one_time_password_comes_first():
    assert ask(path="/packets", who=visitor(must_change=True)) == (303, "/password")
    assert ask(path="/password", who=visitor(must_change=True)) == (0, "")


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example", "/\\evil.example", "", "x", "/a\r\nb"])
def test_after_signing_in_only_own_pages(there):
    assert _local(there) == "/"
    assert _local("/alerts?show=late") == "/alerts?show=late"


def post(client, path, **values):
    return client.post(path, data=values)


@pytest.fixture
def accounts(web_home):
    return Accounts(web_home.accounts)


def test_two_different_new_passwords_change_nothing(client, accounts):
    name = f"t{len(accounts.all())}"
    once = accounts.add(name, "biomed", "test")
    post(client, "/sign-in", name=name, password=once)
    assert post(client, "/password", old=once, new="a" * 6 + "bcdefgh", again="other").status_code == 422
    assert accounts.check(name, once).must_change


def test_what_protects_the_console_does_not_keep_a_browser_from_the_kiosk_on_the_same_computer(client):
    for path in ("/sign-in", "/alerts", "/api/v1/stations", "/_nicegui/none"):
        headers = client.get(path).headers
        assert headers["x-frame-options"] == "DENY" and headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in headers, "it would hold for plain http://localhost:KIOSK too"


def test_the_cookie_is_of_no_use_elsewhere(client, accounts):
    once = accounts.add(f"c{len(accounts.all())}", "biomed", "test")
    answer = post(client, "/sign-in", name=accounts.all()[0].name, password="no")
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    name = next(a.name for a in accounts.all() if accounts.check(a.name, once))
    cookie = post(client, "/sign-in", name=name, password=once).headers["set-cookie"]
    for part in (f"{COOKIE}=", "HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_an_administrator_manages_accounts_and_others_may_not(client, accounts):
    ada = sign_in(client, accounts, "administrator")
    name = f"new{len(accounts.all())}"
    assert post(client, "/accounts/add", name=name, role="auditor").status_code == 303
    page = client.get("/accounts").text
    once = re.search(rf"One-time password of {name}: ([a-z0-9-]+)", page)[1]
    assert accounts.check(name, once).role == "auditor"
    assert once not in client.get("/accounts").text
    assert post(client, "/accounts/role", name=name, role="biomed").status_code == 303
    assert post(client, "/accounts/enable", name=name, enabled="").status_code == 303
    assert (accounts.get(name).role, accounts.get(name).enabled) == ("biomed", False)
    for path, values in (("enable", {"enabled": ""}), ("role", {"role": "pharmacist"})):
        assert post(client, f"/accounts/{path}", name=ada, **values).status_code == 409
    assert post(client, "/accounts/add", name=name, role="auditor").status_code == 409
    assert client.get("/alerts").status_code == 403
    post(client, "/sign-out")
    assert client.get("/accounts").headers["location"].startswith("/sign-in")
    sign_in(client, accounts, "pharmacist")
    assert client.get("/accounts").status_code == 403
    assert post(client, "/accounts/add", name="mallory", role="administrator").status_code == 403
    assert accounts.get("mallory") is None


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (
            "pharmacist",
            {
                *("/", "/stations", "/sync", "/stock", "/restock", "/expiry", "/alerts", "/overrides", "/wastes"),
                *("/discrepancies", "/packets"),
            },
        ),
        ("technician", {"/", "/stations", "/sync", "/stock", "/restock", "/expiry", "/discrepancies"}),
        ("biomed", {"/", "/stations", "/sync"}),
        ("administrator", {"/", "/stations", "/sync", "/accounts"}),
    ],
)
def test_each_role_sees_its_pages_and_only_those(client, accounts, role, shown):
    sign_in(client, accounts, role)
    pages = (
        *("/", "/stations", "/sync", "/stock", "/restock", "/expiry", "/alerts", "/overrides", "/wastes"),
        *("/discrepancies", "/packets", "/accounts"),
    )
    assert {path for path in pages if client.get(path).status_code == 200} == shown
    assert {path for path in pages if client.get(path).status_code == 403} == set(pages) - shown
    home = client.get("/").text
    assert {path for path in pages if f'href=\\"{path}\\"' in home or f'href="{path}"' in home} >= shown
