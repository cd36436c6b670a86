"""Making a site, enrolling, exporting, supervising: on disk and as processes."""

import hashlib
import json
import os
import shutil
import signal
import ssl
import stat
import subprocess
import sys
import tomllib

import cbor2
import httpx
import pytest
from typer.testing import CliRunner

from agent import settings
from firmware import codes, issue
from firmware.version import VERSION
from firmware.wire import signed
from server_stub import fold
from server_stub.cli import broker_app
from server_stub.export import ExportRefused, write_export
from server_stub.ledger.checkpoint import NoteSigner
from server_stub.ledger.schema import WrongSchema, open_database, open_renewed
from server_stub.register import SiteRegister
from server_stub.site import config
from server_stub.site.enrol import NotEnrolled, add_station
from server_stub.site.home import Home
from server_stub.site.make import SiteExists, make_site
from server_stub.supervisor import RunsAlready, run
from tests.centre.processes import running
from tests.waits import PATIENCE_S, free_port, until


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    make_site(home, "demo", broker_port=free_port(), web_port=free_port())
    return home


@pytest.mark.req("U4")
def test_a_site_has_its_own_secrets_and_keeps_them_to_itself(home, tmp_path):
    add_station(home, "ICU1", ["MICU"])
    files = [path for path in home.root.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.root.rglob("*") if path.is_dir()} == {0o700}
    other = Home(tmp_path / "other")
    make_site(other, "demo")
    add_station(other, "ICU1", ["MICU"])
    for secret in ("keys/ca.key", "keys/centre-log.key", "keys/hospital.token", "keys/stations/ICU1.mac"):
        assert (home.root / secret).read_bytes() != (other.root / secret).read_bytes()


def test_a_site_is_never_overwritten(home):
    before = home.config.read_bytes()
    with pytest.raises(SiteExists, match="holds a site already"):
        make_site(home, "demo")
    assert home.config.read_bytes() == before


def test_the_pharmacys_computer_gets_a_token_of_which_the_centre_keeps_the_hash(home):
    add_station(home, "PHARM", ["PHARMACY"], board="pharmacy")
    add_station(home, "ICU1", ["MICU"])
    token = (home.station("PHARM") / "api.token").read_text()
    assert len(token) >= 43
    assert home.token_hash("PHARM").read_text() == hashlib.sha256(token.encode()).hexdigest()
    assert not (home.station("ICU1") / "api.token").exists()
    assert cbor2.loads((home.controller("PHARM") / "controller.cbor").read_bytes())[6] == []
    agent = tomllib.loads((home.station("PHARM") / "agent.toml").read_text())
    assert agent["api_url"] == f"https://127.0.0.1:{config.read(home).web.port}"


@pytest.mark.parametrize("station", ["a b", "", "x" * 33, "centre", "feed", "ICU.1", "ICU1\n"])
def test_a_bad_station_id_is_refused_and_changes_nothing(home, station):
    before = home.config.read_bytes()
    with pytest.raises(NotEnrolled):
        add_station(home, station, ["MICU"])
    assert home.config.read_bytes() == before


@pytest.mark.req("P4")
def test_a_station_gets_all_it_needs(home):
    enrolled = add_station(home, "ICU1", ["MICU", 'Ward "7"'])
    assert config.read(home).station == (enrolled,)
    record = cbor2.loads((home.controller("ICU1") / "controller.cbor").read_bytes())
    assert record[:3] == [2, "ICU1", 1]
    key = home.mac_key("ICU1").read_bytes()
    assert record[3] == issue.keys_of(key) and key not in record[3]
    assert (home.controller("ICU1") / "ring.bin").read_bytes() == issue.ring_start(key)
    assert record[4] == VERSION
    assert record[6][0] == [1, 0, 0, 0]
    assert len(record[7]) == 5
    agent = tomllib.loads((home.station("ICU1") / "agent.toml").read_text())
    assert agent["broker_port"] == config.read(home).broker.port
    assert settings.load(home.station("ICU1")).panel_socket == (home.run / "ICU1.panel.sock").resolve()
    with pytest.raises(NotEnrolled, match="taken"):
        add_station(home, "ICU1", ["MICU"])


