"""Serves the kiosk page inside the agent's loop on 127.0.0.1. Imported only with `--kiosk`."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from nicegui import app as nicegui
from nicegui import ui

from agent.kiosk.flow import Flow
from agent.kiosk.page import Page
from agent.outbox import Outbox
from agent.panel import Panel
from agent.settings import Settings


class _Server(uvicorn.Server):
    """A server that leaves signals to the agent."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(settings: Settings, panel: Panel, outbox: Outbox, port: int) -> None:
    """Serve until cancelled, then let browsers go before leaving."""
    flow = Flow(panel, outbox.newest, settings.station)
    page = Page(settings.station, panel.view, flow)
    nicegui.on_startup(page.follow_view)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ui.page("/", title=f"Cabinet {settings.station}")(page.draw)
    ui.run_with(app, language="en-US", reconnect_timeout=30)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
