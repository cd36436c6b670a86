"""Tables of the stock: demand beyond `usage`, levels wanted and applied, commands, forecasts.

All but `forecasts` are projections; a forecast is a figure worked out on a day and kept to be shown beside the use.
"""

from sqlalchemy import BigInteger, Column, Float, Index, Table, Text

from server_stub.ledger.schema import metadata


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=key)


def _int(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null, primary_key=key, autoincrement=False)


# asked for and not there, by hour of hospital time; smallest units
unmet = Table(
    "unmet", metadata, _text("station", key=True), _text("item", key=True), _int("hour", key=True), _int("quantity")
)

removal_sizes = Table(
    "removal_sizes",
    metadata,
    _text("station", key=True),
    _text("item", key=True),
    _int("quantity", key=True),
    _int("times"),
)

# what a pocket held at the end of each day on which it was touched
closing_stock = Table(
    "closing_stock",
    metadata,
    _text("station", key=True),
    _text("place", key=True),
    _int("day", key=True),
    _text("item"),
    _int("quantity"),
)

# state is one of SENT, APPLIED, REFUSED, LOST (a later command came through and this one never did)
commands = Table(
    "commands",
    metadata,
    _text("station", key=True),
    _int("number", key=True),
    _int("kind"),
    _text("body"),
    _text("reason"),
    _text("person"),
    _int("issued_ms"),
    _text("state"),
    _int("result"),
    _int("done_ms", null=True),
    Index("commands_state", "state"),
)
SENT, APPLIED, REFUSED, LOST = "sent", "applied", "refused", "lost"

# smallest units; `number` is the command that last wanted it so
par_levels = Table(
    "par_levels",
    metadata,
    _text("station", key=True),
    _text("place", key=True),
    _int("wanted_min"),
    _int("wanted_max"),
    _text("reason"),
    _int("number"),
    _int("wanted_ms"),
    _int("applied_min", null=True),
    _int("applied_max", null=True),
    _int("applied_ms", null=True),
)

# set by people: `held` items keep their levels, `floor` is the least min (smallest units)
par_holds = Table(
    "par_holds",
    metadata,
    _text("station", key=True),
    _text("item", key=True),
    _int("held"),
    _int("floor"),
    _text("person"),
    _text("reason"),
    _int("utc_ms"),
)

# layers of a pocket, `number` 0 is taken first; lot "" and expiry_min 0 (minutes since 1970) are unknown
lots = Table(
    "lots",
    metadata,
    _text("station", key=True),
    _text("place", key=True),
    _int("number", key=True),
    _text("item"),
    _text("lot"),
    _int("expiry_min"),
    _int("quantity"),
    Index("lots_lot", "lot"),
    Index("lots_expiry", "expiry_min"),
)

# what each removal took of which lot; (station, log, seq) is the removal
lot_removals = Table(
    "lot_removals",
    metadata,
    _text("station", key=True),
    _int("log", key=True),
    _int("seq", key=True),
    _text("lot", key=True),
    _int("expiry_min", key=True),
    _text("place"),
    _text("item"),
    _int("quantity"),
    Index("lot_removals_lot", "lot"),
)

bin_contents = Table(
    "bin_contents",
    metadata,
    _text("station", key=True),
    _text("place", key=True),
    _text("item", key=True),
    _int("quantity"),
    _int("utc_ms"),
)

PROJECTIONS = (unmet, removal_sizes, closing_stock, commands, par_levels, par_holds, lots, lot_removals, bin_contents)

# dispensed units in the protection time; day counts from 1970 and begins at the hour of the update
forecasts = Table(
    "forecasts",
    metadata,
    _text("station", key=True),
    _text("item", key=True),
    _int("day", key=True),
    Column("daily", Float, nullable=False),
    Column("mean", Float, nullable=False),
    _int("p50"),
    _int("p90"),
    _int("p98"),
    _int("days"),
    Index("forecasts_day", "day"),
)