def test_a_site_that_can_not_be_read_changes_nothing_and_is_read_again(home, monkeypatch):
    monkeypatch.setattr("server_stub.register.AGAIN_S", 0.0)
    add_station(home, "ICU1", ["MICU"])
    register = SiteRegister(home)
    add_station(home, "ED1", ["ED"])
    key = home.mac_key("ED1").read_bytes()
    home.mac_key("ED1").unlink()
    assert register.refresh() is False
    assert set(register.wards) == {"ICU1"} and register("ICU1") is not None, "as it was"
    home.mac_key("ED1").write_bytes(key)
    assert register.refresh() is True and register("ED1") is not None, "nobody had to touch site.toml"
    good = home.config.read_bytes()
    home.config.write_bytes(good + b"what is this?")
    assert register.refresh() is False and register("ED1") is not None
    home.config.write_bytes(good)
    register.refresh()
    with pytest.raises(config.NoSite):
        SiteRegister(Home(home.root / "none"))


def test_another_schema_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'c.db'}"
    engine = open_database(url)
    with engine.begin() as conn:
        conn.exec_driver_sql("UPDATE meta SET value = '99'")
    engine.dispose()
    with pytest.raises(WrongSchema, match="schema 99"):
        open_database(url)


def test_a_database_of_an_older_release_is_folded_anew(bench):
    script = bench.station("ICU1")
    script.removal(before=10, quantity=3)
    bench.up("ICU1", "batch", script.batch(1, len(script.pages)))
    with bench.engine.begin() as conn:
        whole = fold.digest(conn)
        conn.exec_driver_sql("UPDATE meta SET value = '1' WHERE key = 'schema'")
        conn.exec_driver_sql("DROP TABLE lots")
        conn.exec_driver_sql("ALTER TABLE orders DROP COLUMN flags")
    with pytest.raises(WrongSchema, match="apotheca server rebuild"):
        open_database(bench.url)
    engine, renewed = open_renewed(bench.url, fold.PROJECTIONS)
    assert renewed
    with engine.begin() as conn:
        assert fold.rebuild(conn)[1] == whole
    engine.dispose()
    again, renewed = open_renewed(bench.url, fold.PROJECTIONS)
    assert not renewed
    again.dispose()


@pytest.mark.req("A12.b")
def test_export_checks_every_head(quick, tmp_path, site_home):
    database = site_home.root / "centre.db"
    script = quick.station("ICU1")
    for _ in range(5):
        script.removal()
    quick.up("ICU1", "batch", script.batch(1, 20))
    with quick.engine.connect() as conn:
        conn.exec_driver_sql(f"VACUUM INTO '{database}'")
    try:
        report = write_export(site_home, tmp_path / "out", 1_800_000_000_000)
        assert report.ok
        assert report.logs["ICU1-1"] == 20
        lines = (tmp_path / "out" / "ledger" / "ICU1-1.pages").read_text().splitlines()
        assert json.loads(lines[-1])["head"] == script.heads[20].hex()
        everything = b"".join(p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file())
        key = site_home.mac_key("ICU1").read_bytes()
        assert key not in everything
        assert key.hex().encode() not in everything
        with pytest.raises(ExportRefused):
            write_export(site_home, tmp_path / "out", 1_800_000_000_000)
        _forget_entry(database)
        assert not write_export(site_home, tmp_path / "again", 1_800_000_000_000).ok
    finally:
        for left in site_home.root.glob("centre.db*"):
            left.unlink()


def _forget_entry(database):
    engine = open_database(f"sqlite:///{database}")
    with engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM entries WHERE station = 'ICU1' AND seq = 7")
    engine.dispose()


def call(home, method, path, token=None, **more):
    site = config.read(home)
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    base = f"https://127.0.0.1:{site.web.port}"
    with httpx.Client(verify=context, base_url=base, trust_env=False, timeout=PATIENCE_S) as client:
        return client.request(method, path, headers=headers, **more)


def answers(home, token):
    try:
        return call(home, "GET", "/api/v1/stations", token).status_code == 200
    except httpx.TransportError:
        return False


