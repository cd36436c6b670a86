"""The touch panel: what a person can ask of the cabinet, by name. Kiosk page and panel socket both call this."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from agent.actions import Reply
from agent.clock import Clock, SteppedClock
from agent.view import View
from firmware import codes
from firmware.wire import messages

REQUIRED = object()


class Wanted(NamedTuple):
    """One argument of a request: its name, its type, and what goes on the link when it is left out."""

    name: str
    kind: type
    default: Any = REQUIRED


def _text(name: str, default: Any = REQUIRED) -> Wanted:
    return Wanted(name, str, default)


def _number(name: str, default: Any = REQUIRED) -> Wanted:
    return Wanted(name, int, default)


_BADGE_PIN = (_text("badge"), _text("pin"))
_OF_ORDER = (_text("patient"), _text("order", ""), _text("item"), _number("quantity"))
_GIVEN_BACK = (*_OF_ORDER, _number("removed_txn"))
_LAYER = (_text("lot", None), _number("expiry", None), _text("code", None))
_PLACE = (_text("place"),)
_CONFIRMED = (_number("quantity"), _number("counted", None), _text("label", None))

# do -> (number of the request, arguments in the link's order)
REQUESTS: dict[str, tuple[int, tuple[Wanted, ...]]] = {
    "sign_on": (messages.SIGN_ON, _BADGE_PIN),
    "sign_off": (messages.SIGN_OFF, ()),
    "remove": (
        messages.REMOVE,
        (
            *_OF_ORDER,
            _number("administration_utc_ms", None),
            _text("code", None),
            _number("override", 0),
            _text("kit", ""),
            _number("answer", 0),
        ),
    ),
    "confirm": (messages.CONFIRM, _CONFIRMED),
    "put_away": (messages.PUT_AWAY, (*_CONFIRMED, _number("expiry", None))),
    "cancel": (messages.CANCEL, ()),
    "return": (messages.RETURN, (*_GIVEN_BACK, _number("to", 0), _text("code", None))),
    "waste": (messages.WASTE, (*_GIVEN_BACK, _number("reason", 1))),
    "refill": (
        messages.REFILL,
        (_text("item"), _number("quantity"), *_LAYER, _number("label", None), _number("via", 0)),
    ),
    "count": (messages.COUNT, _PLACE),
    "state": (messages.GET_STATE, ()),
    "witness": (messages.WITNESS, _BADGE_PIN),
    "load": (messages.LOAD, (*_PLACE, _number("quantity"), *_LAYER)),
    "unload": (messages.UNLOAD, _PLACE),
    "outdate": (messages.OUTDATE, _PLACE),
    "empty_bin": (messages.EMPTY_BIN, _PLACE),
    "fail": (messages.FAIL, (*_PLACE, _number("reason", 1))),
    "recover": (messages.RECOVER, _PLACE),
    "grant": (
        messages.GRANT,
        (_text("badge"), _text("user"), _number("roles"), _number("classes"), _number("hours"), _text("pin")),
    ),
    "change_pin": (messages.CHANGE_PIN, (_text("old"), _text("new"))),
    "add_patient": (messages.ADD_PATIENT, (_text("patient"), _number("hours"))),
    "confirm_bin": (messages.CONFIRM_BIN, (Wanted("counted", list),)),
    "bypass": (messages.BYPASS, (_number("what"), _number("reason"), _text("item", ""), _text("place", ""))),
}
RID_LIMIT = 1 << 32


class BadRequestError(ValueError):
    """A request is not complete (code 4002); the text names the argument."""


@dataclass(frozen=True)
class Outcome:
    """What came of a request: 0 is done, else a code with its parameters."""

    code: int
    params: list[Any]


class Desk(Protocol):
    """What the panel needs of the agent behind it."""

    view: View

    async def ask(self, kind: int, args: list[Any], rid: int | None) -> Reply:
        """Put a request to the controller."""

    async def fresh_inventory(self) -> bool:
        """Read the inventory anew into the view; False if the controller does not answer."""

    async def fresh_status(self) -> dict[str, Any]:
        """Counters of outbox, journal and tables, the controller's asked for anew."""


