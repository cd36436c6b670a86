"""Over the real broker: a scripted agent gets the notice, the account `feed` the alert."""

import json
import queue
import ssl

import cbor2
import pytest

from firmware import codes
from firmware.wire import cose
from server_stub.ledger.batch import verify
from server_stub.ledger.sign import load_public
from tests.centre.test_crash import asked, site  # noqa: F401
from tests.mqtt_client import Client
from tests.verify.day import T0, adt, charted
from tests.waits import PATIENCE_S, until


class Subscriber:
    """The pharmacy's client: reads the feed and nothing else."""

    def __init__(self, home, port):
        self.inbox = queue.Queue()
        ready = queue.Queue()
        context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
        context.load_cert_chain(home.keys / "feed.crt", home.keys / "feed.key")
        self.client = Client()
        self.client.tls_set_context(context)
        self.client.on_connect = lambda client, *_: client.subscribe("apotheca/1/demo/feed/alert", qos=1)
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: ready.put(codes)
        self.client.on_message = lambda _c, _u, message: self.inbox.put(json.loads(message.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert not ready.get(timeout=PATIENCE_S)[0].is_failure

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def notice(agent, public):
    while True:
        topic, payload = agent.inbox.get(timeout=PATIENCE_S)
        if topic.endswith("/notice"):
            kid, body, signature = cose.parse(payload)
            assert verify(public, cose.tbs(kid, "notice", body), signature)
            return cbor2.loads(body)


@pytest.mark.req("A5", "A3.e")
def test_alert_reaches_kiosk_and_feed(site):  # noqa: F811
    home, _, agent, script = site
    public = load_public((home.keys / "centre-sign.pub").read_bytes())
    asked(home, "advance", utc_ms=T0)
    asked(home, "hospital_events", events=[adt("A01", -60)], key="")
    subscriber = Subscriber(home, agent.client.port)
    try:
        script.utc_ms = T0
        script.add()
        until(lambda: agent.answered(script.batch(1, 1), 1), "ingest")
        script.removal()
        agent.send("batch", script.batch(2, 5))
        first, second = notice(agent, public), notice(agent, public)
        assert first[:2] + first[3:] == [1, "ICU1", 1, [4, 1, codes.NO_ACTIVE_ORDER, "u1", "HEPARIN"]]
        assert second[4][1:3] == [2, codes.AWAITING_DOCUMENTATION]
        assert {subscriber.inbox.get(timeout=PATIENCE_S)["code"] for _ in range(2)} == {
            codes.NO_ACTIVE_ORDER, codes.AWAITING_DOCUMENTATION,
        }  # fmt: skip
        asked(home, "hospital_events", events=[charted("c", 5)], key="")
        assert notice(agent, public)[3:] == [2, [4, 2, "charted by event c at 22:18 UTC"]]
        over = subscriber.inbox.get(timeout=PATIENCE_S)
        assert (over["removal_seq"], over["facet"], over["raised"]) == (4, 2, False)
    finally:
        subscriber.close()
    assert asked(home, "verdicts")["verdicts"]["no_order"] == 1
