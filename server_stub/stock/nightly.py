"""The daily update of the levels: use to forecast to levels to what has changed (A1.d, A21.b, A21.c)."""

from sqlalchemy import and_, delete, select

from server_stub.ledger.store import upsert
from server_stub.ledger.transaction import Transaction
from server_stub.stock import history, schema
from server_stub.stock.commands import Commands
from server_stub.stock.forecast import Forecast, forecast, quantile
from server_stub.stock.planning import UpdateSettings, plan
from server_stub.stock.shelves import Shelves
from server_stub.stock.usage import HOUR_MS

BAND_DAYS = 120
_F, _L = schema.forecasts.c, schema.par_levels.c


class Nightly:
    """Updates every station's levels once a day."""

    def __init__(self, shelves: Shelves, commands: Commands, settings: UpdateSettings | None = None) -> None:
        self._shelves = shelves
        self._commands = commands
        self._settings = settings or UpdateSettings()
        self._done: int | None = None

    def load(self, tx: Transaction) -> None:
        """Which day was done last; a centre that starts for the first time waits for the next."""
        last = tx.conn.scalar(select(_F.day).order_by(_F.day.desc()).limit(1))
        self._done = last if last is not None else self._today(tx)

    def _today(self, tx: Transaction) -> int:
        return history.day_of(tx.utc_ms // HOUR_MS, self._settings.hour)

    def fire_due(self, tx: Transaction, stations: list[str]) -> None:
        """Update all stations if a new day has begun; days that were missed are not made up for."""
        today = self._today(tx)
        if self._done is None or today <= self._done:
            return
        self._done = today
        tx.settle()
        for station in stations:
            self._update(tx, station, today)
        tx.conn.execute(delete(schema.forecasts).where(_F.day < today - BAND_DAYS))

    def _update(self, tx: Transaction, station: str, today: int) -> None:
        shelf = self._shelves.of(tx.conn, station)
        scales = {item: shelf.items[item].scale for item in shelf.pockets if item in shelf.items}
        if not scales:
            return
        items, demand = history.daily_demand(tx.conn, station, scales, today, self._settings.hour)
        expected = forecast(demand, self._settings.forecast)
        self._keep(tx, station, today, items, expected)
        sizes = history.usual_sizes(tx.conn, station, items, scales)
        wanted = plan(shelf, items, expected, sizes, history.holds(tx.conn, station), self._settings)
        under_way = _under_way(tx, station)
        changed = [level for level, now in wanted if level[:3] != (level.place, *under_way.get(level.place, now))]
        self._commands.set_levels(tx, station, changed)

    def _keep(self, tx: Transaction, station: str, today: int, items: list[str], expected: Forecast) -> None:
        points = [quantile(expected.mean, expected.variance, level) for level in (0.5, 0.9, 0.98)]
        rows = [
            {
                "station": station,
                "item": item,
                "day": today,
                "daily": float(expected.daily[n]),
                "mean": float(expected.mean[n]),
                **{name: int(values[n]) for name, values in zip(("p50", "p90", "p98"), points, strict=True)},
                "days": int(expected.days[n]),
            }
            for n, item in enumerate(items)
        ]
        tx.conn.execute(upsert(tx.conn, schema.forecasts, ("station", "item", "day")), rows)


def _under_way(tx: Transaction, station: str) -> dict[str, tuple[int, int]]:
    """Levels of commands not yet answered: they will stand."""
    joined = schema.par_levels.join(
        schema.commands, and_(schema.commands.c.station == _L.station, schema.commands.c.number == _L.number)
    )
    query = select(_L.place, _L.wanted_min, _L.wanted_max).select_from(joined)
    rows = tx.conn.execute(query.where(and_(_L.station == station, schema.commands.c.state == schema.SENT)))
    return {place: (low, top) for place, low, top in rows}
