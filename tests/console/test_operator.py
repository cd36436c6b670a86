"""What people do at the console is in the centre's log."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from firmware import codes
from firmware.journal import kinds
from server_stub.console import audit
from server_stub.integration import intake
from server_stub.ledger import schema, store
from tests.centre.conftest import quick, site_home  # noqa: F401 - fixtures
from tests.console.visitor import PASSWORD, add_account


def run(work):
    """The result of a coroutine, in a thread: a browser test before this one may have left its loop in the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def operator_entries(bench):
    with bench.engine.connect() as conn:
        return [
            (page.entry.actor, *page.entry.ext)
            for page in store.pages_in_order(conn)
            if page.entry.kind == kinds.OPERATOR
        ]


def entry(key, what="signed in"):
    return {"key": key, "actor": "anna", "what": what, "about": "console"}


@pytest.mark.req("A12.a")
def test_an_operator_entry_is_appended_once(quick):  # noqa: F811
    assert quick.ask("operator", entries=[entry("k" * 32), entry("l" * 32, "signed out")]) == {"appended": 2}
    assert quick.ask("operator", entries=[entry("k" * 32)]) == {"appended": 0}
    quick.restart()
    assert quick.ask("operator", entries=[entry("k" * 32)]) == {"appended": 0}
    assert operator_entries(quick) == [("anna", "signed in", "console"), ("anna", "signed out", "console")]


@pytest.mark.parametrize(
    "entries",
    [
        None,
        [{}],
        [{**entry("k" * 32), "actor": "x" * 17}],
        [{**entry("k" * 32), "actor": "centre"}],
        [{**entry("k" * 32), "kind": 1}],
        [entry("short")],
        [entry("k" * 32), {**entry("l" * 32, "documentation_minutes"), "about": "100000"}],
        [{**entry("k" * 32, "documentation_minutes"), "about": "abc"}],
        [{**entry("k" * 32, "par_hold"), "about": "no JSON"}],
        [{**entry("k" * 32, "clear_alert"), "about": "ICU1/1/1: fine"}],
    ],
)
def test_what_is_no_operator_entry_is_refused_and_nothing_kept(quick, entries):  # noqa: F811
    assert quick.ask("operator", entries=entries)["code"] == codes.MALFORMED_EVENT
    assert operator_entries(quick) == []


def test_notes_wait_while_the_centre_is_away_and_arrive_in_order_and_once(quick, accounts, tmp_path):  # noqa: F811
    socket = tmp_path / "intake.sock"
    accounts.add("anna", "pharmacist", "shell:root")
    accounts.note("anna", "signed in", "console")

    async def answer_lost_once(request):
        quick.ask(request["do"], **request["args"])
        return {"code": codes.BAD_BATCH, "message": "after the commit"}

    async def serving(handle):
        async with await intake.serve(socket, handle):
            return await audit.hand_over(accounts, socket)

    async def take(request):
        return quick.ask(request["do"], **request["args"])

    assert run(audit.hand_over(accounts, socket)) is False
    assert run(serving(answer_lost_once)) is False
    assert len(accounts.notes(10)) == 2
    assert run(serving(take)) is True
    assert accounts.notes(10) == []
    assert operator_entries(quick) == [
        ("shell:root", "account added as pharmacist", "anna"),
        ("anna", "signed in", "console"),
    ]


def test_no_secret_is_in_the_ledger(quick, accounts, tmp_path):  # noqa: F811
    add_account(accounts, "anna", "pharmacist")
    secrets = [PASSWORD, accounts.token("anna", "x"), accounts.reset("anna", "x")]
    entries = [{"key": n.key, "actor": n.actor, "what": n.what, "about": n.about} for n in accounts.notes(10)]
    quick.ask("operator", entries=entries)
    with quick.engine.connect() as conn:
        pages = b"".join(conn.scalars(schema.select(schema.entries.c.page)))
    for secret in secrets:
        assert secret.encode() not in pages
    assert "argon2" not in json.dumps(entries)
