"""The touch panel: what a person can ask of the cabinet, by name. Kiosk page and panel socket both call this."""

from dataclasses import dataclass
from typing import Any, Protocol

from agent.actions import Reply
from agent.clock import Clock, SteppedClock
from agent.view import View
from firmware import codes
from firmware.wire import messages

# do -> (number of the request, arguments in order: name and type, or type or None)
REQUESTS: dict[str, tuple[int, tuple[tuple[str, type, bool], ...]]] = {
    "sign_on": (messages.SIGN_ON, (("badge", str, True), ("pin", str, True))),
    "sign_off": (messages.SIGN_OFF, ()),
    "remove": (
        messages.REMOVE,
        (
            ("patient", str, True),
            ("order", str, False),
            ("item", str, True),
            ("quantity", int, True),
            ("administration_utc_ms", int, False),
            ("code", str, False),
            ("override", int, False),
            ("kit", str, False),
            ("answer", int, False),
        ),
    ),
    "confirm": (messages.CONFIRM, (("quantity", int, True), ("counted", int, False), ("label", str, False))),
    "cancel": (messages.CANCEL, ()),
    "return": (
        messages.RETURN,
        (
            ("patient", str, True),
            ("order", str, False),
            ("item", str, True),
            ("quantity", int, True),
            ("removed_txn", int, True),
            ("to", int, False),
            ("code", str, False),
        ),
    ),
    "waste": (
        messages.WASTE,
        (
            ("patient", str, True),
            ("order", str, False),
            ("item", str, True),
            ("quantity", int, True),
            ("removed_txn", int, True),
            ("reason", int, False),
        ),
    ),
    "refill": (
        messages.REFILL,
        (
            ("item", str, True),
            ("quantity", int, True),
            ("lot", str, False),
            ("expiry", int, False),
            ("code", str, False),
        ),
    ),
    "count": (messages.COUNT, (("place", str, True),)),
    "state": (messages.GET_STATE, ()),
    "witness": (messages.WITNESS, (("badge", str, True), ("pin", str, True))),
}
# of arguments left out; others are None
_LEFT_OUT: dict[str, Any] = {"order": "", "override": 0, "kit": "", "answer": 0, "to": 1, "reason": 5}

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
    """Requests by name, for people and for scripted users."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk, self.clock = desk, clock

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
            reply = await self._desk.ask(number, arguments(name, wanted, args), _rid(rid))
            return Outcome(reply.code, reply.params)
        if name == "inventory":
            done = await self._desk.fresh_inventory()
            return Outcome(codes.NONE, list(self.view.inventory.values())) if done else Outcome(codes.LINK_DOWN, [])
        if name == "notices":
            return Outcome(codes.NONE, self.view.notices.rows())
        if name == "status":
            return Outcome(codes.NONE, [await self._desk.fresh_status()])
        if name == "advance":
            return self._advance(args)
        raise BadRequestError(f"unknown request {name!r}")

    def _advance(self, args: dict[str, Any]) -> Outcome:
        clock, utc_ms = self.clock, args.get("utc_ms")
        if not isinstance(clock, SteppedClock):
            raise BadRequestError("advance needs an agent run with --clock stepped")
        if type(utc_ms) is not int:
            raise BadRequestError("advance needs utc_ms")
        clock.advance(utc_ms)
        return Outcome(codes.NONE, [])


def arguments(name: str, wanted: tuple[tuple[str, type, bool], ...], args: dict[str, Any]) -> list[Any]:
    """The arguments in the link's order; an order left out is `""`, others `None`. Raises `BadRequestError`."""
    unknown = set(args) - {key for key, _, _ in wanted}
    if unknown:
        raise BadRequestError(f"{name} does not take {', '.join(sorted(unknown))}")
    return [_argument(name, key, kind, required, args.get(key)) for key, kind, required in wanted]


def _argument(name: str, key: str, kind: type, required: bool, value: Any) -> Any:
    if value is None and not required:
        return _LEFT_OUT.get(key)
    if type(value) is not kind or (isinstance(value, int) and not 0 <= value < 1 << 63):
        raise BadRequestError(f"{name} needs {key}")
    return value


def _rid(rid: Any) -> int | None:
    if rid is not None and (type(rid) is not int or not 0 <= rid < RID_LIMIT):
        raise BadRequestError("rid is a whole number below 2^32")
    return rid
