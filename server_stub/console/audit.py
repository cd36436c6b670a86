"""Notes of what people did at the console go into the centre's log, through ingest, in order and once (kind 215)."""

from pathlib import Path

from server_stub.console.accounts import Accounts
from server_stub.integration.intake import IntakeAway, ask

AT_ONCE = 100


async def hand_over(accounts: Accounts, intake: Path) -> bool:
    """Give ingest what waits; False if it does not take it now (it stays, for the next time)."""
    while waiting := accounts.notes(AT_ONCE):
        entries = [{"key": n.key, "actor": n.actor, "what": n.what, "about": n.about} for n in waiting]
        try:
            reply = await ask(intake, {"do": "operator", "args": {"entries": entries}})
        except IntakeAway:
            return False
        if "code" in reply:
            return False
        accounts.forget_notes(waiting)
    return True
