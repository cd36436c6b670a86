"""MQTT clients with certificates of a site, against its real broker."""

import ssl
from contextlib import contextmanager

import paho.mqtt.client as paho

from tests.mqtt_client import Client


def client(home, identity=None):
    """An MQTT client that trusts this site; `identity` is the path of its certificate and key without their endings."""
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    if identity:
        context.load_cert_chain(f"{identity}.crt", f"{identity}.key")
    made = Client()
    made.tls_set_context(context)
    return made


@contextmanager
def looping(who, port):
    who.connect("127.0.0.1", port)
    who.loop_start()
    try:
        yield
    finally:
        who.disconnect()
        who.loop_stop()


def let_in(who, port):
    """Whether the broker takes this client; False if it refuses, or hangs up before it has said so."""
    said = []
    who.on_connect = lambda _c, _u, _f, reason, _p: said.append(not reason.is_failure)
    try:
        who.connect("127.0.0.1", port)
        while not said:
            if who.loop(1.0) != paho.MQTT_ERR_SUCCESS:
                return False
    except OSError:
        return False
    finally:
        who.disconnect()
    return said[0]
