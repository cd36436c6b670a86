"""A controller board on a desk: MicroPython's unix port behind a pseudo-terminal that speaks the real raw REPL.

Its flash is a folder; it deploys files as a board does, it does not flash a microcontroller. The cable can be pulled
after so many bytes, and the board lose its power or keep it.
"""

import contextlib
import os
import pty
import select
import subprocess
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from agent.cabinet.runner import micropython

HEAP = "2M"
RESET = b"MPY: soft reboot\r\n"
ENTER_RAW, LEAVE_RAW = b"\x01", b"\x02"
RAW_AGAIN = b"\r\x03\x01"
PIECE = 4096
PRINTED_KEPT = 2048
STAY, FAILED = 5, 1


class Board:
    """`port` is the path of its REPL, a link that each `plug` makes anew; `flash` its file system. `main.py` there is
    run at each start, with `inherit()`'s descriptors and `env`; where it stays (STAY), or fails, the REPL opens."""

    def __init__(
        self,
        folder: Path,
        env: dict[str, str] | None = None,
        inherit: Callable[[], tuple[int, ...]] = tuple,
        heap: str = HEAP,
    ) -> None:
        self.flash, self.port = folder / "flash", folder / "ttyBOARD"
        self.flash.mkdir(parents=True, exist_ok=True)
        self.cut_after: int | None = None
        self.received = 0
        self.starts = 0
        self.printed = b""
        self._env, self._inherit, self._heap = env or {}, inherit, heap
        self._outside: int | None = None
        self._inside = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._raw = self._repl = False
        self._stopped = False
        self._plugged: int | None = None
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._relay, daemon=True)

    def __enter__(self) -> "Board":
        self.plug()
        self._start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        os.write(self._wake[1], b".")
        self._thread.join()
        self._pull()
        self._end()
        for fd in self._wake:
            os.close(fd)

    def plug(self, cut_after: int | None = None) -> None:
        """Put the cable in; it comes out by itself once the board has received so many bytes through it."""
        outside, plugged = pty.openpty()
        tty.setraw(outside)
        tty.setraw(plugged)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(plugged))
        # our own end of the port stays open: without any the relay would read nothing but errors
        self._outside, self._plugged, self.cut_after, self.received = outside, plugged, cut_after, 0
        os.write(self._wake[1], b".")

    def _pull(self) -> None:
        """The cable comes out, the port is gone. Who has it open learns of it last: then the next cable may come."""
        gone = [fd for fd in (self._plugged, self._outside) if fd is not None]
        self._outside = self._plugged = None
        self.port.unlink(missing_ok=True)
        for fd in gone:
            os.close(fd)

    def cut_power(self) -> None:
        """Power goes and comes back; the relay starts it anew."""
        if self._process:
            self._process.kill()
            self._process.wait()
        os.write(self._wake[1], b".")

    def _start(self) -> None:
        outer, inner = pty.openpty()
        tty.setraw(outer)
        tty.setraw(inner)
        fds = self._inherit()
        runs = not self._repl and (self.flash / "main.py").exists()
        argv = [micropython(), "-X", f"heapsize={self._heap}", "main.py" if runs else "-i"]
        self._repl = not runs
        env = {**os.environ, "MICROPYPATH": ".frozen", **self._env}
        if fds:
            env["APOTHECA_FDS"] = ",".join(str(fd) for fd in fds)
        self._process = subprocess.Popen(
            argv, cwd=self.flash, stdin=inner, stdout=inner, stderr=inner, env=env, pass_fds=fds
        )
        for fd in (inner, *fds):
            os.close(fd)
        self._inside = outer
        self.starts += 1
        if self._raw and self._repl:
            os.write(outer, RAW_AGAIN)

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        os.close(self._inside)

    def _relay(self) -> None:
        while not self._stopped:
            outside = self._outside
            ready, _, _ = select.select([fd for fd in (self._wake[0], self._inside, outside) if fd is not None], [], [])
            if self._wake[0] in ready:
                os.read(self._wake[0], PIECE)
            if self._inside in ready:
                self._from_board()
            if outside is not None and outside in ready and outside == self._outside:
                self._from_host(outside)
            if self._process and self._process.poll() is not None and not self._stopped:
                self._again()

    def _from_board(self) -> None:
        try:
            data = os.read(self._inside, PIECE)
        except OSError:
            data = b""
        if data:
            self.printed = (self.printed + data)[-PRINTED_KEPT:]
            self._to_host(data)
        elif self._process:
            self._process.wait()

    def _to_host(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            while data and self._outside is not None:
                data = data[os.write(self._outside, data) :]

    def _from_host(self, outside: int) -> None:
        left = PIECE if self.cut_after is None else self.cut_after - self.received
        data = os.read(outside, max(1, min(PIECE, left)))
        self.received += len(data)
        for at in range(len(data)):
            if data[at : at + 1] in (ENTER_RAW, LEAVE_RAW):
                self._raw = data[at : at + 1] == ENTER_RAW
        with contextlib.suppress(OSError):
            os.write(self._inside, data)
        if self.cut_after is not None and self.received >= self.cut_after:
            self._pull()

    def _again(self) -> None:
        """As a board after a reset: it says so; if main.py ends there is the REPL, raw if it was."""
        os.close(self._inside)
        self._repl = not self._repl and self._process is not None and self._process.returncode in (STAY, FAILED)
        if not self._repl:
            self._to_host(RESET)
        self._start()
