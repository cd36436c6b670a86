"""Tables of the stock: demand beyond `usage`, levels wanted and applied, commands, forecasts.

All but `forecasts` are projections: a forecast is a figure worked out on a day and kept to be shown beside the use
(docs/decisions/0007).
"""

from sqlalchemy import Column, Float, Index, Table

from server_stub.ledger.columns import integer, text
from server_stub.ledger.schema import metadata

# asked for and not there, by hour of hospital time; smallest units
unmet = Table(
    "unmet", metadata, text("station", key=True), text("item", key=True), integer("hour", key=True), integer("quantity")
)

removal_sizes = Table(
    "removal_sizes",
    metadata,
    text("station", key=True),
    text("item", key=True),
    integer("quantity", key=True),
    integer("times"),
)

# what a pocket held at the end of each day on which it was touched
closing_stock = Table(
    "closing_stock",
    metadata,
    text("station", key=True),
    text("place", key=True),
    integer("day", key=True),
    text("item"),
    integer("quantity"),
)

# state is one of SENT, APPLIED, REFUSED, LOST (a later command came through and this one never did)
commands = Table(
    "commands",
    metadata,
    text("station", key=True),
    integer("number", key=True),
    integer("kind"),
    text("body"),
    text("reason"),
    text("person"),
    integer("issued_ms"),
    text("state"),
    integer("result"),
    integer("done_ms", null=True),
    Index("commands_state", "state"),
)
SENT, APPLIED, REFUSED, LOST = "sent", "applied", "refused", "lost"

# smallest units; `number` is the command that last wanted it so
par_levels = Table(
    "par_levels",
    metadata,
    text("station", key=True),
    text("place", key=True),
    integer("wanted_min"),
    integer("wanted_max"),
    text("reason"),
    integer("number"),
    integer("wanted_ms"),
    integer("applied_min", null=True),
    integer("applied_max", null=True),
    integer("applied_ms", null=True),
)

# set by people: `held` items keep their levels, `floor` is the least min (smallest units)
par_holds = Table(
    "par_holds",
    metadata,
    text("station", key=True),
    text("item", key=True),
    integer("held"),
    integer("floor"),
    text("person"),
    text("reason"),
    integer("utc_ms"),
)

# layers of a pocket, `number` 0 is taken first; lot "" and expiry_min 0 (minutes since 1970) are unknown
lots = Table(
    "lots",
    metadata,
    text("station", key=True),
    text("place", key=True),
    integer("number", key=True),
    text("item"),
    text("lot"),
    integer("expiry_min"),
    integer("quantity"),
    Index("lots_lot", "lot"),
    Index("lots_expiry", "expiry_min"),
)

# what each removal took of which lot; (station, log, seq) is the removal
lot_removals = Table(
    "lot_removals",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    text("lot", key=True),
    integer("expiry_min", key=True),
    text("place"),
    text("item"),
    integer("quantity"),
    Index("lot_removals_lot", "lot"),
)

bin_contents = Table(
    "bin_contents",
    metadata,
    text("station", key=True),
    text("place", key=True),
    text("item", key=True),
    integer("quantity"),
    integer("utc_ms"),
)

PROJECTIONS = (unmet, removal_sizes, closing_stock, commands, par_levels, par_holds, lots, lot_removals, bin_contents)

# dispensed units in the protection time; day counts from 1970 and begins at the hour of the update
forecasts = Table(
    "forecasts",
    metadata,
    text("station", key=True),
    text("item", key=True),
    integer("day", key=True),
    Column("daily", Float, nullable=False),
    Column("mean", Float, nullable=False),
    integer("p50"),
    integer("p90"),
    integer("p98"),
    integer("days"),
    Index("forecasts_day", "day"),
)
