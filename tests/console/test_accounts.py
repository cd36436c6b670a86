"""Accounts and who is let in."""

import sqlite3
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from server_stub.console import passwords
from server_stub.console.accounts import Accounts, BadAccount
from server_stub.console.door import BLOCKED, REFUSED, Door, Visitor
from server_stub.console.roles import ROLES, Right
from server_stub.console.sessions import ABSOLUTE_S, BLOCKED_S, IDLE_S, MOST_FAILURES, Sessions
from server_stub.ledger.actors import RESERVED
from tests.console.visitor import PASSWORD, add_account


@pytest.fixture
def door(accounts, now):
    return Door(accounts, now)


@pytest.fixture
def anna(door):
    once = door.accounts.add("anna", "pharmacist", "shell:test")
    token, _ = door.sign_in("anna", once)
    return door.change_password(door.visitor(token), once, PASSWORD)


def said(accounts):
    return [(n.actor, n.what, n.about) for n in accounts.notes(1000)]


def test_there_is_no_default_account_and_no_secret_in_the_clear(accounts, tmp_path):
    assert accounts.all() == []
    once = accounts.add("anna", "pharmacist", "shell:test")
    accounts.choose_password("anna", once, PASSWORD)
    token = accounts.token("anna", "shell:test")
    path = tmp_path / "accounts.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(path) as conn:
        everything = "\n".join(conn.iterdump())
    assert not any(secret in everything for secret in (once, PASSWORD, token)) and "$argon2id$" in everything
    assert said(accounts) == [
        ("shell:test", "account added as pharmacist", "anna"),
        ("anna", "password changed", "anna"),
        ("shell:test", "token made", "anna"),
    ]


def test_a_one_time_password_gives_no_right_until_it_is_changed(door):
    once = door.accounts.add("anna", "pharmacist", "shell:test")
    first, _ = door.sign_in(" Anna", once)
    visitor = door.visitor(first)
    assert visitor.account.must_change and not any(visitor.may(right) for right in Right)
    with pytest.raises(passwords.BadPassword, match="at least 12"):
        door.change_password(visitor, once, "short")
    with pytest.raises(passwords.BadPassword, match="another"):
        door.change_password(visitor, once, once)
    with pytest.raises(passwords.BadPassword, match="name"):
        door.change_password(visitor, once, "ANNA is my name")
    assert door.change_password(visitor, "wrong", PASSWORD) == ""
    second = door.change_password(visitor, once, PASSWORD)
    assert door.visitor(first) is None
    assert door.visitor(second).may(Right.RESOLVE)
    assert door.sign_in("anna", once) == ("", REFUSED)


@pytest.mark.parametrize("change", ["disable", "reset", "role"])
def test_a_change_of_the_account_ends_its_sessions(door, anna, change):
    do = {
        "disable": lambda: door.accounts.enable("anna", False, "x"),
        "reset": lambda: door.accounts.reset("anna", "x"),
        "role": lambda: door.accounts.change_role("anna", "auditor", "x"),
    }
    assert door.visitor(anna)
    do[change]()
    assert door.visitor(anna) is None
    assert (door.sign_in("anna", PASSWORD)[0] != "") == (change == "role")


def test_disabling_takes_tokens_away_for_good(accounts):
    add_account(accounts, "feeder", "technician")
    token = accounts.token("feeder", "x")
    assert accounts.of_token(token).role == "technician"
    accounts.enable("feeder", False, "x")
    accounts.enable("feeder", True, "x")
    assert accounts.of_token(token) is None


def test_a_token_has_no_rights_while_the_password_is_a_one_time_password(door, tmp_path):
    once = door.accounts.add("feeder", "technician", "x")
    with pytest.raises(BadAccount, match="has a one-time password"):
        door.accounts.token("feeder", "x")
    door.accounts.choose_password("feeder", once, PASSWORD)
    token = door.accounts.token("feeder", "x")
    assert door.program(token).may(Right.STOCK)
    with closing(sqlite3.connect(tmp_path / "accounts.db")) as conn, conn:
        conn.execute("UPDATE accounts SET must_change = 1")
    assert door.program(token) is None
    assert not any(Visitor(door.accounts.get("feeder")).may(right) for right in Right)


def test_a_new_password_takes_tokens_away(door, anna):
    token = door.accounts.token("anna", "x")
    assert door.program(token).name == "anna"
    assert door.change_password(door.visitor(anna), "wrong", PASSWORD + "!") == ""
    assert door.program(token), "nothing was changed"
    assert door.change_password(door.visitor(anna), PASSWORD, PASSWORD + "!")
    assert door.program(token) is None


