"""ACCEPT, DUP, GAP or FORK: where a right batch belongs, given what the ledger holds. No I/O."""

from firmware.wire import messages
from server_stub.ledger.batch import Batch
from server_stub.ledger.record import Held


def meeting_seq(held: Held, batch: Batch) -> int:
    """The last seq that both ledger and batch have a head of (the batch's prev_head counts)."""
    return min(held.seq, batch.last_seq)


def decide(held: Held, batch: Batch, stored_head: bytes | None) -> int:
    """The verdict on `batch` after `held`; `stored_head` is the ledger's head at `meeting_seq`.

    A head stands for everything before it: equal heads there mean that the overlap is the same, entry by entry, and
    that what goes beyond it is new. A stopped log takes nothing more.
    """
    if held.stopped:
        return messages.FORK
    if batch.first_seq > held.seq + 1:
        return messages.GAP
    if batch.head(meeting_seq(held, batch)) != stored_head:
        return messages.FORK
    return messages.ACCEPT if batch.last_seq > held.seq else messages.DUP
