# MicroPython's unix port: the bus client of docs/wire.md section 1, link, files, entropy.
import select
import socket
from struct import pack, unpack_from

from firmware.ports import common

HELLO = 0x01
I2C_WRITE = 0x10
I2C_READ = 0x11
I2C_WRITE_READ = 0x12
GPIO_SET = 0x20
GPIO_GET = 0x21
CLOCK = 0x30
IDLE = 0x31
EDGE = 0x40
TICK = 0x41
ERROR = 0xFF

VERSION = 1
NO_DEADLINE = 0xFFFFFFFFFFFFFFFF
EVENTS_QUEUED = 256


# the bus is gone: the supervisor starts the controller again
class BusLost(Exception):
    pass


class Bus:
    def __init__(self, path, station):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(pack("<H", 1) + path.encode() + b"\0")
        self._events = []
        self._buffer = b""
        self._mono_ms = 0
        self._tq = 0
        self.taken = 0
        if self._ask(HELLO, bytes((VERSION,)) + station.encode())[0] != VERSION:
            raise BusLost("the bus speaks another version")

    def write(self, address, data):
        self._ask(I2C_WRITE, bytes((address,)) + data)

    def write_read(self, address, data, n):
        return self._ask(I2C_WRITE_READ, bytes((address, n)) + data)

    def read(self, address, n):
        return self._ask(I2C_READ, bytes((address, n)))

    # a call to all that nobody answers: the data line is low for long enough to wake a chip
    def wake(self):
        try:
            self._ask(I2C_WRITE, b"\0")
        except OSError:
            pass

    def gpio(self, line, value):
        self._ask(GPIO_SET, bytes((line, value)))

    def level(self, line):
        return self._ask(GPIO_GET, bytes((line,)))[0]

    # -> (utc_ms, mono_ms, tq)
    def clock(self):
        utc_ms, mono_ms, self._tq = unpack_from("<QQB", self._ask(CLOCK, b""))
        return self._stamp(utc_ms, mono_ms)

    def idle(self, deadline_ms, link_read):
        due = NO_DEADLINE if deadline_ms is None else deadline_ms
        self._send(IDLE, pack("<QII", due, link_read & 0xFFFFFFFF, self.taken & 0xFFFFFFFF))

    def readable(self):
        self._fill()
        while self._take_event():
            pass

    # the next event as (op, line, value, now), or None
    def event(self):
        if not self._events:
            return None
        self.taken += 1
        op, body = self._events.pop(0)
        if op == EDGE:
            line, value, utc_ms, mono_ms = unpack_from("<BBQQ", body)
            return op, line, value, self._stamp(utc_ms, mono_ms)
        return op, 0, 0, self._stamp(*unpack_from("<QQ", body))

    # an event may have waited behind a reply that was younger: this boot's time never runs back
    def _stamp(self, utc_ms, mono_ms):
        late = max(0, self._mono_ms - mono_ms)
        self._mono_ms = mono_ms + late
        return utc_ms + late, self._mono_ms, self._tq

    def _send(self, op, body):
        try:
            self.socket.write(pack("<HB", len(body) + 1, op) + body)
        except OSError:
            raise BusLost("the bus is closed")

    def _ask(self, op, body):
        self._send(op, body)
        while True:
            frame = self._frame()
            if frame is None:
                self._fill()
            elif frame[0] in (EDGE, TICK):
                self._queue(frame)
            elif frame[0] == ERROR:
                raise OSError(frame[1][0])
            elif frame[0] == op | 0x80:
                return frame[1]
            else:
                raise BusLost("the bus answered something else")

    def _take_event(self):
        frame = self._frame()
        if frame:
            self._queue(frame)
        return frame

    def _queue(self, frame):
        if len(self._events) >= EVENTS_QUEUED:
            raise BusLost("too many events")
        self._events.append(frame)

    def _frame(self):
        if len(self._buffer) < 2:
            return None
        end = 2 + unpack_from("<H", self._buffer)[0]
        if len(self._buffer) < end:
            return None
        op, body = self._buffer[2], self._buffer[3:end]
        self._buffer = self._buffer[end:]
        return op, body

    def _fill(self):
        try:
            data = self.socket.recv(512)
        except OSError:
            data = b""
        if not data:
            raise BusLost("the bus is closed")
        self._buffer += data


# The pty slave, opened non-blocking by who starts the controller.
class Link(common.Link):
    def __init__(self, fd):
        super().__init__(open(int(fd), "r+b", buffering=0))


def entropy(n):
    with open("/dev/urandom", "rb") as file:
        return file.read(n)


def poller(bus, link):
    poll = select.poll()
    poll.register(bus.socket, select.POLLIN)
    poll.register(link.file, select.POLLIN)
    return poll