def test_a_lost_folder_of_the_broker_is_made_again(home, monkeypatch):
    add_station(home, "ICU1", ["MICU"])
    names = ("nats.conf", "users.conf", "mosquitto.conf", "mosquitto.acl")
    before = {name: (home.broker / name).read_text() for name in names}
    shutil.rmtree(home.broker)
    ran = []
    monkeypatch.setattr("os.execv", lambda _path, args: ran.append(args[-1]))
    assert CliRunner().invoke(broker_app, ["run"], obj=str(home.root)).exit_code == 0
    assert {name: (home.broker / name).read_text() for name in names} == before
    assert ran == [str(home.broker / "nats.conf")]


@pytest.mark.req("A12.c")
def test_a_witness_in_site_toml_has_an_address_and_a_witness_key(home):
    text = home.config.read_text()
    of_log = (home.keys / "tree.vkey").read_text().strip()
    good = NoteSigner((home.keys / "tree.key").read_bytes(), "demo/w", signed.COSIGNATURE).vkey
    wrong = (
        ("file:///etc/passwd", good),
        ("compliance:8490", good),
        ("http://w:8490", good),
        ("https://w", of_log),
        ("https://w", good[:-8]),
    )
    for url, vkey in wrong:
        home.config.write_text(f'{text}\n[[witness]]\nurl = "{url}"\nvkey = "{vkey}"\n')
        with pytest.raises(config.NoSite, match="mend it by hand"):
            config.read(home)
    home.config.write_text(f'{text}\n[[witness]]\nurl = "https://w:8490"\nvkey = "{good}"\n')
    assert config.read(home).witness[0].vkey == good


def test_server_run_supervises_and_leaves_no_orphans(home):
    add_station(home, "ICU1", ["MICU"])
    token = (home.keys / "hospital.token").read_text()
    code = "import sys; from pathlib import Path; from server_stub import supervisor; h = Path(sys.argv[1]); "
    command = [sys.executable, "-c", code + "supervisor.run(h, h / 'run', 'stepped')", str(home.root)]
    event = json.dumps(
        {"type": "adt", "id": "e1", "utc_ms": 1, "event": "A01", "patient": "P1", "name": "", "ward": "MICU"}
    )

    def post():
        return call(home, "POST", "/api/v1/hospital-events", token, content=event + "\nrubbish\n")

    with running(command, home.run / "server.log") as supervisor:
        until(lambda: answers(home, token), "web")
        until(lambda: post().status_code == 200, "ingest")
        with pytest.raises(RunsAlready, match="stop that one first"):
            run(home.root, home.run, "stepped")
        assert post().status_code == 200, "the other one does not notice"
        pid = int((home.run / "ingest.pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)
        until(lambda: (home.run / "ingest.pid").read_text() != str(pid), "ingest is started again")
        assert answers(home, token), "web goes on"
        reply = until(lambda: (r := post()).status_code == 200 and r.json(), "events after the restart")
        assert (reply["accepted"], reply["duplicate"]) == (0, 1)
        assert [(r["line"], r["code"]) for r in reply["refused"]] == [(2, codes.MALFORMED_EVENT)]
        for bad in (None, "wrong"):
            for method, path in (("GET", "/api/v1/stations"), ("POST", "/api/v1/hospital-events")):
                assert call(home, method, path, bad).status_code == 401
        assert call(home, "GET", "/api/v1/stations/ICU1/inventory", token).json() == []
        assert call(home, "GET", "/api/v1/stations/NONE/inventory", token).status_code == 404
        big = call(home, "POST", "/api/v1/hospital-events", token, content=b"x" * (4 * 1024 * 1024 + 1))
        assert big.status_code == 413
        children = [int((home.run / f"{name}.pid").read_text()) for name in ("ingest", "web")]
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
        until(lambda: not any(_alive(child) for child in children), "the children end with their parent")


def _alive(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() not in ("", "Z", "Zs", "Zl", "Zsl")


def test_events_wait_when_ingest_is_away(home):
    token = (home.keys / "hospital.token").read_text()
    with running([sys.executable, "-m", "server_stub.web_main", str(home.root)], home.run / "web.log"):
        until(lambda: answers(home, token), "web")
        reply = call(home, "POST", "/api/v1/hospital-events", token, content="{}")
        assert reply.status_code == 503
        assert int(reply.headers["retry-after"]) > 0
