"""One station's agent: link, entries, downlink, desk and view wired together. Events in, actions carried out in order.

The cores decide, this shell does: it owns the one timer and the two ports.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from agent.actions import (
    Action,
    Good,
    Info,
    Inventory,
    LinkUp,
    Missing,
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
from agent.clock import Clock
from agent.controller import Controller
from agent.desk import Desk
from agent.downlink import DIRECTORY, Answered, Downlink, Downward, Names, NeedVersions, Notice, note_in
from agent.entries import BATCH, OUTBOX, Entries
from agent.keys import BadSignatureError, NoteVerifier, Signer, Verifier
from agent.outbox import Outbox, OutboxError
from agent.pages import Page
from agent.sender import Publisher, Sender
from agent.settings import Settings
from agent.transport import RealTransport, Timer, Transport
from agent.uplink import Batch
from agent.view import View, no_state
from firmware import codes
from firmware.journal import chain
from firmware.wire import messages

HEARTBEAT_S = 60.0
STATUS_AFTER_S = 0.2
DOWN = ("answer", "command", "reference", "notice", "checkpoint")

log = logging.getLogger("agent")


class Agent:
    """The agent of one station; `link` and `broker` are set before the first event."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it is built of
        self,
        settings: Settings,
        outbox: Outbox,
        clock: Clock,
        signer: Signer,
        verifier: Verifier,
        transport: Transport | None = None,
    ) -> None:
        self.settings, self.outbox, self.clock = settings, outbox, clock
        self._transport = transport or RealTransport()
        self._signer, self._verifier = signer, verifier
        self._tree = NoteVerifier.load(settings.folder / "tree.vkey")
        names = {table: outbox.names(table) for table in DIRECTORY}
        self.view = View(directory=names, received_ms=outbox.received())
        self._controller = self._new_controller()
        self._entries = Entries(settings, outbox, self._controller, self.view, self._transport)
        self._downlink = Downlink(settings.station, outbox.versions())
        self.desk = Desk(self.view, outbox, self._controller, self._downlink, self._run, self._transport)
        self._write: Callable[[bytes], None] = lambda payload: None
        self._sender: Sender | None = None
        self._timer: Timer | None = None
        self._due: float | None = None
        self._heartbeat_at: float | None = None
        self._status_at: float | None = None
        self._status_stale = True
        self._do = self._handlers()

    def attach(self, write: Callable[[bytes], None], publisher: Publisher) -> None:
        """Give the agent its link and its broker."""
        self._write = write
        self._sender = Sender(self.settings, self.outbox, self._signer, publisher)

    # the link's events

    def link_opened(self) -> None:
        """The port is open."""
        self._run(self._controller.opened(self._transport.now()))

    def link_received(self, payloads: list[bytes]) -> None:
        """Payloads of the controller: one transaction for all pages among them."""
        now = self._transport.now()
        self._run(action for payload in payloads for action in self._controller.received(payload, now))

    def link_damaged(self, frames: int) -> None:
        """Frames were dropped; `status` tells how many."""
        self.view.frames_dropped += frames

    def link_lost(self) -> None:
        """The port is gone."""
        self._run(self._controller.lost(self._transport.now()))

    # the broker's events

    def broker_up(self) -> None:
        """Connected: birth, heartbeat, and everything unanswered again."""
        now = self._transport.now()
        self.view.broker = True
        self._publish_status()
        self._heartbeat(now)
        self._run(self._entries.uplink.connected(now))

    def broker_down(self) -> None:
        """The broker is gone."""
        self.view.broker = False
        self._heartbeat_at = None
        self._entries.uplink.disconnected()
        self._run(())

    def broker_message(self, topic: str, payload: bytes) -> None:
        """Something from the centre, verified before it is looked at."""
        kind = topic.rsplit("/", 1)[-1]
        about = kind if kind in DOWN else "down"
        now = self._transport.now()
        try:
            opened = self._verifier.open(kind, payload)
            if kind == "checkpoint":
                self._tree.check(note_in(opened))
            actions = self._downlink.message(kind, opened, now)
        except BadSignatureError as error:
            return self._run([Trouble(codes.BAD_SIGNATURE, str(error), about)])
        except (ValueError, TypeError, IndexError) as error:
            return self._run([Trouble(codes.BAD_MESSAGE, f"{kind}: {error}", about)])
        self.view.good(about)
        self.view.centre_at = now
        self._entries.uplink.heard(now)
        return self._run(actions)

    # carrying out

    def _run(self, actions: Iterable[Action | Downward | Batch]) -> None:
        try:
            self._carry_out_all(actions)
        finally:  # what fails does not stop the clock of what waits
            self._arm()

    def _carry_out_all(self, actions: Iterable[Action | Downward | Batch]) -> None:
        taken: list[Page] = []
        for action in actions:
            if isinstance(action, Take):
                taken.append(action.page)
                continue
            if taken and not self._store(taken):
                break
            taken = []
            self._carry_out(action)
        if taken:
            self._store(taken)

    def _carry_out(self, action: Action | Downward | Batch) -> None:
        try:
            self._do[type(action)](action)
        except OutboxError as error:
            self._carry_out_all(self._entries.failed(error))

    def _handlers(self) -> dict[type, Callable[[Any], None]]:
        entries = self._entries
        return {
            Send: lambda action: self._write(action.payload),
            StartLog: lambda action: self._carry_out_all(entries.start(action)),
            Rewind: lambda action: self._carry_out_all(entries.rewind(action)),
            Reset: self._do_reset,
            Missing: lambda action: self._carry_out_all(entries.missing(action)),
            Info: self._do_info,
            State: self._do_state,
            Reply: self.desk.replied,
            Result: self._do_result,
            Inventory: self._do_inventory,
            LinkUp: self._do_link,
            Trouble: self._do_trouble,
            Good: lambda action: self.view.good(action.about),
            Answered: lambda action: self._carry_out_all(entries.answered(action)),
            Names: self._do_names,
            Notice: self._do_notice,
            NeedVersions: self._do_versions,
            Batch: self._do_batch,
        }

    def _store(self, taken: list[Page]) -> bool:
        stored, actions = self._entries.store(taken)
        self._carry_out_all(actions)
        self.view.changed()
        return stored

    def _do_reset(self, action: Reset) -> None:
        self._carry_out_all(self._entries.reset(action))
        self._heartbeat(self._transport.now())

    def _do_info(self, info: Info) -> None:
        now = self._transport.now()
        if info.new_boot or self._status_stale:
            self.view.state = no_state(info.boot) if info.new_boot else self.view.state
            self._status_at, self._status_stale = now + STATUS_AFTER_S, False
            self._carry_out_all(self._downlink.link_up(info.tables, now))
        else:
            self._downlink.informed(info.tables)
        self._carry_out_all(self._entries.informed(info))
        if self.outbox.log().head is None and info.first_seq > 1:
            self._heartbeat(now)
        self.desk.informed()

    def _do_state(self, action: State) -> None:
        info = self._controller.info
        self.view.set_state(action.fields, info.boot if info else 0)

    def _do_result(self, action: Result) -> None:
        now = self._transport.now()
        self._carry_out_all(self._downlink.result(action, now))
        levels = action.what == messages.COMMAND or action.details[:1] == ["pockets"]
        if levels and action.code == codes.NONE:
            self._carry_out_all(self._controller.ask_inventory(now))

    def _do_inventory(self, action: Inventory) -> None:
        self.view.set_inventory(action.rows)
        self.desk.inventory_read()

    def _do_link(self, action: LinkUp) -> None:
        self.view.link = action.up
        self._status_stale = action.up
        if not action.up:
            self._downlink.link_down()
        self.view.changed()

    def _do_trouble(self, action: Trouble) -> None:
        log.warning("%s: code %d: %s", self.settings.station, action.code, action.text)
        self.view.trouble(action.about, action.code)

    def _do_names(self, names: Names) -> None:
        received_ms = time.time_ns() // 1_000_000
        try:
            self.outbox.put_names(names.table, names.version, names.base, names.rows, received_ms)
        except OutboxError:
            self._downlink.not_kept(names.table, self.outbox.versions(), self._transport.now())
            raise
        self.view.good(OUTBOX)
        self.view.directory[names.table] = self.outbox.names(names.table)
        self.view.received_ms[names.table] = received_ms
        self.view.changed()

    def _do_notice(self, notice: Notice) -> None:
        if self.view.notices.take(notice.utc_ms, notice.kind, notice.body, self._patient_of):
            self.view.changed()
        else:
            self._do_trouble(Trouble(codes.BAD_MESSAGE, f"notice of kind {notice.kind} not understood", "notice"))

    def _patient_of(self, seq: int) -> str:
        for page in self.outbox.pages(seq, 1):
            _, disclosure, _ = chain.parse_page(page)
            return str(disclosure[1]) if disclosure else ""
        return ""

    def _do_versions(self, _action: NeedVersions) -> None:
        self._status_at = self._status_at or self._transport.now() + STATUS_AFTER_S

    def _do_batch(self, batch: Batch) -> None:
        if self._sender is None:
            return
        if self._sender.batch(batch):
            self.view.good(BATCH)
        elif (info := self._controller.info) and info.first_seq <= batch.first:
            # a centre that was restored wants what was answered long ago: the controller still has it
            self._carry_out_all([Reset()])
        else:
            text = f"entries {batch.first} to {batch.last} are no longer here"
            self._do_trouble(Trouble(codes.GAP, text, BATCH))

    # timers

    def _arm(self) -> None:
        times = (
            self._controller.deadline,
            self._entries.uplink.deadline,
            self._downlink.deadline,
            self._heartbeat_at,
            self._status_at,
            self._entries.store_at,
        )
        due = min((t for t in times if t is not None), default=None)
        if self._timer and due == self._due:
            return
        if self._timer:
            self._timer.cancel()
        self._due, self._timer = due, None
        if due is not None:
            self._timer = self._transport.later(max(0.0, due - self._transport.now()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        try:
            self._do_what_is_due(self._transport.now())
        finally:
            self._arm()

    def _do_what_is_due(self, now: float) -> None:
        self.view.silent = self._entries.uplink.silent(now)
        if self._heartbeat_at is not None and now >= self._heartbeat_at:
            self._heartbeat(now)
            self._carry_out_all(self._controller.ping(now))
        if self._status_at is not None and now >= self._status_at:
            self._publish_status()
        if self._entries.store_at is not None and now >= self._entries.store_at:
            self._entries.store_at = None
            self._carry_out_all(self._controller.ping(now))
        self._carry_out_all(self._controller.tick(now))
        self._carry_out_all(self._downlink.tick(now))
        self._carry_out_all(self._entries.uplink.tick(now))

    def _heartbeat(self, now: float) -> None:
        if not self.view.broker or self._sender is None:
            return None
        self._heartbeat_at = now + HEARTBEAT_S
        try:
            sent = self._sender.heartbeat(self._controller.info, self.clock.utc_ms())
        except OutboxError as error:
            return self._carry_out_all(self._entries.failed(error))
        if sent:
            self._entries.uplink.expect_answer(now)
        return None

    def _publish_status(self) -> None:
        info = self._controller.info
        self._status_at = None
        if self.view.broker and self._sender and info:
            self._sender.status(info.boot, self._downlink.versions())

    def _new_controller(self) -> Controller:
        stands = self.outbox.log()
        first_id = self._transport.first_request_id()
        return Controller(self.settings.station, self.settings.log, stands.seq, stands.head, first_id)
