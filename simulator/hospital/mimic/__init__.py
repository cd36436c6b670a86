"""The replay of MIMIC-IV records: `make_plan(data_dir, seed, days)`. Rules and fates are in docs/replay.md."""

from simulator.hospital.mimic.loader import DataError
from simulator.hospital.mimic.plan import make_plan

__all__ = ["DataError", "make_plan"]
