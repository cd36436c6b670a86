"""A site on more than one computer: named, certified, listened for and reached by what enrolment left for a cabinet."""

import asyncio
import json
import os
import queue
import shutil
import socket
import sqlite3
import ssl
import sys
import tomllib
from contextlib import closing

import httpx
import pytest
from cryptography import x509
from typer.testing import CliRunner

from agent import settings
from agent.pharmacy.snapshots import Source, opened
from firmware.wire import topics
from server_stub.cli import broker_app, init_app
from server_stub.site import config, mosquitto
from server_stub.site.address import checked, listen_at
from server_stub.site.broker import users_text
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from server_stub.site.renew import renew_site
from tests.centre.processes import ScriptedAgent, nats, running
from tests.mqtt_client import Client
from tests.waits import PATIENCE_S, free_port, until

# loopback as well, but neither a name nor an address that every certificate has
ELSEWHERE = "127.0.0.2"


@pytest.mark.req("U4")
@pytest.mark.parametrize(
    ("host", "listens"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("apotheca.localhost", "127.0.0.1"),
        (ELSEWHERE, ELSEWHERE),
        ("10.1.2.3", "0.0.0.0"),
        ("centre", "0.0.0.0"),
        ("centre.example.org", "0.0.0.0"),
        ("localhost.example.org", "0.0.0.0"),
    ],
)
def test_only_what_is_not_loopback_is_listened_for_beyond_it(host, listens):
    assert listen_at(checked(host)) == listens


@pytest.mark.parametrize(
    "host",
    [
        *("", " ", "a b", "centre.", ".org", "a..b", "-a.org", "a_b", "a" * 64, "x." * 127 + "yy"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "10.1.2", "10.1.2.256", "2130706433", "0x7f000001"),
        *("::1", "centre:8443", "https://centre.org", "centre.org\n", 'a"', "*.example.org", "ä.org", "a.0x7f"),
    ],
)
def test_init_refuses_what_nobody_can_call_and_makes_nothing(host, tmp_path):
    done = CliRunner().invoke(init_app, ["--site", "demo", "--host", host], obj=str(tmp_path / "home"))
    assert done.exit_code == 1 and "as cabinets reach it" in done.output
    assert list(tmp_path.iterdir()) == []


def made(tmp_path, *options):
    home = Home(tmp_path / "centre")
    done = CliRunner().invoke(init_app, ["--site", "demo", *options], obj=str(home.root))
    assert done.exit_code == 0, done.output
    return home