def test_five_failures_close_a_name_for_five_minutes_known_or_not(door, anna, now):
    for name in ("anna", "nobody"):
        answers = [door.sign_in(name, "wrong")[1] for _ in range(MOST_FAILURES + 1)]
        assert answers == [REFUSED] * MOST_FAILURES + [BLOCKED]
    assert door.sign_in("anna", PASSWORD) == ("", BLOCKED)
    now.s += BLOCKED_S - 1
    assert door.sign_in("anna", PASSWORD) == ("", BLOCKED)
    now.s += 1
    assert door.sign_in("anna", PASSWORD)[1] == ""


def test_tries_at_once_are_counted_like_tries_one_by_one(door, anna):
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda n: door.sign_in("anna", f"wrong {n}")[1], range(40)))
    assert (answers.count(REFUSED), answers.count(BLOCKED)) == (MOST_FAILURES, 40 - MOST_FAILURES)
    visitor = door.visitor(anna)
    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(lambda _: door.change_password(visitor, PASSWORD, PASSWORD + "!"), range(3))) == {""}
    assert said(door.accounts).count(("console", "sign-in refused", "anna")) == MOST_FAILURES


def test_sessions_opened_and_ended_at_once_are_all_kept_and_all_ended(now):
    switch_s = sys.getswitchinterval()
    sessions = Sessions(now)
    try:
        sys.setswitchinterval(1e-6)
        with ThreadPoolExecutor(8) as pool:
            kept = list(pool.map(lambda _: sessions.open("anna", 1), range(400)))
            for _ in pool.map(lambda n: (sessions.end(kept[n]), sessions.open("ben", 1)), range(200)):
                pass
    finally:
        sys.setswitchinterval(switch_s)
    assert len(set(kept)) == 400
    assert [sessions.find(token, use=False) is None for token in kept] == [True] * 200 + [False] * 200


def test_what_is_typed_for_an_unknown_name_is_not_kept(door):
    door.sign_in("hunter2-my-password", "x")
    assert said(door.accounts) == [("console", "sign-in refused", "a name that is not known")]


def test_sessions_end_when_idle_when_old_and_on_sign_out(door, anna, now):
    now.s += IDLE_S - 1
    assert door.visitor(anna, use=False)
    now.s += 1
    assert door.visitor(anna) is None
    token, _ = door.sign_in("anna", PASSWORD)
    for _ in range(int(ABSOLUTE_S / (IDLE_S - 1))):
        assert door.visitor(token)
        now.s += IDLE_S - 1
    now.s += IDLE_S - 1
    assert door.visitor(token) is None
    token, _ = door.sign_in("anna", PASSWORD)
    door.sign_out(token)
    assert door.visitor(token) is None
    assert said(door.accounts)[-1] == ("anna", "signed out", "console")


def test_names_and_roles_are_checked(accounts):
    for name in ("", "A", "a", "x" * 17, "anna b", "1anna", "anna\n"):
        with pytest.raises(BadAccount):
            accounts.add(name, "pharmacist", "x")
    for name in RESERVED:
        with pytest.raises(BadAccount, match="the system itself"):
            accounts.add(name, "pharmacist", "x")
    assert accounts.all() == []
    with pytest.raises(BadAccount, match="no role"):
        accounts.add("anna", "root", "x")
    with pytest.raises(BadAccount, match="no account"):
        accounts.reset("nobody", "x")
    accounts.add("anna", "auditor", "x")
    with pytest.raises(BadAccount, match="already"):
        accounts.add("anna", "auditor", "x")


@pytest.mark.req("A16.a")
def test_who_may_do_what():
    may = {right: {role for role, rights in ROLES.items() if right in rights} for right in Right}
    assert may[Right.MAKE_PACKETS] == {"pharmacist", "auditor"}
    assert may[Right.RESOLVE] == may[Right.CLEAR_ALERTS] == {"pharmacist"}
    assert may[Right.HOLD_PAR] == {"pharmacist"}
    assert may[Right.ACCOUNTS] == {"administrator"}
    assert may[Right.PATIENTS] == {"pharmacist", "auditor"}
    assert may[Right.SEND_EVENTS] == set()


def test_two_processes_see_the_same_accounts(accounts, tmp_path):
    other = Accounts(tmp_path / "accounts.db")
    accounts.add("anna", "auditor", "x")
    assert other.get("anna").enabled
    other.enable("anna", False, "y")
    assert not accounts.get("anna").enabled
