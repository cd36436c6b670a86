"""`apotheca server run`: keeps the centre's processes running, each restarted by itself; none outlives it."""

import contextlib
import ctypes
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MAX_BACK_OFF_S = 2.0
STEADY_S = 10.0
STOP_S = 10.0

_PR_SET_PDEATHSIG = 1


class Child:
    """One process that is to run; started again after a growing pause of at most MAX_BACK_OFF_S."""

    def __init__(self, name: str, command: Sequence[str], log_file: Path) -> None:
        self.name = name
        self._command = command
        self._log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._due_s = 0.0
        self._pause_s = 0.1

    def look(self, now_s: float) -> None:
        """Start the process if it should run and does not."""
        if self._process is not None and self._process.poll() is not None:
            why = (self.name, self._process.returncode, self._log_file)
            log.warning("%s ended (%s); starting it again; why is in %s", *why)
            self._process = None
            self._later(now_s)
        if self._process is None and now_s >= self._due_s:
            try:
                self._start(now_s)
            except OSError as error:
                # no room for one more process, or on the disk: those that run go on
                log.error("%s does not start (%s); trying again", self.name, error)
                self._later(now_s)

    def _later(self, now_s: float) -> None:
        self._pause_s = 0.1 if now_s - self._started_s > STEADY_S else min(2 * self._pause_s, MAX_BACK_OFF_S)
        self._due_s = now_s + self._pause_s

    def _start(self, now_s: float) -> None:
        self._started_s = now_s
        with self._log_file.open("ab") as out:
            self._process = subprocess.Popen(
                self._command,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - this process has one thread
            )
        # for people to find it; it runs without
        with contextlib.suppress(OSError):
            self._log_file.with_suffix(".pid").write_text(str(self._process.pid))

    def stop(self) -> None:
        """Ask the process to end, and end it if it does not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log_file.with_suffix(".pid").unlink(missing_ok=True)


def _die_with(parent: int) -> Any:
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


class RunsAlready(Exception):
    """The centre of this home runs, under another supervisor."""


@contextmanager
def alone(run_folder: Path) -> Iterator[None]:
    """No other centre of this home runs meanwhile; raises RunsAlready. Two would write one ledger and take each other's
    sockets away; ends with this process, however it ends."""
    with (run_folder / "server.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunsAlready(f"the centre runs already, out of {run_folder.parent}: stop that one first") from None
        yield


def run(home: Path, run_folder: Path, clock: str, *, shards: Sequence[str] = (), packets: bool = False) -> None:
    """Run ingest, sequencer and web, a process for each further shard, and with `packets` the one that makes those due,
    until SIGTERM or SIGINT. Raises RunsAlready."""
    python = [sys.executable, "-m"]
    timed = [str(home), "--clock", clock]
    children = [
        Child("ingest", [*python, "server_stub.ingest_main", *timed], run_folder / "ingest.log"),
        Child("sequencer", [*python, "server_stub.sequencer_main", *timed], run_folder / "sequencer.log"),
        Child("web", [*python, "server_stub.web_main", str(home)], run_folder / "web.log"),
    ]
    for shard in shards:
        command = [*python, "server_stub.shard_main", str(home), shard]
        children.append(Child(f"ingest-{shard}", command, run_folder / f"ingest-{shard}.log"))
    if packets:
        children.append(Child("packets", [*python, "server_stub.packets_main", str(home)], run_folder / "packets.log"))
    with alone(run_folder):
        _keep(children)


def _keep(children: Sequence[Child]) -> None:
    ending: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _frame: ending.append(n))
    while not ending:
        for child in children:
            child.look(time.monotonic())
        time.sleep(0.1)
    for child in reversed(children):
        child.stop()
