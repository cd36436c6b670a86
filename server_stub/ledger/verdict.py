"""ACCEPT, DUP, GAP or FORK: where a right batch belongs, given what the ledger holds. No I/O."""

from collections.abc import Sequence
from typing import NamedTuple

from firmware.wire import messages
from server_stub.ledger.batch import Batch
from server_stub.ledger.record import LogState, Page


class Decision(NamedTuple):
    """The verdict, and with ACCEPT the pages that are new."""

    verdict: int
    new: Sequence[Page] = ()


def meeting_seq(state: LogState, batch: Batch) -> int:
    """The last seq that both ledger and batch have a head of (the batch's prev_head counts)."""
    return min(state.seq, batch.last_seq)


def decide(state: LogState, batch: Batch, stored_head: bytes | None) -> Decision:
    """Place `batch` after `state`; `stored_head` is the ledger's head at `meeting_seq`.

    A head stands for everything before it: equal heads there mean that the overlap is the same, entry by entry, and
    that what goes beyond it is new. A stopped log takes nothing more.
    """
    if state.stopped:
        return Decision(messages.FORK)
    if batch.first_seq > state.seq + 1:
        return Decision(messages.GAP)
    known = meeting_seq(state, batch) + 1 - batch.first_seq
    head = batch.pages[known - 1].head if known else batch.prev_head
    if head != stored_head:
        return Decision(messages.FORK)
    new = batch.pages[known:]
    return Decision(messages.ACCEPT, new) if new else Decision(messages.DUP)
