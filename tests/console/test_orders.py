"""`apotheca order`: a pharmacist's orders from the shell, and the log that names who gave them."""

import pytest
from typer.testing import CliRunner

from firmware.journal import kinds
from server_stub.cli_orders import app
from server_stub.console.accounts import Accounts
from server_stub.ledger import store
from tests.centre.conftest import quick, site_home  # noqa: F401 - fixtures
from tests.console.hospital import taking_requests


def order(bench, *words):
    return CliRunner().invoke(app, list(words), obj=str(bench.home.root))


@pytest.fixture
def people(quick):  # noqa: F811
    quick.home.run.mkdir(exist_ok=True)
    accounts = Accounts(quick.home.accounts)
    for name, role in (("rph.one", "pharmacist"), ("tech.one", "technician")):
        accounts.add(name, role, "test")
    yield
    quick.home.accounts.unlink()


@pytest.mark.req("F4")
def test_only_for_a_pharmacist_and_only_what_can_be(quick, people):  # noqa: F811
    wanted = ("critical-override", "ICU1", "--hours", "2", "--reason", "mass casualty", "--by")
    away = order(quick, *wanted, "rph.one")
    assert (away.exit_code, "does not run here" in away.output) == (1, True)
    with taking_requests(quick.home.intake, lambda asked: quick.ask(asked["do"], **asked["args"])):
        for name in ("tech.one", "nobody"):
            refused = order(quick, *wanted, name)
            assert (refused.exit_code, "no account that may" in refused.output) == (1, True)
        assert order(quick, *wanted, "rph.one").output.startswith("command 1 to ICU1")
        shut = order(quick, "release-quarantine", "ICU1", "5", "--by", "rph.one", "--reason", "seen")
        assert (shut.exit_code, "error 5502" in shut.output) == (1, True)
        unknown = order(quick, "merge-provisional", "ICU1", "TEMP1", "P1", "--by", "rph.one")
        assert (unknown.exit_code, "error 5502" in unknown.output) == (1, True)
    with quick.engine.connect() as conn:
        entries = [page.entry for page in store.pages_in_order(conn)]
    (issued,) = [e for e in entries if e.kind == kinds.COMMAND_ISSUED]
    assert issued.actor.startswith("shell:")
    assert issued.ext[4] == "for rph.one: mass casualty"
