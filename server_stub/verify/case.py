"""One removal as a case: the fact, what it is judged to be, and the alerts there were."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from firmware import codes
from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.sign import CENTRE
from server_stub.verify import verdict
from server_stub.verify.facts import Removal
from server_stub.verify.matching import Share
from server_stub.verify.verdict import Authority

OPEN, CLEARED, EXPIRED = "open", "cleared", "expired"
EXPIRED_BY = "not charted in time: undocumented removal"

ALERTED = frozenset((kinds.ALERT_RAISED, kinds.ALERT_CLEARED, kinds.UNDOCUMENTED_REMOVAL))
DECISIONS = ALERTED | {kinds.SUPPLY_REMOVAL}

_UNKNOWN = Authority(codes.NO_ORDER_NOT_ADMITTED, "", "")
_UNTOUCHED = Share(0, 0, 0, "", None, late=False)


class Alert(NamedTuple):
    """An alert about one facet of a removal; `user` is the person who cleared it, "" if none did."""

    code: int
    state: str
    by: str
    user: str
    raised_ms: int
    over_ms: int | None


@dataclass
class Case:
    """A removal, judged; `expired` once it was logged as undocumented, `supply` once it was as a supply without a
    patient; `matched` is the order that covers an override."""

    removal: Removal
    authority: Authority = _UNKNOWN
    share: Share = _UNTOUCHED
    matched: tuple[str, int] | None = None
    expired: bool = False
    supply: bool = False
    alerts: dict[int, Alert] = field(default_factory=dict)
    row: dict[str, Any] | None = None

    @property
    def documentation(self) -> str:
        """What its charting comes to (verdict.DOCUMENTED and so on)."""
        return verdict.documentation(self.share)

    @property
    def settled(self) -> bool:
        """Is nothing more to be charted, in time?"""
        return self.supply or self.documentation in verdict.SETTLED

    @property
    def verdict(self) -> str:
        """The one of verdict.VERDICTS."""
        if self.supply:
            return verdict.SUPPLY
        return verdict.verdict(self.authority.code, self.documentation, expired=self.expired)

    def verdict_row(self) -> dict[str, Any]:
        """Its row of the table `verdicts`."""
        station, log, seq = self.removal.key
        return {
            "station": station,
            "log": log,
            "seq": seq,
            "verdict": self.verdict,
            "authority": codes.NONE if self.supply else self.authority.code,
            "documentation": self.documentation,
            "expired": int(self.expired),
            "deadline_ms": self.removal.deadline_ms,
            "back": self.share.back,
            "charted": self.share.charted,
            "documented_by": self.share.by,
            "documented_ms": self.share.at_ms,
            "matched_order": self.matched[0] if self.matched else "",
            "matched_ms": self.matched[1] if self.matched else None,
        }

    def decide(self, decision: Entry) -> dict[str, Any]:
        """Take in an entry of ALERTED about this removal; gives the row of the table `alerts`."""
        facet = verdict.DOCUMENTATION if decision.kind == kinds.UNDOCUMENTED_REMOVAL else decision.ext[3]
        before = self.alerts.get(facet) or Alert(codes.NONE, OPEN, "", "", decision.utc_ms, None)
        after = _after(before, decision)
        self.expired = self.expired or decision.kind == kinds.UNDOCUMENTED_REMOVAL
        self.alerts[facet] = after
        station, log, seq = self.removal.key
        return {"station": station, "log": log, "seq": seq, "facet": facet, **after._asdict()}


def _after(alert: Alert, decision: Entry) -> Alert:
    if decision.kind == kinds.ALERT_RAISED:
        return Alert(decision.ext[4], OPEN, "", "", decision.utc_ms, None)
    if decision.kind == kinds.UNDOCUMENTED_REMOVAL:
        return alert._replace(code=codes.UNDOCUMENTED, state=EXPIRED, by=EXPIRED_BY, over_ms=decision.utc_ms)
    user = "" if decision.actor == CENTRE else decision.actor
    return alert._replace(state=CLEARED, by=decision.ext[4], user=user, over_ms=decision.utc_ms)
