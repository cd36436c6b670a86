"""Certificates are renewed and replaced: from then on the old one is good for nothing, and nothing is lost."""

import queue
import shutil
import ssl
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

import cbor2
import pytest
import typer
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from typer.testing import CliRunner

from firmware.wire import topics
from server_stub.cli import server_app, station_app
from server_stub.site import broker, config, identities, mosquitto, pki
from server_stub.site.broker import BrokerRefused, renew_configuration
from server_stub.site.enrol import NotEnrolled, add_station, add_stations
from server_stub.site.expiry import ending
from server_stub.site.home import Home
from server_stub.site.make import make_site
from server_stub.site.renew import OF_A_STATION, renew_site, renew_station
from server_stub.site.replace import FOLDER, Ended, replace_controller
from server_stub.supervisor import alone
from tests.centre.chain import Station
from tests.centre.clients import client, let_in, looping
from tests.centre.processes import Broker, Ingest, nats, running
from tests.centre.scripted import Scripted
from tests.power import survived
from tests.waits import PATIENCE_S, free_port, until


def replaced(home, station, board="", planogram=""):
    return replace_controller(home, station, Ended(0, bytes(32), "bea", "phil"), board=board, planogram=planogram)


def renewed(home):
    """ICU1's new certificate, where the cabinet's computer will have it."""
    renew_station(home, "ICU1")
    return home.station("ICU1") / "tls"


def replacement(home):
    replaced(home, "ICU1")
    return home.station("ICU1") / FOLDER / "tls"


ROTATIONS = {"renew": renewed, "replace": replacement}


@pytest.fixture
def site(tmp_path):
    home, port = Home(tmp_path / "home"), free_port()
    make_site(home, "demo", broker_port=port, web_port=free_port())
    add_stations(home, {"ICU1": ("MICU",), "ED1": ("ED",)})
    return home, port


def kept(identity, folder):
    """Copies of a certificate and its key, as a thief has them."""
    for end in ("crt", "key"):
        shutil.copy(f"{identity}.{end}", folder / f"stolen.{end}")
    return folder / "stolen"


def common_name(identity):
    """Of a certificate and a key that belong together."""
    ssl.create_default_context().load_cert_chain(f"{identity}.crt", f"{identity}.key")
    return certificate(identity.with_suffix(".crt")).subject.rfc4514_string()


