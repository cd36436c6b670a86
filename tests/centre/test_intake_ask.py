"""Asking ingest: an answer that comes in the moment of the cancellation does not undo the cancellation."""

import asyncio
from pathlib import Path

import pytest

from server_stub.integration import intake


async def _cancelled_as_the_answer_comes(monkeypatch):
    answer = asyncio.get_running_loop().create_future()

    async def _ask(path, request):
        return await answer

    monkeypatch.setattr(intake, "_ask", _ask)
    task = asyncio.ensure_future(intake.ask(Path("none"), {}))
    await asyncio.sleep(0)
    answer.set_result({})
    task.cancel()
    await task


def test_a_cancelled_ask_ends_its_task(monkeypatch):
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_cancelled_as_the_answer_comes(monkeypatch))
