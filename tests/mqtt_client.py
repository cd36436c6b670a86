"""paho's client, made for brokers that are killed."""

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.waits import PATIENCE_S


class Client(paho.Client):
    """Closes a socket whose handshake failed: left to the collector, its warning would fail some later test."""

    def __init__(self, **named):
        super().__init__(CallbackAPIVersion.VERSION2, **named)
        self.connect_timeout = PATIENCE_S

    def _ssl_wrap_socket(self, tcp_sock):
        wrapped = self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        wrapped.settimeout(self._connect_timeout)
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped
