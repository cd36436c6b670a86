"""How the text speaks of journal entries: a kind, then what is worth saying of it, in any order.

`remove 2 of morphine at D02-P01 by Mira witness Emil`: words of `SAYS`, each checked against one field.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from firmware.journal import entry, kinds
from tests.scenarios import site as sites
from tests.scenarios.language import BadScenario
from tests.scenarios.names import ALARMS, CODES
from tests.scenarios.panel import Written
from tests.scenarios.site import PURPOSES, Site

KINDS = {
    name.lower().replace("_", " "): value
    for name, value in vars(kinds).items()
    if name.isupper() and isinstance(value, int) and value < kinds.HOSPITAL_ADT and not name.startswith("PURPOSE_")
}
NAMES = {value: name for name, value in KINDS.items()}

Check = Callable[[Site, Written, str], tuple[Any, Any]]


def _ext(at: int) -> Check:
    return lambda site, page, text: (page[0][entry.F_EXT][at], int(text))


def _ext_text(at: int) -> Check:
    return lambda site, page, text: (page[0][entry.F_EXT][at], text)


def _named(at: int) -> Check:
    return lambda site, page, text: (page[0][at] or "nobody", sites.user(text))


def _amount(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    """What was moved, asked for, refused or wasted."""
    fields = page[0]
    at = {kinds.ACCESS: 1, kinds.DENIED: 2, kinds.WASTE: 2}.get(fields[entry.F_KIND])
    amount = fields[entry.F_EXT][at] if at else abs(fields[entry.F_CHANGE] or 0)
    return amount, site.units(fields[entry.F_ITEM], Decimal(text))


def _book(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    fields = page[0]
    before, after = (site.units(fields[entry.F_ITEM], Decimal(part)) for part in text.split(" -> "))
    return (fields[entry.F_BEFORE], fields[entry.F_AFTER]), (before, after)


def _code(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    at = {kinds.DENIED: 1, kinds.COMMAND: 2}.get(page[0][entry.F_KIND], 0)
    return page[0][entry.F_EXT][at], CODES.get(text, text)


def _purpose(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    return page[0][entry.F_EXT][0], PURPOSES.get(text, text)


def _override(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    return page[0][entry.F_EXT][2 if page[0][entry.F_KIND] == kinds.ACCESS else 5], int(text)


def _alarm(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    return page[0][entry.F_EXT][0], ALARMS.get(text, text)


def _counted(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    return page[0][entry.F_EXT][-1], site.units(page[0][entry.F_ITEM], Decimal(text))


def _last(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    at = 1 if page[0][entry.F_KIND] == kinds.COUNT else 0
    return page[0][entry.F_EXT][at] or "nobody", sites.user(text)


def _lot(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    at = {kinds.REMOVE: 3, kinds.RETURN: 3}.get(page[0][entry.F_KIND], 1)
    return page[0][entry.F_EXT][at], text


def _expiry(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    at = {kinds.REMOVE: 4, kinds.RETURN: 4}.get(page[0][entry.F_KIND], 2)
    minute = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60
    return page[0][entry.F_EXT][at], minute


def _patient(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    return page[1][1] if page[1] else "nobody", text


def _order(site: Site, page: Written, text: str) -> tuple[Any, Any]:
    return page[1][2] if page[1] else "", text


_WORD = r"[A-Za-z0-9_-]+"
_NUMBER = r"\d+(?:\.\d+)?"

# how it is said, what of the entry that is, what it means
SAYS: list[tuple[str, Check, str]] = [
    (rf"({_NUMBER} -> {_NUMBER})", _book, "`12 -> 11`: the book before and after"),
    (rf"of ({_WORD})", lambda site, page, text: (page[0][entry.F_ITEM], text), "`of morphine`: the drug"),
    (r"at (D\d\d(?:-P\d+)?)", lambda site, page, text: (page[0][entry.F_PLACE], text), "`at D02-P01`: the place"),
    (rf"by ({_WORD})", _named(entry.F_ACTOR), "`by Mira`: who did it"),
    (rf"witness ({_WORD})", _named(entry.F_WITNESS), "`witness Emil`: who saw it; `witness nobody`"),
    (rf"for patient ({_WORD})", _patient, "`for patient P1`: the disclosure beside the entry names the patient"),
    (rf"for order ({_WORD})", _order, "`for order O1`: the disclosure names the order"),
    (rf"to ({'|'.join(sorted(PURPOSES, key=len, reverse=True))})", _purpose, "`to remove`: the purpose"),
    (rf"code ({'|'.join(sorted(CODES, key=len, reverse=True))})", _code, "`code not enough`: why it was refused"),
    (r"reason (\d+)", _ext(0), "`reason 2`: the first number of the entry's own part"),
    (r"override (\d+)", _override, "`override 1`: the reason there was no order"),
    (rf"kit ({_WORD})", _ext_text(6), "`kit code-blue`: out of which kit"),
    (rf"counted ({_NUMBER})", _counted, "`counted 11`: what was in the pocket before"),
    (rf"last ({_WORD})", _last, "`last Emil`: who was at this pocket before"),
    (rf"label ({_WORD})", _ext_text(0), "`label HK01`: of a delivered package"),
    (r"lot (\S+)", _lot, "`lot A17`: of which lot"),
    (r"expiring (\d{4}-\d\d-\d\d)", _expiry, "`expiring 2027-03-01`: when that lot expires"),
    (r"drawer (\d+)", lambda site, page, text: (page[0][entry.F_PLACE], f"D{int(text):02d}"), "`drawer 2`"),
    (rf"about ({'|'.join(sorted(ALARMS, key=len, reverse=True))})", _alarm, "`about jammed`: the alarm"),
    (r"saying ([^,]+?)(?= (?:by|at) |$)", lambda site, page, text: (_said(page), text), "`saying 1 20`: its own part"),
    (rf"({_NUMBER})", _amount, "`2`: how much was moved, asked for or wasted"),
]


def _said(page: Written) -> str:
    return " ".join(str(part) for part in page[0][entry.F_EXT] if not isinstance(part, bytes))


def parse(text: str) -> tuple[int, list[tuple[str, Check, str]]]:
    """The kind, and [(words, check, value)] of what is said. Raises BadScenario."""
    for name in sorted(KINDS, key=len, reverse=True):
        if re.match(rf"{name}(?: |$)", text):
            return KINDS[name], _qualifiers(text[len(name) :], text)
    raise BadScenario(f"no kind of entry begins {text!r}")


def _qualifiers(rest: str, text: str) -> list[tuple[str, Check, str]]:
    found = []
    while rest := rest.strip():
        for pattern, check, _ in SAYS:
            if hit := re.match(rf"{pattern}(?= |$)", rest):
                found.append((hit[0], check, hit[1]))
                rest = rest[hit.end() :]
                break
        else:
            raise BadScenario(f"{rest!r} says nothing of an entry (in {text!r})")
    return found


def differences(site: Site, page: Written, text: str) -> list[str]:
    """What of an entry is not as the text has it."""
    kind, said = parse(text)
    if page[0][entry.F_KIND] != kind:
        return [f"it is {NAMES.get(page[0][entry.F_KIND])}"]
    seen = [(words, *check(site, page, value)) for words, check, value in said]
    return [f"not {words}: {is_so!r}, the text means {meant!r}" for words, is_so, meant in seen if is_so != meant]


def told(page: Written) -> str:
    """An entry for who has to find out what is wrong."""
    f = page[0]
    book = f"{f[entry.F_BEFORE]} -> {f[entry.F_AFTER]}" if f[entry.F_AFTER] is not None else ""
    parts = [NAMES.get(f[entry.F_KIND], "?"), f[entry.F_ITEM], f[entry.F_PLACE], book, f"by {f[entry.F_ACTOR]}"]
    return " ".join(str(part) for part in [*parts, f"witness {f[entry.F_WITNESS]}", f"({_said(page)})"] if part)
