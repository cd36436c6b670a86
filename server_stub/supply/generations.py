"""What became of the packages that had one label, from all that was said of it. Pure: facts in, labels out.

A serial comes round (P55), so a label is (serial, when it was picked). A check belongs to the last pick before it, a
delivery to the pick whose `until_min` it names, else to the last before it; nothing belongs to a pick of WINDOW_MS ago.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from firmware.journal import kinds
from server_stub.supply import life

WINDOW_MS = 30 * 86_400_000
# clocks of cabinets and handhelds may differ by so much
SLACK_MS = 10 * 60_000


class Fact(NamedTuple):
    """An entry of kind 49, 50 or 51: (station, log, seq) is the entry, `ms` when it happened, the last three what was
    made of it: the pick it belongs to, whether it changed anything, what is odd about it (life.py)."""

    station: str
    log: int
    seq: int
    kind: int
    label: str
    ms: int
    actor: str
    item: str
    for_station: str
    quantity: int
    result: int
    new_label: str
    purpose: str
    address: str
    until_min: int
    picked_ms: int | None = None
    taken: int = 0
    finding: int = life.NONE

    @property
    def order(self) -> tuple[int, int, str, int, int]:
        """Facts are told in this order."""
        return (self.ms, self.kind, self.station, self.log, self.seq)


class Label(NamedTuple):
    """A package with its label, smallest units; None where it has not happened. (by_station, by_log, by_seq) is the
    entry it began with, `from_label`, `from_ms` the label it replaces; `clash`: its number was still open then."""

    label: str
    picked_ms: int
    station: str
    item: str
    quantity: int
    purpose: str
    picker: str
    until_min: int
    by_station: str
    by_log: int
    by_seq: int
    from_label: str
    from_ms: int | None
    state: str
    clash: int = 0
    checker: str | None = None
    checked_ms: int | None = None
    result: int | None = None
    new_label: str = ""
    deliverer: str | None = None
    delivered_ms: int | None = None
    delivered: int | None = None
    ended_ms: int | None = None


class Origin(NamedTuple):
    """How a label began: a pick, or the check that corrected `parent`."""

    fact: Fact
    parent: Label | None


def build(picks: Iterable[Fact], issues: Iterable[Origin], facts: Iterable[Fact]) -> tuple[list[Label], list[Fact]]:
    """The labels that had one serial, the earliest first, and all `picks` and `facts` with what was made of them."""
    origins, judged = _origins(picks, issues)
    labels = [_begun(origin) for origin in origins]
    told: dict[int | None, list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.order):
        told.setdefault(_belongs(fact, origins, labels), []).append(fact)
    for lost in told.pop(None, []):
        judged.append(lost._replace(picked_ms=None, taken=0, finding=life.NOT_PICKED))
    for index, label in enumerate(labels):
        labels[index], walked = _walk(label, told.get(index, []))
        judged += walked
    return _clashing(labels), judged


def _origins(picks: Iterable[Fact], issues: Iterable[Origin]) -> tuple[list[Origin], list[Fact]]:
    """The origin of each moment (a pick before a corrected label), and the picks as judged."""
    first: dict[int, Origin] = {}
    judged = []
    for pick in sorted(picks, key=lambda fact: fact.order):
        held = first.setdefault(pick.ms, Origin(pick, None)).fact
        twice = _said(held) != _said(pick)
        finding = life.PICKED_TWICE if twice else life.NONE
        judged.append(pick._replace(picked_ms=pick.ms, taken=int(held is pick), finding=finding))
    for origin in sorted(issues, key=lambda origin: origin.fact.order):
        first.setdefault(origin.fact.ms, origin)
    return [first[ms] for ms in sorted(first)], judged


def _said(pick: Fact) -> tuple[str, str, str, int, str]:
    return (pick.actor, pick.item, pick.for_station, pick.quantity, pick.purpose)


def _begun(origin: Origin) -> Label:
    fact, parent = origin
    entry = (fact.station, fact.log, fact.seq)
    if parent is None:
        state = life.after(life.NEW, life.PICK) or ""
        about = (fact.for_station, fact.item, fact.quantity, fact.purpose, fact.actor, fact.until_min)
        return Label(fact.label, fact.ms, *about, *entry, "", None, state)
    state = life.after(life.NEW, life.ISSUED) or ""
    about = (parent.station, fact.item or parent.item, fact.quantity, parent.purpose, parent.picker, fact.until_min)
    made = Label(fact.new_label, fact.ms, *about, *entry, parent.label, parent.picked_ms, state)
    return made._replace(checker=fact.actor, checked_ms=fact.ms, result=fact.result)


def _belongs(fact: Fact, origins: Sequence[Origin], labels: Sequence[Label]) -> int | None:
    """The index of the label that a check or delivery is about."""
    delivery = fact.kind == kinds.DELIVERED
    found = None
    for index, label in enumerate(labels):
        if abs(fact.ms - label.picked_ms) > WINDOW_MS:
            continue
        if delivery and label.until_min == fact.until_min:
            return index
        # the check that made a corrected label is not of that label
        if label.picked_ms + int(origins[index].parent is not None) <= fact.ms + (SLACK_MS if delivery else 0):
            found = index
    return found


def _walk(label: Label, facts: Iterable[Fact]) -> tuple[Label, list[Fact]]:
    walked = []
    for fact in facts:
        event = life.event_of(fact.kind, fact.result)
        state = life.after(label.state, event)
        if event == life.CORRECTED and not fact.new_label:
            state = None
        finding = _odd(label, fact) if state else _refused(label, fact)
        if state:
            label = _changed(label, fact, state)
        walked.append(fact._replace(picked_ms=label.picked_ms, taken=int(state is not None), finding=finding))
    return label, walked


def _changed(label: Label, fact: Fact, state: str) -> Label:
    ended = None if state in life.OPEN else fact.ms
    label = label._replace(state=state, ended_ms=ended, item=label.item or fact.item)
    if fact.kind == kinds.DELIVERED:
        return label._replace(deliverer=fact.actor, delivered_ms=fact.ms, delivered=fact.quantity)
    new = fact.new_label if state == life.SUPERSEDED else ""
    return label._replace(checker=fact.actor, checked_ms=fact.ms, result=fact.result, new_label=new)


def _refused(label: Label, fact: Fact) -> int:
    """Why nothing follows from a fact."""
    if fact.kind == kinds.DELIVERED:
        by_state = {life.VOID: life.DELIVERED_VOID, life.SUPERSEDED: life.DELIVERED_OLD}
        return by_state.get(label.state, life.DELIVERED_TWICE)
    if label.state in life.OPEN:
        return life.NO_NEW_LABEL
    return life.CHECKED_LATE if label.state == life.DELIVERED else life.CHECKED_CLOSED


def _odd(label: Label, fact: Fact) -> int:
    """What a person should look at though it was done."""
    if label.item and fact.item and label.item != fact.item:
        return life.OTHER_ITEM
    if fact.kind != kinds.DELIVERED:
        return life.BY_PICKER if fact.actor == label.picker else life.NONE
    if fact.station != label.station:
        return life.OTHER_STATION
    return life.OTHER_QUANTITY if fact.quantity != label.quantity else life.NONE


def _clashing(labels: list[Label]) -> list[Label]:
    """Each label with whether the one before it was still open when it began."""
    made = labels[:1]
    for before, label in pairwise(labels):
        open_still = before.ended_ms is None or before.ended_ms > label.picked_ms
        made.append(label._replace(clash=int(open_still and label.picked_ms - before.picked_ms <= WINDOW_MS)))
    return made
