# The thin shell around a station: events from bus and link in, actions done in order. Knows no chips and no sockets.
from firmware.drivers.board import Board
from firmware.drivers.watchdog import Watchdog
from firmware.wire import cbor, frame

INT_LINE = 1
PAGES_AT_ONCE = 8
PAGES_BELOW_BYTES = 8192
EDGE = 0x40


class Shell:
    def __init__(self, config, station, bus, link, dog=None):
        self._station = station
        self._bus = bus
        self._link = link
        self._frames = frame.Decoder()
        self._payloads = []
        self._seen_dropped = 0
        self._board = Board(config, bus)
        self._watchdog = Watchdog(dog, config.hardware.get("watchdog_ms", 0))

    def boot(self, adopted, damaged):
        now = self._bus.clock()
        self._handle(("boot", adopted, damaged, self._board.readings()), now)
        self._handle_all(self._board.boot_events(now[1]), now)

    # -> True if there was something: one bus event, else one message, else bytes of the link, else pages for its room
    def work(self):
        event = self._bus.event()
        if event:
            self._bus_event(*event)
            return True
        if self._payloads:
            self._handle(("message", self._message()), self._bus.clock())
            return True
        return self._take_link() or self._send_pages()

    def idle(self):
        self._watchdog.feed(self._station.now_ms)
        asked = (self._station.deadline(), self._board.deadline(), self._watchdog.deadline())
        dues = [due for due in asked if due is not None]
        self._bus.idle(min(dues) if dues else None, self._link.read_bytes)

    def ready(self, is_link):
        if is_link:
            self._link.flush()
        else:
            self._bus.readable()

    def _bus_event(self, op, line, value, now):
        if op != EDGE:
            self._scan(now)
            self._handle_all(self._board.tick(now[1]), now)
            self._handle(("tick",), now)
        elif line != INT_LINE:
            self._handle_all(self._board.edge(line, value, now[1]), now)
        elif value == 0:
            self._scan(now)

    def _scan(self, now):
        self._handle_all(self._board.scan(now[1]), now)

    def _take_link(self):
        data = self._link.read()
        self._payloads += self._frames.feed(data)
        return bool(data)

    # None for what does not decode: the station counts it. The payload itself is gone before the message is handled.
    def _message(self):
        try:
            return cbor.decode(memoryview(self._payloads.pop(0)))
        except ValueError:
            return None

    def _handle_all(self, events, now):
        for event in events:
            self._handle(event, now)

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
                if action[0] == "send":
                    self._send(action[1])
                else:
                    self._board.do(action, self._station.now_ms)
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
