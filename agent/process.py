"""One agent as a process: opens everything, runs until told to stop (docs/interfaces.md, Processes)."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from agent.clock import Clock
from agent.control import ControlServer
from agent.cradle.station import StationCradle
from agent.keys import Signer, Verifier
from agent.link import SerialLink
from agent.mqtt import Mqtt, tls_context
from agent.outbox import Outbox
from agent.panel import Panel
from agent.sender import OFFLINE
from agent.settings import Settings
from agent.station import Agent
from agent.watchdog import Watchdog
from firmware.wire import topics

Beside = Callable[[Agent], Coroutine[Any, Any, None]]


async def run(  # noqa: PLR0913 (what one computer may have)
    settings: Settings,
    link_path: Path,
    clock: Clock,
    kiosk_port: int | None,
    *,
    cradle: Path | None = None,
    beside: Beside | None = None,
) -> None:
    """Run one station's agent until SIGTERM or SIGINT, and what else this computer does `beside` it. Raises what
    `Outbox` and the key files raise at start."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    folder = settings.folder
    outbox = Outbox(folder / "outbox.db", settings.station, settings.log)
    signer = Signer.load(folder / "sign.key", settings.station)
    agent = Agent(settings, outbox, clock, signer, Verifier.load(folder / "centre-sign.pub", "centre"))
    link, broker = SerialLink(link_path, agent), _broker(settings, agent)
    agent.attach(link.write, broker)
    panel = Panel(agent.desk, clock)
    control = ControlServer(settings.panel_socket, panel)
    await control.start()
    link.start()
    watchdog = Watchdog(os.environ)
    tasks = [asyncio.create_task(broker.run()), asyncio.create_task(watchdog.run())]
    if kiosk_port is not None:
        tasks.append(asyncio.create_task(_kiosk(settings, panel, outbox, kiosk_port)))
    if cradle is not None:
        tasks.append(asyncio.create_task(StationCradle(settings.station, agent.desk, panel, cradle).run()))
    if beside is not None:
        tasks.append(asyncio.create_task(beside(agent)))
    try:
        await _stopped(tasks)
    finally:
        watchdog.say("STOPPING=1")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        link.close()
        await control.close()
        outbox.close()


def _broker(settings: Settings, agent: Agent) -> Mqtt:
    names = (settings.site, settings.shard, settings.station)
    down = str(topics.down(*names, "answer")).rsplit("/", 1)[0] + "/#"
    will = (str(topics.up(*names, "status")), OFFLINE)
    address = (settings.broker_host, settings.broker_port)
    return Mqtt(address, tls_context(settings.folder), down, will, agent)


async def _kiosk(settings: Settings, panel: Panel, outbox: Outbox, port: int) -> None:
    from agent.kiosk.serve import serve  # noqa: PLC0415 (NiceGUI costs a second and 70 MB: only where there is a screen)

    await serve(settings, panel, outbox, port)


async def _stopped(tasks: list[asyncio.Task[None]]) -> None:
    """Wait for a signal; a task that fails ends the process, whose supervisor starts it again."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done:
        task.result()
