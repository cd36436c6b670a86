"""One station's agent: link, outbox, uplink, downlink and view wired together. Events in, actions carried out in order.

The cores decide, this shell does: it owns the one timer, the outbox's transactions and the two ports. Pages are durable
in the outbox before the controller hears so, and an answer is durable before the controller gets it.
"""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from agent.clock import Clock
from agent.controller import (
    Action,
    Controller,
    Info,
    Inventory,
    LinkUp,
    Reply,
    Reset,
    Result,
    Rewind,
    Send,
    StartLog,
    State,
    Take,
    Trouble,
)
from agent.downlink import DIRECTORY, Answered, Downlink, Downward, Names, NeedVersions, Notice
from agent.keys import BadSignatureError, Signer, Verifier
from agent.outbox import Outbox, OutboxError
from agent.pages import Page
from agent.sender import Publisher, Sender
from agent.settings import Settings
from agent.uplink import Batch, Uplink
from agent.view import View, no_state
from firmware import codes
from firmware.journal import kinds
from firmware.wire import cbor, messages

HEARTBEAT_S = 60.0
STATUS_AFTER_S = 0.2
STORE_AGAIN_S = 2.0
INFO_WAIT_S = 3.0
INVENTORY_WAIT_S = 10.0

log = logging.getLogger("agent")


