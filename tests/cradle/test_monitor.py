"""`apotheca cradle monitor`: shows what passes, sends nothing."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import serial
from typer.testing import CliRunner

from agent.cradle import monitor
from agent.cradle.cli import app
from tests.vectors.polselect import make

CASES = make.cases()
NOON = datetime(2026, 6, 29, 12, 0, 0, 123456)


class Gone(OSError):
    """The port has been pulled out."""


class Port:
    """Gives pieces, b"" for a silence, then fails; there is no way to write to it."""

    in_waiting = 0

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    def read(self, size: int) -> bytes:
        for piece in self._pieces:
            return piece
        raise Gone


def shown(pieces: list[bytes], as_json: bool = False) -> list[str]:
    def until_gone() -> Iterator[str]:
        try:
            yield from monitor.watch(Port(pieces), lambda: NOON, as_json)
        except Gone:
            return

    return list(until_gone())


def raw(name: str) -> bytes:
    return bytes.fromhex(CASES[name]["hex"])


def test_frames_are_shown_with_their_time_as_they_come() -> None:
    sel, ack = raw("v04_sel"), raw("v05_ack")
    assert shown([sel[:9], sel[9:] + ack[:2], ack[2:]]) == [
        '12:00:00.123 sel             AO time="120997143005" max_block_size=4096',
        "12:00:00.123 ack             AO",
    ]


def test_damage_is_shown() -> None:
    bad, nak, cut = shown([raw("bad_check"), b"\x15", raw("v04_sel")[:10], b""])
    assert "bcc_ok=false" in bad and "wrong check field" in bad
    assert nak == "12:00:00.123 nak             --"
    assert cut.startswith("12:00:00.123 invalid") and "cut short" in cut


def test_as_json_it_says_what_decode_says() -> None:
    names = ("v10_pick_record", "v11_stuffed_binary", "nak_bare")
    said = [json.loads(line) for line in shown([raw(name) for name in names], as_json=True)]
    bare = CASES["nak_bare"]["expect"]
    assert said == [*(CASES[name]["expect"] | {"bcc_ok": True} for name in names[:2]), bare]


def test_a_port_that_is_not_there_is_told() -> None:
    done = CliRunner().invoke(app, ["monitor", "no-such-port"])
    assert done.exit_code == 1 and "no-such-port" in done.stderr


def test_it_listens_on_a_real_port(monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = os.openpty()
    name, taken = os.ttyname(far), []

    def open_and_send(*args: Any, **options: Any) -> serial.Serial:
        port = serial.Serial(*args, **options)
        os.write(near, raw("v04_sel") + raw("v05_ack"))
        return port

    def print_and_hang_up(text: str, flush: bool) -> None:
        taken.append(json.loads(text)["kind"])
        if len(taken) == 2:
            os.close(near)

    monkeypatch.setattr("serial.serial_for_url", open_and_send)
    monkeypatch.setattr("builtins.print", print_and_hang_up)
    done = CliRunner().invoke(app, ["monitor", name, "--json"])
    os.close(far)
    assert taken == ["sel", "ack"]
    assert done.exit_code == 1 and name in done.stderr
