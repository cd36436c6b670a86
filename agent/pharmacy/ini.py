"""`PROCAR.INI`: the settings of the pharmacy's interface computer (P52, P69, docs/operations.md)."""

import configparser
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECTION = "PROCAR"
_DAY_MIN = 24 * 60


class IniError(ValueError):
    """`PROCAR.INI` can not be used (code 4060); the text names the key and what it may be."""


@dataclass(frozen=True)
class Procar:
    """Every key, in lower case, with what it is when left out; `snapshot_times` are minutes after midnight."""

    sec_wait_for_ack: float = 3.0
    retry_limit: int = 3
    max_blk_pow2: int = 12
    baud: int = 9600
    cycle_sec: float = 5.0
    require_hash: bool = True
    skip_look_alikes: bool = False
    download_freq_min: int = 60
    snapshot_times: tuple[int, ...] = ()
    stale_list_hours: int = 4
    centre_url: str = ""
    check_reporting: bool = True
    report_not_checked_but_delivered: bool = True
    checker_may_be_picker: bool = False
    label_printer: str = ""
    label_format: str = "pdf"

    def not_given(self) -> tuple[str, ...]:
        """Addresses that are not given: those that look like 00 and 11, if the site says so (RD-P6)."""
        pairs = ("Oo", "Il") if self.skip_look_alikes else ()
        return tuple(one + two for pair in pairs for one in pair for two in pair)

    def reporting(self) -> tuple[int, int]:
        """What the centre reports of checks (P98, P101), as the journal says it."""
        return int(self.check_reporting), int(self.report_not_checked_but_delivered)

    def host(self) -> dict[str, Any]:
        """Settings of a cradle's host (firmware/cradle/host.py)."""
        return {
            "wait_ms": int(self.sec_wait_for_ack * 1000),
            "tries": self.retry_limit + 1,
            "power": self.max_blk_pow2,
            "baud": self.baud,
            "cycle_ms": int(self.cycle_sec * 1000),
            "hashed": self.require_hash,
        }


def load(path: Path) -> Procar:
    """Settings of the file at `path`; raises IniError."""
    try:
        return parse(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise IniError(f"{path} can not be read: {error}") from None
    except IniError as error:
        raise IniError(f"{path}: {error}") from None


def parse(text: str) -> Procar:
    """Settings of a text with or without its one section `[PROCAR]`; `;` and `#` begin comments. Raises IniError."""
    ini = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";", "#"))
    try:
        ini.read_string(text if re.search(r"(?m)^\s*\[", text) else f"[{_SECTION}]\n{text}")
    except configparser.Error as error:
        raise IniError(str(error).replace("\n", " ")) from None
    if len(ini.sections()) != 1 or ini.defaults():
        raise IniError(f"it has one section, [{_SECTION}]")
    return Procar(**{key: _value(key, said) for key, said in ini.items(ini.sections()[0])})


def _value(key: str, said: str) -> Any:
    if key not in _KEYS:
        raise IniError(f"{key.upper()} is no key; there are {', '.join(sorted(_KEYS)).upper()}")
    words, read = _KEYS[key]
    try:
        return read(said.strip())
    except (ValueError, KeyError):
        raise IniError(f"{key.upper()} = {said}: it is {words}") from None


_Key = tuple[str, Callable[[str], Any]]


def _within(kind: Callable[[str], float], least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise ValueError
        return value

    return read


def _number(least: int, most: int, unit: str = "") -> _Key:
    return f"a whole number from {least} to {most}{unit}", _within(int, least, most)


def _seconds(least: float, most: float) -> _Key:
    return f"a number from {least:g} to {most:g} (seconds)", _within(float, least, most)


def _times(text: str) -> tuple[int, ...]:
    return tuple(sorted({_minutes(part.strip()) for part in text.split(",") if part.strip()}))


def _minutes(text: str) -> int:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if match is None:
        raise ValueError
    return int(match[1]) * 60 + int(match[2])


def _url(text: str) -> str:
    # the bearer token goes there
    if text and not text.startswith("https://"):
        raise ValueError
    return text.rstrip("/")


_SWITCH: _Key = ("0 or 1", lambda text: {"0": False, "1": True}[text])
_KEYS: dict[str, _Key] = {
    "sec_wait_for_ack": _seconds(0.2, 60),
    "retry_limit": _number(1, 10),
    "max_blk_pow2": _number(5, 12, " (blocks of 32 to 4096 bytes)"),
    "baud": _number(1200, 115200, " (bits a second)"),
    "cycle_sec": _seconds(0.2, 300),
    "require_hash": _SWITCH,
    "skip_look_alikes": _SWITCH,
    "download_freq_min": _number(10, _DAY_MIN, " (minutes)"),
    "snapshot_times": ("times of day such as 06:00, 14:30", _times),
    "stale_list_hours": _number(1, 24, " (hours)"),
    "centre_url": ("an address that begins with https://", _url),
    "check_reporting": _SWITCH,
    "report_not_checked_but_delivered": _SWITCH,
    "checker_may_be_picker": _SWITCH,
    "label_printer": ("a folder, or a printer's port such as /dev/usb/lp0", str),
    "label_format": ("pdf or zpl", lambda text: {"pdf": "pdf", "zpl": "zpl"}[text.lower()]),
}
