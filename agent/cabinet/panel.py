"""What the running cabinet says and does, through its agent's panel socket (docs/interfaces.md)."""

import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Any

from agent.cabinet.errors import CabinetError
from firmware import codes
from firmware.requests import service

ANSWER_S = 20.0
LOOK_S = 0.1


class PanelClient:
    """One connection to the panel socket; CabinetError with the code of what is refused, 4001 without an agent."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_S)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise CabinetError(codes.LINK_DOWN, f"{path}: {error.strerror}") from None
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> "PanelClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def reply(self, do: str, **args: Any) -> dict[str, Any]:
        """The whole reply; CabinetError 4001 if there is none."""
        try:
            self._socket.sendall(json.dumps({"id": 1, "do": do, "args": args}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(self._lines.readline())
        except (OSError, ValueError) as error:
            raise CabinetError(codes.LINK_DOWN, str(error)) from None
        return answer

    def ask(self, do: str, **args: Any) -> list[Any]:
        """The parameters of the reply; CabinetError if the code is not 0."""
        answer = self.reply(do, **args)
        if answer["code"]:
            raise CabinetError(answer["code"], do)
        params: list[Any] = answer["params"]
        return params


def told_service(path: Path) -> tuple[bool, bool, str]:
    """(in maintenance, key turned, version) of the running firmware."""
    with PanelClient(path) as panel:
        serviced, turned, version = panel.ask("maintenance", what=service.TELL)
    return bool(serviced), bool(turned), version


def wait_for_version(path: Path, version: str, within_s: float) -> None:
    """Until the running firmware says it is `version`; CabinetError 4034 if it does not."""
    until, said = time.monotonic() + within_s, ""
    while said != version:
        if time.monotonic() > until:
            raise CabinetError(codes.NOT_STARTED, f"it says {said or 'nothing'}")
        time.sleep(LOOK_S)
        with contextlib.suppress(CabinetError):
            said = told_service(path)[2]
