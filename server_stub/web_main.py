"""The process `web`: console and API over HTTPS. It reads the database and writes only through ingest."""

import argparse
import logging
import time
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from sqlalchemy import Engine, event

from server_stub.console import api_docs, audit, pages, problems
from server_stub.console.accounts import Accounts
from server_stub.console.actions import Actions
from server_stub.console.api import add_api
from server_stub.console.callers import Callers
from server_stub.console.door import Door
from server_stub.console.frame import Console
from server_stub.console.gate import Gate
from server_stub.console.packets import Packets
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.address import listen_at
from server_stub.site.home import Home

HAND_OVER_S = 2.0
MAX_CONNECTIONS = 256


def make_app(home: Home) -> FastAPI:
    """Console and API of a home."""
    app, console, actions = without_pages(home)
    pages.add_all(console, actions, app)
    ui.run_with(app, title="Apotheca", show_welcome_message=False)
    nicegui_app.timer(HAND_OVER_S, lambda: audit.hand_over(console.door.accounts, home.intake))
    return app


def without_pages(home: Home) -> tuple[FastAPI, Console, Actions]:
    """The API and the door behind the gate, and what pages are made of."""
    site = config.read(home)
    engine = open_database(config.database_url(home, site))
    _read_only(engine)
    door = Door(Accounts(home.accounts), time.monotonic)
    console = Console(engine, lambda: config.read(home), door, Packets(home))
    app = FastAPI(title="Apotheca", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.add_middleware(Gate, door=door, host=site.web.host)
    problems.add_to(app)
    add_api(app, console, Callers(door, (home.keys / "hospital.token").read_text().strip()), home)
    api_docs.add_to(app)
    actions = Actions(app, door, home.intake)
    actions.add_door()
    return app, console, actions


def _read_only(engine: Engine) -> None:
    engine.dispose()
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA query_only=ON"))


def main() -> None:
    """`python -m server_stub.web_main HOME`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    home = Home(parser.parse_args().home)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s web %(levelname)s %(message)s")
    web = config.read(home).web
    uvicorn.run(
        make_app(home),
        host=listen_at(web.host),
        port=web.port,
        ssl_certfile=str(home.keys / "centre.crt"),
        ssl_keyfile=str(home.keys / "centre.key"),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
        limit_concurrency=MAX_CONNECTIONS,
    )


if __name__ == "__main__":
    main()
