"""The distribution centre hears of use by itself, through the real broker, and not of patients."""

import json

import pytest

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.site import config
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from server_stub.supply.supplier_feed import SupplierRules, token, usage
from simulator.supplier import Supplier
from tests.centre.processes import Ingest, ScriptedAgent, nats
from tests.centre.scripted import Scripted
from tests.waits import PATIENCE_S, free_port, until


def moved(kind, change, ext, patient="P1"):
    rest = ("u1", None, "MORP4I", "D01-P01", 10, change, 10 + change, 1, None, ext, patient, "O1")
    return Entry("ICU1", 1, 1, 7, 5000, 9, 3, kind, *rest)


REMOVAL = moved(kinds.REMOVE, -4, [0, 4000, None, None, None])
UNTIMED = moved(kinds.REMOVE, -4, [0, None, None, None, None])
RETURN = moved(kinds.RETURN, 1, [0, 7])


def told(entries, identity=False):
    return [json.loads(one) for one in usage(entries, SupplierRules(b"k" * 32, identity))]


@pytest.mark.req("P10", "PC1", "PC7")
def test_use_is_told_with_a_token_instead_of_the_patient():
    removal, back = told([REMOVAL, RETURN, moved(kinds.REFILL, 5, [0, None, None])])
    assert (removal["item"], removal["quantity"], removal["utc_ms"], removal["station"]) == ("MORP4I", 4, 5000, "ICU1")
    assert back["quantity"] == -1
    assert removal["patient_token"] == back["patient_token"] == token(b"k" * 32, "P1")
    assert len(removal["patient_token"]) == 16 and "P1" not in json.dumps(removal)
    assert token(b"j" * 32, "P1") != removal["patient_token"]
    assert told([moved(kinds.REMOVE, -1, UNTIMED.ext, patient="")])[0]["patient_token"] == ""


@pytest.mark.req("PC8")
def test_all_four_data_are_told_only_when_the_site_says_so():
    removal, untimed, back = told([REMOVAL, UNTIMED, RETURN], identity=True)
    assert (removal["patient"], removal["item"], removal["quantity"]) == ("P1", "MORP4I", 4)
    assert [one["administered_utc_ms"] for one in (removal, untimed, back)] == [4000, 5000, None]
    assert not {"patient", "administered_utc_ms"} & set(told([REMOVAL])[0])


@pytest.fixture
def running(tmp_path):
    home, port = Home(tmp_path / "h"), free_port()
    make_site(home, "demo", broker_port=port)
    with nats(home, port):
        script = Scripted.enrolled(home, "ICU1", bytes.fromhex(add_station(home, "ICU1", ["MICU"]).genesis))
        ingest = Ingest(home)
        agent = ScriptedAgent(home, port, "ICU1")
        yield home, ingest, agent, script
        agent.close()
        ingest.stop()


@pytest.mark.req("P10", "PC1", "PC2", "A19.b")
def test_the_distribution_centre_totals_use_through_the_broker_and_a_crash(running):
    home, ingest, agent, script = running
    assert config.read(home).supplier.identity is False
    with Supplier(home) as supplier:
        for number in range(4):
            script.removal(item="MORP4I", before=10 - number, quantity=2)
            script.add(kinds.RETURN, (0, 1), item="MORP4I", place="D01-P01", stock=(1, 2), patient="P1")
            first = 5 * number + 1
            until(lambda at=first: agent.answered(script.batch(at, at + 4), at + 4), "answer")
            if number == 1:
                ingest.kill()
                ingest.start()
        assert supplier.wait(8, PATIENCE_S)
        assert supplier.totals == {"MORP4I": 4 * 2 - 4}
        assert {one["patient_token"] for one in supplier.messages if one["quantity"] > 0}.isdisjoint({"", "P1"})


def test_the_supplier_hears_nothing_else_and_can_say_nothing(running):
    home, _ingest, _agent, _script = running
    users = (home.broker / "users.conf").read_text()
    (line,) = (line for line in users.splitlines() if "CN=supplier" in line)
    assert 'publish: { deny: [">"] }' in line
    assert '["apotheca.1.demo.supplier", "apotheca.1.demo.supplier.>"]' in line
