"""Who may do what: one table of roles (A5: who is alerted where; A16.a: who may make a packet)."""

from enum import StrEnum


class Right(StrEnum):
    """One thing that can be seen or done; the words are shown to people."""

    STATIONS = "see stations and alarms"
    STOCK = "see stock, use and PAR"
    PATIENTS = "see which patient"
    ALERTS = "see alerts and verdicts"
    CLEAR_ALERTS = "clear alerts"
    DISCREPANCIES = "see discrepancies"
    RESOLVE = "resolve discrepancies"
    PACKETS = "see and fetch packets"
    MAKE_PACKETS = "make packets"
    ACCOUNTS = "manage accounts"
    ORDER = "give orders to cabinets"
    SEND_EVENTS = "send hospital events"


_LOOK = {Right.STATIONS, Right.STOCK, Right.PATIENTS, Right.ALERTS, Right.DISCREPANCIES, Right.PACKETS}

ROLES: dict[str, frozenset[Right]] = {
    "pharmacist": frozenset(_LOOK | {Right.CLEAR_ALERTS, Right.RESOLVE, Right.MAKE_PACKETS, Right.ORDER}),
    "technician": frozenset({Right.STATIONS, Right.STOCK, Right.DISCREPANCIES}),
    "auditor": frozenset(_LOOK | {Right.MAKE_PACKETS}),
    "biomed": frozenset({Right.STATIONS}),
    "administrator": frozenset({Right.STATIONS, Right.ACCOUNTS}),
}

# the hospital's interface, known by the site's own token; no person has this role
HOSPITAL = "hospital interface"
_MACHINES = {HOSPITAL: frozenset({Right.STATIONS, Right.STOCK, Right.SEND_EVENTS})}


def rights_of(role: str) -> frozenset[Right]:
    """What a role may see and do; nothing for a role that is not in the table."""
    return ROLES.get(role) or _MACHINES.get(role) or frozenset()
