"""The door of the console: who comes in, who is in, and a note of each for the centre's log."""

from collections.abc import Callable
from typing import NamedTuple

from server_stub.console.accounts import Account, Accounts
from server_stub.console.roles import Right, rights_of
from server_stub.console.sessions import Attempts, Session, Sessions

MOST_NOTES = 10_000
REFUSED = "Name or password is not right."
BLOCKED = "Too many failed sign-ins under this name. Try again in five minutes, or ask an administrator."
CLOSED = "The centre's log takes nothing in just now, so nobody is signed in. Ask the person who runs the server."


class Visitor(NamedTuple):
    """Who asks: a person with a session, or a program with a token."""

    account: Account
    session: Session | None = None

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name

    def may(self, right: Right) -> bool:
        """True if the role has the right; nobody has any before the one-time password is changed."""
        return right in rights_of(self.account.role) and not self.account.must_change


class Door:
    """Signs in and out; `now_s` never goes back."""

    def __init__(self, accounts: Accounts, now_s: Callable[[], float]) -> None:
        self.accounts = accounts
        self._sessions = Sessions(now_s)
        self._attempts = Attempts(now_s)

    def sign_in(self, name: str, password: str) -> tuple[str, str]:
        """Gives (session token, "") or ("", why not), the same for a name that is unknown and one that is not."""
        name = name.strip().lower()[:16]
        if len(self.accounts.notes(MOST_NOTES)) >= MOST_NOTES:
            return "", CLOSED
        with self._attempts.turn(name):
            if self._attempts.blocked(name):
                return "", BLOCKED
            account = self.accounts.check(name, password)
            if account is None:
                self._refused(name)
                return "", REFUSED
            self._attempts.good(name)
        self.accounts.note(name, "signed in", "console")
        return self._sessions.open(name, account.version), ""

    def _refused(self, name: str) -> None:
        self._attempts.failed(name)
        # a name nobody has may be a password typed into the wrong field
        about = name if self.accounts.get(name) else "a name that is not known"
        self.accounts.note("console", "sign-in refused", about)
        if self._attempts.blocked(name):
            self.accounts.note("console", "sign-in closed for five minutes", about)

    def visitor(self, token: str, *, use: bool = True) -> Visitor | None:
        """Who has this session; None when it is over, or the account has changed since. `use` keeps it alive."""
        session = self._sessions.find(token, use=use) if token else None
        account = self.accounts.get(session.account) if session else None
        if session is None or account is None or not account.enabled or account.version != session.version:
            return None
        return Visitor(account, session)

    def program(self, token: str) -> Visitor | None:
        """Which program has this token; none while the account must change its password."""
        account = self.accounts.of_token(token)
        return Visitor(account) if account and not account.must_change else None

    def change_password(self, visitor: Visitor, old: str, new: str) -> str:
        """The person's own choice; gives the token of a fresh session, "" if `old` is wrong. Raises BadPassword."""
        with self._attempts.turn(visitor.name):
            if self._attempts.blocked(visitor.name):
                return ""
            account = self.accounts.choose_password(visitor.name, old, new)
            if account is None:
                self._refused(visitor.name)
                return ""
        return self._sessions.open(account.name, account.version)

    def sign_out(self, token: str) -> None:
        """End the session."""
        visitor = self.visitor(token, use=False)
        if visitor:
            self._sessions.end(token)
            self.accounts.note(visitor.name, "signed out", "console")
