"""The self-test's person and cabinet: a terminal or a file of answers, and the panel socket."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from agent.cabinet import report, selftest
from agent.cabinet.errors import CabinetError
from agent.cabinet.panel import PanelClient, told_service
from agent.cabinet.servicing import REASONS
from agent.settings import Settings
from firmware import codes
from firmware.requests import service


class AtTheTerminal:
    """Asks whoever sits at the terminal."""

    def answer(self, about: str, question: str) -> str:
        """As typed, once it is one of the three."""
        said = ""
        while said not in selftest.ANSWERS:
            said = typer.prompt(f"{question} [y/n/none]").strip().lower()
        return said

    def do(self, about: str, request: str) -> None:
        """Waits for the Enter key."""
        typer.prompt(f"{request}, then press Enter", default="", show_default=False)


class FromFile:
    """Answers written down before, a JSON object by question; without one it is `y`."""

    def __init__(self, path: Path) -> None:
        said = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(said, dict) or not all(str(value) in selftest.ANSWERS for value in said.values()):
            raise ValueError(f"{path}: an object, each answer in it one of {', '.join(selftest.ANSWERS)}")
        self._answers: dict[str, str] = said

    def answer(self, about: str, question: str) -> str:
        """What the file says about it."""
        return self._answers.get(about, "y")

    def do(self, about: str, request: str) -> None:
        """Nobody is there to do it."""


class OverPanel:
    """The firmware behind an agent's panel. A session that lapses while somebody looks is opened again."""

    def __init__(self, panel: PanelClient, badge: str, pin: str) -> None:
        self._panel, self._who = panel, {"badge": badge, "pin": pin}

    def selftest(self, part: str, number: int, seen: int | None = None) -> list[Any]:
        """Request 24; what is not said is left out."""
        args = {"part": part, "number": number} | ({} if seen is None else {"seen": seen})
        try:
            return self._panel.ask("selftest", **args)
        except CabinetError as error:
            if error.code != codes.NOT_SIGNED_ON or not self._who["badge"]:
                raise
        self._panel.ask("sign_on", **self._who)
        return self._panel.ask("selftest", **args)


def guided(
    settings: Settings, person: selftest.Person, badge: str, pin: str, say: Callable[[str], None]
) -> report.Report:
    """The whole test between a begin and an end of maintenance; CabinetError for what the cabinet refuses."""
    with PanelClient(settings.panel_socket) as panel:
        user = panel.ask("sign_on", badge=badge, pin=pin)[0] if badge else panel.reply("state")["state"]["user"]
        panel.ask("maintenance", what=service.BEGIN, reason=REASONS["selftest"])
        began_utc_ms, tested = time.time_ns() // 1_000_000, []
        try:
            for one in selftest.run(OverPanel(panel, badge, pin), person):
                say(f"{one.part}: {selftest.RESULTS[one.result]} {one.said}".rstrip())
                tested.append(one)
        finally:
            panel.ask("maintenance", what=service.END)
    return report.Report(settings.station, told_service(settings.panel_socket)[2], user, began_utc_ms, tested)
