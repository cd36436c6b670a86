"""What became of the pharmacy's labels, as the centre has it: its projection, and the reports of the console."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from firmware.journal import kinds
from server_stub.console import picking
from server_stub.proof.period import Period
from server_stub.supply import life, reports, schema
from simulator.deeds import CHECKED, DELIVERED, PICKED, SUPERSEDED, VOIDED

OPEN = "open"
_EVER = Period(0, 1 << 53)
_L, _F = schema.pick_labels.c, schema.label_facts.c


def projected(conn: Connection) -> Mapping[str, int]:
    """From the labels as the ledger adds up to."""
    states = {state: number for state, number in conn.execute(select(_L.state, func.count()).group_by(_L.state))}
    checks = conn.scalar(select(func.count()).where(_F.kind == kinds.CHECKED)) or 0
    return {
        PICKED: conn.scalar(select(func.count()).where(_L.from_label == "")) or 0,
        CHECKED: checks,
        DELIVERED: states.get(life.DELIVERED, 0),
        VOIDED: states.get(life.VOID, 0),
        SUPERSEDED: states.get(life.SUPERSEDED, 0),
        OPEN: sum(states.get(state, 0) for state in life.OPEN),
    }


def reported(conn: Connection) -> Mapping[str, int]:
    """From the reports that console and API show: those say nothing of what was picked, checked and delivered well."""
    lines = {
        name: picking.read(conn.engine, reports.REPORTS[name], _EVER) for name in (reports.A, reports.B, reports.DETAIL)
    }
    results = [line.result for line in lines[reports.DETAIL]]
    return {
        CHECKED: len(results),
        VOIDED: sum(life.event_of(kinds.CHECKED, result or 0) == life.REJECTED for result in results),
        SUPERSEDED: sum(life.event_of(kinds.CHECKED, result or 0) == life.CORRECTED for result in results),
        OPEN: len(lines[reports.A]) + len(lines[reports.B]),
    }
