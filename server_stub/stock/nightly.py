"""The daily update of the levels: use to forecast to levels to what has changed (A1.d, A21.b, A21.c)."""

from sqlalchemy import and_, delete, select

from server_stub.ledger.store import upsert
from server_stub.ledger.transaction import Transaction
from server_stub.stock import history, schema
from server_stub.stock.commands import Commands
from server_stub.stock.forecast import Forecast, forecast, quantile
from server_stub.stock.planning import UpdateSettings, plan
from server_stub.stock.shelves import Pocket, Shelf, Shelves
from server_stub.stock.usage import HOUR_MS

BAND_DAYS = 120
STATIONS_AT_ONCE = 4  # a transaction: ingest answers stations between them
_F, _L = schema.forecasts.c, schema.par_levels.c


class Nightly:
    """Updates every station's levels once a day."""

    def __init__(self, shelves: Shelves, commands: Commands, settings: UpdateSettings | None = None) -> None:
        self._shelves = shelves
        self._commands = commands
        self._settings = settings or UpdateSettings()
        self._done: int | None = None
        self._left: list[str] | None = []

    def load(self, tx: Transaction) -> None:
        """Which day was begun last; a centre that starts for the first time waits for the next."""
        last = tx.conn.scalar(select(_F.day).order_by(_F.day.desc()).limit(1))
        self._done, self._left = (last, None) if last is not None else (self._today(tx), [])

    def _today(self, tx: Transaction) -> int:
        return history.day_of(tx.utc_ms // HOUR_MS, self._settings.hour)

    def fire_due(self, tx: Transaction, stations: list[str]) -> None:
        """Update the next STATIONS_AT_ONCE stations of a day that has begun; missed days are not made up for."""
        today = self._today(tx)
        if self._done is None:
            return
        if today > self._done:
            self._done, self._left = today, list(stations)
            tx.conn.execute(delete(schema.forecasts).where(_F.day < today - BAND_DAYS))
        if self._left is None:
            done = set(tx.conn.scalars(select(_F.station).where(_F.day == self._done).distinct()))
            self._left = [station for station in stations if station not in done]
        now, self._left = self._left[:STATIONS_AT_ONCE], self._left[STATIONS_AT_ONCE:]
        if now:
            tx.settle()
        for station in now:
            self._update(tx, station, self._done)

    @property
    def busy(self) -> bool:
        """Stations are left of the day."""
        return bool(self._left)

    def _update(self, tx: Transaction, station: str, today: int) -> None:
        shelf = _to_stand(self._shelves.of(tx.conn, station), _under_way(tx, station))
        scales = {item: shelf.items[item].scale for item in shelf.pockets if item in shelf.items}
        if not scales:
            return
        items, demand = history.daily_demand(tx.conn, station, scales, today, self._settings.hour)
        expected = forecast(demand, self._settings.forecast)
        self._keep(tx, station, today, items, expected)
        sizes = history.usual_sizes(tx.conn, station, items, scales)
        wanted = plan(shelf, items, expected, sizes, history.holds(tx.conn, station), self._settings)
        changed = [level for level, now in wanted if (level.min, level.max) != now]
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


def _to_stand(shelf: Shelf, under_way: dict[str, tuple[int, int]]) -> Shelf:
    """The shelf once the commands under way have come: what is planned anew is held against that."""

    def one(pocket: Pocket) -> Pocket:
        low, top = under_way.get(pocket.place, (pocket.min, pocket.max))
        return pocket._replace(min=low, max=top)

    return Shelf(shelf.items, {item: [one(pocket) for pocket in pockets] for item, pockets in shelf.pockets.items()})


def _under_way(tx: Transaction, station: str) -> dict[str, tuple[int, int]]:
    """Levels of commands not yet answered: they will stand."""
    joined = schema.par_levels.join(
        schema.commands, and_(schema.commands.c.station == _L.station, schema.commands.c.number == _L.number)
    )
    query = select(_L.place, _L.wanted_min, _L.wanted_max).select_from(joined)
    rows = tx.conn.execute(query.where(and_(_L.station == station, schema.commands.c.state == schema.SENT)))
    return {place: (low, top) for place, low, top in rows}
