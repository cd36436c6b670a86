"""A controller is replaced: two people sign at the centre, the new log names the old one's head, nothing is lost."""

import shutil
import sqlite3
import ssl
from itertools import count

import pytest
from cryptography import x509

from agent import pages, settings
from agent.cabinet import provision, replace
from agent.cabinet.errors import CabinetError
from agent.cabinet.repl import ReplBoard
from agent.outbox import Outbox
from firmware import codes, config, issue
from firmware.compat import derive
from firmware.journal import kinds
from firmware.ports import install
from firmware.requests import service
from firmware.wire import sealed
from server_stub.console.accounts import Accounts
from server_stub.ledger import store
from server_stub.ledger.record import LogState
from server_stub.ledger.schema import open_database
from server_stub.register import SiteRegister
from server_stub.replacing import NotSigned, Signature
from server_stub.replacing import replace as sign
from server_stub.site import config as site_config
from server_stub.site.config import database_url, read
from server_stub.site.enrol import NotEnrolled, add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from simulator.board import Board
from tests.agent.fake_cabinet import LOG, STATION, Cabinet
from tests.cabinet.desk import KEY, LinuxCabinet, Release
from tests.power import survived

ROLES = {"bea": "biomed", "phil": "pharmacist", "tess": "technician"}
BIOMED, PHARMACIST, TECHNICIAN = (Signature(name, f"a long enough password {n}") for n, name in enumerate(ROLES))
ENDED = 7


