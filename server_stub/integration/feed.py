"""The pharmacy's feed: what happened, as JSON without patients (docs/wire.md section 4)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from server_stub.ledger.record import Entry
from server_stub.ledger.sign import CENTRE
from server_stub.stock.inventory import STOCK
from server_stub.stock.issued import answer_of
from server_stub.verify.verdict import DOCUMENTATION

_VERIFICATION = (kinds.ALERT_RAISED, kinds.ALERT_CLEARED, kinds.UNDOCUMENTED_REMOVAL)
# a discrepancy may be a bin's; of a pocket's, the entry that follows it in the access tells what is there
_STOCK = STOCK - {kinds.DISCREPANCY}


def feed(entries: Iterable[Entry]) -> Iterator[tuple[str, bytes]]:
    """(what, payload) for the entries of one transaction, `what` as in FEED; of each pocket its last word only."""
    pockets: dict[str, dict[str, dict[str, Any]]] = {}
    for entry in entries:
        if entry.kind in _STOCK and entry.place:
            pockets.setdefault(entry.station, {})[entry.place] = _pocket(entry)
        if entry.kind == kinds.REMOVE:
            yield "removal", _json(_removal(entry))
        elif entry.kind in _VERIFICATION:
            yield "alert", _json(_verification(entry))
        elif entry.kind == kinds.COMMAND and entry.ext[1] == messages.COMMAND_PAR:
            yield "par", _json(_par(entry))
        elif entry.kind in (kinds.ALARM, kinds.ALARM_CLEARED, kinds.CENTRE_ALARM):
            yield "alert", _json(_alert(entry))
    for station, rows in pockets.items():
        yield "inventory", _json({"v": 1, "station": station, "pockets": list(rows.values())})


def _removal(entry: Entry) -> dict[str, Any]:
    quantity = -(entry.change or 0)
    return {**_where(entry), "item": entry.item, "place": entry.place, "quantity": quantity, "txn": entry.txn}


def _pocket(entry: Entry) -> dict[str, Any]:
    return {"place": entry.place, "item": entry.item, "quantity": entry.after, "utc_ms": entry.utc_ms, "seq": entry.seq}


def _par(entry: Entry) -> dict[str, Any]:
    number, _, code, applied = answer_of(entry)
    levels = [{"place": place, "min": low, "max": top} for place, low, top in applied]
    return {**_where(entry), "number": number, "code": code, "levels": levels}


def _alert(entry: Entry) -> dict[str, Any]:
    if entry.kind == kinds.CENTRE_ALARM:
        code, station, raised = entry.ext
        return {**_where(entry), "station": station, "by": CENTRE, "code": code, "drawer": 0, "raised": bool(raised)}
    code, drawer = entry.ext
    return {**_where(entry), "by": entry.station, "code": code, "drawer": drawer, "raised": entry.kind == kinds.ALARM}


def _verification(entry: Entry) -> dict[str, Any]:
    station, log, seq, *rest = entry.ext
    facet, code, why = DOCUMENTATION, codes.UNDOCUMENTED, ""
    if entry.kind == kinds.ALERT_RAISED:
        facet, code = rest
    elif entry.kind == kinds.ALERT_CLEARED:
        (facet, why), code = rest, codes.NONE
    about = {"removal_log": log, "removal_seq": seq, "item": entry.item, "facet": facet, "why": why}
    raised = entry.kind != kinds.ALERT_CLEARED
    common = {"station": station, "by": CENTRE, "code": code, "drawer": 0, "raised": raised}
    return {**_where(entry), **common, **about}


def _where(entry: Entry) -> dict[str, Any]:
    return {"v": 1, "station": entry.station, "log": entry.log, "seq": entry.seq, "utc_ms": entry.utc_ms}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
