"""Replies kept by key, so that the same request again does nothing and is answered the same."""

import json
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from server_stub.ledger import schema

KEPT = 10_000


def earlier(conn: Connection, key: str) -> dict[str, Any] | None:
    """The reply this key was given, if it is still kept."""
    reply = conn.scalar(select(schema.requests.c.reply).where(schema.requests.c.key == key))
    return None if reply is None else json.loads(reply)


def keep(conn: Connection, key: str, reply: dict[str, Any]) -> None:
    """Keep a reply; the oldest goes when there are too many."""
    table = schema.requests
    added = conn.scalar(insert(table).returning(table.c.id), {"key": key, "reply": json.dumps(reply)})
    conn.execute(delete(table).where(table.c.id <= (added or 0) - KEPT))
