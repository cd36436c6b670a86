"""What the centre decides about stock: levels, restock orders, discrepancies. One object for the core to call."""

import json
from typing import Annotated, Any

from pydantic import Field

from firmware import codes
from firmware.journal import kinds
from server_stub.ledger.asked import Args, Handler, checked
from server_stub.ledger.ingest import Names, Register
from server_stub.ledger.log import CentreLog
from server_stub.ledger.sign import Signer
from server_stub.ledger.transaction import Transaction
from server_stub.stock.commands import Commands
from server_stub.stock.issued import PAR_HOLD
from server_stub.stock.nightly import Nightly
from server_stub.stock.planning import UpdateSettings
from server_stub.stock.shelves import Shelves
from server_stub.supply.pick import pick_list
from server_stub.supply.restock import Restock
from server_stub.watch.discrepancies import Discrepancies, NotResolved

_Id = Annotated[str, Field(min_length=1, max_length=32)]
_Words = Annotated[str, Field(min_length=1, max_length=400)]
_Uint = Annotated[int, Field(ge=0, lt=2**31)]


class _ParHold(Args):
    station: _Id
    item: _Id
    person: _Id
    held: bool
    floor: _Uint = 0
    reason: _Words


class _PickList(Args):
    station: _Id


class _Resolve(Args):
    station: _Id
    log: _Uint
    seq: _Uint
    person: _Id
    reason: _Words
    note: Annotated[str, Field(max_length=400)] = ""


class Stockroom:
    """Deciders read the folded tables after the fold and append to the centre's log in the same transaction."""

    def __init__(self, names: Names, register: Register, signer: Signer, log: CentreLog) -> None:
        self._log = log
        self._shelves = Shelves()
        self._commands = Commands(names, register, signer, log)
        self._nightly = Nightly(self._shelves, self._commands, UpdateSettings())
        self._restock = Restock(self._shelves, log)
        self._discrepancies = Discrepancies(log)

    def load(self, tx: Transaction) -> None:
        """Take up where the database is (also after a transaction that failed)."""
        self._shelves.forget()
        self._commands.load(tx)
        self._nightly.load(tx)

    def decide(self, tx: Transaction, stations: list[str]) -> None:
        """Decide on all this transaction appended, and on what time has made due; `stations` are those enrolled."""
        entries = list(tx.appended)
        changed = {station for entry in entries if (station := self._shelves.note(entry))}
        tx.settle()
        self._nightly.fire_due(tx, stations)
        for entry in entries:
            if entry.kind == kinds.COMMAND:
                self._commands.answered(tx, entry)
        self._discrepancies.decide(tx, entries)
        self._restock.decide(tx, entries, changed & set(stations))

    def tick(self, tx: Transaction) -> None:
        """What time alone makes due: orders that expire, commands that want sending again."""
        self._restock.expire(tx)
        self._commands.again(tx)

    @property
    def commands(self) -> Commands:
        """What goes down to the stations; their numbers are given in one place."""
        return self._commands

    def handlers(self) -> dict[str, Handler]:
        """Intake requests of the stock by name."""
        return {
            "par_hold": checked(_ParHold, self._par_hold),
            "pick_list": checked(_PickList, self._pick_list),
            "resolve_discrepancy": checked(_Resolve, self._resolve),
        }

    def _par_hold(self, tx: Transaction, wanted: _ParHold) -> dict[str, Any]:
        if wanted.item not in self._shelves.of(tx.conn, wanted.station).items:
            message = f"{wanted.station} has no item {wanted.item}: choose one of its table of items"
            return {"code": codes.BAD_STOCK_REQUEST, "message": message}
        fields = ("station", "item", "held", "floor", "reason")
        about = {name: getattr(wanted, name) for name in fields} | {"held": int(wanted.held)}
        self._log.append(tx, kinds.OPERATOR, [PAR_HOLD, json.dumps(about)], actor=wanted.person)
        return {}

    def _pick_list(self, tx: Transaction, wanted: _PickList) -> dict[str, Any]:
        shelf = self._shelves.of(tx.conn, wanted.station)
        return {"station": wanted.station, "lines": pick_list(tx.conn, wanted.station, shelf)}

    def _resolve(self, tx: Transaction, wanted: _Resolve) -> dict[str, Any]:
        note = f"{wanted.reason}: {wanted.note}" if wanted.note else wanted.reason
        key = (wanted.station, wanted.log, wanted.seq)
        try:
            self._discrepancies.resolve(tx, key, wanted.person, note)
        except NotResolved as error:
            return {"code": codes.BAD_STOCK_REQUEST, "message": str(error)}
        return {}
