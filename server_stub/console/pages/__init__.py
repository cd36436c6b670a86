"""The pages of the console, one module each."""

from fastapi import FastAPI

from server_stub.console.actions import Actions
from server_stub.console.frame import Console
from server_stub.console.pages import (
    accounts,
    alerts,
    cabinet,
    discrepancies,
    expiry,
    hold,
    home,
    item,
    overrides,
    packets,
    picking,
    restock,
    stations,
    stock,
    sync,
    wastes,
)


def add_all(console: Console, actions: Actions, app: FastAPI) -> None:
    """Register every page and form."""
    for shown in (home, stations, sync, stock, item, restock, overrides, wastes, expiry):
        shown.add(console)
    for worked in (alerts, discrepancies, accounts, hold):
        worked.add(console, actions)
    cabinet.add(actions)
    packets.add(console, actions, app)
    picking.add(console, app)
