"""The broker, through paho and asyncio: what arrives goes to a bounded queue, what is to be sent is sent once taken.

A PUBACK tells only that the broker has a message; stations go by the centre's answers (docs/wire.md section 4).
"""

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from server_stub.ledger.transaction import Outgoing
from server_stub.site.config import SiteConfig
from server_stub.site.home import Home

log = logging.getLogger(__name__)

MAX_INFLIGHT = 1000
MAX_QUEUED = 20_000
MAX_MESSAGE = 65_536
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)


def tls(home: Home, name: str) -> ssl.SSLContext:
    """Mutual TLS with the site's authority; `name` is the identity in `keys/`."""
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    context.load_cert_chain(home.keys / f"{name}.crt", home.keys / f"{name}.key")
    return context


def filters(config: SiteConfig, shard: str | None = None, *, alone: bool = False) -> list[str]:
    """What the process of a further `shard` listens to; without one ingest itself, `alone` or beside such processes."""
    site = f"apotheca/1/{config.site.id}"
    if alone:
        return [f"{site}/+/+/up/#"]
    words = [f"{site}/{shard or config.site.shard}/+/up/{what}" for what in ("batch", "heartbeat")]
    return words if shard else [*words, f"{site}/+/+/up/status"]


class Mqtt:
    """One client on the running event loop. `arrived(topic, payload)` for what matches one of `filters`, if it has any;
    `taken(outbox id)` when the broker has a message."""

    def __init__(
        self,
        home: Home,
        config: SiteConfig,
        filters: Sequence[str],
        arrived: Callable[[str, bytes], None] | None,
        taken: Callable[[int], None],
    ) -> None:
        self._where = (config.broker.host, config.broker.port)
        self._filters = filters
        self._arrived = arrived
        self._taken = taken
        self._under_way: dict[int, int] = {}
        self._unsent: deque[Outgoing] = deque()
        self._lost = asyncio.Event()
        self._paused = False
        self._loop = asyncio.get_running_loop()
        self._client = self._make_client(tls(home, "centre"))

    def _make_client(self, context: ssl.SSLContext) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311, clean_session=True)
        client.tls_set_context(context)
        client.max_inflight_messages_set(MAX_INFLIGHT)
        client.max_queued_messages_set(MAX_QUEUED)
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self._lost.set()
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_register_write = lambda _c, _u, sock: self._soon(self._want_write, sock)
        client.on_socket_unregister_write = lambda _c, _u, sock: self._soon(self._loop.remove_writer, sock)
        client.on_socket_close = self._on_close
        return client

    async def run(self) -> None:
        """Stay connected; returns only by cancellation."""
        attempt = 0
        while True:
            try:
                await asyncio.to_thread(self._client.connect, *self._where, 30)
                attempt = 0
                await self._serve()
            except OSError as error:
                log.warning("broker at %s:%s is away (%s); trying again", *self._where, error)
            await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1

    async def _serve(self) -> None:
        self._lost.clear()
        sock = self._client.socket()
        if sock is None:
            return
        if not self._paused:
            self._loop.add_reader(sock, self._read)
        while not self._lost.is_set():
            # not wait_for: before Python 3.12 it could lose the cancellation that ends this process
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._lost.wait()
            self._client.loop_misc()

    def pause(self, paused: bool) -> None:
        """Read no more from the broker for now, or again: the queue is bounded, the broker holds the rest. It
        holds over a reconnection."""
        self._paused = paused
        sock = self._client.socket()
        if sock is None:
            return
        if paused:
            self._loop.remove_reader(sock)
        else:
            self._loop.add_reader(sock, self._read)

    def publish(self, message: Outgoing) -> None:
        """Send one message, QoS 1; what has an outbox row is kept for later if there is no room."""
        info = self._client.publish(message.topic, message.payload, qos=1)
        if info.rc == paho.MQTT_ERR_QUEUE_SIZE:
            self._wait(message)
        elif message.id is not None:
            self._under_way[info.mid] = message.id

    def _wait(self, message: Outgoing) -> None:
        if message.id is None:
            return
        if len(self._unsent) < MAX_QUEUED:
            self._unsent.append(message)
        else:
            log.warning("%s waits in the database until the next start: the broker takes too little", message.topic)

    def _read(self) -> None:
        while True:
            if self._client.loop_read() != paho.MQTT_ERR_SUCCESS:
                return
            sock: Any = self._client.socket()
            if sock is None or not sock.pending():
                return

    def _want_write(self, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.add_writer(sock, self._client.loop_write)

    def _soon(self, call: Callable[..., Any], sock: Any) -> None:
        # paho calls these from the connecting thread too
        self._loop.call_soon_threadsafe(call, sock)

    def _on_close(self, _client: paho.Client, _userdata: Any, sock: Any) -> None:
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)
        self._lost.set()

    def _on_connect(self, client: paho.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.error("the broker refuses the centre: %s", reason)
            return
        log.info("connected to the broker")
        if self._filters:
            client.subscribe([(name, 1) for name in self._filters])

    def _on_message(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        if len(message.payload) > MAX_MESSAGE:
            log.warning("dropped %d bytes on %s", len(message.payload), message.topic)
            return
        assert self._arrived is not None
        self._arrived(message.topic, bytes(message.payload))

    def _on_publish(self, _client: paho.Client, _userdata: Any, mid: int, _reason: Any, _properties: Any) -> None:
        outbox_id = self._under_way.pop(mid, None)
        if outbox_id is not None:
            self._taken(outbox_id)
        if self._unsent:
            self.publish(self._unsent.popleft())