class Agent:
    """The agent of one station; `link` and `broker` are set before the first event."""

    def __init__(self, settings: Settings, outbox: Outbox, clock: Clock, signer: Signer, verifier: Verifier) -> None:
        self.settings, self.outbox, self.clock = settings, outbox, clock
        self._signer, self._verifier = signer, verifier
        self.view = View(directory={table: outbox.names(table) for table in DIRECTORY})
        self._controller = self._new_controller()
        self._uplink = self._new_uplink()
        self._downlink = Downlink(settings.station, outbox.versions())
        self._write: Callable[[bytes], None] = lambda payload: None
        self._sender: Sender | None = None
        self._replies: dict[int, list[asyncio.Future[Reply]]] = {}
        self._info_waiters: list[asyncio.Future[bool]] = []
        self._inventory_waiters: list[asyncio.Future[bool]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._heartbeat_at: float | None = None
        self._status_at: float | None = None
        self._store_at: float | None = None
        self._status_stale = True

    def attach(self, write: Callable[[bytes], None], publisher: Publisher) -> None:
        """Give the agent its link and its broker."""
        self._write = write
        self._sender = Sender(self.settings, self.outbox, self._signer, publisher)

    # the link's events

    def link_opened(self) -> None:
        """The port is open."""
        self._run(self._controller.opened(time.monotonic()))

    def link_received(self, payloads: list[bytes]) -> None:
        """Payloads of the controller: one transaction for all pages among them."""
        now = time.monotonic()
        self._run(action for payload in payloads for action in self._controller.received(payload, now))

    def link_lost(self) -> None:
        """The port is gone."""
        self._run(self._controller.lost(time.monotonic()))

    # the broker's events

    def broker_up(self) -> None:
        """Connected: birth, heartbeat, and everything unanswered again."""
        now = time.monotonic()
        self.view.broker = True
        self._publish_status()
        self._heartbeat(now)
        self._run(self._uplink.connected(now))

    def broker_down(self) -> None:
        """The broker is gone."""
        self.view.broker = False
        self._heartbeat_at = None
        self._uplink.disconnected()
        self._run(())

    def broker_message(self, topic: str, payload: bytes) -> None:
        """Something from the centre, verified before it is looked at."""
        kind = topic.rsplit("/", 1)[-1]
        now = time.monotonic()
        try:
            opened = self._verifier.open(kind, payload)
            actions = self._downlink.message(kind, opened, now)
        except BadSignatureError as error:
            return self._run([Trouble(codes.BAD_SIGNATURE, str(error))])
        except (ValueError, TypeError, IndexError) as error:
            return self._run([Trouble(codes.BAD_MESSAGE, f"{kind}: {error}")])
        self.view.centre_at = now
        self._uplink.heard(now)
        self._run(actions)

    # the panel's desk

    async def ask(self, kind: int, args: list[Any], rid: int | None) -> Reply:
        """Put a request to the controller; the reply comes within its limit, with code 4001 at worst."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        number, actions = self._controller.request(kind, args, time.monotonic(), rid)
        self._replies.setdefault(number, []).append(future)
        self._run(actions)
        return await future

    async def fresh_inventory(self) -> bool:
        """Read the inventory anew; False if the controller does not answer."""
        return await self._wait(self._inventory_waiters, self._controller.ask_inventory, INVENTORY_WAIT_S)

    async def fresh_status(self) -> dict[str, Any]:
        """`status` of docs/interfaces.md, with the controller's counters asked for anew."""
        link = await self._wait(self._info_waiters, self._controller.ping, INFO_WAIT_S)
        stands, info, now = self.outbox.log(), self._controller.info, time.monotonic()
        age_ms = None if self.view.centre_at is None else int((now - self.view.centre_at) * 1000)
        names = {t: v for t, v in self._downlink.directory.items() if t not in self._downlink.applied}
        return {
            "entries": stands.entries,
            "removals": stands.removals,
            "depth": self._uplink.depth,
            "answered": stands.answered,
            "tables": {**names, **self._downlink.applied},
            "journal": {"entries": info.entries if info else 0, "removals": info.removals if info else 0},
            "centre_age_ms": age_ms,
            "link": link,
        }

    async def _wait(
        self, waiters: list[asyncio.Future[bool]], start: Callable[[float], Iterable[Action]], limit_s: float
    ) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiters.append(future)
        self._run(start(time.monotonic()))
        try:
            return await asyncio.wait_for(future, limit_s)
        except TimeoutError:
            return False

    # carrying out

    def _run(self, actions: Iterable[Action | Downward | Batch]) -> None:
        taken: list[Page] = []
        for action in actions:
            if isinstance(action, Take):
                taken.append(action.page)
                continue
            if taken and not self._store(taken):
                break
            taken = []
            _DO[type(action)](self, action)
        if taken:
            self._store(taken)
        self._arm()

    def _store(self, taken: list[Page]) -> bool:
        """Make pages durable, then say so; on failure they stay with the controller and are read again."""
        now = time.monotonic()
        try:
            self.outbox.take(taken)
        except OutboxError as error:
            self._run([Trouble(codes.STORE_FAILED, str(error))])
            stands = self.outbox.log()
            self._controller.stall(stands.seq, stands.head)
            self._store_at = now + STORE_AGAIN_S
            return False
        self.view.troubles.pop(codes.STORE_FAILED, None)
        self._run(self._controller.kept(taken[-1].seq))
        for page in taken:
            self.view.moved(page.place, page.after)
        if any(page.kind in (kinds.INTERRUPTED, kinds.COUNT) for page in taken):
            self._run(self._controller.ask_inventory(now))
        self._run(self._uplink.taken(taken[-1].seq, any(page.is_urgent for page in taken), now))
        self.view.changed()
        return True

    def _do_send(self, action: Send) -> None:
        self._write(action.payload)

    def _do_start(self, action: StartLog) -> None:
        self.outbox.start(action.genesis, action.head0)
        self._run(self._controller.moved(0, action.head0, time.monotonic()))

    def _do_rewind(self, _action: Rewind) -> None:
        self.outbox.rewind()
        stands = self.outbox.log()
        self._uplink.rewound(stands.seq)
        self._run(self._controller.moved(stands.seq, stands.head, time.monotonic()))

    def _do_reset(self, _action: Reset) -> None:
        self.outbox.forget(self.settings.station, self.settings.log)
        self._uplink = self._new_uplink()
        now = time.monotonic()
        if self.view.broker:
            self._uplink.connected(now)
        self._run(self._controller.moved(0, None, now))
        self._heartbeat(now)

    def _do_info(self, info: Info) -> None:
        now = time.monotonic()
        stands = self.outbox.log()
        if info.new_boot or self._status_stale:
            self.view.state = no_state(info.boot) if info.new_boot else self.view.state
            self._status_at, self._status_stale = now + STATUS_AFTER_S, False
            self._run(self._downlink.link_up(info.tables, now))
        else:
            self._downlink.informed(info.tables)
        if stands.answer and info.released < stands.answered:
            self._write(cbor.encode([messages.ANSWER, stands.answer]))
        if stands.head is None and info.first_seq > 1:
            self._heartbeat(now)
        _settle(self._info_waiters)

    def _do_state(self, action: State) -> None:
        info = self._controller.info
        self.view.set_state(action.fields, info.boot if info else 0)

    def _do_reply(self, action: Reply) -> None:
        for future in self._replies.pop(action.rid, []):
            if not future.done():
                future.set_result(action)

    def _do_result(self, action: Result) -> None:
        now = time.monotonic()
        self._run(self._downlink.result(action, now))
        if action.what == messages.REFERENCE and action.code == codes.NONE and action.details[:1] == ["pockets"]:
            self._run(self._controller.ask_inventory(now))

    def _do_inventory(self, action: Inventory) -> None:
        self.view.set_inventory(action.rows)
        _settle(self._inventory_waiters)

    def _do_link(self, action: LinkUp) -> None:
        self.view.link = action.up
        self._status_stale = action.up
        if not action.up:
            self._downlink.link_down()
        self.view.changed()

    def _do_trouble(self, action: Trouble) -> None:
        log.warning("%s: code %d: %s", self.settings.station, action.code, action.text)
        self.view.troubles[action.code] = action.text
        self.view.changed()

    def _do_answered(self, answer: Answered) -> None:
        now = time.monotonic()
        stands = self.outbox.log()
        if answer.log != self.settings.log:
            return self._do_trouble(Trouble(codes.WRONG_STATION, f"answer for log {answer.log}"))
        if stands.head is None:
            return self._anchor(answer, now)
        known = self.outbox.head(answer.seq)
        if answer.verdict == messages.FORK or (known is not None and known != answer.head):
            self._do_trouble(Trouble(codes.FORK, f"the centre's entry {answer.seq} is not ours"))
            self._uplink.answer(messages.FORK, answer.seq, now)
            return None
        if answer.verdict in (messages.ACCEPT, messages.DUP):
            self._answered(answer, stands.answered if stands.answer else -1)
        return self._run(self._uplink.answer(answer.verdict, answer.seq, now))

    def _answered(self, answer: Answered, before: int) -> None:
        if answer.seq > before:
            self.outbox.answered(answer.seq, answer.head, answer.payload)
            self._write(cbor.encode([messages.ANSWER, answer.payload]))

    def _anchor(self, answer: Answered, now: float) -> None:
        """The outbox was lost and the log's beginning is gone: go on after what the centre has stored."""
        info = self._controller.info
        if info is None or answer.verdict == messages.FORK or not info.first_seq - 1 <= answer.seq <= info.last_seq:
            return
        self.outbox.anchor(answer.seq, answer.head, info.last_seq, info.removals)
        self._uplink = self._new_uplink()
        if answer.verdict in (messages.ACCEPT, messages.DUP):
            self._answered(answer, -1)
        self._run(self._uplink.connected(now))
        self._run(self._controller.moved(answer.seq, answer.head, now))

    def _do_names(self, names: Names) -> None:
        self.outbox.put_names(names.table, names.version, names.base, names.rows)
        self.view.directory[names.table] = self.outbox.names(names.table)
        self.view.directory_at[names.table] = time.monotonic()
        self.view.changed()

    def _do_notice(self, notice: Notice) -> None:
        self.view.notices.append(" ".join(str(value) for value in notice.values))
        self.view.changed()

    def _do_versions(self, _action: NeedVersions) -> None:
        self._status_at = self._status_at or time.monotonic() + STATUS_AFTER_S

    def _do_batch(self, batch: Batch) -> None:
        if self._sender and not self._sender.batch(batch):
            self._do_trouble(Trouble(codes.GAP, f"entries {batch.first} to {batch.last} are no longer here"))

    # timers

    def _arm(self) -> None:
        times = (
            self._controller.deadline,
            self._uplink.deadline,
            self._downlink.deadline,
            self._heartbeat_at,
            self._status_at,
            self._store_at,
        )
        due = min((t for t in times if t is not None), default=None)
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, due - time.monotonic()), self._tick) if due is not None else None

    def _tick(self) -> None:
        now = time.monotonic()
        self.view.silent = self._uplink.silent(now)
        if self._heartbeat_at is not None and now >= self._heartbeat_at:
            self._heartbeat(now)
            self._run(self._controller.ping(now))
        if self._status_at is not None and now >= self._status_at:
            self._publish_status()
        if self._store_at is not None and now >= self._store_at:
            self._store_at = None
            self._run(self._controller.ping(now))
        self._run(self._controller.tick(now))
        self._run(self._downlink.tick(now))
        self._run(self._uplink.tick(now))

    def _heartbeat(self, now: float) -> None:
        if not self.view.broker or self._sender is None:
            return
        self._heartbeat_at = now + HEARTBEAT_S
        if self._sender.heartbeat(self._controller.info, self.clock.utc_ms()):
            self._uplink.expect_answer(now)

    def _publish_status(self) -> None:
        info = self._controller.info
        self._status_at = None
        if self.view.broker and self._sender and info:
            self._sender.status(info.boot, self._downlink.versions())

    def _new_controller(self) -> Controller:
        stands = self.outbox.log()
        first_id = secrets.randbits(48) << 8
        return Controller(self.settings.station, self.settings.log, stands.seq, stands.head, first_id)

    def _new_uplink(self) -> Uplink:
        stands = self.outbox.log()
        return Uplink(stands.seq, stands.answered, self.settings.linger_ms / 1000, random.random)


_DO: dict[type, Callable[[Agent, Any], None]] = {
    Send: Agent._do_send,
    StartLog: Agent._do_start,
    Rewind: Agent._do_rewind,
    Reset: Agent._do_reset,
    Info: Agent._do_info,
    State: Agent._do_state,
    Reply: Agent._do_reply,
    Result: Agent._do_result,
    Inventory: Agent._do_inventory,
    LinkUp: Agent._do_link,
    Trouble: Agent._do_trouble,
    Answered: Agent._do_answered,
    Names: Agent._do_names,
    Notice: Agent._do_notice,
    NeedVersions: Agent._do_versions,
    Batch: Agent._do_batch,
}


def _settle(waiters: list[asyncio.Future[bool]]) -> None:
    for future in waiters:
        if not future.done():
            future.set_result(True)
    waiters.clear()
