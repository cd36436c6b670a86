"""A Linux cabinet's controller as a service: the loader under MicroPython, its link to the agent, started again when it
ends (docs/firmware.md)."""

import os
import pty
import signal
import subprocess
import sys
import threading
import tty
from pathlib import Path

from agent.cabinet.provision import base_files

# a cabinet's Linux computer has memory to spare; a board (32 bit) needs about half of what this build (64 bit) does
HEAP = "768K"
LONGEST_DELAY_S = 2.0
_START = "import sys; sys.path.insert(0, {base!r}); from firmware.ports import unix_loader as u; u.program({args!r})"


class Runner:
    """Runs the controller in `folder` until `stop()`; the agent finds its link at `link`."""

    def __init__(self, folder: Path, bus: Path, link: Path) -> None:
        self._folder, self._bus, self._link = folder, bus, link
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def run(self) -> None:
        """Until `stop()`: a controller that ends is started again, at once or, if it ends at once, after a while."""
        self._lay_base()
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(slave))
        try:
            self._keep(master)
        finally:
            self._link.unlink(missing_ok=True)
            os.close(master)
            os.close(slave)

    def stop(self, *_: object) -> None:
        """From a signal handler or another thread."""
        self._stop.set()
        self.restart()

    @property
    def pid(self) -> int | None:
        """Process id of the controller that runs."""
        return self._process.pid if self._process else None

    def restart(self) -> None:
        """End the process that runs; the next one is started."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def _keep(self, master: int) -> None:
        in_a_row = 0
        while not self._stop.is_set():
            in_a_row = in_a_row + 1 if self._once(master) else 0
            self._stop.wait(min(LONGEST_DELAY_S, 0.05 * 2**in_a_row) if in_a_row else 0)

    def _once(self, master: int) -> int:
        """The exit code; 0 is one that wants to be started again."""
        folder = os.path.relpath(self._folder)
        args = (folder, os.path.relpath(self._bus), str(master))
        code = _START.format(base=f"{folder}/base", args=args)
        self._process = subprocess.Popen(
            [micropython(), "-X", f"heapsize={HEAP}", "-c", code],
            pass_fds=[master],
            env={**os.environ, "MICROPYPATH": ".frozen"},
        )
        self.starts += 1
        return self._process.wait()

    def _lay_base(self) -> None:
        """The loader comes with the agent: on a Linux cabinet both are on the same disk."""
        for name, data in base_files("unix").items():
            path = self._folder / "base" / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(data)


def micropython() -> str:
    """The interpreter of the controller: APOTHECA_MICROPYTHON, else the one beside this Python."""
    return os.environ.get("APOTHECA_MICROPYTHON") or str(Path(sys.executable).parent / "micropython")


def run_until_told(runner: Runner) -> None:
    """Run in the foreground; SIGTERM and SIGINT end it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, runner.stop)
    runner.run()
