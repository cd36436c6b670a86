"""The generated broker configuration against the real broker: no certificate of the site, no entry; own topics only."""

import queue

import pytest

from firmware.wire import topics
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.clients import client, let_in, looping
from tests.centre.processes import nats
from tests.mqtt_client import Client
from tests.waits import PATIENCE_S, free_port


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home, port = Home(tmp_path_factory.mktemp("broker") / "home"), free_port()
    make_site(home, "demo", broker_port=port)
    add_stations(home, {"ICU1": ("MICU",), "ED1": ("ED",)})
    with nats(home, port):
        yield home, port


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Another site's home, with a station of the same name."""
    home = Home(tmp_path_factory.mktemp("stranger") / "home")
    make_site(home, "demo")
    add_stations(home, {"ICU1": ("MICU",)})
    return home


@pytest.mark.req("U4")
def test_only_a_certificate_of_this_site_lets_in(site, stranger):
    home, port = site
    assert let_in(client(home, home.station("ICU1") / "tls"), port)
    assert not let_in(client(home), port)
    assert not let_in(client(home, stranger.station("ICU1") / "tls"), port)


@pytest.mark.req("A25.a")
def test_a_client_without_tls_is_refused(site):
    assert not let_in(Client(), site[1])


def test_a_station_speaks_and_hears_under_its_own_name_only(site):
    home, port = site
    heard = queue.Queue()
    centre, ed = client(home, home.keys / "centre"), client(home, home.station("ED1") / "tls")
    centre.on_connect = lambda *_: centre.subscribe("apotheca/1/demo/+/+/up/#", qos=1)
    centre.on_subscribe = lambda *_: heard.put("ready")
    centre.on_message = lambda _c, _u, message: heard.put(message.topic)
    ed.on_connect = lambda *_: ed.subscribe([(topics.down("demo", "s0", who, "answer"), 1) for who in ("ICU1", "ED1")])
    ed.on_subscribe = lambda _c, _u, _m, reasons, _p: heard.put([reason.is_failure for reason in reasons])
    with looping(centre, port):
        assert heard.get(timeout=PATIENCE_S) == "ready"
        with looping(ed, port):
            assert heard.get(timeout=PATIENCE_S) == [True, False]
            for station in ("ICU1", "ED1"):
                ed.publish(topics.up("demo", "s0", station, "batch"), b"x", qos=1)
            assert heard.get(timeout=PATIENCE_S) == topics.up("demo", "s0", "ED1", "batch")
