"""Several processes that take in at the same time, each its stations, over one PostgreSQL."""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from typing import Any

from firmware.wire import topics
from server_stub.centre import Arrived, Keys
from server_stub.ingest_main import transport_ms
from server_stub.ledger.ingest import Ingest, Message, Now
from server_stub.ledger.schema import open_database
from server_stub.register import SiteRegister
from server_stub.site.home import Home

ENOUGH_S = 600.0
Groups = Sequence[Sequence[Arrived]]


class Failed(Exception):
    """A process did not take in what it should have."""


def run(home: Home, url: str, shares: Sequence[Groups]) -> float:
    """Seconds from when all processes are ready until the last has answered its share."""
    open_database(url).dispose()
    context = multiprocessing.get_context("spawn")
    barrier, taken = context.Barrier(len(shares) + 1), context.SimpleQueue()
    workers = [context.Process(target=_work, args=(home, url, share, barrier, taken)) for share in shares]
    for worker in workers:
        worker.start()
    barrier.wait(ENOUGH_S)
    began = time.perf_counter()
    barrier.wait(ENOUGH_S)
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    answers = sum(taken.get() for _ in workers)
    if answers != sum(len(group) for share in shares for group in share):
        raise Failed("the centre refused a batch")
    return took


def _work(home: Home, url: str, share: Groups, barrier: Barrier, taken: Any) -> None:
    engine, register = open_database(url), SiteRegister(home)
    ingest = Ingest(engine, register.names, register, Keys.read(home).signer)
    groups = [[_message(one) for one in group] for group in share]
    barrier.wait(ENOUGH_S)
    answers = sum(len(ingest.take(group, Now(0, transport_ms())).answers) for group in groups)
    barrier.wait(ENOUGH_S)
    taken.put(answers)
    engine.dispose()


def _message(one: Arrived) -> Message:
    _, _, station, _, what = topics.parse(one.topic)
    return Message(station, what, one.payload)
