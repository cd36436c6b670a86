"""The tree in the centre's own log: that nothing of it may be signed, and the entry with which a successor begins."""

from collections.abc import Mapping

from firmware import codes
from firmware.journal import kinds
from firmware.wire import note
from server_stub.ledger import schema, tiles
from server_stub.ledger.actors import BadActor, person
from server_stub.ledger.asked import Args, Handler, Reply, checked
from server_stub.ledger.log import CentreLog
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.transaction import Transaction

LONGEST_REASON = 120


class Halted(Args):
    """Request `tree_halted`: what speaks against the tree, in words."""

    why: str


class Successor(Args):
    """Request `successor_log`: the two who signed, and why."""

    actor: str
    witness: str
    reason: str


class TreeRequests:
    """Requests about the tree."""

    def __init__(self, site: str, log: CentreLog) -> None:
        self._site = site
        self._log = log

    def handlers(self) -> Mapping[str, Handler]:
        """By name."""
        return {"tree_halted": checked(Halted, self.halted), "successor_log": checked(Successor, self.successor)}

    def halted(self, tx: Transaction, args: Halted) -> Reply:
        """Raise the alarm, once."""
        if not self._standing(tx):
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.TREE_HALTED, CENTRE, 1])
        return {"code": codes.NONE}

    def successor(self, tx: Transaction, args: Successor) -> Reply:
        """Append the entry; the sequencer begins the new log when it comes to it."""
        row = tiles.newest(tx.conn)
        refused = self._refused(row, args)
        if refused or row is None:
            return {"code": codes.BAD_SUCCESSOR, "message": refused}
        ext = [row.origin, row.size, row.root, note.origin(self._site, row.number + 1), args.reason]
        seq = self._log.append(tx, kinds.SUCCESSOR_LOG, ext, actor=args.actor, witness=args.witness)
        if self._standing(tx):
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.TREE_HALTED, CENTRE, 0])
        return {"seq": seq, "origin": ext[3]}

    def _refused(self, row: tiles.TreeRow | None, args: Successor) -> str:
        try:
            people = {person(args.actor), person(args.witness)}
        except BadActor as error:
            return str(error)
        if row is None or not row.halted:
            return "nothing speaks against the log that there is: it goes on"
        if len(people) != 2:
            return "two different people sign"
        fits = 0 < len(args.reason.strip()) <= LONGEST_REASON and args.reason.isprintable()
        return "" if fits else f"give a reason of 1 to {LONGEST_REASON} characters"

    def _standing(self, tx: Transaction) -> bool:
        tx.settle()
        table = schema.alarms.c
        query = schema.alarms.select().where(table.station == CENTRE, table.code == codes.TREE_HALTED)
        return tx.conn.execute(query).first() is not None
