# The controller as one state machine: events and time in, actions out. It journals by itself, durable on return, and
# only then asks for a movement. The shell does the actions in order; the first that fails cancels the rest and comes
# back as the event ("failed", action).
#
# events:  boot(adopted, damaged, {drawer: (closed, latched)}) | switch(drawer, closed) | latch(drawer, latched) | tick
#          message(fields) | failed(action)
# actions: release(drawer, on_ms) | lock(drawer) | send(message) | light(drawer, pocket) | dark()
from firmware import codes, drawers, expiry, inbox, session, status, view
from firmware.config import RETURN_BIN
from firmware.journal import kinds
from firmware.journal.journal import RESERVE_PAGES, JournalFull
from firmware.session import Session
from firmware.shelves import Pockets
from firmware.transactions import DRAWER_FAILED, Transactions
from firmware.version import VERSION
from firmware.wire import messages

FREE_AGAIN_PAGES = 16  # beyond the reserve, before alarm 5 is cleared


class Now:
    def __init__(self):
        self.value = (0, 0, 0)

    def now(self):
        return self.value


class Station:
    def __init__(self, config, journal, state, tables, reference, credentials, commands, uplink, clock, entropy):
        self.id = config.station
        self.log = config.log
        self.genesis = config.genesis
        self.journal = journal
        self.state = state
        self.tables = tables
        self.reference = reference
        self.credentials = credentials
        self.commands = commands
        self.uplink = uplink
        self.entropy = entropy
        self.session = Session(tables.users, credentials, state.people, config.idle_ms)
        self.drawers = {
            number: drawers.Drawer(number, config.release_ms, config.ajar_ms, config.latch_ms)
            for number in config.drawers
        }
        self.transactions = Transactions(journal, state, config.confirm_ms)
        bins = [number for number in config.drawers if config.types[number] == RETURN_BIN]
        self.pockets = Pockets(tables.pockets, state, self.drawers.get, bins, clock)
        self.frames_dropped = 0
        self.state_due = True
        self._clock = clock
        self._started = False
        self._released_for = {}  # drawer -> txn it was opened under
        self.replies = []  # [request id, code, params], the last few
        self.reply = None
        self.outbox = []
        self._said = None
        self._moves = []
        self._light = None
        self._lit = False

    @property
    def now(self):
        return self._clock.value

    @property
    def now_ms(self):
        return self._clock.value[1]

    # -> actions, in order: locks, then messages, then the light, which never holds up a removal
    def handle(self, event, now):
        self._clock.value = now
        self._moves, self.outbox, self._light = [], [], None
        if event[0] != "failed":
            self.reply = None
        try:
            _EVENTS[event[0]](self, *event[1:])  # type: ignore[operator] # events carry different things
            self._watch_journal()
        except JournalFull:
            self._full()
        inbox.remember(self)
        return self._actions()

    def deadline(self):
        candidates = [drawer.deadline_ms for drawer in self.drawers.values()]
        candidates.append(self.transactions.deadline())
        candidates.append(None if self.transactions.current else self.session.deadline())
        candidates.append(expiry.deadline(self))
        dues = [due for due in candidates if due is not None]
        return min(dues) if dues else None

    # pages for as many messages as the link has room for
    def pages(self, room):
        return self.uplink.pages(room)

    # ---- used by requests

    def ready(self):
        return self._started and self.reference.ready()

    # -> seq
    def note(self, kind, actor="", item=None, place=None, txn=0, ext=(), disclosure=None):
        return self.journal.append(kind, actor=actor, item=item, place=place, txn=txn, disclosure=disclosure, ext=ext)

    def view(self, order, row):
        return view.of(self, order, row)

    # a session that has lapsed is not brought back, unless a drawer is still open under it
    def touch(self):
        lapses = self.session.deadline()
        if lapses is not None and (self.now_ms < lapses or self.transactions.current):
            self.session.touch(self.now)

    # the access is durable: now it may move
    def release(self, pocket):
        drawer = self.drawers[pocket.drawer]
        self._moves.append(("release", drawer.number, drawer.release_ms))
        self._light, self._lit = ("light", drawer.number, pocket.pocket), True
        self._facts(drawer, drawer.handle(drawers.RELEASE, self.now_ms))

    def relock(self, number):
        self._facts(self.drawers[number], drawers.relock(self.drawers[number], self.now_ms))

    def settle(self):
        t = self.transactions.current
        if t:
            if t.outcome and self._lit:
                self._light, self._lit = ("dark",), False
            self.transactions.settle(self.drawers[t.pocket.drawer])

    # ---- events

    def _boot(self, adopted, damaged, sensors):
        self.note(kinds.BOOT, ext=(VERSION, codes.NONE, "none", adopted))
        if damaged:
            self._raise(codes.ALARM_JOURNAL_DAMAGE, 0)
        self.transactions.interrupt_all()
        if self.state.user:
            self.note(kinds.SIGN_OFF, self.state.user, ext=(session.BOOT,))
        for number, drawer in sorted(self.drawers.items()):
            self._start(drawer, sensors.get(number))
        self._started = True
        inbox.hello(self)

    # without a reading the drawer stays unknown, and so shut
    def _start(self, drawer, reading):
        if reading is None:
            return
        standing = [alarm[0] for alarm in self.state.alarms if alarm[1] == drawer.number]
        was_open = self.state.drawer_open(drawer.number)
        self._facts(drawer, drawer.start(reading[0], reading[1], was_open, standing, self.now_ms))

    def _switch(self, number, closed):
        self._sensed(number, drawers.CLOSED if closed else drawers.OPENED)

    def _latch(self, number, latched):
        self._sensed(number, drawers.LATCHED if latched else drawers.UNLATCHED)

    def _sensed(self, number, event):
        drawer = self.drawers[number]
        self._facts(drawer, drawer.handle(event, self.now_ms))

    def _tick(self):
        for drawer in self.drawers.values():
            self._facts(drawer, drawer.handle(drawers.TICK, self.now_ms))
        self.transactions.tick(self.now_ms)
        self.settle()
        expiry.tick(self)
        lapses = self.session.deadline()
        if lapses is not None and self.now_ms >= lapses and not self.transactions.current:
            self.note(kinds.SIGN_OFF, self.session.user, ext=(session.IDLE,))
            self.session.sign_off()

    # what was cancelled with it is said again
    def _failed(self, action):
        if action[0] not in ("release", "lock"):
            self.reply = None  # a light comes last, all has been said; the place is on the screen too
            return
        self.state_due = True
        drawer = self.drawers[action[1]]
        self._facts(drawer, drawer.handle(drawers.FAIL, self.now_ms))
        if action[0] == "release":
            self.transactions.cancel(DRAWER_FAILED)
            self.settle()
            self._moves.append(("lock", drawer.number))
            inbox.answer(self, codes.DRAWER_FAILED)

    # ---- what drawers tell

    def _facts(self, drawer, facts):
        for what, value in facts:
            _FACTS[what](self, drawer, value)
        self.settle()

    def _lock_off(self, drawer, _):
        self._moves.append(("lock", drawer.number))

    def _did_open(self, drawer, released):
        txn = self.transactions.txn_of(drawer.number) if released else 0
        self._released_for[drawer.number] = txn
        self._drawer_note(kinds.OPENED, drawer, txn, (drawer.number,))
        if txn:
            self.transactions.opened()

    def _did_close(self, drawer, open_ms):
        txn = self._released_for.pop(drawer.number, 0)
        self._drawer_note(kinds.CLOSED, drawer, txn, (drawer.number, open_ms))
        if txn:
            self.transactions.closed(self.now_ms)

    def _drawer_note(self, kind, drawer, txn, ext):
        actor = self.session.user if txn else ""
        self.note(kind, actor, place="D%02d" % drawer.number, txn=txn, ext=ext)

    def _not_opened(self, drawer, reason):
        if self.transactions.pending() and self.transactions.txn_of(drawer.number):
            self.transactions.cancel(reason)

    def _alarm(self, drawer, alarm):
        self._raise(alarm, drawer.number)

    def _cleared(self, drawer, alarm):
        self._clear(alarm, drawer.number)

    def _raise(self, alarm, number):
        if [alarm, number] not in self.state.alarms:
            self.note(kinds.ALARM, place="D%02d" % number if number else None, ext=(alarm, number))

    def _clear(self, alarm, number):
        if [alarm, number] in self.state.alarms:
            self.note(kinds.ALARM_CLEARED, place="D%02d" % number if number else None, ext=(alarm, number))

    # ---- the journal's room

    def _watch_journal(self):
        if not self.journal.opening_allowed:
            self._raise(codes.ALARM_JOURNAL_FULL, 0)
        elif self.journal.free_pages >= RESERVE_PAGES + FREE_AGAIN_PAGES:
            self._clear(codes.ALARM_JOURNAL_FULL, 0)

    # nothing more can be written, so nothing may move
    def _full(self):
        self._moves = [("lock", number) for number in sorted(self.drawers)]
        self._light = None
        inbox.answer(self, codes.JOURNAL_FULL)

    def _actions(self):
        out = self._moves + [("send", message) for message in self.outbox]
        said = status.state(self)
        if self.state_due or said != self._said:
            out.append(("send", said))
        self._said, self.state_due = said, False
        if self.reply:
            out.append(("send", [messages.REPLY] + self.reply))
        return out + ([self._light] if self._light else [])


_EVENTS = {
    "boot": Station._boot,
    "switch": Station._switch,
    "latch": Station._latch,
    "tick": Station._tick,
    "message": inbox.take,
    "failed": Station._failed,
}

_FACTS = {
    drawers.LOCK_OFF: Station._lock_off,
    drawers.DID_OPEN: Station._did_open,
    drawers.DID_CLOSE: Station._did_close,
    drawers.NOT_OPENED: Station._not_opened,
    drawers.ALARM: Station._alarm,
    drawers.CLEARED: Station._cleared,
}
