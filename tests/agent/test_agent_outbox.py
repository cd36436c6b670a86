"""The outbox: durable, counted, and none the worse for being deleted, rewound or made by an older version."""

import sqlite3

import pytest
from sqlite_utils import Database

from agent import outbox as module
from agent import pages
from agent.outbox import Outbox, OutboxError
from firmware.journal import chain, kinds
from tests.agent.fake_cabinet import LOG, STATION, Cabinet


def read(cabinet, first, last):
    return [pages.read(cabinet.pages[seq], STATION, LOG, seq, cabinet.heads[seq - 1]) for seq in range(first, last + 1)]


@pytest.fixture
def cabinet():
    made = Cabinet()
    for n in range(10):
        made.append(kinds.REMOVE if n % 2 else kinds.ACCESS, "D01-P01", n)
    return made


@pytest.fixture
def outbox(tmp_path, cabinet):
    made = Outbox(tmp_path / "outbox.db", STATION, LOG)
    made.start(cabinet.genesis, cabinet.heads[0])
    yield made
    made.close()


def test_is_durable_and_private(tmp_path, outbox):
    other = sqlite3.connect(tmp_path / "outbox.db")
    assert other.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    other.close()
    assert outbox._db.conn.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert (tmp_path / "outbox.db").stat().st_mode & 0o777 == 0o600


def test_refuses_to_start_where_sqlite_cannot_be_durable(tmp_path, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda _path: connect(":memory:"))
    with pytest.raises(OutboxError, match="not durable"):
        Outbox(tmp_path / "outbox.db", STATION, LOG)


def test_counts_with_the_pages_and_gives_them_back(outbox, cabinet):
    outbox.take(read(cabinet, 1, 4))
    outbox.take(read(cabinet, 5, 10))
    stands = outbox.log()
    assert (stands.seq, stands.entries, stands.removals, stands.head) == (10, 10, 5, cabinet.heads[10])
    assert outbox.pages(3, 2) == [cabinet.pages[3], cabinet.pages[4]]
    assert outbox.head(0) == cabinet.heads[0]
    assert outbox.head(7) == cabinet.heads[7]


def test_a_transaction_that_fails_takes_nothing(outbox, cabinet):
    outbox.take(read(cabinet, 1, 4))
    with pytest.raises(OutboxError, match="controller and centre keep"):
        outbox.take(read(cabinet, 4, 6))
    assert (outbox.log().seq, outbox.log().entries) == (4, 4)


def test_an_old_answer_that_comes_late_takes_nothing_back(outbox, cabinet):
    outbox.take(read(cabinet, 1, 10))
    outbox.answered(8, cabinet.heads[8], b"new")
    outbox.answered(4, cabinet.heads[4], b"old")
    stands = outbox.log()
    assert (stands.answered, stands.answered_head, stands.answer) == (8, cabinet.heads[8], b"new")


def test_old_answered_pages_go(outbox, cabinet, monkeypatch):
    monkeypatch.setattr(module, "KEPT_AFTER_ANSWER", 3)
    outbox.take(read(cabinet, 1, 10))
    outbox.answered(8, cabinet.heads[8], b"answer")
    assert outbox.pages(1, 10) == outbox.pages(6, 10)
    assert len(outbox.pages(6, 10)) == 5
    assert outbox.log().answer == b"answer"


def test_rewind_drops_what_is_not_answered_and_its_counts(outbox, cabinet):
    outbox.take(read(cabinet, 1, 10))
    outbox.answered(4, cabinet.heads[4], b"answer")
    assert outbox.rewind() == 6
    stands = outbox.log()
    assert (stands.seq, stands.head, stands.entries, stands.removals) == (4, cabinet.heads[4], 4, 2)


def test_an_anchor_settles_the_removals_where_the_controller_named_them(tmp_path, cabinet):
    fresh = Outbox(tmp_path / "fresh.db", STATION, LOG)
    fresh.anchor(4, cabinet.heads[4], 8, 4)
    assert fresh.log().entries == 4
    fresh.take(read(cabinet, 5, 6))
    fresh.take(read(cabinet, 7, 10))
    assert (fresh.log().entries, fresh.log().removals) == (10, 5)
    fresh.close()


def test_an_anchor_at_the_controllers_end_is_settled_at_once(tmp_path, cabinet):
    fresh = Outbox(tmp_path / "fresh.db", STATION, LOG)
    fresh.anchor(10, cabinet.heads[10], 10, 5)
    cabinet.append(kinds.REMOVE, "D01-P01", 1)
    fresh.take(read(cabinet, 11, 11))
    assert (fresh.log().entries, fresh.log().removals) == (11, 6)
    fresh.close()


def test_a_database_of_the_first_version_is_opened_with_what_it_holds(tmp_path, cabinet):
    old = Database(tmp_path / "old.db")
    module._schema.apply(old, stop_before="2_names")
    row = [STATION, LOG, cabinet.genesis, 0, cabinet.heads[0], 0, 0, 0]
    with old.atomic():
        old.execute(
            "INSERT INTO log (id, station, log, genesis, seq, head, entries, removals, answered)"
            " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    old.close()
    opened = Outbox(tmp_path / "old.db", STATION, LOG)
    assert opened.log().head == cabinet.heads[0]
    opened.put_names("item_names", 1, 0, [["IBU", "Ibuprofen", ""]], 7)
    assert opened.versions() == {"item_names": 1}
    opened.close()


def test_another_log_waits_until_the_old_one_is_answered(tmp_path, cabinet):
    path = tmp_path / "outbox.db"
    old = Outbox(path, STATION, LOG)
    old.start(cabinet.genesis, cabinet.heads[0])
    old.take(read(cabinet, 1, 10))
    old.close()
    with pytest.raises(OutboxError, match="entries 1 to 10"):
        Outbox(path, STATION, LOG + 1)
    old = Outbox(path, STATION, LOG)
    old.answered(10, cabinet.heads[10], b"")
    old.close()
    new = Outbox(path, STATION, LOG + 1)
    assert (new.log().seq, new.log().head) == (0, None)
    new.close()


def test_what_is_no_database_is_refused_with_advice(tmp_path):
    (tmp_path / "outbox.db").write_bytes(b"not a database" * 100)
    with pytest.raises(OutboxError, match="Move it away"):
        Outbox(tmp_path / "outbox.db", STATION, LOG)


def test_names_take_snapshots_and_deltas(outbox):
    outbox.put_names("patient_names", 1, 0, [["P1", "Ada", "A"], ["P2", "Bo", "A"]], 5)
    outbox.put_names("patient_names", 2, 1, [["P2", None], ["P3", "Cy", "B"]], 6)
    assert outbox.names("patient_names") == {"P1": ["P1", "Ada", "A"], "P3": ["P3", "Cy", "B"]}
    outbox.put_names("patient_names", 5, 0, [], 9)
    assert outbox.names("patient_names") == {}
    assert outbox.versions() == {"patient_names": 5}
    assert outbox.received() == {"patient_names": 9}


def test_a_page_is_the_next_one_or_refused(cabinet):
    with pytest.raises(pages.UnverifiedPageError, match="holds entry"):
        pages.read(cabinet.pages[3], STATION, LOG, 2, cabinet.heads[1])
    with pytest.raises(pages.UnverifiedPageError, match="cannot be read"):
        pages.read(cabinet.pages[3][:-1], STATION, LOG, 3, cabinet.heads[2])
    page = pages.read(cabinet.pages[3], STATION, LOG, 3, cabinet.heads[2])
    assert page.head == chain.next_head(cabinet.heads[2], chain.leaf(chain.parse_page(cabinet.pages[3])[0]))
