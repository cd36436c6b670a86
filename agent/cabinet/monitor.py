"""`apotheca cabinet monitor`: what the cabinet does and writes, live and in words."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.cabinet.panel import PanelClient
from agent.words import alarm
from firmware.journal import kinds
from firmware.wire import messages

LOOK_S = 0.5
RECENT = 20
NAMES = {
    number: name.lower()
    for name, number in vars(kinds).items()
    if name.isupper() and isinstance(number, int) and not name.startswith("PURPOSE_")
}
PHASES = {
    messages.IDLE: "nobody signed on",
    messages.SIGNED_ON: "signed on",
    messages.RELEASED: "released",
    messages.OPEN: "open",
    messages.CLOSED: "waits for confirmation",
}


def entry_line(fields: list[Any]) -> str:
    """One entry, readable: time, number, what, who, where, how many, and the rest as it is."""
    _, _, _, _, seq, utc_ms, _, _, kind, actor, witness, item, place, before, _, after, txn, _, ext = fields
    when = datetime.fromtimestamp(utc_ms / 1000, UTC)
    who = f"{actor or '-'} with {witness}" if witness else actor or "-"
    amounts = f"{before} -> {after}" if after is not None else ""
    words = [f"{when:%H:%M:%S}", f"#{seq}", NAMES.get(kind, f"kind {kind}"), who, place, item, amounts, str(ext)]
    return "  ".join(word for word in words if word) + (f"  (of #{txn})" if txn not in (0, seq) else "")


def state_line(state: dict[str, Any], status: dict[str, Any]) -> str:
    """The cabinet's state and its way to the centre in one line."""
    phase = PHASES.get(state["phase"], f"phase {state['phase']}")
    parts = [phase, state["user"], " ".join(filter(None, (state["item"], state["place"])))]
    parts += [f"open: {', '.join(map(str, state['open']))}" if state["open"] else ""]
    parts += [alarm(code, drawer) for code, drawer in state["alarms"]]
    parts += [f"{status['depth']} entries wait for the centre" if status["depth"] else "", link_words(status)]
    return " | ".join(part for part in parts if part)


def link_words(status: dict[str, Any]) -> str:
    """What is wrong between controller and agent, if anything."""
    dropped = sum(status["frames_dropped"].values())
    words = "" if status["link"] else "the controller does not answer"
    return words + (f" {dropped} frames damaged" if dropped else "")


def watch(path: Path, say: Callable[[str], None], rounds: int | None = None) -> None:
    """Say what is new, again and again (`rounds` times): the state whenever it has changed, each entry once."""
    shown, seq = "", None
    while rounds is None or rounds > 0:
        with PanelClient(path) as panel:
            state, status = panel.reply("state")["state"], panel.ask("status")[0]
            line = state_line(state, status)
            if line != shown:
                say(f"[{line}]")
                shown = line
            seq = _entries(panel, say, max(0, status["entries"] - RECENT) if seq is None else seq)
        if rounds is not None:
            rounds -= 1
        if rounds != 0:
            time.sleep(LOOK_S)


def _entries(panel: PanelClient, say: Callable[[str], None], seq: int) -> int:
    while rows := panel.ask("entries", after=seq):
        for fields in rows:
            say(entry_line(fields))
        seq = rows[-1][4]
    return seq
