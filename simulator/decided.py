"""What the centre decided in a run: verdicts, alerts, restock orders, and whether it found what was seeded."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, and_, create_engine, func, or_, select

from server_stub.ledger.schema import inventory
from server_stub.site import config
from server_stub.site.home import Home
from server_stub.stock import schema as stock
from server_stub.stock.shelves import read_shelf
from server_stub.supply.schema import restock_orders
from server_stub.verify import queries, schema
from server_stub.verify.case import OPEN
from server_stub.verify.verdict import AUTHORITY, DOCUMENTATION, PENDING, SETTLED
from simulator.labelled import projected, reported
from simulator.plan import NO_ORDER, NOT_ADMITTED
from simulator.shown import shown
from simulator.tally import Taken

_A, _R, _V, _O = schema.alerts.c, schema.removals.c, schema.verdicts.c, restock_orders.c


@dataclass(frozen=True)
class Decided:
    """From the centre's tables. `shown` is how often each of `simulator.deeds` happened there; `labels` what
    became of labels by the projection and by the console's reports; `needless` alerts are
    open about what holds; `seeded` is mark -> removals made, found; `standing` are the restock orders still open,
    `overdue` those of them whose item is at its max."""

    verdicts: Mapping[str, int]
    alerts: Mapping[str, int]
    needless: int
    seeded: Mapping[str, Mapping[str, int]]
    restock_orders: int
    standing: int
    overdue: Sequence[str]
    shown: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]

    @property
    def wrong(self) -> list[str]:
        """Everything that does not hold, in words."""
        wrong = [f"restock order {order} is open though the item is at its max" for order in self.overdue]
        if self.verdicts[PENDING]:
            wrong.append(f"{self.verdicts[PENDING]} removals are pending after their deadline")
        if self.needless:
            wrong.append(f"{self.needless} alerts are open about removals that were ordered, or charted in time")
        for mark, count in self.seeded.items():
            if count["made"] != count["found"]:
                wrong.append(f"of {count['made']} removals seeded as {mark} only {count['found']} were found")
        return wrong


def commands_under_way(home: Path) -> int:
    """Commands that no station's journal names yet, and levels whose command was passed by: it will be sent anew."""
    command, level = stock.commands.c, stock.par_levels.c
    same = and_(level.station == command.station, level.number == command.number)
    passed_by = select(func.count()).select_from(stock.par_levels.join(stock.commands, same))
    with _connected(home) as conn:
        lost = conn.scalar(passed_by.where(command.state == stock.LOST)) or 0
        return lost + _count(conn, stock.commands, command.state == stock.SENT)


def decided(home: Path, seeded: Mapping[str, Sequence[Taken]]) -> Decided:
    """Read the centre of `home` after its last timer; `seeded` are the marked removals made, by station."""
    with _connected(home) as conn:
        return Decided(
            queries.count_verdicts(conn),
            queries.count_alerts(conn),
            _needless(conn),
            _found(conn, seeded),
            _count(conn, restock_orders),
            _count(conn, restock_orders, _O.closed_ms.is_(None)),
            list(_overdue(conn)),
            shown(conn.engine, config.read(Home(home))),
            {"projection": projected(conn), "console": reported(conn)},
        )


@contextmanager
def _connected(home: Path) -> Iterator[Connection]:
    place = Home(home)
    engine = create_engine(config.database_url(place, config.read(place)))
    try:
        with engine.connect() as conn:
            yield conn
    finally:
        engine.dispose()


def _count(conn: Connection, table: Table, *where: object) -> int:
    return conn.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


def _needless(conn: Connection) -> int:
    same = and_(_A.station == _V.station, _A.log == _V.log, _A.seq == _V.seq)
    allowed = and_(_A.facet == AUTHORITY, _V.authority == 0)
    charted = and_(_A.facet == DOCUMENTATION, _V.documentation.in_(SETTLED))
    query = select(func.count()).select_from(schema.alerts.join(schema.verdicts, same))
    return conn.scalar(query.where(_A.state == OPEN, or_(allowed, charted))) or 0


def _found(conn: Connection, seeded: Mapping[str, Sequence[Taken]]) -> dict[str, dict[str, int]]:
    """A removal is found if its verdict is its mark; one without an order (an override) if it waits for one."""
    same = and_(_R.station == _V.station, _R.log == _V.log, _R.seq == _V.seq)
    waits = and_(_R.override > 0, _V.matched_order == "")
    query = select(_V.verdict, waits.label("waits")).select_from(schema.removals.join(schema.verdicts, same))
    counts = {mark: {"made": 0, "found": 0} for mark in (NO_ORDER, NOT_ADMITTED)}
    for station, removals in seeded.items():
        for taken in removals:
            row = conn.execute(query.where(_R.station == station, _R.txn == taken.txn)).first()
            mark = taken.action.seeded
            found = row is not None and (row.verdict == mark or (mark == NO_ORDER and bool(row.waits)))
            counts[mark]["made"] += 1
            counts[mark]["found"] += found
    return counts


def _overdue(conn: Connection) -> Iterator[str]:
    stock_of = select(func.sum(inventory.c.quantity))
    query = select(_O.station, _O.item, _O.number).where(_O.closed_ms.is_(None)).order_by(_O.station, _O.number)
    for station, item, number in conn.execute(query).all():
        held = conn.scalar(stock_of.where(inventory.c.station == station, inventory.c.item == item)) or 0
        if held >= read_shelf(conn, station).level(item)[1]:
            yield f"{station}/{number} ({item})"
