"""The centre's API as the interface computer reads it: HTTPS, the site's authority, a token of its own."""

import asyncio
import shutil
from datetime import UTC

import pytest

from agent.pharmacy.bells import Bells
from agent.pharmacy.cradles import Cradles
from agent.pharmacy.ini import parse
from agent.pharmacy.run import Snapshots
from agent.pharmacy.snapshots import NoSnapshot, Source, opened
from firmware import codes
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.pharmacy.desktop import Desktop
from tests.pharmacy.pharmacy_site import Pharmacy
from tests.pharmacy.test_lists import JSON


@pytest.fixture
def pharmacy(tmp_path):
    made = Pharmacy(tmp_path, JSON)
    yield made
    made.close()


def source(pharmacy):
    return Source(pharmacy.url, pharmacy.home.station("PHARM"))


@pytest.mark.req("P52")
def test_a_snapshot_comes_as_the_centre_gave_it(pharmacy):
    assert asyncio.run(source(pharmacy).read()) == JSON and pharmacy.centre.asked == [200]


def test_without_its_token_nothing_is_told(pharmacy):
    (pharmacy.home.station("PHARM") / "api.token").write_text("another")
    with pytest.raises(NoSnapshot, match="403"):
        asyncio.run(source(pharmacy).read())


def test_a_centre_of_another_authority_is_not_asked(pharmacy, tmp_path):
    make_site(Home(tmp_path / "other"), "other")
    shutil.copy(tmp_path / "other" / "keys" / "ca.crt", pharmacy.home.station("PHARM") / "ca.crt")
    with pytest.raises(NoSnapshot, match="CERTIFICATE_VERIFY_FAILED"):
        asyncio.run(source(pharmacy).read())
    assert pharmacy.centre.asked == []


def test_what_is_no_snapshot_or_has_no_end_is_refused(pharmacy, monkeypatch):
    pharmacy.centre.snapshot = JSON[:-1]
    with pytest.raises(NoSnapshot, match="ValidationError"):
        asyncio.run(source(pharmacy).read())
    monkeypatch.setattr("agent.pharmacy.snapshots.MOST_BYTES", 100)
    with pytest.raises(NoSnapshot, match="more than 100 bytes"):
        asyncio.run(source(pharmacy).read())


@pytest.mark.req("P51")
def test_while_the_centre_is_away_the_last_lists_stay_as_old_as_they_are(pharmacy, tmp_path):
    desktop = Desktop(tmp_path)

    async def story():
        bells = Bells(desktop.view)
        cradles = Cradles(parse(""), desktop.book, desktop.intake, UTC, bells)
        reading = Snapshots(source(pharmacy), parse(""), desktop.book, bells)
        good = await reading.read(desktop.log, cradles)
        before = dict(cradles.wanted("AA"))
        pharmacy.centre.snapshot = b"{}"
        bad = await reading.read(desktop.log, cradles)
        troubles = dict(desktop.view.troubles)
        later = Cradles(parse(""), desktop.book, desktop.intake, UTC, bells)
        reading.read_back(later)
        pharmacy.centre.snapshot = JSON
        again = (await reading.read_now(desktop.log, cradles)).params
        return (good, bad, again), troubles, before, later.wanted("AA")

    said, troubles, before, later = asyncio.run(story())
    assert said == (True, False, ["4711", opened(JSON).as_of_utc_ms]) and troubles == {
        "snapshot": codes.SNAPSHOT_MISSING
    }
    assert later == before and later["picks.lst"].startswith(b"H|4711|112226090000|4\n")
    assert desktop.view.troubles == {}
    desktop.book.close()
