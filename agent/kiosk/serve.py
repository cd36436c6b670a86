"""Serves the kiosk page inside the agent's loop on 127.0.0.1. Imported only with `--kiosk`."""

from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from agent.kiosk.flow import Flow
from agent.kiosk.page import Page
from agent.outbox import Outbox
from agent.panel import Panel
from agent.settings import Settings
from firmware.journal import kinds

REMOVALS = 100


class _Server(uvicorn.Server):
    """A server that leaves signals to the agent."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(settings: Settings, panel: Panel, outbox: Outbox, port: int) -> None:
    """Serve until cancelled."""
    flow = Flow(panel, lambda: outbox.newest(kinds.REMOVE, REMOVALS))
    page = Page(settings.station, panel.view, flow)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ui.page("/", title=f"Cabinet {settings.station}")(page.draw)
    ui.run_with(app, language="en-US", reconnect_timeout=30)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
    await _Server(config).serve()
