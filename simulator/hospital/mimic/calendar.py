"""Admissions moved onto one calendar: whole days, time of day kept, starting on a day drawn by seed out of 28."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.hospital.clocktime import DAY_0_MS, DAY_MS
from simulator.hospital.mimic.loader import Row
from simulator.hospital.stays import Admission, Stay

START_DAYS = 28
NOWHERE = ("", "Unknown")


@dataclass(frozen=True)
class Moved:
    """An admission on the calendar; `shift_ms` (whole days) added to a time of its records gives calendar time."""

    admission: Admission
    shift_ms: int


def move_admissions(transfers: Iterable[Row], seed: int) -> dict[str, Moved]:
    """hadm_id -> admission on the calendar. Rows without hadm_id belong to no admission; without any ward, neither."""
    by_admission: dict[str, list[Row]] = {}
    for row in transfers:
        if row["hadm_id"]:
            by_admission.setdefault(row["hadm_id"], []).append(row)
    return {hadm: moved for hadm in sorted(by_admission) if (moved := _move(hadm, by_admission[hadm], seed))}


def _move(hadm: str, rows: list[Row], seed: int) -> Moved | None:
    stays = sorted((row["intime"], row["careunit"]) for row in rows if row["eventtype"] != "discharge")
    if not stays:
        return None
    day = random.Random(f"{seed}/{hadm}").randrange(START_DAYS)
    shift_ms = DAY_0_MS + day * DAY_MS - stays[0][0] // DAY_MS * DAY_MS
    out_ms = max((row["intime"] for row in rows if row["eventtype"] == "discharge"), default=stays[-1][0] + DAY_MS)
    kept = tuple(Stay(_ward(unit), at + shift_ms) for at, unit in stays if at < out_ms)
    if not kept:
        return None
    return Moved(Admission(hadm, f"Admission {hadm}", kept, out_ms + shift_ms), shift_ms)


def _ward(careunit: str) -> str:
    return "" if careunit in NOWHERE else careunit
