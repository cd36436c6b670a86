# The controller as one state machine: events and time in, actions out. It journals by itself, durable on return, and
# only then asks for a movement. The shell does the actions in order; the first that fails cancels the rest and comes
# back as the event ("failed", action).
#
# events:  boot(adopted, damaged, {drawer: (closed, latched, {pockets with an open lid})}, found or None)
#          switch(drawer, closed) | service(key turned) | found: what the loader has for the journal, (code, version) of
#          an installation or None, [log, seq, head, two who signed] of a controller that was replaced or None
#          latch(drawer, latched) | lid(drawer, pocket, closed) | button(drawer, pocket, 1 or -1) | drop(drawer, pocket)
#          tamper(open) | power(mains, percent) | temperature(drawer, centi or None) | tick | message(fields)
#          failed(action)
# actions: release(drawer, pocket, on_ms) | lid(drawer, pocket, on_ms) | dispense(drawer, pocket, units) | lock(drawer)
#          send(message) | light(drawer, pocket) | dark() | buzz(alarm) | leave(): the firmware ends, for the REPL
from firmware import chart, codes, expiry, inbox, motion, session, status, view
from firmware.journal import kinds
from firmware.journal.journal import RESERVE_PAGES, JournalFull
from firmware.seals import Seals
from firmware.session import Session
from firmware.shelves import Pockets
from firmware.storage import types
from firmware.surroundings import Surroundings
from firmware.transactions import DRAWER_FAILED, Transactions
from firmware.version import VERSION
from firmware.wire import messages

FREE_AGAIN_PAGES = 16  # beyond the reserve, before alarm 5 is cleared
MOVES = ("release", "lid", "dispense")


class Now:
    def __init__(self):
        self.value = (0, 0, 0)

    def now(self):
        return self.value


