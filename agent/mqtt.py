"""The broker over paho-mqtt, driven by the asyncio loop: MQTT 3.1.1, QoS 1, TLS both ways (docs/wire.md section 4).

paho is never the queue: each connection is a new client with a random id and a clean session, and what it had not sent
is forgotten with it. Who speaks here sends again by the centre's answers.
"""

import asyncio
import secrets
import ssl
from pathlib import Path
from typing import Any, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

KEEPALIVE_S = 60
MISC_S = 15
RECONNECT_S = 0.1
MAX_INFLIGHT = 100
MAX_QUEUED = 200
RECONNECT_MAX_S = 2.0


class BrokerUser(Protocol):
    """Who speaks over the broker."""

    def broker_up(self) -> None:
        """Connected and subscribed."""

    def broker_down(self) -> None:
        """The connection is gone; it comes back by itself."""

    def broker_message(self, topic: str, payload: bytes) -> None:
        """A message of the subscription."""


def tls_context(folder: Path) -> ssl.SSLContext:
    """TLS with the station's certificate; trusts the site's own authority only."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context


class Mqtt:
    """One connection at a time to the broker, with a subscription and a retained last will."""

    def __init__(
        self,
        address: tuple[str, int],
        tls: ssl.SSLContext,
        subscription: str,
        will: tuple[str, bytes],
        user: BrokerUser,
    ) -> None:
        self._address, self._tls, self._subscription, self._will, self._user = address, tls, subscription, will, user
        self._client: paho.Client | None = None
        self._fd = -1
        self._writing = False
        self._gone: asyncio.Event = asyncio.Event()
        self._subscribed = False

    async def run(self) -> None:
        """Connect, serve, and connect again, until cancelled."""
        delay_s = RECONNECT_S
        while True:
            client = self._new_client()
            try:
                await asyncio.get_running_loop().run_in_executor(None, client.connect, *self._address, KEEPALIVE_S)
                await self._serve(client)
                delay_s = RECONNECT_S if self._subscribed else delay_s
            except OSError:
                pass
            self._subscribed = False
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, RECONNECT_MAX_S)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send with QoS 1 if connected and there is room, else not at all."""
        if self._client is not None and self._subscribed:
            self._client.publish(topic, payload, qos=1, retain=retain)
            self._flush()

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id="a" + secrets.token_hex(11),
            protocol=paho.MQTTv311,
            clean_session=True,
        )
        client.tls_set_context(self._tls)
        client.will_set(self._will[0], self._will[1], qos=1, retain=True)
        client.max_inflight_messages_set(MAX_INFLIGHT)
        client.max_queued_messages_set(MAX_QUEUED)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_close = self._on_socket_close
        return client

    async def _serve(self, client: paho.Client) -> None:
        loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._client, self._fd = client, client.socket().fileno()  # type: ignore[union-attr]
        loop.add_reader(self._fd, self._readable)
        try:
            self._readable()
            while not self._gone.is_set():
                await self._misc_or_gone(client)
        finally:
            self._detach()
            client.disconnect()
            self._client = None
            if self._subscribed:
                self._user.broker_down()

    async def _misc_or_gone(self, client: paho.Client) -> None:
        try:
            async with asyncio.timeout(MISC_S):
                await self._gone.wait()
        except TimeoutError:
            if client.loop_misc() != paho.MQTT_ERR_SUCCESS or not self._subscribed:
                self._gone.set()
            self._flush()

    def _readable(self) -> None:
        client = self._client
        while client is not None:
            code = client.loop_read()
            sock = client.socket()
            if code != paho.MQTT_ERR_SUCCESS or sock is None:
                return self._gone.set()
            # what TLS has already decrypted does not make the descriptor readable again
            if not isinstance(sock, ssl.SSLSocket) or not sock.pending():
                break
        self._flush()

    def _flush(self) -> None:
        client = self._client
        if client is None or client.socket() is None:
            return self._gone.set()
        if client.want_write() and client.loop_write() != paho.MQTT_ERR_SUCCESS:
            return self._gone.set()
        wanted = client.want_write()
        if wanted != self._writing and self._fd >= 0:
            self._writing = wanted
            loop = asyncio.get_running_loop()
            _ = loop.add_writer(self._fd, self._flush) if wanted else loop.remove_writer(self._fd)

    def _detach(self) -> None:
        if self._fd < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        self._fd, self._writing = -1, False

    def _on_socket_close(self, client: paho.Client, _user: Any, _sock: Any) -> None:
        # paho also closes from the connecting thread; then nothing is attached yet
        if client is self._client:
            self._detach()
            self._gone.set()

    def _on_connect(self, client: paho.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._gone.set()
        else:
            client.subscribe(self._subscription, qos=1)

    def _on_subscribe(self, _client: paho.Client, _user: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            return self._gone.set()
        self._subscribed = True
        # after the callback: paho sends nothing from within one
        asyncio.get_running_loop().call_soon(self._announce)

    def _announce(self) -> None:
        if self._subscribed and self._client is not None:
            self._user.broker_up()

    def _on_message(self, _client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        self._user.broker_message(message.topic, bytes(message.payload))
