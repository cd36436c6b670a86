"""Whose word agrees with whose: the tree and its witnesses, and of each station what it said last."""

from collections.abc import Sequence

from server_stub.console import queries, syncing, words
from server_stub.console.frame import Console, View, add_page
from server_stub.console.pages.stations import evidence
from server_stub.console.roles import Right
from server_stub.console.table import Cell, table, tile
from server_stub.console.theme import TAGS

REFUSED = {
    1: "a smaller tree than before",
    2: "not what it had seen before",
    3: "a log that does not follow on what it had seen",
    4: "an entry of its own is not where it should be",
}


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/sync", "Sync", Right.STATIONS, show)


def show(view: View) -> None:
    """The page."""
    view.frame("Sync", "the ledger, its witnesses, and every cabinet's word", "/sync")
    view.live("The tree", lambda: tree(syncing.tree_state(view.engine), _witnesses(view)))
    view.live("Stations", lambda: stations(_rows(view)))
    view.live("Evidence of refused or contradicting messages", lambda: evidence(view.engine))


def _rows(view: View) -> list[syncing.StationSync]:
    enrolled = view.console.site().station
    return syncing.stations(view.engine, queries.stations(view.engine, enrolled), enrolled)


def _witnesses(view: View) -> list[str]:
    return [witness.vkey.partition("+")[0] for witness in view.console.site().witness]


def tree(state: syncing.TreeState | None, witnesses: Sequence[str]) -> str:
    """The log that grows, as tiles; which of `witnesses` (names) has not cosigned its newest checkpoint."""
    if state is None:
        return tile("tree-size", "–", "no entry is in the tree yet: does the sequencer run?", good=False)
    shown = "no checkpoint yet" if state.checkpoint_size is None else f"checkpoint at {state.checkpoint_size:,}"
    made = words.clock(state.checkpoint_made_ms)
    whole = tile("tree-size", f"{state.size:,}", f"entries in {state.origin}", good=True)
    seen = tile("tree-checkpoint", shown, f"signed {made} UTC, cosigned by {', '.join(state.cosigned_by) or 'nobody'}")
    late = [f"{name}: {state.cosigned_up_to.get(name, 0):,}" for name in witnesses if name not in state.cosigned_by]
    if late:
        seen += tile("tree-late", "cosigned less", f"up to, by {'; '.join(late)}", good=False)
    return whole + seen + (tile("tree-halted", "not signed", state.halted, good=False) if state.halted else "")


def stations(rows: list[syncing.StationSync]) -> str:
    """Each station's word."""
    columns = ("Station", "Sync", "Last seq", "Last entry (UTC)", "Heartbeat", "In the tree", "Seal")
    lines = [
        (
            Cell(row.station, href=f"/stations/{row.station}"),
            Cell(row.verdict, TAGS[row.verdict], note=row.why),
            row.seq,
            words.clock(row.last_utc_ms),
            words.age(row.heartbeat_age_ms),
            row.in_tree_seq,
            "–" if row.seal_counter is None else f"{row.seal_counter} in entry {row.seal_seq}",
            "–" if row.taken_size is None else f"{row.taken_size:,} at {words.clock(row.taken_utc_ms)}",
            _contradicts(row),
        )
        for row in rows
    ]
    return table("sync", "Every station's word", (*columns, "Checkpoint taken", "Contradicts"), lines)


def _contradicts(row: syncing.StationSync) -> Cell:
    if row.forked:
        return Cell("another history", "apo-bad", note="its log has stopped; the evidence is below")
    if row.refused_seq is not None:
        return Cell("refused", "apo-bad", note=f"{REFUSED.get(row.refused_reason or 0, '')}: entry {row.refused_seq}")
    return Cell(f"{row.evidence} messages", "apo-warn") if row.evidence else Cell("nothing", "apo-good")
