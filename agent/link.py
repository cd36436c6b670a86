"""The serial port to the controller: frames in and out without ever blocking the loop (docs/wire.md section 2)."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import serial

from firmware.wire import frame

BAUD = 921_600  # of the controller boards, hardware/boards/; a pty and USB do not care
READ_BYTES = 65536
WRITE_LIMIT_BYTES = 1 << 20
REOPEN_S = 0.05
REOPEN_MAX_S = 2.0


class LinkUser(Protocol):
    """Who speaks over the link."""

    def link_opened(self) -> None:
        """The port is open."""

    def link_received(self, payloads: list[bytes]) -> None:
        """Whole payloads, in order."""

    def link_damaged(self, frames: int) -> None:
        """So many frames did not decode and were dropped; what was in them is asked for again."""

    def link_lost(self) -> None:
        """The port is gone; it is opened again by itself."""


class SerialLink:
    """One port (a UART, USB serial or pty), opened with pyserial and read through its descriptor."""

    def __init__(self, path: Path, user: LinkUser) -> None:
        self._path, self._user = path, user
        self._port: serial.Serial | None = None
        self._decoder = frame.Decoder()
        self._out = bytearray()
        self._writing = False
        self._delay_s = REOPEN_S
        self._retry: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Open the port, now or as soon as it is there."""
        loop = asyncio.get_running_loop()
        try:
            self._port = serial.Serial(str(self._path), baudrate=BAUD, timeout=0, write_timeout=0)
        except (serial.SerialException, OSError):
            self._retry = loop.call_later(self._delay_s, self.start)
            self._delay_s = min(self._delay_s * 2, REOPEN_MAX_S)
            return
        self._delay_s = REOPEN_S
        self._decoder = frame.Decoder()
        loop.add_reader(self._port.fileno(), self._readable)
        self._user.link_opened()

    def close(self) -> None:
        """Close the port for good."""
        if self._retry:
            self._retry.cancel()
        self._release()

    def write(self, payload: bytes) -> None:
        """Send one payload. A port that takes nothing for long loses frames, which are asked for again."""
        if self._port is None or len(self._out) > WRITE_LIMIT_BYTES:
            return
        self._out += frame.encode(payload)
        if not self._writing:
            self._flush()

    def _readable(self) -> None:
        assert self._port is not None
        read: Callable[[int], bytes] = self._port.read
        try:
            data = read(READ_BYTES)
        except (serial.SerialException, OSError):
            return self._lost()
        dropped = self._decoder.dropped
        payloads = self._decoder.feed(data)
        if self._decoder.dropped > dropped:
            self._user.link_damaged(self._decoder.dropped - dropped)
        if payloads:
            self._user.link_received(payloads)

    def _flush(self) -> None:
        if self._port is None:
            return
        try:
            # not Serial.write: without a time-out it spins while the port is full
            del self._out[: os.write(self._port.fileno(), self._out)]
        except BlockingIOError:
            pass
        except OSError:
            return self._lost()
        self._wait_writable(bool(self._out))

    def _wait_writable(self, wanted: bool) -> None:
        if wanted == self._writing or self._port is None:
            return
        self._writing = wanted
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_writer(self._port.fileno(), self._flush)
        else:
            loop.remove_writer(self._port.fileno())

    def _lost(self) -> None:
        self._release()
        self._user.link_lost()
        self._retry = asyncio.get_running_loop().call_later(self._delay_s, self.start)
        self._delay_s = min(self._delay_s * 2, REOPEN_MAX_S)

    def _release(self) -> None:
        if self._port is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._port.fileno())
        loop.remove_writer(self._port.fileno())
        self._port.close()
        self._port, self._writing = None, False
        self._out.clear()
