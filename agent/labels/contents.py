"""What a label says: the text of its bar code, and the fields that its layout may print."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import biip
from biip.gtin import Gtin

from firmware import schema
from firmware.wire import labels

KINDS: Mapping[str, tuple[str, ...]] = {
    "bag": ("name", "item", "quantity", "station", "place", "serial", "code"),
    "shelf": ("name", "item", "code"),
    "user": ("name", "user", "code"),
    "pocket": ("station", "drawer", "pocket", "place", "code"),
    "tote": ("station", "tote", "code"),
    "package": ("name", "gtin", "expiry", "lot", "serial", "code"),
}
_GS1 = biip.ParseConfig(separator_chars=("\x1d",))


class BadLabel(ValueError):
    """No label can be made of this; the text says what is wrong."""


@dataclass(frozen=True)
class Content:
    """A label of `kind`: `code` is what a scanner shall read (`package`: with FNC1 as \\x1d), `fields` by name."""

    kind: str
    code: str
    fields: Mapping[str, str]


def bag(  # noqa: PLR0913 (a label has many fields)
    item: str, quantity: int, serial: str, *, name: str, station: str, place: str = ""
) -> Content:
    """Label of a bag of picked doses (P59) with the pocket worked out for it (`D03-P07`, U11), if it is known; raises
    BadLabel."""
    if place and not schema.is_place(place):
        raise BadLabel(f"{place!r} is no pocket: D01-P01 to D16-P255")
    _checked(labels.pocket, station, 1, 1)
    code = _checked(labels.bag, item, quantity, serial)
    return _content("bag", code, code, (name, item, str(quantity), station, place, serial))


def shelf(item: str, *, name: str) -> Content:
    """Label of a pharmacy shelf (P62); raises BadLabel."""
    code = _checked(labels.shelf, item)
    return _content("shelf", code, code, (name, item))


def user(user_id: str, *, name: str) -> Content:
    """Label of a user's id (P60); raises BadLabel."""
    code = _checked(labels.user, user_id)
    return _content("user", code, code, (name, user_id))


def pocket(station: str, drawer: int, number: int) -> Content:
    """Label of a pocket (P61); raises BadLabel."""
    code = _checked(labels.pocket, station, drawer, number)
    return _content("pocket", code, code, (station, str(drawer), str(number), schema.place_name(drawer, number)))


def tote(station: str, tote_id: str) -> Content:
    """Label of a tote that goes to one station (P19); raises BadLabel."""
    code = _checked(labels.tote, station, tote_id)
    return _content("tote", code, code, (station, tote_id))


def package(gtin: str, *, name: str, expiry: date, lot: str, serial: str) -> Content:
    """Label of a package that the site itself has filled (P22, P26): `gtin` in 8, 12, 13 or 14 digits with its check
    digit, `expiry` the last day of use; raises BadLabel."""
    wanted = {"01": _gtin_14(gtin), "17": f"{expiry:%y%m%d}", "10": lot, "21": serial}
    code = f"01{wanted['01']}17{wanted['17']}10{lot}\x1d21{serial}"
    _check_gs1(code, wanted, expiry)
    readable = "".join(f"({ai}){value}" for ai, value in wanted.items())
    return _content("package", code, readable, (name, wanted["01"], expiry.isoformat(), lot, serial))


def gs1_brackets(code: str) -> str:
    """A package's code with its application identifiers in brackets, as encoders take it."""
    message = biip.parse(code, config=_GS1).gs1_message
    if message is None:
        raise BadLabel(f"{code!r} is no GS1 message")
    return "".join(f"[{element.ai.ai}]{element.value}" for element in message.element_strings)


def _gtin_14(text: str) -> str:
    try:
        return Gtin.parse(text).as_gtin_14()
    except biip.ParseError as error:
        raise BadLabel(f"no GTIN: {error}") from None


def _check_gs1(code: str, wanted: Mapping[str, str], expiry: date) -> None:
    """What a reader makes of the code must be what was meant: a stray character would move the end of lot or serial."""
    message = biip.parse(code, config=_GS1).gs1_message
    elements = message.element_strings if message else []
    if [(element.ai.ai, element.value) for element in elements] != list(wanted.items()):
        raise BadLabel(
            "lot and serial are 1 to 20 characters of the GS1 set: letters, digits and !\"%&'()*+,-./:;<=>?_"
        )
    if elements[1].date != expiry:
        raise BadLabel("the two digits of a GS1 year reach from 49 years ago to 50 years ahead")


def _checked(make: Callable[..., str], *fields: object) -> str:
    try:
        return make(*fields)
    except ValueError as error:
        raise BadLabel(str(error)) from None


def _content(kind: str, code: str, readable: str, values: tuple[str, ...]) -> Content:
    return Content(kind, code, dict(zip(KINDS[kind], (*values, readable), strict=True)))
