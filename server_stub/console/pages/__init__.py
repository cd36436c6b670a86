"""The pages of the console, one module each."""

from server_stub.console.actions import Actions
from server_stub.console.frame import Console
from server_stub.console.pages import accounts, home, stations, stock


def add_all(console: Console, actions: Actions) -> None:
    """Register every page and form."""
    home.add(console)
    stations.add(console)
    stock.add(console)
    accounts.add(console, actions)
