"""Where a command's result goes: a file, or `-` for standard out."""

import os
import sys
from pathlib import Path

import typer


def writable(path: str | None) -> str | None:
    """An option's callback: told before a long run, not after it, that `path` can not be written."""
    if not path or path == "-":
        return path
    place = Path(path)
    if place.is_dir() or not os.access(place if place.exists() else place.parent, os.W_OK):
        raise typer.BadParameter(f"cannot write {path}: name a file in a folder that is there and yours")
    return path


def write(path: str, text: str) -> None:
    """Put `text` there."""
    if path == "-":
        sys.stdout.write(text)
    else:
        # what was there stays until the new is whole
        new = Path(f"{path}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
