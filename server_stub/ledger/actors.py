"""Who acts in the centre's log: people under their accounts' names, and the system under names nobody may have."""

from server_stub.ledger.sign import CENTRE

# the colon of "shell:NAME", whoever types commands at the centre's computer, is in no account's name
RESERVED = frozenset((CENTRE, "command", "console", "demo", "planner", "system"))


class BadActor(ValueError):
    """Nobody can act under this name; the text says why."""


def person(name: str) -> str:
    """`name`, if somebody can have it; raises BadActor if the system acts under it."""
    if name.strip().lower() in RESERVED:
        raise BadActor(f"{name} is a name of the system itself: choose another")
    return name


def not_the_centre(name: str) -> str:
    """`name` of a person or of another part of the system; raises BadActor for what the centre decides itself."""
    if name.strip().lower() == CENTRE:
        raise BadActor(f"{name} is the centre itself")
    return name
