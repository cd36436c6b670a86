"""The controller as the agent sees it: the link's dialogue as a sans-I/O core (docs/wire.md section 2).

Events and the time (monotonic seconds) go in, a list of actions comes out; the shell (`agent.station`) carries them out
in order. Everything that can get lost on the wire is asked for again here: INFO, pages, replies, inventory.
"""

from collections.abc import Sequence
from typing import Any

import cbor2

from agent import pages, shapes
from agent.actions import (
    Action,
    Good,
    Info,
    LinkUp,
    Missing,
    Reset,
    Result,
    Rewind,
    Send,
    StartLog,
    State,
    Take,
    Trouble,
)
from agent.inventory import InventoryReader
from agent.pages import UnverifiedPageError
from agent.requests import Requests
from firmware import codes
from firmware.journal import chain
from firmware.wire import cbor, messages

RETRY_S = 1.0
RETRY_MAX_S = 2.0
HELLOS = 3
CHECK_AFTER_S = 1.0
# an entry asked for so often while only others came does not read back at the controller
TRIES = 3
STREAM_MAX_S = 60.0
JOURNAL, LINK, STATION = "journal", "link", "station"


class Controller:
    """One station's controller. `seq` and `head` are where the outbox stands (`head` None: no verified start yet)."""

    def __init__(self, station: str, log: int, seq: int, head: bytes | None, first_request_id: int) -> None:
        self._station, self._log = station, log
        self._seq, self._head = seq, head
        self._requests = Requests(first_request_id, RETRY_S)
        self._inventory = InventoryReader(RETRY_S)
        self.info: Info | None = None
        self.up = False
        self._open = False
        self._bad: set[str] = set()
        self._hellos = 0
        self._asked = -1
        self._tries = 0
        self._beyond = False  # later pages than the one asked for have come since it was
        self._useless = False  # it was asked for, and something else came
        self._refused = False
        self._rewound = False
        self._hello_at: float | None = None
        self._stream_at: float | None = None
        self._retry_s = RETRY_S

    # events

    def opened(self, now: float) -> list[Action]:
        """The port is open: say hello."""
        self._open = True
        self._requests.open()
        return self._hello(now)

    def lost(self, now: float) -> list[Action]:
        """The port is gone; requests wait for the next one, within their limit."""
        self._open = False
        self._hello_at = self._stream_at = None
        self._requests.close()
        self._inventory.close()
        return self._down()

    def ping(self, now: float) -> list[Action]:
        """Ask for a fresh INFO."""
        return self._hello(now) if self._open else []

    def request(self, kind: int, args: Sequence[Any], now: float, rid: int | None = None) -> tuple[int, list[Action]]:
        """Queue a request; its `Reply` comes as an action with the id given back here."""
        return self._requests.add(kind, args, now, rid)

    def ask_inventory(self, now: float) -> list[Action]:
        """Read the whole inventory; it comes as one `Inventory`."""
        return self._inventory.start(now) if self._open else []

    def kept(self, seq: int) -> list[Action]:
        """Pages up to `seq` are durable in the outbox."""
        return [_send(messages.PAGES_KEPT, seq)]

    def moved(self, seq: int, head: bytes | None, now: float) -> list[Action]:
        """The outbox stands elsewhere now (start, anchor, rewind): stream from there, whatever was refused before."""
        self._seq, self._head, self._refused = seq, head, False
        return self._stream(now) if self._open and self.info and head is not None else []

    def stall(self, seq: int, head: bytes | None) -> None:
        """Pages could not be stored: wait for the next INFO before asking again from there."""
        self._seq, self._head, self._stream_at = seq, head, None

    def received(self, payload: bytes, now: float) -> list[Action]:
        """One payload of the link; what cannot be read is reported and dropped."""
        about = LINK
        try:
            message = cbor2.loads(payload)
            handler = _HANDLERS[message[0]]
            about = f"{LINK} {message[0]}"
            shapes.check(message)
            actions = handler(self, message, now)
        except (cbor2.CBORError, ValueError, TypeError, IndexError, KeyError) as error:
            return self._trouble(codes.BAD_MESSAGE, f"link message dropped: {type(error).__name__} {error}", about)
        return [*self._good(about), *self._good(LINK), *actions]

    def tick(self, now: float) -> list[Action]:
        """Carry out what is due; `deadline` says when to call again."""
        actions: list[Action] = []
        if _due(self._hello_at, now):
            actions += self._down() if self._silent() else []
            actions += self._hello(now)
        if _due(self._stream_at, now):
            gone = self._beyond and self._tries >= TRIES
            actions += [*self._stream(now), *(self._missing() if gone else [])]
        return [*actions, *self._inventory.tick(now), *self._requests.tick(now)]

    @property
    def deadline(self) -> float | None:
        """Monotonic time of the next thing to do, None if there is none."""
        times = [self._hello_at, self._stream_at, self._inventory.deadline, self._requests.deadline]
        return min((t for t in times if t is not None), default=None)

    # what stands in the kiosk's alarms, by what it is about

    def _trouble(self, code: int, text: str, about: str) -> list[Action]:
        self._bad.add(about)
        return [Trouble(code, text, about)]

    def _good(self, about: str) -> list[Action]:
        if about not in self._bad:
            return []
        self._bad.discard(about)
        return [Good(about)]

    # hello and info

    def _hello(self, now: float) -> list[Action]:
        self._hello_at = now + self._retry_s
        self._hellos += 1
        self._retry_s = min(self._retry_s * 2, RETRY_MAX_S)
        return [_send(messages.HELLO, 1)]

    def _silent(self) -> bool:
        """Whether INFO was asked for several times without coming."""
        return self.up and self._hellos >= HELLOS

    def _down(self) -> list[Action]:
        if not self.up:
            return []
        self.up = False
        return [LinkUp(False)]

    def _check_soon(self, now: float) -> None:
        if not self._hellos:
            self._hello_at = now + CHECK_AFTER_S

    def _on_info(self, m: list[Any], now: float) -> list[Action]:
        tables = {str(table): int(version) for table, version, _ in m[10]}
        boot, old = int(m[3]), self.info
        entries, removals = m[11]
        new_boot = old is None or old.boot != boot
        firmware, genesis, first_seq, last_seq, head, released = m[4:10]
        info = Info(
            m[1], m[2], boot, firmware, genesis, first_seq, last_seq, head, released, tables,
            entries, removals, m[12], new_boot,
        )  # fmt: skip
        if (info.station, info.log) != (self._station, self._log):
            text = (
                f"the controller is {info.station} log {info.log}, this agent {self._station} log {self._log}: enrol it"
            )
            return self._trouble(codes.WRONG_STATION, text, STATION)
        self.info = info
        self._hello_at, self._hellos, self._retry_s = None, 0, RETRY_S
        came_up = [] if self.up else [LinkUp(True)]
        fresh = bool(came_up) or info.new_boot
        self.up = True
        resumed = self._resume(now) if fresh else []
        return [*self._good(STATION), *came_up, info, *self._catch_up(info, fresh, now), *resumed]

    def _resume(self, now: float) -> list[Action]:
        """After a (re)connection: what was asked and may be lost is asked again."""
        return self._requests.send(now) + self.ask_inventory(now)

    def _catch_up(self, info: Info, fresh: bool, now: float) -> list[Action]:
        """What INFO says about the journal, against where the outbox stands."""
        if fresh:
            self._refused = self._rewound = False
            self._asked = -1
        if self._head is None:
            return self._begin(info)
        if self._seq + 1 < info.first_seq:
            return [Reset()]
        if self._refused:
            return []
        if self._seq > info.last_seq:
            return self._refuse(f"outbox holds entry {self._seq}, the controller only {info.last_seq}")
        if self._seq == info.last_seq and self._head != info.head:
            return self._mismatch()
        return self._stream(now) if fresh or (self._seq < info.last_seq and self._stream_at is None) else []

    def _begin(self, info: Info) -> list[Action]:
        """Without a verified start: from the genesis if entry 1 is still there, else `anchor` has to come."""
        return [StartLog(info.genesis, chain.head0(info.genesis))] if info.first_seq <= 1 else []

    def _mismatch(self) -> list[Action]:
        if self._rewound:
            return self._refuse(f"head of entry {self._seq} is not the controller's")
        self._rewound = True
        text = f"head of entry {self._seq} differs: reading again"
        return [*self._trouble(codes.UNVERIFIED_PAGE, text, JOURNAL), Rewind()]

    def _refuse(self, text: str) -> list[Action]:
        self._refused, self._stream_at = True, None
        return self._trouble(codes.UNVERIFIED_PAGE, text, JOURNAL)

    # pages

    def _stream(self, now: float) -> list[Action]:
        wanted = self._seq + 1
        if wanted != self._asked:
            self._asked, self._tries, self._useless = wanted, 0, False
        self._tries, self._beyond = self._tries + 1, False
        behind = self.info is not None and self._seq < self.info.last_seq
        self._stream_at = now + self._patience_s() if behind or self._useless else None
        return [_send(messages.PAGES_KEPT, self._seq), _send(messages.STREAM, wanted)]

    def _patience_s(self) -> float:
        """How long to wait for the page asked for: ever longer when others come in its place."""
        more = self._tries - TRIES if self._useless else 0
        return min(RETRY_S * 2.0 ** min(max(more, 0), 10), STREAM_MAX_S)

    def _missing(self) -> list[Action]:
        text = f"the controller cannot read entry {self._asked}"
        return [*self._trouble(codes.UNVERIFIED_PAGE, text, JOURNAL), Missing(self._asked)]

    def _on_page(self, m: list[Any], now: float) -> list[Action]:
        seq, data = int(m[1]), bytes(m[2])
        self._check_soon(now)
        if self._head is None or self._refused or seq <= self._seq:
            return []
        if seq > self._seq + 1:
            return self._gap(now, beyond=True)
        try:
            page = pages.read(data, self._station, self._log, seq, self._head)
        except UnverifiedPageError as error:
            return [*self._trouble(codes.UNVERIFIED_PAGE, str(error), JOURNAL), *self._gap(now)]
        self._seq, self._head = seq, page.head
        behind = self.info is not None and seq < self.info.last_seq
        self._stream_at = now + RETRY_S if behind else None
        return [*self._good(JOURNAL), Take(page)]

    def _gap(self, now: float, *, beyond: bool = False) -> list[Action]:
        """Not the page that is wanted: ask for it at once, and again with the time if it has been asked for."""
        at_once = self._asked != self._seq + 1 or self._stream_at is None
        actions = self._stream(now) if at_once else []
        self._useless = True
        self._beyond |= beyond
        self._stream_at = self._stream_at or now + RETRY_S
        return actions

    # replies, state, results, inventory

    def _on_reply(self, m: list[Any], now: float) -> list[Action]:
        self._check_soon(now)
        return self._requests.replied(int(m[1]), int(m[2]), list(m[3]), now)

    def _on_state(self, m: list[Any], now: float) -> list[Action]:
        self._check_soon(now)
        return [State(m[1:])]

    def _on_result(self, m: list[Any], now: float) -> list[Action]:
        return [Result(int(m[1]), int(m[2]), list(m[3]))]

    def _on_inventory(self, m: list[Any], now: float) -> list[Action]:
        return self._inventory.part(int(m[1]), int(m[2]), list(m[3]), now)


_HANDLERS = {
    messages.INFO: Controller._on_info,
    messages.PAGE: Controller._on_page,
    messages.REPLY: Controller._on_reply,
    messages.STATE: Controller._on_state,
    messages.RESULT: Controller._on_result,
    messages.INVENTORY: Controller._on_inventory,
}


def _send(*message: Any) -> Send:
    return Send(cbor.encode(list(message)))


def _due(at: float | None, now: float) -> bool:
    return at is not None and now >= at
