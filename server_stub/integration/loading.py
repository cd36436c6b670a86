"""First tables of a station from JSON lines files, through the intake socket."""

import asyncio
import json
from pathlib import Path
from typing import Any

from firmware import codes
from server_stub.integration.intake import ask


def load_tables(intake: Path, station: str, files: dict[str, Path]) -> dict[str, int]:
    """Issue a snapshot of each table; gives the versions. ValueError names the file and line, or what the centre
    refused; IntakeAway if it does not run."""
    rows = {table: _rows(path) for table, path in files.items()}
    return asyncio.run(_load(intake, station, rows))


def _rows(path: Path) -> list[Any]:
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError):
            raise ValueError(f"error {codes.BAD_REFERENCE}: {path}, line {number}: not JSON") from None
    return rows


async def _load(intake: Path, station: str, tables: dict[str, list[Any]]) -> dict[str, int]:
    versions = {}
    for table, rows in tables.items():
        args = {"station": station, "table": table, "rows": rows, "mode": "snapshot"}
        reply = await ask(intake, {"do": "reference", "args": args})
        if "version" not in reply:
            raise ValueError(f"error {reply['code']}: {table}: {reply['message']}")
        versions[table] = reply["version"]
    return versions
