"""`apotheca server successor`: two people sign, then the centre goes on under another log of its tree."""

import asyncio
from collections.abc import Sequence

from server_stub.console.accounts import Accounts
from server_stub.integration.intake import ask
from server_stub.replacing import NotSigned, Signature, signed
from server_stub.site.home import Home


def succeed(home: Home, signatures: Sequence[Signature], reason: str) -> str:
    """Check both signatures and have the entry written; gives the new origin.

    Raises NotSigned, and IntakeAway while the centre does not run; then nothing has changed.
    """
    one, other = signed(Accounts(home.accounts), signatures)
    args = {"actor": one.name, "witness": other.name, "reason": reason}
    reply = asyncio.run(ask(home.intake, {"do": "successor_log", "args": args}))
    if "origin" not in reply:
        raise NotSigned(f"{reply.get('message', reply)} (code {reply.get('code')})")
    return str(reply["origin"])
