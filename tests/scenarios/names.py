"""Codes and alarms in the words of the text: `not enough` is NOT_ENOUGH."""

from firmware import codes
from tests.scenarios.language import BadScenario

CODES = {
    name.lower().replace("_", " "): value
    for name, value in vars(codes).items()
    if name.isupper() and not name.startswith("ALARM_")
}
ALARMS = {
    name.removeprefix("ALARM_").lower().replace("_", " "): value
    for name, value in vars(codes).items()
    if name.startswith("ALARM_")
}


def in_words(code: int) -> str:
    """The name of a code, as the text has it."""
    return next((name for name, value in CODES.items() if value == code), str(code))


def code_of(words: str, table: dict[str, int] = CODES) -> int:
    if words not in table:
        raise BadScenario(f"there is no code {words!r}; there are {', '.join(sorted(table))}")
    return table[words]
