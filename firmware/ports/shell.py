# The thin shell around a station: events from bus and link in, actions done in order. Knows chips, not sockets.
from firmware.drivers.light import Light
from firmware.drivers.lock import Locks
from firmware.drivers.mcp23017 import Expander
from firmware.drivers.switches import Switches
from firmware.wire import cbor, frame

LOCKS, SWITCHES, LATCHES, LIGHT = 0x20, 0x21, 0x22, 0x23
INT_LINE = 1
PAGES_AT_ONCE = 8
PAGES_BELOW_BYTES = 8192
EDGE = 0x40


class Shell:
    def __init__(self, config, station, bus, link):
        self._station = station
        self._bus = bus
        self._link = link
        self._frames = frame.Decoder()
        self._payloads = []
        self._seen_dropped = 0
        self._locks = Locks(Expander(bus, LOCKS), config.lock_bits, config.release_ms)
        self._switches = Switches(Expander(bus, SWITCHES), config.switch_bits)
        self._latches = Switches(Expander(bus, LATCHES), config.latch_bits)
        self._light = Light(Expander(bus, LIGHT))
        self._do = {
            "release": lambda drawer, _pocket, on_ms: self._locks.release(drawer, on_ms, self._station.now_ms),
            "lock": lambda drawer: self._locks.lock(drawer, self._station.now_ms),
            "send": lambda message: self._send(message),
            "light": self._light.show,
            "dark": self._light.dark,
        }

    def boot(self, adopted, damaged):
        closed, latched = self._switches.all(), self._latches.all()
        sensors = {drawer: (closed[drawer], latched[drawer]) for drawer in closed}
        self._handle(("boot", adopted, damaged, sensors), self._bus.clock())

    # -> True if there was something: one bus event, else one message, else bytes of the link, else pages for its room
    def work(self):
        event = self._bus.event()
        if event:
            self._bus_event(*event)
            return True
        if self._payloads:
            self._take_message(self._payloads.pop(0))
            return True
        return self._take_link() or self._send_pages()

    def idle(self):
        dues = [due for due in (self._station.deadline(), self._locks.deadline()) if due is not None]
        self._bus.idle(min(dues) if dues else None, self._link.read_bytes)

    def ready(self, is_link):
        if is_link:
            self._link.flush()
        else:
            self._bus.readable()

    def _bus_event(self, op, line, value, now):
        if op == EDGE:
            if line == INT_LINE and value == 0:
                self._scan(now)
            return
        self._scan(now)
        try:
            self._locks.tick(now[1])
        except OSError:
            pass  # still held by the driver: the next tick tries again
        self._handle(("tick",), now)

    # latches before switches: what is shut is latched by then, what opens has been unlatched
    def _scan(self, now):
        for what, inputs in (("latch", self._latches), ("switch", self._switches)):
            try:
                changes = inputs.changes()
            except OSError:
                continue  # sensors that do not answer leave what was known; the next edge or tick asks again
            for drawer, value in changes:
                self._handle((what, drawer, value), now)

    def _take_link(self):
        data = self._link.read()
        self._payloads += self._frames.feed(data)
        return bool(data)

    def _take_message(self, payload):
        try:
            message = cbor.decode(payload)
        except ValueError:
            message = None  # the station counts it
        self._handle(("message", message), self._bus.clock())

    def _handle(self, event, now):
        self._station.frames_dropped += self._frames.dropped - self._seen_dropped
        self._seen_dropped = self._frames.dropped
        actions = self._station.handle(event, now)
        while actions:
            actions = self._perform(actions)

    # in order; the first that fails cancels the rest and comes back as an event
    def _perform(self, actions):
        for action in actions:
            try:
                self._do[action[0]](*action[1:])
            except OSError:
                return self._station.handle(("failed", action), self._bus.clock())
        return None

    def _send(self, message):
        self._link.send(frame.encode(cbor.encode(message)))

    def _send_pages(self):
        pages = self._station.pages(PAGES_AT_ONCE) if self._link.held() < PAGES_BELOW_BYTES else []
        for message in pages:
            self._send(message)
        return bool(pages)
