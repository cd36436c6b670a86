"""Reading the tables: only the columns needed, each malformed row reported with its file and line.

Columns are those of MIMIC-IV 2.2, module `hosp` (https://mimic.mit.edu/docs/iv/modules/hosp/). The tables have no line
breaks inside fields, so each line stands alone and a broken one spoils no other.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from firmware.codes import BAD_DATA_ROW
from simulator.errors import RunFailed

Row = dict[str, Any]
Columns = Mapping[str, Callable[[str], Any]]
Report = Callable[[str], None]

FOLDERS = ("", "hosp", "mimic-iv-demo", "mimic-iv-demo/hosp")
EPOCH = datetime(1970, 1, 1)
MILLISECOND = timedelta(milliseconds=1)


class DataError(RunFailed):
    """A table cannot be used at all; the message says what to do."""


def text(value: str) -> str:
    """A field that may be blank."""
    return value.strip()


def required(value: str) -> str:
    """A field that must not be blank."""
    if not value.strip():
        raise ValueError("is blank")
    return value.strip()


def time_ms(value: str) -> int:
    """`YYYY-MM-DD HH:MM:SS` as milliseconds since 1970; the time of day is kept as if it were UTC."""
    try:
        if len(value) != 19 or value[10] != " ":
            raise ValueError
        return (datetime.fromisoformat(value) - EPOCH) // MILLISECOND
    except ValueError:
        raise ValueError(f"{value[:40]!r} is not a time like 2150-01-31 08:00:00") from None


def optional_time_ms(value: str) -> int | None:
    """As `time_ms`, or None for a blank field."""
    return time_ms(value) if value.strip() else None


EMAR: Columns = {
    "emar_id": required,
    "hadm_id": text,
    "poe_id": text,
    "pharmacy_id": text,
    "charttime": time_ms,
    "medication": text,
    "event_txt": text,
    "storetime": optional_time_ms,
}
EMAR_DETAIL: Columns = {
    "emar_id": required,
    "administration_type": text,
    "product_amount_given": text,
    "product_unit": text,
    "product_code": text,
    "product_description": text,
}
PHARMACY: Columns = {
    "hadm_id": text,
    "pharmacy_id": required,
    "poe_id": text,
    "starttime": optional_time_ms,
    "stoptime": optional_time_ms,
    "medication": text,
    "entertime": optional_time_ms,
    "verifiedtime": optional_time_ms,
    "dispensation": text,
    "frequency": text,
    "doses_per_24_hrs": text,
}
PRESCRIPTIONS: Columns = {
    "pharmacy_id": required,
    "drug_type": text,
    "drug": text,
    "formulary_drug_cd": text,
    "prod_strength": text,
    "form_val_disp": text,
    "form_unit_disp": text,
}
TRANSFERS: Columns = {"hadm_id": text, "eventtype": required, "careunit": text, "intime": time_ms}


def find_table(data_dir: Path, name: str) -> Path:
    """The file of table `name` in `data_dir`, or in the folders that PhysioNet's download and our data use below it.

    Raises DataError if there is none.
    """
    for folder in FOLDERS:
        for ending in (".csv.gz", ".csv"):
            path = data_dir / folder / (name + ending)
            if path.is_file():
                return path
    raise DataError(f"{data_dir} has no {name}.csv.gz; give the folder that holds the tables of MIMIC-IV's hosp module")


def _lines(path: Path) -> Iterator[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8", errors="replace", newline="\n") as file:
            yield from file
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"error {BAD_DATA_ROW}: {path} cannot be read to its end ({error}); get it again") from error


def _fields(line: str) -> list[str]:
    line = line.rstrip("\r\n")
    return next(csv.reader([line], strict=True), []) if '"' in line else line.split(",")


def _parse(line: str, header: list[str], wanted: list[tuple[str, int, Callable[[str], Any]]]) -> Row:
    fields = _fields(line)
    if len(fields) != len(header):
        raise ValueError(f"has {len(fields)} fields, the header {len(header)}")
    row = {}
    for name, index, convert in wanted:
        try:
            row[name] = convert(fields[index])
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
    return row


def read_table(data_dir: Path, name: str, columns: Columns, report: Report) -> tuple[list[Row], int]:
    """(well-formed rows, number of malformed ones); each malformed row is reported and left out.

    Raises DataError if the table is missing, cut short or lacks a column.
    """
    path = find_table(data_dir, name)
    lines = _lines(path)
    header = _fields(next(lines, "").lstrip("\ufeff"))
    missing = sorted(set(columns) - set(header))
    if missing:
        raise DataError(f"error {BAD_DATA_ROW}: {path} has no column {', '.join(missing)}; get the table again")
    wanted = [(column, header.index(column), convert) for column, convert in columns.items()]
    rows: list[Row] = []
    bad = 0
    for number, line in enumerate(lines, 2):
        try:
            rows.append(_parse(line, header, wanted))
        except (ValueError, csv.Error) as error:
            bad += 1
            report(f"error {BAD_DATA_ROW}: {path.name} line {number}: {error}; the row is left out, correct it")
    return rows, bad