@pytest.fixture
def home(tmp_path, site):
    """A copy of it."""
    return Home(shutil.copytree(site.root, tmp_path / "home"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site whose ledger has seven entries of ICU1, all of them answered at the cabinet."""
    home = Home(tmp_path_factory.mktemp("site") / "home")
    make_site(home, "demo")
    add_station(home, STATION, ["Ward"])
    accounts = Accounts(home.accounts)
    for name, password in (BIOMED, PHARMACIST, TECHNICIAN):
        accounts.choose_password(name, accounts.add(name, ROLES[name], "test"), password)
    cabinet = Cabinet()
    for n in range(ENDED):
        cabinet.append(kinds.ALARM, ext=(1, n))
    outbox = Outbox(home.station(STATION) / "outbox.db", STATION, LOG)
    outbox.start(cabinet.genesis, cabinet.heads[0])
    outbox.take([pages.read(cabinet.pages[n], STATION, LOG, n, cabinet.heads[n - 1]) for n in range(1, ENDED + 1)])
    outbox.answered(ENDED, cabinet.heads[ENDED], b"answer")
    outbox.close()
    engine = open_database(database_url(home, read(home)))
    with engine.begin() as conn:
        store.save_logs(conn, [LogState(STATION, LOG, cabinet.genesis, ENDED, cabinet.heads[ENDED], False, ENDED, 0)])
    engine.dispose()
    return home


def signed(home, *signatures):
    return sign(home, STATION, signatures, board="linux-bus", planogram="")


def head_of(home):
    """Where the outbox has the log's end."""
    outbox = Outbox(home.station(STATION) / "outbox.db", STATION, LOG)
    head = outbox.head(ENDED)
    outbox.close()
    return head


@pytest.mark.req("U5")
def test_two_different_people_sign_and_one_may_give_orders(home):
    before = home.config.read_bytes()
    wrong = BIOMED._replace(password="something else")
    for signatures in (
        (BIOMED,),
        (BIOMED, BIOMED),
        (BIOMED, wrong),
        (wrong, PHARMACIST),
        (BIOMED, Signature("x", "y")),
    ):
        with pytest.raises(NotSigned, match="4037"):
            signed(home, *signatures)
    with pytest.raises(NotSigned, match="pharmacist"):
        signed(home, BIOMED, TECHNICIAN)
    with pytest.raises(NotEnrolled):
        sign(home, "ICU9", (BIOMED, PHARMACIST), board="linux-bus", planogram="")
    assert home.config.read_bytes() == before and not (home.station(STATION) / replace.FOLDER).exists()


@pytest.mark.req("U5")
def test_the_new_identity_goes_on_from_the_old_head_and_the_note_goes_to_the_centre(home):
    old = home.mac_key(STATION).read_bytes()
    new = signed(home, BIOMED, PHARMACIST)
    assert new.log == LOG + 1 and read(home).station[0].log == new.log
    made = config.read((home.station(STATION) / replace.FOLDER / "controller.cbor").read_bytes())
    key = home.mac_key(STATION).read_bytes()
    assert made.keys.answer == derive(key, "answer") and key != old and made.genesis.hex() == new.genesis
    assert (home.station(STATION) / replace.FOLDER / "ring.bin").read_bytes() == issue.ring_start(key)
    assert home.mac_key(STATION).with_name(f"{STATION}.mac.1").read_bytes() == old
    note = Accounts(home.accounts).notes(10)[-1]
    assert note.actor == "bea" and "with phil" in note.about and head_of(home).hex() in note.about


@pytest.mark.req("U5")
def test_a_replacement_that_was_cut_at_the_centre_is_signed_again_and_no_key_is_lost(home, monkeypatch):
    old = home.mac_key(STATION).read_bytes()
    with monkeypatch.context() as cut:
        cut.setattr(site_config, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            signed(home, BIOMED, PHARMACIST)
    assert SiteRegister(home)(STATION).keys.mac == old, "a centre that starts now knows the old controller"
    assert signed(home, BIOMED, PHARMACIST).log == LOG + 1
    assert home.mac_key(STATION).with_name(f"{STATION}.mac.1").read_bytes() == old
    assert SiteRegister(home)(STATION).keys.mac == home.mac_key(STATION).read_bytes() != old


@pytest.mark.req("U5")
def test_a_linux_cabinet_goes_on_under_the_next_log(home):
    signed(home, BIOMED, PHARMACIST)
    folder = home.station(STATION)
    kept = replace.here(folder, STATION)
    assert (kept / "controller.cbor").exists() and not (folder / replace.FOLDER).exists()
    assert (folder / "controller" / "ring.bin").read_bytes() == issue.ring_start(home.mac_key(STATION).read_bytes())
    assert settings.load(folder).log == LOG + 1
    assert install.before(str(folder / "controller")) == [LOG, ENDED, head_of(home), "bea", "phil"]
    with pytest.raises(CabinetError, match="4036"):
        replace.here(folder, STATION)


def certificate_of(folder):
    """CN of the agent's certificate, which belongs to its key."""
    ssl.create_default_context().load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return x509.load_pem_x509_certificate((folder / "tls.crt").read_bytes()).subject.rfc4514_string()


@pytest.mark.req("U4", "U5")
def test_wherever_the_power_goes_the_same_call_goes_on(home, tmp_path, monkeypatch):
    signed(home, BIOMED, PHARMACIST)
    key = (home.station(STATION) / replace.FOLDER / "tls.key").read_bytes()
    for operations in count():
        folder = Home(shutil.copytree(home.root, tmp_path / f"cut{operations}")).station(STATION)
        old = (folder / "controller" / "controller.cbor").read_bytes()
        done = survived(monkeypatch, operations, lambda at=folder: replace.here(at, STATION))
        if not done:
            kept = replace.here(folder, STATION)
            assert (kept / "controller.cbor").read_bytes() == old
        assert certificate_of(folder) == f"CN={STATION}.2" and (folder / "tls.key").read_bytes() == key
        assert (folder / "tls.key").stat().st_mode & 0o077 == 0
        assert settings.load(folder).log == LOG + 1
        assert install.before(str(folder / "controller")) == [LOG, ENDED, head_of(home), "bea", "phil"]
        assert not list(folder.glob("replacement*")), "nothing secret is left"
        if done:
            break
    assert operations > 30


@pytest.mark.req("U4")
def test_a_replacement_without_a_certificate_leaves_the_one_there_is(home):
    """One of an earlier release, or renewed since at the centre."""
    signed(home, BIOMED, PHARMACIST)
    folder = home.station(STATION)
    for name in ("tls.crt", "tls.key"):
        (folder / replace.FOLDER / name).unlink()
    replace.here(folder, STATION)
    assert certificate_of(folder) == f"CN={STATION}"


@pytest.mark.req("U5")
def test_a_new_board_is_provisioned_with_it(home, tmp_path):
    signed(home, BIOMED, PHARMACIST)
    with Board(tmp_path / "board") as board:
        with ReplBoard(board.port) as repl:
            told = replace.on_board(home.station(STATION), STATION, repl, replace=False)
        assert told.station == STATION
        start = issue.ring_start(home.mac_key(STATION).read_bytes())
        assert (board.flash / "ring.bin").read_bytes()[: len(start)] == start
        assert install.before(str(board.flash)) == [LOG, ENDED, head_of(home), "bea", "phil"]
    assert certificate_of(home.station(STATION)) == f"CN={STATION}.2"
    assert not (home.station(STATION) / replace.FOLDER).exists()


@pytest.mark.req("U5")
def test_not_while_the_centre_lacks_entries_nor_without_signatures(home):
    signed(home, BIOMED, PHARMACIST)
    folder = home.station(STATION)
    with sqlite3.connect(folder / "outbox.db") as db:
        db.execute("UPDATE log SET seq = 8")
    db.close()
    with pytest.raises(CabinetError) as error:
        replace.here(folder, STATION)
    assert error.value.code == codes.NOT_ALL_ANSWERED
    (folder / replace.FOLDER / install.BEFORE).write_bytes(b"\x80")
    with pytest.raises(CabinetError) as error:
        replace.here(folder, STATION)
    assert error.value.code == codes.TWO_PEOPLE_NEEDED
    assert (folder / "controller" / provision.IDENTITY).exists()


@pytest.mark.req("U5")
def test_the_first_boot_of_the_new_log_names_the_old_head_and_both_people(tmp_path, firmware):
    release, head = Release(), bytes(range(32))
    with LinuxCabinet(tmp_path) as cabinet:
        before = sealed.seal([1, STATION, 2, 1, 777, head, "bea", "phil"], derive(KEY, install.PURPOSE))
        (cabinet.folder / install.BEFORE).write_bytes(before)
        cabinet.flash_first(release.bundle("0.2.0", firmware("0.2.0")))
        assert cabinet.booted()[4] == "0.2.0"
        told = [ext for kind, ext in cabinet.journal() if kind == kinds.MAINTENANCE]
        assert told == [[0, service.REPLACED, "0.2.0", 1, 777, head], [0, service.INSTALLED, "0.2.0"]]
        assert not (cabinet.folder / install.BEFORE).exists()
