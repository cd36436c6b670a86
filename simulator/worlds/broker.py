"""The broker as MQTT has it for us: QoS 1, clean sessions, retained status. Nothing it says is a promise.

A message for who is not connected is gone. PUBACK comes once the broker has a message, whatever becomes of it then.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Protocol

from firmware.wire import topics
from simulator.worlds.timeline import Timeline
from simulator.worlds.wire import Lane

DELAY_MS = (3, 40)
Message = tuple[str, bytes]


class Client(Protocol):
    """Who is connected: the centre, or one agent (or its clone)."""

    station: str

    def broker_up(self) -> None:
        """Connected and subscribed."""

    def broker_down(self) -> None:
        """The connection is gone."""

    def broker_message(self, topic: str, payload: bytes) -> None:
        """A message of the subscription."""


class Broker:
    """`hit(fault, station)` is told when an armed fault meets a message."""

    def __init__(self, timeline: Timeline, chance: random.Random, hit: Callable[[str, str], None]) -> None:
        self._timeline, self._chance, self._hit = timeline, chance, hit
        self._clients: list[Client] = []
        self._waiting: list[Client] = []
        self._retained: dict[str, bytes] = {}
        self._lanes: dict[tuple[str, str], Lane[Message]] = {}
        self.up = True
        self.night = False  # no network, whatever the broker does

    def join(self, client: Client) -> None:
        """Connect, now or when the broker is back."""
        if client not in self._clients and client not in self._waiting:
            self._waiting.append(client)
            self._timeline.after(self._chance.randint(50, 2000), lambda: self._admit(client))

    def leave(self, client: Client) -> None:
        """A process has ended."""
        self._clients = [other for other in self._clients if other is not client]
        self._waiting = [other for other in self._waiting if other is not client]

    def _admit(self, client: Client) -> None:
        if not self.up or client not in self._waiting:
            return
        self._waiting.remove(client)
        self._clients.append(client)
        client.broker_up()
        if not client.station:
            for topic, payload in sorted(self._retained.items()):
                client.broker_message(topic, payload)

    def go_down(self, wiped: bool = False) -> None:
        """Everybody is disconnected, what was on its way is gone; `wiped`: what was retained too."""
        self.up = False
        if wiped:
            self._retained.clear()
        for lane in self._lanes.values():
            lane.cut()
        clients, self._clients = self._clients, []
        for client in clients:
            client.broker_down()
            if client not in self._waiting:
                self._waiting.append(client)

    def come_back(self) -> None:
        """Everybody connects again within moments."""
        if self.up or self.night:
            return
        self.up = True
        for client in list(self._waiting):
            self._timeline.after(self._chance.randint(50, 2500), partial(self._admit, client))

    def is_connected(self, client: Client) -> bool:
        """Whether what the client sends goes anywhere."""
        return client in self._clients

    def publish(self, client: Client | None, topic: str, payload: bytes, retain: bool = False) -> bool:
        """Take a message; True is the PUBACK. Without a client it is an intruder's."""
        if not self.up or (client is not None and client not in self._clients):
            return False
        if retain:
            self._retained[topic] = payload
        try:
            _, _, station, way, _ = topics.parse(topic)
        except ValueError:
            return True  # the feed: nobody of this world reads it
        self.lane(station, way).send((topic, payload))
        return True

    def lane(self, station: str, way: str) -> Lane[Message]:
        """The way of a station's messages, `up` or `down`."""
        key = (station, way)
        if key not in self._lanes:
            self._lanes[key] = Lane(
                self._timeline, self._chance, DELAY_MS, self._deliver, self._changed,
                lambda fault: self._hit(fault, station),
            )  # fmt: skip
        return self._lanes[key]

    def clear_faults(self) -> None:
        """No fault waits any more."""
        for lane in self._lanes.values():
            lane.clear()

    def _deliver(self, message: Message) -> None:
        topic, payload = message
        _, _, station, way, _ = topics.parse(topic)
        wanted = "" if way == "up" else station
        for client in list(self._clients):
            if client.station == wanted:
                client.broker_message(topic, payload)

    def _changed(self, message: Message) -> list[Message]:
        topic, payload = message
        at, bit = self._chance.randrange(len(payload)), 1 << self._chance.randrange(8)
        return [(topic, payload[:at] + bytes([payload[at] ^ bit]) + payload[at + 1 :])]
