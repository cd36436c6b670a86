"""The projections of a whole day are its ledger's and nothing else: folded again, also elsewhere, they are the same."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import create_engine, insert, select, text

from server_stub import fold
from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from simulator.postgres import server


def rows(conn):
    """Every row of every projection, by table."""
    return {table.name: sorted(map(repr, map(tuple, conn.execute(select(table))))) for table in fold.PROJECTIONS}


@pytest.fixture
def centre(small_day, tmp_path):
    """A copy of the day's database: other tests look at the day as well."""
    home, _ = small_day
    with closing(sqlite3.connect(home / "centre.db")) as lived, closing(sqlite3.connect(tmp_path / "c.db")) as copy:
        lived.backup(copy)
    engine = open_database(f"sqlite:///{tmp_path / 'c.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres():
    with server(durable=False) as url:
        admin = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            conn.execute(text("CREATE DATABASE rebuilt"))
        admin.dispose()
        engine = open_database(url.format("rebuilt"))
        yield engine
        engine.dispose()


# of these the day leaves nothing: its alarms clear, nobody sets anything, nothing is bypassed
EMPTY = {"alarms", "bypasses", "par_holds", "verify_settings"}


@pytest.mark.req("A12.a")
def test_a_day_folded_again_is_the_same_table_by_table(centre):
    with centre.begin() as conn:
        lived = rows(conn)
        before, after = fold.rebuild(conn)
        assert rows(conn) == lived
        assert before == after
    assert {name for name, found in lived.items() if not found} == EMPTY


@pytest.mark.req("A12.a")
def test_a_day_folded_on_another_database_is_the_same_table_by_table(centre, postgres):
    with centre.connect() as conn:
        lived = rows(conn)
        entries = [row._asdict() for row in conn.execute(select(schema.entries).order_by(schema.entries.c.id))]
    with postgres.begin() as conn:
        conn.execute(insert(schema.entries), entries)
        fold.rebuild(conn)
        assert rows(conn) == lived
