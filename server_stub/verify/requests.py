"""What the intake socket can ask of verification: counts of verdicts, alerts, and to clear one."""

from typing import Annotated, Any, Literal

from pydantic import Field

from firmware import codes
from server_stub.ledger.asked import Args, Handler, checked
from server_stub.ledger.transaction import Transaction
from server_stub.verify import queries
from server_stub.verify.decider import Decider


class _Verdicts(Args):
    station: str | None = None


class _Alerts(Args):
    station: str | None = None
    facet: Literal[1, 2] | None = None
    state: Literal["open", "cleared", "expired"] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class _Clear(Args):
    station: str
    log: Annotated[int, Field(ge=1, lt=2**63)]
    seq: Annotated[int, Field(ge=1, lt=2**63)]
    user: Annotated[str, Field(pattern=r"^[!-~]{1,32}$")]
    note: Annotated[str, Field(min_length=1, max_length=200)]


class Requests:
    """Handlers by the request's name."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider

    def handlers(self) -> dict[str, Handler]:
        """`do` of the request to what handles it."""
        return {
            "verdicts": checked(_Verdicts, self._verdicts),
            "alerts": checked(_Alerts, self._alerts),
            "clear_alert": checked(_Clear, self._clear),
        }

    def _verdicts(self, tx: Transaction, args: _Verdicts) -> dict[str, Any]:
        self._decider.run(tx)
        tx.settle()
        counts = queries.count_verdicts(tx.conn, args.station)
        return {"verdicts": counts, "alerts": queries.count_alerts(tx.conn, args.station)}

    def _alerts(self, tx: Transaction, args: _Alerts) -> dict[str, Any]:
        self._decider.run(tx)
        tx.settle()
        wanted = queries.Wanted(args.station, args.facet, args.state)
        return {"alerts": [row._asdict() for row in queries.alerts(tx.conn, wanted, args.limit)]}

    def _clear(self, tx: Transaction, args: _Clear) -> dict[str, Any]:
        if self._decider.clear(tx, (args.station, args.log, args.seq), args.user, args.note):
            return {"cleared": True}
        words = "no open alert about the authority of this removal: look at the list of alerts again"
        return {"code": codes.NO_SUCH_ALERT, "message": words}
