"""A look at one moment of the database."""

import contextlib
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import DBAPIError

from server_stub.ledger import schema
from server_stub.ledger.schema import WrongSchema, open_database
from server_stub.ledger.snapshot import snapshot, snapshot_of


def test_what_comes_meanwhile_is_not_seen_and_nothing_can_be_written(bench):
    count = select(schema.meta)
    with snapshot(bench.engine) as conn:
        before = conn.execute(count).all()
        with bench.engine.begin() as other:
            other.execute(insert(schema.meta).values(key="meanwhile", value=""))
        assert conn.execute(count).all() == before
        with pytest.raises(DBAPIError):
            conn.execute(insert(schema.meta).values(key="mine", value=""))
    with bench.engine.begin() as conn:
        conn.execute(insert(schema.meta).values(key="after", value=""))
        assert len(conn.execute(count).all()) == len(before) + 2


def test_a_connection_that_never_writes_stays_so(quick):
    quick.engine.dispose()
    event.listen(quick.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    with snapshot(quick.engine):
        pass
    with quick.engine.connect() as conn:
        assert conn.exec_driver_sql("PRAGMA query_only").scalar() == 1


def test_the_database_is_closed_also_when_the_look_at_it_fails(tmp_path):
    path = tmp_path / "centre.db"
    with pytest.raises(WrongSchema, match="no database"), snapshot_of(f"sqlite:///{path}"):
        pytest.fail("an empty database was made")
    assert not path.exists()
    open_database(f"sqlite:///{path}").dispose()
    with pytest.raises(ZeroDivisionError) as held, snapshot_of(f"sqlite:///{path}"):
        assert str(path) in open_files()
        raise ZeroDivisionError
    assert str(path) not in open_files(), held


def open_files():
    found = set()
    for number in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(number.readlink()))
    return found
