"""A real MicroPython controller between a scripted bus and a pty: what a simulator does, in the smallest form."""

import contextlib
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.wire import cbor, frame, messages
from simulator.bytecode import compiled
from simulator.processes import HEAP

ROOT = Path(__file__).parents[2]
MICROPYTHON = os.environ.get("APOTHECA_MICROPYTHON") or str(Path(sys.executable).parent / "micropython")
WAIT_S = 120
UTC_MS = 1_800_000_000_000
LOCKS, SWITCHES, LATCHES, LIGHT = 0x20, 0x21, 0x22, 0x23
GPIO, OLAT = 0x12, 0x14
PART_BYTES = 3900
HAND_MS = 50  # nobody is quicker at two switches


def parts_of(rows: list[list[Any]]) -> list[list[list[Any]]]:
    """The rows of a table in parts that fit a message each; at least one."""
    parts: list[list[list[Any]]] = [[]]
    for row in rows:
        if len(cbor.encode([*parts[-1], row])) > PART_BYTES:
            parts.append([])
        parts[-1].append(row)
    return parts


class Bus:
    """The hardware's end of the bus for 16 drawers. Edges follow from `pull` and `push`; time moves with `advance`."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._listener.settimeout(WAIT_S)
        self.registers: dict[int, bytearray] = {address: bytearray(22) for address in (0x20, 0x21, 0x22, 0x23)}
        self.inputs = {SWITCHES: 0xFFFF, LATCHES: 0xFFFF}
        self.absent: set[int] = set()
        self.lit: list[tuple[int, int]] = []
        self.mono_ms = 1000
        self.idles = 0
        self.deadline: int | None = None
        self.counters = (0, 0)
        self.events = 0
        self.changed = threading.Condition()

    def serve(self) -> None:
        """Accept one controller and answer it in a thread until it goes."""
        self._conn, _ = self._listener.accept()
        self._listener.close()
        threading.Thread(target=self._answer, daemon=True).start()

    def locks(self) -> int:
        return int.from_bytes(self.registers[LOCKS][OLAT : OLAT + 2], "little")

    def pull(self, drawer: int) -> None:
        self.mono_ms += HAND_MS
        self._move(SWITCHES, drawer, False)

    def push(self, drawer: int) -> None:
        self.mono_ms += HAND_MS
        self._move(LATCHES, drawer, True, tell=False)
        self._move(SWITCHES, drawer, True)

    def advance(self, ms: int) -> None:
        """Move time to a deadline within `ms` again and again, as the discrete-event clock does."""
        end = self.mono_ms + ms
        while self.settled() is not None and (self.deadline or end + 1) <= end:
            self.mono_ms = max(self.mono_ms, self.deadline or 0)
            self._event(struct.pack("<BQQ", 0x41, UTC_MS + self.mono_ms, self.mono_ms))
        self.mono_ms = end

    def settled(self) -> tuple[int, int]:
        """Wait until the controller is idle with all events taken."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.counters[1] == self.events, WAIT_S), "controller not idle"
            return self.counters

    def idle(self, link_bytes: int) -> None:
        """Wait until the controller is idle with so many bytes of the link read."""
        with self.changed:
            done = self.changed.wait_for(lambda: self.counters == (link_bytes, self.events), WAIT_S)
            assert done, f"not idle: {self.counters}, wanted {(link_bytes, self.events)}"

    def close(self) -> None:
        self._conn.close()

    def _move(self, chip: int, drawer: int, level: bool, tell: bool = True) -> None:
        bit = 1 << (drawer - 1)
        before = self.inputs[chip]
        self.inputs[chip] = before | bit if level else before & ~bit
        if tell and before != self.inputs[chip]:
            self._event(struct.pack("<BBBQQ", 0x40, 1, 0, UTC_MS + self.mono_ms, self.mono_ms))

    def _event(self, frame_body: bytes) -> None:
        with self.changed:
            self.events += 1
            self._conn.sendall(struct.pack("<H", len(frame_body)) + frame_body)

    def _answer(self) -> None:
        with self._conn.makefile("rb") as stream, contextlib.suppress(OSError):
            while head := stream.read(2):
                self._one(stream.read(struct.unpack("<H", head)[0]))

    def _one(self, request: bytes) -> None:
        op, body = request[0], request[1:]
        if op == 0x31:
            due, link_bytes, events = struct.unpack("<QII", body)
            with self.changed:
                self.deadline = None if due == 2**64 - 1 else due
                self.counters = (link_bytes, events)
                self.idles += 1
                self.changed.notify_all()
            return
        reply = self._reply(op, body)
        out = b"\xff\x05" if reply is None else bytes((op | 0x80,)) + reply
        with self.changed:
            self._conn.sendall(struct.pack("<H", len(out)) + out)
        if op == 0x10 and reply is not None and body[0] == LOCKS and body[1] == OLAT:
            self._solenoids()

    def _reply(self, op: int, body: bytes) -> bytes | None:
        if op == 0x01:
            return b"\x01"
        if op == 0x30:
            return struct.pack("<QQB", UTC_MS + self.mono_ms, self.mono_ms, 2)
        if body[0] in self.absent:
            return None
        registers = self.registers[body[0]]
        if op == 0x10:
            registers[body[1] : body[1] + len(body) - 2] = body[2:]
            if body[0] == LIGHT and body[1] == OLAT:
                self.lit.append((body[2], body[3]))
            return b""
        assert op == 0x12 and body[1:] == bytes((2, GPIO))
        return struct.pack("<H", self.inputs[body[0]])

    def _solenoids(self) -> None:
        """An energised lock lets its bolt go; a bolt springs back under a closed drawer."""
        before = self.inputs[LATCHES]
        self.inputs[LATCHES] = ~self.locks() & self.inputs[SWITCHES] & 0xFFFF
        if self.inputs[LATCHES] != before:
            self._event(struct.pack("<BBBQQ", 0x40, 1, 0, UTC_MS + self.mono_ms, self.mono_ms))