class Station:
    def __init__(
        self, config, journal, state, tables, reference, credentials, commands, uplink, clock, entropy, element
    ):
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
        after = chart.times(config.release_ms, config.ajar_ms, config.latch_ms)
        self.drawers = {number: types.make(number, config.types[number], after) for number in config.drawers}
        self.transactions = Transactions(journal, state, config.confirm_ms)
        bins = [number for number in config.drawers if config.types[number] == types.BIN]
        self.pockets = Pockets(tables.pockets, state, self.drawers.get, bins, clock)
        self.checkpoint_key = b""
        self.frames_dropped = 0
        self.state_due = True
        self._clock = clock
        self._started = False
        self._unwritten = None  # (adopted, damaged, found) of a boot that found no room in the journal
        self._boot_noted = False
        self.surroundings = Surroundings()
        self.seals = Seals(element, tables)
        journal.saw = self.seals.saw
        self.released_for = {}  # drawer -> txn it was opened under
        self._damaged_at = None  # seq at the boot that found the journal damaged
        self.replies = []  # [request id, code, params], the last few
        self.reply = None
        self.outbox = []
        self._said = None
        self._moves = []
        self._light = None
        self._buzz = None
        self._lit = False
        self.leaving = False

    @property
    def now(self):
        return self._clock.value

    @property
    def now_ms(self):
        return self._clock.value[1]

    # -> actions, in order: locks, then messages, then the light, which never holds up a removal
    def handle(self, event, now):
        self._clock.value = now
        self._moves, self.outbox, self._light, self._buzz = [], [], None, None
        if event[0] != "failed":
            self.reply = None
        try:
            if self._started:
                self.surroundings.look_at_clock(self)
            _EVENTS[event[0]](self, *event[1:])  # type: ignore[operator] # events carry different things
            if self._unwritten and self.journal.free_pages > 0:
                self._start_up(*self._unwritten)
            self._watch_journal()
            if self._started:
                self.seals.settle(self)
        except JournalFull:
            self._full()
        inbox.remember(self)
        return self._actions()

    def deadline(self):
        candidates = [drawer.deadline_ms for drawer in self.drawers.values()]
        candidates += [self.transactions.deadline(), self.surroundings.deadline(), self.seals.deadline()]
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

    def move(self, *action):
        self._moves.append(action)

    def light(self, drawer, pocket):
        self._light, self._lit = ("light", drawer, pocket), True

    def dark(self):
        self._light, self._lit = ("dark",), False

    def buzz(self, alarm):
        self._buzz = ("buzz", alarm)

    def release(self, pocket):
        motion.release(self, pocket)

    def relock(self, number):
        motion.sensed(self, number, chart.RELOCK)

    def raise_alarm(self, alarm, number):
        if [alarm, number] not in self.state.alarms:
            self.note(kinds.ALARM, place="D%02d" % number if number else None, ext=(alarm, number))
            self.buzz(alarm)

    def clear_alarm(self, alarm, number):
        if [alarm, number] in self.state.alarms:
            self.note(kinds.ALARM_CLEARED, place="D%02d" % number if number else None, ext=(alarm, number))

    def settle(self):
        t = self.transactions.current
        if t:
            if t.outcome and self._lit:
                self.dark()
            self.transactions.settle(self.drawers[t.pocket.drawer])

    # ---- events

    # nothing moves and nobody is served before all of it is written: with a full journal that is once there is room
    def _boot(self, adopted, damaged, sensors, found=None):
        for number, reading in sensors.items():
            if reading is not None:
                self.drawers[number].found(*reading)
        self._unwritten = (adopted, damaged, found)
        self._start_up(*self._unwritten)

    # what has been written of it is not written again
    def _start_up(self, adopted, damaged, found):
        self.surroundings.boot(self)
        if not self._boot_noted:
            self.note(kinds.BOOT, ext=(VERSION, codes.NONE, self.seals.name, adopted))
            self._boot_noted = True
        if damaged:
            self._damaged_at = self.journal.seq
            self.raise_alarm(codes.ALARM_JOURNAL_DAMAGE, 0)
        else:
            self.clear_alarm(codes.ALARM_JOURNAL_DAMAGE, 0)
        if self.state.maintenance or (found and any(found)):
            self._serviced(*(found or (None, None)))
        self.transactions.interrupt_all()
        if self.state.user:
            self.note(kinds.SIGN_OFF, self.state.user, ext=(session.BOOT,))
        for number, drawer in sorted(self.drawers.items()):
            self._start(drawer)
        self.seals.boot(self)
        self._started, self._unwritten = True, None
        inbox.hello(self)

    # the end of a maintenance that the firmware did not live to see
    def _serviced(self, installed, before):
        from firmware.requests import service

        if before:
            service.succeed(self, before)
        if installed or self.state.maintenance:
            code, version = installed or (service.RESTARTED, VERSION)
            service.end(self, code or service.INSTALLED, version)

    # without a reading the drawer stays unknown, and so shut
    def _start(self, drawer):
        if not drawer.read:
            return
        standing = [alarm[0] for alarm in self.state.alarms if alarm[1] == drawer.number]
        was_open = self.state.drawer_open(drawer.number)
        told = drawer.start(drawer.closed, drawer.latched, was_open, standing, self.now_ms, drawer.up)
        motion.facts(self, drawer, told)

    def _switch(self, number, closed):
        motion.sensed(self, number, chart.CLOSED if closed else chart.OPENED)

    def _latch(self, number, latched):
        motion.sensed(self, number, chart.LATCHED if latched else chart.UNLATCHED)

    def _lid(self, number, pocket, closed):
        motion.sensed(self, number, chart.LID_CLOSED if closed else chart.LID_OPENED, pocket)

    def _button(self, number, pocket, n):
        motion.sensed(self, number, chart.BUTTON, pocket, n)

    def _drop(self, number, pocket):
        motion.sensed(self, number, chart.DROP, pocket)

    def _tamper(self, is_open):
        self.surroundings.tamper(self, is_open)

    def _power(self, mains, percent):
        self.surroundings.power(self, mains, percent)

    def _service(self, turned):
        self.surroundings.service(self, turned)

    def _temperature(self, drawer, centi):
        self.surroundings.temperature(self, drawer, centi)

    def _tick(self):
        for number in self.drawers:
            motion.sensed(self, number, chart.TICK)
        self.transactions.tick(self.now_ms)
        self.settle()
        expiry.tick(self)
        lapses = self.session.deadline()
        if lapses is not None and self.now_ms >= lapses and not self.transactions.current:
            self.note(kinds.SIGN_OFF, self.session.user, ext=(session.IDLE,))
            self.session.sign_off()

    # what was cancelled with it is said again
    def _failed(self, action):
        if action[0] != "lock" and action[0] not in MOVES:
            self.reply = None  # a light comes last, all has been said; the place is on the screen too
            return
        self.state_due = True
        number = action[1]
        motion.sensed(self, number, chart.FAIL)
        if action[0] in MOVES:
            if self.transactions.pending():
                self.transactions.cancel(DRAWER_FAILED)
            self.settle()
            self.move("lock", number)
            inbox.answer(self, codes.DRAWER_FAILED)

    # ---- the journal: whole again once what was found damaged lies before both snapshots, and room in it

    def _watch_journal(self):
        if self.uplink.unreadable:
            self.uplink.unreadable = False
            self._damaged_at = self.journal.seq
            self.raise_alarm(codes.ALARM_JOURNAL_DAMAGE, 0)
        if self._damaged_at is not None and self.journal.safe_from > self._damaged_at:
            self._damaged_at = None
            self.clear_alarm(codes.ALARM_JOURNAL_DAMAGE, 0)
        if not self.journal.opening_allowed:
            self.raise_alarm(codes.ALARM_JOURNAL_FULL, 0)
        elif self.journal.free_pages >= RESERVE_PAGES + FREE_AGAIN_PAGES:
            self.clear_alarm(codes.ALARM_JOURNAL_FULL, 0)

    # nothing more can be written, so nothing may move
    def _full(self):
        self._moves = [("lock", number) for number in sorted(self.drawers)]
        self._light = self._buzz = None
        inbox.answer(self, codes.JOURNAL_FULL)

    def _actions(self):
        out = self._moves + [("send", message) for message in self.outbox]
        said = status.state(self)
        if self.state_due or said != self._said:
            out.append(("send", said))
        self._said, self.state_due = said, False
        if self.reply:
            out.append(("send", [messages.REPLY] + self.reply))
        out += [action for action in (self._light, self._buzz) if action]
        return out + [("leave",)] if self.leaving else out


_EVENTS = {
    "boot": Station._boot,
    "switch": Station._switch,
    "latch": Station._latch,
    "lid": Station._lid,
    "button": Station._button,
    "drop": Station._drop,
    "tamper": Station._tamper,
    "power": Station._power,
    "service": Station._service,
    "temperature": Station._temperature,
    "tick": Station._tick,
    "message": inbox.take,
    "failed": Station._failed,
}
