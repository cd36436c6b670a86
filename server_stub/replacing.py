"""`apotheca station replace`: two people sign, then a station's controller may be another one."""

from collections.abc import Sequence
from typing import NamedTuple

from server_stub.console.accounts import Account, Accounts
from server_stub.console.roles import Right, rights_of
from server_stub.ledger.schema import open_database
from server_stub.ledger.store import load_held
from server_stub.site.config import Station, database_url, read
from server_stub.site.home import Home
from server_stub.site.replace import Ended, replace_controller, station_of

NOTE = "replaced a controller"


class NotSigned(Exception):
    """The two people can not sign this; the text says why."""


class Signature(NamedTuple):
    """Name and password of one who signs."""

    name: str
    password: str


def replace(home: Home, station: str, signatures: Sequence[Signature], *, board: str, planogram: str) -> Station:
    """Check both signatures, make the new identity, and leave a note for the centre's log. "" for `board` and
    `planogram`: as they were.

    Raises NotSigned, NotEnrolled, NoSite, BrokerRefused; then nothing has changed.
    """
    site = read(home)
    old = station_of(site, station)
    accounts = Accounts(home.accounts)
    one, other = signed(accounts, signatures)
    engine = open_database(database_url(home, site))
    with engine.connect() as conn:
        state, _ = load_held(conn, station, old.log, bytes.fromhex(old.genesis))
    engine.dispose()
    ended = Ended(state.seq, state.head, one.name, other.name)
    new = replace_controller(home, station, ended, board=board, planogram=planogram)
    about = (
        f"{station}: log {new.log} after log {old.log}, entry {ended.seq}, head {ended.head.hex()}; with {other.name}"
    )
    accounts.note(one.name, NOTE, about)
    return new


def signed(accounts: Accounts, signatures: Sequence[Signature]) -> tuple[Account, Account]:
    """Two different people, one of whom may give orders to cabinets; raises NotSigned."""
    known = [accounts.check(*signature) for signature in signatures]
    people = [account for account in known if account and not account.must_change]
    if len(people) != 2 or people[0].name == people[1].name:
        raise NotSigned("two different people sign, each with her own password (code 4037)")
    rights = [rights_of(account.role) for account in people]
    if not all(Right.STATIONS in have for have in rights) or not any(Right.ORDER in have for have in rights):
        raise NotSigned("one of the two must be allowed to give orders to cabinets: a pharmacist (code 4037)")
    return people[0], people[1]
