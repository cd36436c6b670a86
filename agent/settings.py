"""What one agent needs to know at start, read from `stations/ID/agent.toml` (docs/interfaces.md, Home)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.wire import topics


class SettingsError(ValueError):
    """agent.toml is missing or wrong; the text says which key and what to do."""


@dataclass(frozen=True)
class Settings:
    """Settings of one station's agent; `folder` holds keys and outbox, `panel_socket` is where users reach it,
    `controller_restart` the command that restarts a Linux cabinet's controller (without one it is asked to end),
    `api_url` where the centre's API is."""

    folder: Path
    station: str
    site: str
    shard: str
    log: int
    wards: tuple[str, ...]
    broker_host: str
    broker_port: int
    linger_ms: int
    panel_socket: Path
    controller_restart: str = ""
    api_url: str = ""


def load(folder: Path) -> Settings:
    """Settings of the station whose folder this is; raises `SettingsError`."""
    path = folder / "agent.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path} is missing: enrol the station with `apotheca station add ID --ward WARD`, or name another --home"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None
    return _settings(folder, table, path)


def _settings(folder: Path, table: dict[str, Any], path: Path) -> Settings:
    station = _name(table, "station", path)
    return Settings(
        folder=folder,
        station=station,
        site=_name(table, "site", path),
        shard=_name(table, "shard", path),
        log=_number(table, "log", path, 1, 2**32),
        wards=_wards(table, path),
        broker_host=_text(table, "broker_host", path),
        broker_port=_number(table, "broker_port", path, 1, 65535),
        linger_ms=_number({"linger_ms": 1000} | table, "linger_ms", path, 0, 60_000),
        panel_socket=(folder / table.get("panel_socket", f"../../run/{station}.panel.sock")).resolve(),
        controller_restart=str(table.get("controller_restart", "")),
        api_url=str(table.get("api_url", "")),
    )


def _text(table: dict[str, Any], key: str, path: Path) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise SettingsError(f'{path}: set {key} = "..." (text)')
    return value


def _name(table: dict[str, Any], key: str, path: Path) -> str:
    value = _text(table, key, path)
    if not topics.valid_id(value):
        raise SettingsError(f"{path}: {key} = {value!r} must be 1 to 32 of A-Z a-z 0-9 _ -")
    return value


def _number(table: dict[str, Any], key: str, path: Path, low: int, high: int) -> int:
    value = table.get(key)
    if type(value) is not int or not low <= value <= high:
        raise SettingsError(f"{path}: set {key} to a whole number from {low} to {high}")
    return value


def _wards(table: dict[str, Any], path: Path) -> tuple[str, ...]:
    wards = table.get("wards", [table["ward"]] if "ward" in table else [])
    if not isinstance(wards, list) or not all(isinstance(ward, str) for ward in wards):
        raise SettingsError(f'{path}: set wards = ["...", ...] (texts)')
    return tuple(wards)