class Controller:
    """The process and the agent's end of its link."""

    def __init__(self, folder: Path, heap: str = HEAP, make_bus: Callable[[Path], Bus] = Bus) -> None:
        run = Path(os.path.relpath(folder))
        path = run / "bus.sock"
        path.unlink(missing_ok=True)
        self.bus = make_bus(path)
        self._master, slave = pty.openpty()
        tty.setraw(self._master, termios.TCSANOW)
        tty.setraw(slave, termios.TCSANOW)
        link = os.open(os.ttyname(slave), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        command = [MICROPYTHON, "-X", f"heapsize={heap}", str(ROOT / "firmware/ports/unix_main.py")]
        env = os.environ | {"MICROPYPATH": f"{compiled()}:.frozen"}
        self.process = subprocess.Popen(
            [*command, str(run), str(path), str(link)],
            pass_fds=[link],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.close(link)
        self._slave = slave
        self.bus.serve()
        self._decoder = frame.Decoder()
        self._inbox: list[list[Any]] = []
        self.sent_bytes = 0
        self.rid = 0
        self.printed = ""

    def send(self, message: list[Any], raw: bytes = b"") -> None:
        data = raw + frame.encode(cbor.encode(message))
        self.sent_bytes += len(data)
        while data:
            _, ready, _ = select.select([], [self._master], [], WAIT_S)
            assert ready, f"the controller does not read: {self.stop()!r}"
            data = data[os.write(self._master, data[:512]) :]

    def receive(self, kind: int) -> list[Any]:
        """The next message of a kind; others before it are dropped."""
        while True:
            while self._inbox:
                message = self._inbox.pop(0)
                if message[0] == kind:
                    return message
            ready, _, _ = select.select([self._master], [], [], WAIT_S)
            assert ready, f"nothing from the controller: {self.stop()!r}"
            self._inbox += self._read()

    def _read(self) -> list[list[Any]]:
        return [cbor.decode(payload) for payload in self._decoder.feed(os.read(self._master, 4096))]

    def ask(self, request: int, *args: Any) -> tuple[int, list[Any]]:
        """One request to its reply, and the controller at rest after it."""
        self.rid += 1
        self.send([messages.REQUEST, self.rid, request, list(args)])
        reply = self.receive(messages.REPLY)
        assert reply[1] == self.rid
        self.bus.idle(self.sent_bytes)
        return reply[2], reply[3]

    def stop(self) -> str:
        """Cut its power; what it printed."""
        if self.process.returncode is None:
            self.process.kill()
            self.printed = self.process.communicate()[0].decode()
            self.bus.close()
        return self.printed

    def close(self) -> None:
        self.stop()
        os.close(self._master)
        os.close(self._slave)
