"""The distribution centre's client: hears of use by itself and totals it by drug (PC1, PC20, PC21)."""

import json
import threading
from collections import Counter
from types import TracebackType

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from server_stub.integration.mqtt import tls
from server_stub.site.config import read
from server_stub.site.home import Home
from server_stub.supply.supplier_feed import topic

NAME = "supplier"
QUIET_S = 3.0


class Supplier:
    """Listens while used as a context; `totals` are smallest units by drug, each movement counted once."""

    def __init__(self, home: Home) -> None:
        site = read(home)
        self._topic = topic(site.site.id)
        self._where = (site.broker.host, site.broker.port)
        self.totals: Counter[str] = Counter()
        self.messages: list[dict[str, object]] = []
        self._known: set[tuple[str, int, int]] = set()
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.tls_set_context(tls(home, NAME))
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _c, _u, message: self._heard(message.payload)

    def __enter__(self) -> "Supplier":
        """Connect and subscribe; raises OSError, TimeoutError."""
        self._client.connect(*self._where)
        self._client.loop_start()
        if not self._ready.wait(30):
            raise TimeoutError("the broker does not let the supplier subscribe")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()

    def told(self, movements: int) -> int:
        """How many movements are known, once there are so many or no more come."""
        while not self.wait(movements, QUIET_S):
            known = len(self._known)
            if not self.wait(known + 1, QUIET_S):
                break
        return len(self._known)

    def wait(self, movements: int, timeout_s: float = 30.0) -> bool:
        """Wait until so many movements are known; False if they do not come in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._known) >= movements, timeout_s)

    def _heard(self, payload: bytes | bytearray) -> None:
        told = json.loads(payload)
        key = (told["station"], told["log"], told["seq"])
        with self._changed:
            # after a crash of the centre a message may come twice
            if key not in self._known:
                self._known.add(key)
                self.messages.append(told)
                self.totals[told["item"]] += told["quantity"]
                self._changed.notify_all()
