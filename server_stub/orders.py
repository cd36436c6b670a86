"""What people at the centre order of a cabinet: critical override, release from quarantine, whose wristband it was.

Who may is for the caller to check (console, API, shell); the centre's log names who did.
"""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import and_, select

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from server_stub.ledger import schema as ledger
from server_stub.ledger.asked import Args, Handler, checked
from server_stub.ledger.ingest import Register
from server_stub.ledger.log import CentreLog
from server_stub.ledger.transaction import Transaction
from server_stub.stock.commands import Commands
from server_stub.verify import provisional, schema
from server_stub.watch import conditions
from server_stub.watch import schema as watch

MOST_HOURS = 12
_HOUR_MS = 3_600_000

_Station = Annotated[str, Field(min_length=1, max_length=32)]
_Person = Annotated[str, Field(pattern=r"^[!-~]{1,32}$")]
_Patient = Annotated[str, Field(pattern=r"^[!-~]{1,16}$")]
_Reason = Annotated[str, Field(min_length=1, max_length=200)]


class _Critical(Args):
    station: _Station
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]
    person: _Person
    reason: _Reason


class _Release(Args):
    station: _Station
    drawer: Annotated[int, Field(ge=1, le=16)]
    person: _Person
    reason: _Reason


class _Merge(Args):
    station: _Station
    patient: _Patient
    into: _Patient
    person: _Person


class CabinetOrders:
    """Each is an entry of the centre's log with the person as actor, and a command to the cabinet."""

    def __init__(self, register: Register, log: CentreLog, commands: Commands) -> None:
        self._register = register
        self._log = log
        self._commands = commands

    def handlers(self) -> dict[str, Handler]:
        """Intake requests by name."""
        return {
            "critical_override": checked(_Critical, self._critical),
            "release_quarantine": checked(_Release, self._release),
            "merge_provisional": checked(_Merge, self._merge),
        }

    def _critical(self, tx: Transaction, args: _Critical) -> dict[str, Any]:
        if self._register(args.station) is None:
            return _refused(f"station {args.station} is not enrolled here")
        until_ms = tx.utc_ms + args.hours * _HOUR_MS
        number = self._order(tx, args, messages.COMMAND_CRITICAL_OVERRIDE, [until_ms])
        return {"number": number, "until_utc_ms": until_ms}

    def _release(self, tx: Transaction, args: _Release) -> dict[str, Any]:
        held, place = watch.conditions.c, f"D{args.drawer:02}"
        on = and_(held.station == args.station, held.what == conditions.QUARANTINE, held.place == place)
        if tx.conn.scalar(select(held.place).where(on)) is None:
            return _refused(f"drawer {args.drawer} of {args.station} is not in quarantine")
        return {"number": self._order(tx, args, messages.COMMAND_RELEASE_QUARANTINE, [args.drawer])}

    def _order(self, tx: Transaction, args: _Critical | _Release, kind: int, body: list[Any]) -> int:
        return self._commands.issue(tx, args.station, kind, body, args.reason, args.person)

    def _merge(self, tx: Transaction, args: _Merge) -> dict[str, Any]:
        added = schema.provisional.c
        row = tx.conn.execute(
            select(schema.provisional).where(and_(added.station == args.station, added.patient == args.patient))
        ).one_or_none()
        if row is None or row.into:
            who = f"it is {row.into} already" if row else "no such provisional patient"
            return _refused(f"{args.patient} at {args.station}: {who}")
        people = ledger.patients.c
        if tx.conn.scalar(select(people.patient).where(people.patient == args.into)) is None:
            return _refused(f"the hospital has told nothing of a patient {args.into}: look at the number again")
        about = [provisional.MERGE, args.station]
        self._log.append(tx, kinds.OPERATOR, about, actor=args.person, patient=args.into, order=args.patient)
        if row.ended_ms is not None or self._register(args.station) is None:
            return {"number": 0}
        why = "merged with the patient of the hospital"
        body = [args.patient]
        return {
            "number": self._commands.issue(tx, args.station, messages.COMMAND_END_PROVISIONAL, body, why, args.person)
        }


def _refused(message: str) -> dict[str, Any]:
    return {"code": codes.BAD_CABINET_ORDER, "message": message}