def certificate(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def snapshot(home):
    return {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}


@pytest.mark.req("U4")
@pytest.mark.parametrize("rotation", ROTATIONS.values(), ids=ROTATIONS)
def test_the_old_certificate_is_thrown_out_and_the_new_one_has_its_own_topics(site, tmp_path, rotation):
    home, port = site
    old_identity = kept(home.station("ICU1") / "tls", tmp_path)
    heard, ready, gone = queue.Queue(), queue.Queue(), queue.Queue()

    def listener(identity, *filters):
        made = client(home, identity)
        made.on_connect = lambda who, *_: who.subscribe([(one, 1) for one in filters])
        made.on_subscribe = lambda _c, _u, _m, reasons, _p: ready.put([reason.is_failure for reason in reasons])
        made.on_message = lambda _c, _u, message: heard.put((message.topic, message.payload))
        made.on_disconnect = lambda *_: gone.put(identity.name)
        return made

    down = [topics.down("demo", "s0", station, "answer") for station in ("ICU1", "ED1")]
    with nats(home, port), looping(listener(home.keys / "centre", "apotheca/1/demo/+/+/up/#"), port):
        assert ready.get(timeout=PATIENCE_S) == [False]
        old = listener(old_identity, down[0])
        with looping(old, port):
            assert ready.get(timeout=PATIENCE_S) == [False]
            new_identity = rotation(home)
            assert gone.get(timeout=PATIENCE_S) == "stolen"
            old.publish(topics.up("demo", "s0", "ICU1", "batch"), b"stolen", qos=1)
            assert not let_in(client(home, old_identity), port)
            new = listener(new_identity, *down)
            with looping(new, port):
                assert ready.get(timeout=PATIENCE_S) == [False, True]
                for station in ("ED1", "ICU1"):
                    new.publish(topics.up("demo", "s0", station, "batch"), b"new", qos=1)
                assert heard.get(timeout=PATIENCE_S) == (topics.up("demo", "s0", "ICU1", "batch"), b"new")
            assert heard.empty() and ready.empty(), "it never came in again"
        assert let_in(client(home, home.station("ED1") / "tls"), port)
        assert "centre" not in gone.queue, "who had nothing to do with it stays"


@pytest.mark.req("U4")
def test_what_the_outbox_has_waits_for_the_new_certificate(site):
    home, port = site
    genesis = bytes.fromhex(config.read(home).station[0].genesis)
    with nats(home, port):
        script, ingest = Scripted.enrolled(home, "ICU1", genesis), Ingest(home)
        try:
            with closing(Station(home, script)) as station:
                station.append(5)
                until(lambda: station.answered() == 5, "the first answers")
                renew_station(home, "ICU1")
                until(lambda: not station.agent.view.broker, "the old certificate is refused")
                station.append(5)
                assert station.answered() == 5
            with closing(Station(home, script)) as station:
                until(lambda: station.answered() == 10, "all answers")
        finally:
            ingest.stop()


@pytest.mark.req("U4")
def test_renewed_processes_of_the_site_are_let_in_and_their_old_certificates_are_not(site, tmp_path):
    home, port = site
    old, before = kept(home.keys / "centre", tmp_path), (home.keys / "broker.crt").read_bytes()
    signers = {name: (home.keys / name).read_bytes() for name in ("centre-sign.key", "pharmacist-sign.key", "ca.key")}
    server = Broker(home, port)
    try:
        renew_site(home)
        assert common_name(home.keys / "centre") == "CN=centre.2"
        until(lambda: not let_in(client(home, old), port), "the old one is refused")
        assert let_in(client(home, home.keys / "centre"), port)
        add_station(home, "ED2", ["ED"])
        until(lambda: let_in(client(home, home.station("ED2") / "tls"), port), "a broker not yet started again goes on")
        server.kill()
        server.start()
        for identity in (home.keys / "centre", home.keys / "feed", home.keys / "supplier", home.station("ED1") / "tls"):
            assert let_in(client(home, identity), port), identity
        assert not let_in(client(home, old), port)
    finally:
        server.kill()
    assert (home.keys / "broker.crt").read_bytes() != before
    for name, key in signers.items():
        assert (home.keys / name).read_bytes() == key
    for name in ("centre-sign", "pharmacist-sign"):
        key = private_key(home.keys / f"{name}.key").public_key()
        assert certificate(home.keys / f"{name}.crt").public_key() == key


def private_key(path):
    return serialization.load_pem_private_key(path.read_bytes(), None)


@pytest.mark.req("U4")
@pytest.mark.parametrize("rotation", [*ROTATIONS.values(), renew_site], ids=[*ROTATIONS, "site"])
def test_what_the_broker_refuses_changes_nothing(site, rotation):
    home, _ = site
    with (home.broker / "nats.conf").open("a") as file:
        file.write("what is this {")
    before = snapshot(home)
    with pytest.raises(BrokerRefused, match="nothing was changed"):
        rotation(home)
    assert snapshot(home) == before


@pytest.mark.req("U4")
def test_a_renewal_that_was_cut_short_is_done_again(site, monkeypatch):
    home, _ = site
    for operations in count():
        done = survived(monkeypatch, operations, lambda: renew_station(home, "ICU1"))
        station = config.read(home).station[0] if done else renew_station(home, "ICU1")
        assert config.read(home).station[0] == station
        assert common_name(home.station("ICU1") / "tls") == f"CN={station.common_name}"
        assert f'"CN={station.common_name}"' in (home.broker / "users.conf").read_text()
        assert f"user {station.common_name}\n" in (home.broker / "mosquitto.acl").read_text()
        if done:
            break
    assert operations > 20


@pytest.mark.req("U4")
def test_a_renewal_of_the_site_that_was_cut_short_is_done_again(site, monkeypatch):
    home, _ = site
    for operations in count():
        done = survived(monkeypatch, operations, lambda: renew_site(home))
        changed = config.read(home) if done else renew_site(home)
        assert config.read(home) == changed
        for name in ("broker", "centre", "feed", "supplier"):
            assert pki.belong(home.keys, name)
            assert common_name(home.keys / name) == f"CN={changed.site.common_name(name)}"
        assert f'"CN={changed.site.common_name("centre")}"' in (home.broker / "users.conf").read_text()
        if done:
            break
    assert operations > 20


@pytest.mark.req("U4")
def test_a_broker_that_starts_after_a_cut_lets_nobody_in_again(site, monkeypatch):
    home, _ = site
    before = config.read(home).station[0].credential
    for operations in count():
        done = survived(monkeypatch, operations, lambda: renew_station(home, "ICU1"))
        refused = f'"CN={config.common_name("ICU1", before)}"' not in (home.broker / "users.conf").read_text()
        renew_configuration(home, config.read(home))
        after = f'"CN={config.common_name("ICU1", before)}"' not in (home.broker / "users.conf").read_text()
        assert after or not refused
        if done:
            break
        before = config.read(home).station[0].credential
    assert refused


@pytest.mark.req("U4")
def test_a_key_that_can_not_be_read_is_named_with_what_to_do(site):
    home, _ = site
    (home.keys / "ca.key").write_text("x")
    for app, words in ((station_app, ["renew", "ICU1"]), (server_app, ["renew"])):
        done = CliRunner().invoke(app, words, obj=str(home.root))
        assert done.exit_code == 1 and "ca.key" in done.output and "backup" in done.output
    assert config.read(home).station[0].credential == config.read(home).site.credential == 1


@pytest.mark.req("U4")
def test_a_pharmacys_token_is_another_after_it_was_renewed(site):
    home, _ = site
    add_station(home, "PHARM", ["PHARMACY"], board="pharmacy")
    token = home.station("PHARM") / "api.token"
    old, kept = token.read_text(), home.token_hash("PHARM").read_text()
    done = CliRunner().invoke(station_app, ["renew", "PHARM"], obj=str(home.root))
    assert done.exit_code == 0 and "api.token" in done.output
    assert token.read_text() != old and home.token_hash("PHARM").read_text() != kept
    assert sha256(token.read_bytes()).hexdigest() == home.token_hash("PHARM").read_text()


@pytest.mark.req("U4")
def test_mosquitto_gives_the_old_certificate_no_topic(site):
    home, _ = site
    before = (home.broker / "mosquitto.acl").read_text()
    assert "user ICU1\n" in before
    renew_station(home, "ICU1")
    renew_site(home)
    after = (home.broker / "mosquitto.acl").read_text()
    for name in ("ICU1", "centre", "feed", "supplier"):
        before = before.replace(f"user {name}\n", f"user {name}.2\n")
    assert after == before


@pytest.mark.req("U4")
def test_a_site_of_before_reads_as_it_did(site):
    home, _ = site
    new = config.read(home)
    kept_lines = [line for line in home.config.read_text().splitlines() if not line.startswith("credential")]
    home.config.write_text("\n".join(kept_lines))
    assert config.read(home) == new
    assert broker.users_text(new) == (home.broker / "users.conf").read_text()
    assert mosquitto.acl_text(new) == (home.broker / "mosquitto.acl").read_text()
    home.config.write_text("\n".join(kept_lines).replace('id = "ICU1"', 'id = "ICU1"\ncredential = 0'))
    with pytest.raises(config.NoSite, match="credential"):
        config.read(home)


@pytest.mark.req("U5")
def test_a_replacement_has_board_and_planogram_of_the_old_controller(site):
    home, _ = site
    add_station(home, "OR1", ["OR"], board="rp2350", planogram="icu")
    add_station(home, "PHARM", ["PHARMACY"], board="pharmacy")
    for station in ("OR1", "PHARM", "ICU1"):
        new = replaced(home, station)
        was, now = (
            cbor2.loads((folder / "controller.cbor").read_bytes())
            for folder in (home.controller(station), home.station(station) / FOLDER)
        )
        assert now[5:] == was[5:], "ring, drawers, timings, what is fitted"
        assert now[2] == was[2] + 1 == new.log
    assert replaced(home, "ICU1", "rp2350", "icu").board == "rp2350"
    again = replaced(home, "ICU1")
    assert (again.board, again.planogram, again.credential) == ("rp2350", "icu", 4)
    for station, board in (("PHARM", "linux-bus"), ("ED1", "pharmacy")):
        with pytest.raises(NotEnrolled, match="by itself"):
            replaced(home, station, board)


@pytest.mark.req("U5")
def test_what_was_not_kept_has_to_be_said(site):
    home, _ = site
    text = home.config.read_text().replace('planogram = "none"', "").replace('board = "linux-bus"', "")
    home.config.write_text(text)
    before = snapshot(home)
    for named, lacking in (
        ({}, "--board and --planogram; --planogram none"),
        ({"board": "linux-bus"}, "has, --planogram; --planogram none"),
        ({"planogram": "none"}, "has, --board$"),
    ):
        with pytest.raises(NotEnrolled, match=lacking):
            replaced(home, "ICU1", **named)
    assert snapshot(home) == before
    new = replaced(home, "ICU1", "linux-bus", "none")
    assert (new.board, new.planogram) == ("linux-bus", "none")
    assert replaced(home, "ICU1").log == new.log + 1


@pytest.mark.req("U4")
def test_a_renewal_while_a_replacement_waits_is_not_undone_by_it(site):
    home, _ = site
    replaced(home, "ICU1")
    renew_station(home, "ICU1")
    assert common_name(home.station("ICU1") / "tls") == "CN=ICU1.3"
    assert not list((home.station("ICU1") / FOLDER).glob("tls.*"))
    assert (home.station("ICU1") / FOLDER / "controller.cbor").exists()


@pytest.mark.req("U4")
def test_no_certificate_outlives_the_authority(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    monkeypatch.setattr(pki, "_CA_DAYS", 400)
    make_site(home, "demo")
    add_station(home, "ICU1", ["MICU"])
    end = certificate(home.keys / "ca.crt").not_valid_after_utc
    names = [home.keys / f"{name}.crt" for name in (*identities.NAMES, "centre-sign", "pharmacist-sign")]
    for path in (*names, *home.station("ICU1").glob("[st]*.crt")):
        assert certificate(path).not_valid_after_utc == end, path


@pytest.mark.req("U4")
def test_what_ends_soon_is_named_with_what_renews_it(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    with monkeypatch.context() as short:
        short.setattr(pki, "_LEAF_DAYS", 59)
        make_site(home, "demo")
        add_stations(home, {"ICU1": ("MICU",), "ED1": ("ED",)})

    def named(days=0):
        said = ending(home, config.read(home), datetime.now(UTC) + timedelta(days=days))
        return [(line.split()[0], line.partition(": ")[2]) for line in said]

    stations = [
        (f"stations/{station}/{name}", f"apotheca station renew {station}")
        for station in ("ICU1", "ED1")
        for name in ("tls.crt", "sign.crt")
    ]
    own = [*identities.NAMES, "pharmacist-sign", "centre-sign"]
    assert named() == [(f"keys/{name}.crt", "apotheca server renew") for name in own] + stations
    renew_site(home)
    assert named() == stations
    renew_station(home, "ICU1")
    assert named() == stations[2:]
    replaced(home, "ED1")
    assert named() == stations[3:], "the new one counts, which may be in the replacement only"
    assert "keys/ca.crt" in dict(named(3600)) and "keys/ca.crt" not in dict(named(3580))
    (home.keys / "feed.crt").write_text("no certificate")
    shutil.rmtree(home.station("ED1"))
    assert named() == [("keys/feed.crt", named()[0][1])] and "server renew" in named()[0][1]


def command(app, home, *words):
    root = typer.Typer()
    root.add_typer(app, name="x")

    @root.callback()
    def _(ctx: typer.Context):
        ctx.obj = home.root

    done = CliRunner().invoke(root, ["x", *words])
    return done.exit_code, done.output


@pytest.mark.req("U4")
def test_renewing_by_hand_says_what_to_do_next(site):
    home, port = site
    code, said = command(station_app, home, "renew", "ICU1")
    assert code == 0 and all(name in said for name in OF_A_STATION) and "start its agent again" in said
    before = snapshot(home)
    code, said = command(station_app, home, "renew", "ICU9")
    assert code == 1 and "not enrolled" in said
    with nats(home, port):
        ingest = Ingest(home)
        try:
            until(home.intake.exists, "ingest")
            keys = (home.keys / "centre.crt").read_bytes()
            code, said = command(server_app, home, "renew")
            assert code == 1 and "stop `apotheca server run` first" in said
            assert (home.keys / "centre.crt").read_bytes() == keys and home.config.read_bytes() == before[home.config]
        finally:
            ingest.stop()
    with alone(home.run):
        code, said = command(server_app, home, "renew")
        assert code == 1 and "stop that one first" in said, "it may be about to start"
    code, said = command(server_app, home, "renew")
    assert code == 0 and "apotheca broker run" in said and "apotheca server run" in said
    assert (home.keys / "centre.crt").read_bytes() != keys


@pytest.mark.req("U4")
def test_the_server_says_at_its_start_what_ends_soon(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    make_site(home, "demo", broker_port=free_port(), web_port=free_port())
    with monkeypatch.context() as short:
        short.setattr(pki, "_LEAF_DAYS", 10)
        add_station(home, "ICU1", ["MICU"])
    log = tmp_path / "said.log"
    with running([sys.executable, "-m", "apotheca", "--home", str(home.root), "server", "run"], log):
        until((home.run / "web.pid").exists, "the server")
    said = log.read_text()
    assert "stations/ICU1/tls.crt ends on" in said and "apotheca station renew ICU1" in said
    assert "keys/" not in said.split("stations/ICU1/tls.crt")[0]
