"""Brings poppler's pdfsig, NSS's certutil and Mosquitto and writes where they are to .venv/peers.json, for
`make test-peers`.

Installed ones first; else the distribution's packages, as root with apt-get, without root unpacked under .venv/peers.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.tools import debs

VENV = Path(__file__).resolve().parents[2] / ".venv"
PACKAGES = {"pdfsig": "poppler-utils", "certutil": "libnss3-tools", "mosquitto": "mosquitto"}
# a broker is in none of the folders of people's programs
FOLDERS = ("/usr/bin", "/usr/sbin")
Found = dict[str, list[str] | dict[str, str]]


def installed() -> Found | None:
    """The programs on PATH, or where Debian has them."""
    search = os.pathsep.join((os.environ.get("PATH", ""), *FOLDERS))
    paths = {name: shutil.which(name, path=search) for name in PACKAGES}
    return {"env": {}, **{name: [path] for name, path in paths.items() if path}} if all(paths.values()) else None


def from_distribution() -> Found | None:
    """Debian's packages, if the user is root and apt has them."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES.values()]):
        quiet: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        if subprocess.run(["apt-get", "-qq", *words], env=env, check=False, **quiet).returncode:
            return None
    return installed()


def unpacked(folder: Path = VENV / "peers") -> Found:
    """The packages and the libraries they need, under `folder`; LookupError says what could not be found."""
    apt = debs.Apt(folder)
    apt.update()
    apt.unpack(list(PACKAGES.values()))
    places = {name: [folder / "root" / place[1:] / name for place in FOLDERS] for name in PACKAGES}
    programs = {name: next((path for path in paths if path.exists()), paths[0]) for name, paths in places.items()}
    env: dict[str, str] = {}
    for program in programs.values():
        env = debs.complete(program, apt)
    return {"env": env, **{name: [str(path)] for name, path in programs.items()}}


def main() -> int:
    """Find or bring them; exit code 1 with a sentence if that is not possible."""
    try:
        found = installed() or from_distribution() or unpacked()
    except (LookupError, OSError, subprocess.CalledProcessError) as error:
        print(f"No {', '.join(PACKAGES)}: {error}; install {' and '.join(PACKAGES.values())}.", file=sys.stderr)
        return 1
    (VENV / "peers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
