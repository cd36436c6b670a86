"""Have all cabinets seen the checkpoint that is for them? Until then their journals grow by what they say of it."""

from pathlib import Path

from sqlalchemy import create_engine, text

from server_stub.site import config
from server_stub.site.home import Home

_BEHIND = text(
    "SELECT count(*) FROM logs l LEFT JOIN tree_logs t ON t.station = l.station AND t.log = l.log"
    " WHERE t.seq IS NULL OR t.seq < l.seq"
)
_UNSEEN = text(
    "SELECT count(*) FROM tree_logs t LEFT JOIN tree_sent s ON s.station = t.station AND s.log = t.log"
    " WHERE t.station <> 'centre' AND t.news_seq > 0"
    " AND (s.number IS NULL OR s.news_seq < t.news_seq OR s.number <> t.told)"
)


def all_have_seen(home: Path) -> bool:
    """Is everything in the tree, and has every cabinet that has something new there answered to it?"""
    place = Home(home)
    engine = create_engine(config.database_url(place, config.read(place)))
    try:
        with engine.connect() as conn:
            return not conn.scalar(_BEHIND) and not conn.scalar(_UNSEEN)
    finally:
        engine.dispose()
