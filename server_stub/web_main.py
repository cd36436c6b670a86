"""The process `web`: console and API over HTTPS on loopback. It reads the database and writes only through ingest."""

import argparse
import logging
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from nicegui import ui
from sqlalchemy import Engine, event

from server_stub.console.api import Api
from server_stub.console.pages import add_pages
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.home import Home

HOST = "127.0.0.1"


def make_app(home: Home) -> FastAPI:
    """Console and API of a home."""
    engine = open_database(config.database_url(home, config.read(home)))
    _read_only(engine)
    token = (home.keys / "hospital.token").read_text().strip()

    def site() -> config.SiteConfig:
        return config.read(home)

    app = FastAPI(title="Apotheca", docs_url=None, redoc_url=None)
    Api(engine, site, home.intake, token).add_to(app)
    add_pages(engine, site)
    ui.run_with(app, title="Apotheca")
    return app


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
    uvicorn.run(
        make_app(home),
        host=HOST,
        port=config.read(home).web.port,
        ssl_certfile=str(home.keys / "centre.crt"),
        ssl_keyfile=str(home.keys / "centre.key"),
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