def named(path):
    names = x509.load_pem_x509_certificate(path.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return [str(name.value) for name in names.value]


@pytest.mark.req("U4")
@pytest.mark.parametrize(("host", "called"), [("Centre.Example.org", "centre.example.org"), ("10.1.2.3", "10.1.2.3")])
def test_a_host_is_in_certificates_and_settings_and_all_addresses_are_listened_at(host, called, tmp_path):
    home = made(tmp_path, "--host", host, "--broker-port", "18884", "--web-port", "8444")
    add_station(home, "ICU1", ["MICU"])
    for server in ("broker", "centre"):
        assert named(home.keys / f"{server}.crt") == ["localhost", "127.0.0.1", called]
    agent = tomllib.loads((home.station("ICU1") / "agent.toml").read_text())
    assert (agent["broker_host"], agent["broker_port"]) == (called, 18884)
    assert agent["api_url"] == f"https://{called}:8444"
    renew_site(home)
    for server in ("broker", "centre"):
        assert named(home.keys / f"{server}.crt") == ["localhost", "127.0.0.1", called]
    nats_conf = (home.broker / "nats.conf").read_text()
    assert nats_conf.count("listen:") == 2
    assert '\nlisten: "127.0.0.1:-1"' in nats_conf, "nobody is served there"
    assert '  listen: "0.0.0.0:18884"' in nats_conf and "verify_and_map: true" in nats_conf
    assert "listener 18884 0.0.0.0\n" in (home.broker / "mosquitto.conf").read_text()


@pytest.mark.req("U4")
def test_without_a_host_everything_stays_on_loopback(tmp_path):
    home = made(tmp_path)
    site = config.read(home)
    assert (site.broker.host, site.web.host) == ("127.0.0.1", "127.0.0.1")
    assert named(home.keys / "broker.crt") == named(home.keys / "centre.crt") == ["localhost", "127.0.0.1"]
    for name in ("nats.conf", "mosquitto.conf"):
        assert "0.0.0.0" not in (home.broker / name).read_text()


@pytest.mark.parametrize("part", ["broker", "web"])
def test_a_host_in_site_toml_is_looked_at_too(part, tmp_path):
    home = made(tmp_path)
    text = home.config.read_text()
    home.config.write_text(text.replace(f'[{part}]\nhost = "127.0.0.1"', f'[{part}]\nhost = "0.0.0.0"'))
    with pytest.raises(config.NoSite, match="as cabinets reach it"):
        config.read(home)


def ran(home, monkeypatch):
    """`broker run`: exit code, what was said, with what configuration it became the broker."""
    became = []
    monkeypatch.setattr("os.execv", lambda _path, args: became.append(args[-1]))
    done = CliRunner().invoke(broker_app, ["run"], obj=str(home.root))
    return done.exit_code, done.output, became


def test_a_changed_site_toml_counts_with_the_next_start_of_the_broker(tmp_path, monkeypatch):
    home = made(tmp_path, "--broker-port", "18884")
    add_station(home, "ICU1", ["MICU"])
    text = home.config.read_text()
    home.config.write_text(text.replace("18884", "18885").replace('host = "127.0.0.1"', f'host = "{ELSEWHERE}"'))
    assert ran(home, monkeypatch) == (0, "", [str(home.broker / "nats.conf")])
    assert f'listen: "{ELSEWHERE}:18885"' in (home.broker / "nats.conf").read_text()
    assert f"listener 18885 {ELSEWHERE}\n" in (home.broker / "mosquitto.conf").read_text()
    assert "CN=ICU1" in (home.broker / "users.conf").read_text()


@pytest.mark.parametrize(
    ("file", "says"),
    [("ca.crt", "the broker refuses its configuration"), ("broker.crt", "give `apotheca server renew`")],
)
def test_a_configuration_that_the_broker_refuses_is_not_written(file, says, tmp_path, monkeypatch):
    home = made(tmp_path, "--broker-port", "18884")
    before = {path.name: path.read_bytes() for path in home.broker.iterdir()}
    home.config.write_text(home.config.read_text().replace("18884", "18885"))
    (home.keys / file).write_text("no certificate")
    code, said, became = ran(home, monkeypatch)
    assert code == 1 and says in said and not became
    assert {path.name: path.read_bytes() for path in home.broker.iterdir()} == before


@pytest.mark.req("U4")
def test_a_damaged_certificate_of_the_broker_is_renewed(tmp_path, monkeypatch):
    home = made(tmp_path)
    (home.keys / "broker.crt").write_text("no certificate")
    renew_site(home)
    assert ran(home, monkeypatch)[0] == 0


def test_a_broker_that_runs_takes_up_a_station_although_its_own_settings_have_changed(tmp_path):
    port = free_port()
    home = made(tmp_path, "--broker-port", str(port))
    with nats(home, port):
        home.config.write_text(home.config.read_text().replace(str(port), str(free_port())))
        add_station(home, "ICU1", ["MICU"])
        agent = until(lambda: let_in(home, port), "the station's certificate")
        agent.close()


def let_in(home, port):
    try:
        return ScriptedAgent(home, port, "ICU1")
    except OSError:
        return None


@pytest.mark.req("U4")
def test_a_station_of_a_further_shard_may_speak_there_at_either_broker(tmp_path):
    home = made(tmp_path)
    add_station(home, "ICU1", ["MICU"])
    add_station(home, "ED1", ["ED"], shard="s1")
    site = config.read(home)
    acl, users = mosquitto.acl_text(site), users_text(site)
    for shard, station, other in (("s0", "ICU1", "s1"), ("s1", "ED1", "s0")):
        up = topics.up("demo", shard, station, "batch").removesuffix("batch")
        down = topics.down("demo", shard, station, "answer").removesuffix("answer")
        rights = acl.partition(f"user {station}\n")[2].partition("user ")[0].split("\n")
        assert [line for line in rights if line] == [f"topic write {up}+", f"topic read {down}#"]
        assert f"{shard}.{station}.up" in users and f"{other}.{station}." not in users


# ---- reached from another computer


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """A centre that is reached as ELSEWHERE, its broker and web as processes; and the home of another computer, at
    another place, with nothing but what was enrolled."""
    folder = tmp_path_factory.mktemp("hospital")
    home, cabinet = Home(folder / "centre"), Home(folder / "elsewhere" / "cabinet")
    make_site(home, "demo", broker_port=free_port(), web_port=free_port(), host=ELSEWHERE)
    for station, board in (("ICU1", "linux-bus"), ("PHARM", "pharmacy")):
        add_station(home, station, ["Ward"], board=board)
        shutil.copytree(home.station(station), cabinet.station(station))
    site = config.read(home)
    command = [sys.executable, "-m", "apotheca", "--home", str(home.root), "broker", "run"]
    with (
        running(command, home.run / "broker.log"),
        running([sys.executable, "-m", "server_stub.web_main", str(home.root)], home.run / "web.log"),
    ):
        for port in (site.broker.port, site.web.port):
            until(lambda port=port: reached(ELSEWHERE, port), f"port {port}")
        yield home, site, cabinet


def reached(host, port):
    with socket.socket() as sock:
        return sock.connect_ex((host, port)) == 0


def test_a_loopback_host_is_listened_for_at_that_address_alone(hospital):
    _home, site, _cabinet = hospital
    assert not reached("127.0.0.1", site.broker.port) and not reached("127.0.0.1", site.web.port)


@pytest.fixture
def statuses(hospital):
    """What the centre's certificate hears of PHARM: is it there?"""
    home, site, _cabinet = hospital
    heard = queue.Queue()
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    context.load_cert_chain(home.keys / "centre.crt", home.keys / "centre.key")
    centre = Client()
    centre.tls_set_context(context)
    centre.on_connect = lambda *_: centre.subscribe(topics.up("demo", "s0", "PHARM", "status"), qos=1)
    centre.on_message = lambda _c, _u, message: heard.put(json.loads(message.payload)["online"])
    centre.connect(ELSEWHERE, site.broker.port)
    centre.loop_start()
    yield heard
    centre.disconnect()
    centre.loop_stop()


@pytest.mark.req("U4", "P52")
def test_an_agent_in_another_home_needs_nothing_but_what_was_enrolled(hospital, statuses, tmp_path):
    """That of the pharmacy's computer, which brings its journal: broker and API are those of the other computer."""
    home, _site, cabinet = hospital
    (tmp_path / "PROCAR.INI").write_text("[PROCAR]\n")
    master, slave = os.openpty()
    command = [sys.executable, "-m", "apotheca", "--home", str(cabinet.root), "cradle", "run", "PHARM"]
    command += ["--port", os.ttyname(slave), "--ini", str(tmp_path / "PROCAR.INI")]
    try:
        with running(command, tmp_path / "cradle.log"):
            assert statuses.get(timeout=PATIENCE_S) is True
            sockets = {f"PHARM.{name}.sock" for name in ("panel", "bus", "cradle")}
            assert {path.name for path in cabinet.run.iterdir()} == sockets
            until(lambda: read_from_the_centre(cabinet), "a snapshot")
    finally:
        os.close(master)
        os.close(slave)
    assert {path.name for path in cabinet.root.iterdir()} == {"stations", "run"}
    assert not list(home.run.glob("*.sock")), "all of it is on the other computer"


def read_from_the_centre(cabinet):
    with closing(sqlite3.connect(cabinet.station("PHARM") / "cradle.db")) as book:
        return book.execute("SELECT 1 FROM snapshot").fetchone()


@pytest.mark.req("U4")
def test_the_certificate_is_that_of_the_host_and_of_no_other(hospital):
    home, site, _cabinet = hospital
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    for port in (site.broker.port, site.web.port):
        for name in (ELSEWHERE, "localhost", "127.0.0.1"):
            assert shaken(context, port, name)
        for name in ("127.0.0.3", "centre.example.org"):
            with pytest.raises(ssl.SSLCertVerificationError):
                shaken(context, port, name)


def shaken(context, port, name):
    with (
        socket.create_connection((ELSEWHERE, port), PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname=name) as sock,
    ):
        return sock.version()


@pytest.mark.req("P52")
def test_the_pharmacys_computer_reads_the_api_of_the_centre(hospital):
    _home, _site, cabinet = hospital
    folder = cabinet.station("PHARM")
    snapshot = opened(asyncio.run(Source(settings.load(folder).api_url, folder).read()))
    assert [one.station for one in snapshot.stations] == ["ICU1"]


@pytest.mark.req("U4")
def test_the_console_answers_to_the_host_and_to_no_foreign_name(hospital):
    home, site, _cabinet = hospital
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    base = f"https://{ELSEWHERE}:{site.web.port}"
    with httpx.Client(verify=context, base_url=base, trust_env=False, timeout=PATIENCE_S) as client:
        assert client.get("/sign-in").status_code == 200
        for name in ("evil.example", "127.0.0.3", "0.0.0.0", ""):
            assert client.get("/sign-in", headers={"Host": name}).status_code == 421
