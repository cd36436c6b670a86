"""How often each of DEEDS happened as the console has it: its own queries, and where it only lists entries, those."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Engine, func, select

from firmware.journal import kinds
from server_stub.console import queries
from server_stub.site import config
from server_stub.verify import schema, worklists
from server_stub.watch.queries import discrepancies
from simulator.deeds import (
    COUNTS,
    DEEDS,
    DISCREPANCIES,
    JAMS,
    OVERRIDES,
    POWER_CUTS,
    RETURN_BIN,
    RETURNS,
    WASTES,
    deeds,
)

ALL = 1 << 40
_GIVEN_BACK = {kinds.WASTE: WASTES, kinds.RETURN: RETURNS, kinds.RETURN_BIN: RETURN_BIN}
_ONLY_LISTED = (COUNTS, JAMS, POWER_CUTS)


def shown(engine: Engine, site: config.SiteConfig) -> Mapping[str, int]:
    """Each of DEEDS with its number."""
    counts = Counter(dict.fromkeys(DEEDS, 0))
    table = schema.given_back.c
    with engine.connect() as conn:
        for kind, number in conn.execute(select(table.kind, func.count()).group_by(table.kind)):
            counts[_GIVEN_BACK[kind]] += number
    counts[OVERRIDES] = len(worklists.overrides(engine, limit=ALL))
    counts[DISCREPANCIES] = len(discrepancies(engine, limit=ALL))
    for station in site.station:
        counts.update(_listed(engine, station.id))
    return dict(counts)


def _listed(engine: Engine, station: str) -> Counter[str]:
    """From the entries that the page of a station lists."""
    entries = queries.last_entries(engine, station, ALL)
    names = (name for one in entries for name in deeds(one.boot, one.kind, one.change, one.ext))
    return Counter(name for name in names if name in _ONLY_LISTED)
