"""PostgreSQL is chosen before the first entry: no ledger is left behind in SQLite without a word."""

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from server_stub.cli import server_app
from server_stub.ledger.schema import open_database
from server_stub.site import chosen, config
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.conftest import Bench, own_database


@pytest.fixture
def url(postgres):
    """An empty PostgreSQL."""
    with own_database(postgres) as url:
        yield url


@pytest.fixture
def home(tmp_path):
    """A site on SQLite with a centre.db that is empty yet, in a folder whose name is no plain word."""
    home = Home(tmp_path / "ward 7#50%")
    make_site(home, "demo")
    add_station(home, "ICU1", ["MICU"])
    open_database(config.database_url(home, config.read(home))).dispose()
    return home


def write_entries(home):
    bench = Bench(home, config.database_url(home, config.read(home)))
    script = bench.station("ICU1")
    script.removal()
    bench.up("ICU1", "batch", script.batch(1, len(script.pages)))
    bench.engine.dispose()


def choose(home, url):
    site = config.read(home).model_copy(update={"database": config.Database(url=url)})
    config.write(home, site)
    return site


def command(home, *words):
    done = CliRunner().invoke(server_app, list(words), obj=str(home.root))
    return done.exit_code, done.output


@pytest.mark.req("A12.a")
def test_an_empty_postgresql_is_refused_while_the_ledger_is_in_sqlite(home, url):
    write_entries(home)
    before = (home.root / "centre.db").read_bytes()
    choose(home, url)
    code, said = command(home, "run")
    assert code == 1
    for words in ("before the first entry", 'url = ""', f"server restore --copy {home.root / 'centre.db'}"):
        assert words in said
    assert (home.root / "centre.db").read_bytes() == before
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == [], "it was not begun"
    engine.dispose()


@pytest.mark.req("A12.a")
def test_before_the_first_entry_either_may_be_chosen(home, url):
    site = config.read(home)
    chosen.check(home, site)
    chosen.check(home, choose(home, url))
    (home.root / "centre.db").unlink()
    chosen.check(home, choose(home, url))
    assert not (home.root / "centre.db").exists()


@pytest.mark.req("A12.a")
def test_a_ledger_that_was_begun_anew_on_purpose_goes_on(home, url, tmp_path):
    write_entries(home)
    chosen.check(home, config.read(home))
    site = choose(home, url)
    kept = home.root / "centre.db"
    with pytest.raises(chosen.LedgerElsewhere):
        chosen.check(home, site)
    code, said = command(home, "restore", "--copy", str(kept))
    assert code == 0 and "4 entries of ICU1" in said
    chosen.check(home, site)
    kept.rename(tmp_path / "evidence.db")
    chosen.check(home, site)


def test_a_centre_db_that_can_not_be_read_is_not_taken_for_an_empty_one(home, url):
    (home.root / "centre.db").write_bytes(b"not a database" * 100)
    with pytest.raises(DBAPIError):
        chosen.check(home, choose(home, url))
    code, said = command(home, "run")
    assert code == 1 and "the database can not be used" in said
