"""The pockets of a planogram file, as far as labels need it (its schema: docs/schemas/planogram.json)."""

import tomllib
from pathlib import Path

from agent.labels.contents import BadLabel

FOLDER = Path(__file__).resolve().parents[2] / "hardware" / "planograms"


def pockets(name: str) -> list[tuple[int, int]]:
    """(drawer, pocket) of all pockets of a shipped planogram, or of a file; raises BadLabel."""
    file = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        drawers = tomllib.loads(file.read_text(encoding="utf-8"))["drawer"]
        found = [(int(d["drawer"]), n + 1) for d in drawers for n in range(len(d["capacities"]))]
    except FileNotFoundError:
        there = ", ".join(sorted(path.stem for path in FOLDER.glob("*.toml")))
        raise BadLabel(f"no planogram {name}: there are {there}, or name a .toml file") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadLabel(f"{file.name} is no planogram: {error!r}") from None
    return sorted(found)
