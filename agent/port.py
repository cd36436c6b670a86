"""A serial port (a UART, USB serial or pty) that never blocks the loop and is opened again when it is lost."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import serial

READ_BYTES = 65536
WRITE_LIMIT_BYTES = 1 << 20
REOPEN_S = 0.05
REOPEN_MAX_S = 2.0


class PortUser(Protocol):
    """Who reads what comes."""

    def port_opened(self) -> None:
        """The port is open; what came before is gone."""

    def port_received(self, data: bytes) -> None:
        """Some bytes, as they came."""

    def port_lost(self) -> None:
        """The port is gone; it is opened again by itself."""


class Port:
    """One port, opened with pyserial and read through its descriptor. While it is open, its DTR line is up."""

    def __init__(self, path: Path, baud: int, user: PortUser) -> None:
        self._path, self._baud, self._user = path, baud, user
        self._port: serial.Serial | None = None
        self._out = bytearray()
        self._writing = False
        self._delay_s = REOPEN_S
        self._retry: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Open the port, now or as soon as it is there."""
        loop = asyncio.get_running_loop()
        try:
            self._port = serial.Serial(str(self._path), baudrate=self._baud, timeout=0, write_timeout=0)
        except (serial.SerialException, OSError):
            return self._later()
        self._retry = None
        self._delay_s = REOPEN_S
        loop.add_reader(self._port.fileno(), self._readable)
        self._user.port_opened()

    def close(self) -> None:
        """Close the port, until it is started again."""
        if self._retry:
            self._retry.cancel()
            self._retry = None
        self._release()

    @property
    def is_open(self) -> bool:
        return self._port is not None

    def write(self, data: bytes) -> None:
        """Send, all or nothing: a port that takes nothing for long loses what is written, as one that is not open."""
        if self._port is None or len(self._out) > WRITE_LIMIT_BYTES:
            return
        self._out += data
        if not self._writing:
            self._flush()

    def _readable(self) -> None:
        assert self._port is not None
        read: Callable[[int], bytes] = self._port.read
        try:
            data = read(READ_BYTES)
        except (serial.SerialException, OSError):
            return self._lost()
        self._user.port_received(data)

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
        self._user.port_lost()
        self._later()

    def _later(self) -> None:
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
