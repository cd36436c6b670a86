"""People at the console: an account of each role, signed in with a browser as a person does it."""

from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from server_stub.console.accounts import Accounts
from server_stub.site.home import Home

PASSWORD = "correct horse battery"


def account(home: Path, role: str) -> tuple[str, str]:
    """A new account of that role: (name, one-time password)."""
    accounts = Accounts(Home(home).accounts)
    name = f"{role[:12]}{len(accounts.all())}"
    return name, accounts.add(name, role, "test")


def sign_in(page: Page, console: str, name: str, once: str) -> None:
    """Sign in with a one-time password and choose one's own."""
    page.goto(console)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(once)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("title")).to_have_text("Choose your password")
    page.get_by_label("One-time password").fill(once)
    page.get_by_label("New password, at least").fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_test_id("who")).to_contain_text(name)


def at_console(context: BrowserContext, home: Path, console: str, role: str = "pharmacist") -> Page:
    """A page of the console with a person of that role signed in."""
    page = context.new_page()
    sign_in(page, console, *account(home, role))
    return page
