"""The small cabinets that are explored, as data: what is in them, who comes, what they ask for."""

from dataclasses import dataclass, field
from typing import Any

from firmware import flags
from firmware.session import pin_hash
from firmware.storage import types
from firmware.wire import messages

# All times are few whole units, so that few differences between them can be. Their order is that of a real cabinet;
# firmware.chart.RETRY_MS is the unit.
UNIT_MS = 5000
LATCH_MS = RELEASE_MS = UNIT_MS
AJAR_MS = CONFIRM_MS = UNIT_MS
IDLE_MS = 2 * UNIT_MS
WITNESS_S = UNIT_MS // 1000
LOCKED_OUT_MS = 3 * UNIT_MS
WRONG_BEFORE_LOCK = 2

ROUNDS = 1
PIN, WRONG = "1234", "0000"
RIGHTS = (
    messages.ROLE_REMOVE | messages.ROLE_RETURN | messages.ROLE_WASTE | messages.ROLE_REFILL | messages.ROLE_COUNT
    | messages.ROLE_OVERRIDE | messages.ROLE_WITNESS | messages.ROLE_RECOVER
)  # fmt: skip
ALL_CLASSES = 0xFFFFFFFF
LAST_REMOVAL = "last removal"  # stands for its txn in the arguments of a request
ALWAYS_MIN = (1, 0xFFFFFFF0)


@dataclass(frozen=True)
class Ask:
    """One request as somebody at the screen makes it."""

    words: str
    request: int
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Plan:
    """One cabinet and all that can happen to it."""

    name: str
    tables: dict[str, list[list[Any]]]
    stock: dict[str, int]
    asks: tuple[Ask, ...]
    drawers: dict[int, int] = field(default_factory=lambda: {1: types.MATRIX})
    levers: tuple[bool, ...] = (False, True)  # how a drawer may be levered open: with the latch out afterwards?
    failing: tuple[str, ...] = ("fails", "fails late", "jams")  # what an action that moves something may do
    prompt: bool = False  # are sensors read before the next word is heard?
    one_open: bool = False  # is no drawer opened while another is open?
    restricts: str = ""  # who becomes restricted while the cabinet runs

    def __str__(self) -> str:
        return self.name

    @property
    def looks_back(self) -> bool:
        """Does any request name the last removal?"""
        return any(LAST_REMOVAL in ask.args for ask in self.asks)


def user(name: str, roles: int) -> list[Any]:
    """A row of `users`; the badge is the name."""
    salt = name.encode()[:8].ljust(8, b"-")
    return [name, name, salt, pin_hash(salt, PIN, ROUNDS), ROUNDS, roles, ALL_CLASSES]


def restricted(row: list[Any]) -> list[Any]:
    """The row of `users`, restricted."""
    return [*row[:5], row[5] | messages.ROLE_RESTRICTED, row[6]]


ANNA, BEN, CLEO = user("anna", RIGHTS), user("ben", RIGHTS), restricted(user("cleo", RIGHTS))


def item(name: str, item_flags: int = 0) -> list[Any]:
    return [name, 0, 1, item_flags, 0, 0]


def pocket(drawer: int, number: int, name: str, capacity: int) -> list[Any]:
    return [f"D{drawer:02}-P{number:02}", drawer, number, name, 1, capacity, capacity]


def order(number: int, name: str) -> list[Any]:
    return [f"order{number}", "pat", name, 1, *ALWAYS_MIN, 0, 0]


def sign_on(name: str, right: bool = True) -> Ask:
    how = "" if right else " with a wrong PIN"
    return Ask(f"{name} signs on{how}", messages.SIGN_ON, (name, PIN if right else WRONG))


def witness(name: str) -> Ask:
    return Ask(f"{name} shows a badge as witness", messages.WITNESS, (name, PIN))


def remove(name: str, quantity: int = 1, override: int = 0) -> Ask:
    why = " without an order" if override else ""
    args = ("pat", "", name, quantity, None, None, override, "", 0)
    return Ask(f"asks for {quantity} {name}{why}", messages.REMOVE, args)


def give_back(name: str, txn: int | str = LAST_REMOVAL, to: int = 1) -> Ask:
    where = "to its pocket" if to else "to the bin"
    return Ask(f"wants to return 1 {name} {where}", messages.RETURN, ("pat", "", name, 1, txn, to, None))


