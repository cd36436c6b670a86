"""Is the database that site.toml names the one this site's ledger is in? Nothing takes a ledger from SQLite to
PostgreSQL."""

from urllib.parse import quote

from sqlalchemy import URL, create_engine, inspect, make_url, select

from server_stub.ledger.schema import batches, entries
from server_stub.site.config import SiteConfig, database_url
from server_stub.site.home import Home


class LedgerElsewhere(Exception):
    """The centre would begin an empty ledger beside the one there is; the text says what to do."""


def check(home: Home, site: SiteConfig) -> None:
    """Raises LedgerElsewhere if site.toml names an empty PostgreSQL and `centre.db` has entries; DBAPIError if one of
    them can not be read. Changes nothing."""
    url, kept = make_url(database_url(home, site)), home.root / "centre.db"
    if not url.drivername.startswith("postgresql") or not kept.exists() or has_entries(url):
        return
    read_only = {"mode": "ro", "uri": "true"}
    if has_entries(URL.create("sqlite", database=f"file:{quote(str(kept.absolute()))}", query=read_only)):
        raise LedgerElsewhere(
            f"the PostgreSQL of [database] url is empty, and {kept} has this site's entries, which nothing takes there:"
            f' choose PostgreSQL before the first entry. To go on with what there is, write url = "" in {home.config}.'
            f" To begin anew on purpose: `apotheca server restore --copy {kept}` (what stations signed comes along,"
            " what the centre alone knew is lost), then move that file away and keep it"
        )


def has_entries(url: URL) -> bool:
    """Is there a ledger in which somebody has written? Makes no tables."""
    engine = create_engine(url)
    try:
        with engine.connect() as conn:
            there = [table for table in (batches, entries) if inspect(conn).has_table(table.name)]
            return any(conn.execute(select(table.c.id).limit(1)).first() for table in there)
    finally:
        engine.dispose()