class Panel:
    """Requests by name, for people and for scripted users, of the handheld `unit` (`""`: the screen's).

    While a session is a unit's, others are refused with code 105, naming it; and the other way round.
    """

    def __init__(self, desk: Desk, clock: Clock, unit: str = "") -> None:
        self._desk, self.clock, self._unit = desk, clock, unit

    @property
    def view(self) -> View:
        """What there is to show."""
        return self._desk.view

    async def do(self, name: str, args: dict[str, Any] | None = None, rid: int | None = None) -> Outcome:
        """Carry out one request of docs/interfaces.md; bad ones come back as code 4002 with what is wrong."""
        try:
            return await self._do(name, args or {}, rid)
        except BadRequestError as error:
            return Outcome(codes.BAD_PANEL_REQUEST, [str(error)])

    async def _do(self, name: str, args: dict[str, Any], rid: int | None) -> Outcome:
        if name in REQUESTS:
            number, wanted = REQUESTS[name]
            return await self._ask(number, arguments(name, wanted, args), _rid(rid))
        if name == "inventory":
            if not await self._desk.fresh_inventory():
                return Outcome(codes.LINK_DOWN, [])
            return Outcome(codes.NONE, [*self.view.inventory.values(), *self.view.bins])
        if name == "notices":
            return Outcome(codes.NONE, self.view.notices.rows())
        if name == "status":
            return Outcome(codes.NONE, [await self._desk.fresh_status()])
        if name == "advance":
            return self._advance(args)
        raise BadRequestError(f"unknown request {name!r}")

    async def _ask(self, number: int, args: list[Any], rid: int | None) -> Outcome:
        if number != messages.SIGN_ON:
            return self._waits(number) or await self._answer(number, args, rid)
        async with self.view.floor.turn:
            return self._waits(number) or await self._sign_on(args, rid)

    async def _sign_on(self, args: list[Any], rid: int | None) -> Outcome:
        """The session's owner is known before anybody hears of the session."""
        floor, before = self.view.floor, self.view.floor.unit
        floor.unit = self._unit
        outcome = await self._answer(messages.SIGN_ON, args, rid)
        floor.unit = self._unit if outcome.code == codes.NONE else before
        return outcome

    async def _answer(self, number: int, args: list[Any], rid: int | None) -> Outcome:
        reply = await self._desk.ask(number, args, rid)
        return Outcome(reply.code, reply.params)

    def _waits(self, number: int) -> Outcome | None:
        """The refusal of what has to wait for somebody else's session."""
        unit, user = self.view.floor.unit, self.view.state["user"]
        if number == messages.GET_STATE or unit == self._unit:
            return None
        whose = f"handheld {unit}" if unit else user
        return Outcome(codes.BUSY, [whose]) if whose else None

    def _advance(self, args: dict[str, Any]) -> Outcome:
        clock, utc_ms = self.clock, args.get("utc_ms")
        if not isinstance(clock, SteppedClock):
            raise BadRequestError("advance needs an agent run with --clock stepped")
        if type(utc_ms) is not int:
            raise BadRequestError("advance needs utc_ms")
        clock.advance(utc_ms)
        return Outcome(codes.NONE, [])


def arguments(name: str, wanted: tuple[Wanted, ...], args: dict[str, Any]) -> list[Any]:
    """The arguments in the link's order, what is left out as its default. Raises `BadRequestError`."""
    unknown = set(args) - {one.name for one in wanted}
    if unknown:
        raise BadRequestError(f"{name} does not take {', '.join(sorted(unknown))}")
    return [_argument(name, one, args.get(one.name)) for one in wanted]


def _argument(name: str, wanted: Wanted, value: Any) -> Any:
    if value is None and wanted.default is not REQUIRED:
        return wanted.default
    if type(value) is not wanted.kind or not _is_possible(value):
        raise BadRequestError(f"{name} needs {wanted.name}")
    return value


def _is_possible(value: Any) -> bool:
    if isinstance(value, int):
        return 0 <= value < 1 << 63
    return not isinstance(value, list) or _are_counts(value)


def _are_counts(value: list[Any]) -> bool:
    """Whether this is [[item, counted], ...]."""
    return all(isinstance(row, list) and [type(cell) for cell in row] == [str, int] and row[1] >= 0 for row in value)


def _rid(rid: Any) -> int | None:
    if rid is not None and (type(rid) is not int or not 0 <= rid < RID_LIMIT):
        raise BadRequestError("rid is a whole number below 2^32")
    return rid