def waste(name: str) -> Ask:
    return Ask(f"wastes 1 {name}", messages.WASTE, ("pat", "", name, 1, LAST_REMOVAL, 1))


def refill(name: str) -> Ask:
    return Ask(f"wants to refill 1 {name}", messages.REFILL, (name, 1, None, None, None, None, 0))


def count(place: str) -> Ask:
    return Ask(f"wants to count {place}", messages.COUNT, (place,))


def confirm(quantity: int) -> Ask:
    return Ask(f"confirms {quantity}", messages.CONFIRM, (quantity, None, None))


CANCEL = Ask("cancels", messages.CANCEL)
SIGN_OFF = Ask("signs off", messages.SIGN_OFF)


def at(request: int, words: str, *args: Any) -> Ask:
    return Ask(words, request, args)


def _tables(items: list[Any], pockets: list[Any], users: list[Any], orders: list[Any], **more: Any) -> dict[str, Any]:
    policy = [["profiled", 1], ["witness_window_s", WITNESS_S]]
    tables = {"items": items, "pockets": pockets, "users": users, "patients": [["pat", 1]], "orders": orders}
    return tables | {"policy": policy} | more


WITNESSED = flags.WITNESS_AT_REMOVAL | flags.WITNESS_AT_WASTE

# one pocket: small enough for every `make test`
ONE = Plan(
    name="one",
    tables=_tables(
        [item("morphine", WITNESSED)], [pocket(1, 1, "morphine", 1)], [ANNA, BEN, CLEO], [order(1, "morphine")]
    ),
    stock={"D01-P01": 1},
    asks=(
        sign_on("anna"), sign_on("cleo"), witness("anna"), witness("ben"), remove("morphine"), confirm(1), CANCEL,
    ),
    levers=(),
    failing=(),
)  # fmt: skip

# a door, and all that can go wrong with it
DOOR = Plan(
    name="door",
    tables=_tables([item("saline", flags.SUPPLY)], [pocket(1, 1, "saline", 1)], [ANNA], []),
    stock={"D01-P01": 1},
    asks=(sign_on("anna"), remove("saline"), count("D01-P01"), confirm(1), CANCEL),
)

# who is who, while the rights of one of them are taken away
PEOPLE = Plan(
    name="people",
    tables=_tables(
        [item("morphine", WITNESSED)], [pocket(1, 1, "morphine", 1)], [ANNA, BEN, CLEO], [order(1, "morphine")]
    ),
    stock={"D01-P01": 1},
    asks=(
        sign_on("anna"), sign_on("anna", False), sign_on("ben"), SIGN_OFF,
        witness("anna"), witness("ben"), witness("cleo"), remove("morphine"), confirm(1), CANCEL,
    ),
    levers=(),
    failing=(),
    prompt=True,
    restricts="anna",
)  # fmt: skip

# what is taken, brought back, wasted, filled and counted, of one pocket
STOCK = Plan(
    name="stock",
    tables=_tables([item("morphine", WITNESSED)], [pocket(1, 1, "morphine", 2)], [ANNA, BEN], [order(1, "morphine")]),
    stock={"D01-P01": 2},
    asks=(
        sign_on("anna"), witness("ben"), remove("morphine"), remove("morphine", 2), give_back("morphine"),
        waste("morphine"), refill("morphine"), count("D01-P01"), confirm(0), confirm(1), confirm(2), CANCEL,
    ),
    levers=(),
    failing=(),
    prompt=True,
)  # fmt: skip

# two drawers, three pockets, two items, three people
WARD = Plan(
    name="ward",
    drawers={1: types.MATRIX, 2: types.MATRIX},
    tables=_tables(
        [item("morphine", WITNESSED), item("saline")],
        [pocket(1, 1, "morphine", 2), pocket(1, 2, "saline", 1), pocket(2, 1, "morphine", 1)],
        [ANNA, BEN, CLEO],
        [order(1, "morphine")],
        overrides=[["saline", 0]],
    ),
    stock={"D01-P01": 2, "D01-P02": 1, "D02-P01": 1},
    asks=(
        sign_on("anna"), sign_on("cleo"), witness("ben"), remove("morphine"), remove("saline", override=1),
        count("D01-P01"), confirm(1), confirm(2), CANCEL,
    ),
    levers=(),
    failing=(),
    prompt=True,
    one_open=True,
)  # fmt: skip

BY_NAME = {plan.name: plan for plan in (ONE, DOOR, PEOPLE, STOCK, WARD)}
