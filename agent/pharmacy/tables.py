"""Tables of `cradle.db`, and what their rows say of labels."""

from dataclasses import dataclass

from sqlite_utils import Database, Migrations

PICKED, CHECKED, OVER = 0, 1, 2

SCHEMA = Migrations("cradle")


@SCHEMA(name="1_units_and_labels")
def _units_and_labels(db: Database) -> None:
    db.execute("CREATE TABLE stand (id INTEGER PRIMARY KEY CHECK (id = 1), log INTEGER NOT NULL, seq INTEGER NOT NULL)")
    db.execute(
        "CREATE TABLE unit (address TEXT PRIMARY KEY, place INTEGER NOT NULL, state INTEGER NOT NULL, taken TEXT,"
        " next_block INTEGER NOT NULL, seen TEXT NOT NULL, sessions INTEGER NOT NULL, trouble TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE label (label TEXT, picked_utc_ms INTEGER, station TEXT NOT NULL, item TEXT NOT NULL,"
        " quantity INTEGER NOT NULL, purpose TEXT NOT NULL, picker TEXT NOT NULL, state INTEGER NOT NULL,"
        " seq INTEGER NOT NULL, PRIMARY KEY (label, picked_utc_ms)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX label_by_state ON label (state)")
    db.execute(
        "CREATE TABLE checked (label TEXT, checked_utc_ms INTEGER, checker TEXT, item TEXT NOT NULL,"
        " quantity INTEGER NOT NULL, result INTEGER NOT NULL, new_label TEXT NOT NULL, printed INTEGER NOT NULL,"
        " PRIMARY KEY (label, checked_utc_ms, checker)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX checked_unprinted ON checked (printed) WHERE printed = 0")
    db.execute("CREATE TABLE refused (digest TEXT PRIMARY KEY, utc_ms INTEGER NOT NULL) WITHOUT ROWID")
    db.execute("CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), data BLOB NOT NULL, utc_ms INTEGER)")


@dataclass(frozen=True)
class Label:
    """A label under way: PICKED waits for its check, CHECKED for its delivery."""

    label: str
    picked_utc_ms: int
    station: str
    item: str
    quantity: int
    purpose: str
    picker: str
    state: int

    @property
    def waits_for_check(self) -> bool:
        return self.state == PICKED


@dataclass(frozen=True)
class Corrected:
    """A check that gave a new label, which is still to be printed."""

    label: str
    checked_utc_ms: int
    checker: str
    item: str
    quantity: int
    new_label: str
