"""The firmware as a controller gets it: compiled. It starts at once, and no heap goes to the compiler."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from agent.cabinet.bytecode import ROOT, compile_into, sources


@functools.cache
def compiled() -> Path:
    """A folder with every module of the unix port as .mpy, to be first in MICROPYPATH; it goes when this process ends.

    Raises CalledProcessError if a module does not compile.
    """
    folder = Path(tempfile.mkdtemp(prefix="apotheca-firmware-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    compile_into(folder, ROOT, sources("unix"))
    return folder
