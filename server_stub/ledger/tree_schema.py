"""Tables of the tree (docs/wire.md section 6). `tree_runs` is part of the record: in which order entries became leaves.
Tiles follow from it and the entries; checkpoints and cosignatures are what was put a name to."""

from sqlalchemy import Column, Index, LargeBinary, Table

from server_stub.ledger.columns import integer, text
from server_stub.ledger.schema import metadata

# one row a log of the site: number 1, then its successors; the last one grows. `halted` says why it may not be signed
trees = Table(
    "trees",
    metadata,
    integer("number", key=True),
    text("origin"),
    integer("size"),
    Column("root", LargeBinary, nullable=False),
    text("halted"),
)

runs = Table(
    "tree_runs",
    metadata,
    integer("number", key=True),
    integer("first_index", key=True),
    text("station"),
    integer("log"),
    integer("first_seq"),
    integer("count"),
    Index("tree_runs_log", "number", "station", "log", "first_seq"),
)

tiles = Table(
    "tree_tiles",
    metadata,
    integer("number", key=True),
    integer("level", key=True),
    integer("tile", key=True),
    Column("hashes", LargeBinary, nullable=False),
)

checkpoints = Table(
    "tree_checkpoints",
    metadata,
    integer("number", key=True),
    integer("size", key=True),
    Column("root", LargeBinary, nullable=False),
    integer("made_ms"),
    integer("shown"),
    Column("note", LargeBinary, nullable=False),
)

cosignatures = Table(
    "tree_cosignatures",
    metadata,
    integer("number", key=True),
    integer("size", key=True),
    text("name", key=True),
    text("line"),
)

# entries `successor_log` of the centre, by the number they lead to, with their leaf in the tree that grows
successors = Table(
    "tree_successors",
    metadata,
    integer("number", key=True),
    integer("leaf_index"),
    Column("entry", LargeBinary, nullable=False),
)

# how far each log has come into the tree; what its cabinet took or refused, `told` in answer to which message
logs = Table(
    "tree_logs",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq"),
    integer("news_seq"),
    integer("held_number"),
    integer("held_size"),
    Column("held_root", LargeBinary, nullable=False),
    integer("held_seq"),
    integer("refused_seq"),
    integer("refused_reason"),
    integer("told"),
)

# the last checkpoint each was sent: message, size, up to which of its entries, when by hospital time
sent = Table(
    "tree_sent",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("number"),
    integer("size"),
    integer("news_seq"),
    integer("sent_utc_ms"),
)
