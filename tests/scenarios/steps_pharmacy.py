"""What the pharmacy sends to the cabinet, right and wrong, and what the cabinet makes of it."""

import copy
from decimal import Decimal

from firmware.wire import messages
from tests.scenarios.language import BadScenario, Failed, Line, sentence, understand
from tests.scenarios.names import code_of, in_words
from tests.scenarios.panel import KEY
from tests.scenarios.world import World

OTHER_KEY = bytes(32)
POCKETS_ITEM, POCKETS_MIN, POCKETS_MAX = 3, 4, 5


@sentence("When", "the pharmacy sends: {text:list}")
def send(world: World, text: list[str]) -> None:
    """A sentence of *Before the story*: what it changes of the tables goes to the cabinet."""
    line = Line(world.folder, 0, "Given", ", ".join(text))
    known, filled = understand(line)
    _ = world.running
    known.step(world, **filled)
    world.send_tables()


@sentence("When", "the pharmacy takes {name} off the table {table:name}")
def take_off(world: World, name: str, table: str) -> None:
    """A patient, an order, a drug, a pocket goes."""
    if world.site.rows[table].pop(name, None) is None:
        raise BadScenario(f"{name} is not in {table}")
    world.send_tables()


@sentence("When", "the pharmacy takes pocket {place} off the planogram")
def take_pocket_off(world: World, place: str) -> None:
    """The pocket goes."""
    take_off(world, place, "pockets")


@sentence("When", "a planogram comes {how:words}")
def bad_planogram(world: World, how: str) -> None:
    """A wrong one: `with a drug nobody knows`, `with more than fits`, `with a pocket of no drawer`, `with a line too
    short`, `with another key`."""
    rows = copy.deepcopy(world.site.snapshot()["pockets"])
    key = KEY
    if how == "with a drug nobody knows":
        rows[0][POCKETS_ITEM] = "unobtainium"
    elif how == "with more than fits":
        rows[0][POCKETS_MAX] = rows[0][6] + 1
    elif how == "with a pocket of no drawer":
        rows.append(["D15-P01", 15, 1, rows[0][POCKETS_ITEM], 0, 1, 1])
    elif how == "with a line too short":
        rows[0] = rows[0][:-1]
    elif how == "with another key":
        key = OTHER_KEY
    else:
        raise BadScenario(f"no planogram comes {how!r}")
    _ = world.running
    world.send_table("pockets", rows, key=key)


@sentence("When", "the pharmacy sets {place} to hold {low:amount} to {high:amount}")
def set_levels(world: World, place: str, low: Decimal, high: Decimal) -> None:
    """A PAR command."""
    item = world.site.item_at(place)
    world.command(messages.COMMAND_PAR, [place, world.site.units(item, low), world.site.units(item, high)])


@sentence("When", "the pharmacy allows a critical override for {span}")
def critical(world: World, span: int) -> None:
    """Drugs that are on no override list may be had as well, until then."""
    world.command(messages.COMMAND_CRITICAL_OVERRIDE, [world.hospital.utc_ms + span])


@sentence("When", "a critical override comes with another key")
def false_critical(world: World) -> None:
    """Nobody of the pharmacy sent it."""
    world.command(messages.COMMAND_CRITICAL_OVERRIDE, [world.hospital.utc_ms + 60_000], key=OTHER_KEY)


@sentence("When", "the pharmacy ends patient {patient:name}")
def end_provisional(world: World, patient: str) -> None:
    """It knows by now who this patient is."""
    world.command(messages.COMMAND_END_PROVISIONAL, [patient])


@sentence("When", "the pharmacy releases drawer {drawer:number} from quarantine")
def release(world: World, drawer: int) -> None:
    """What is in it may be used."""
    world.command(messages.COMMAND_RELEASE_QUARANTINE, [drawer])


@sentence("When", "a command comes {how:words}")
def bad_command(world: World, how: str) -> None:
    """A wrong one: `too late`, `with another key`, `with an old number`, `that nobody knows`."""
    ping = messages.COMMAND_PING
    if how == "too late":
        world.command(ping, [], expires_ms=world.hospital.utc_ms)
    elif how == "with another key":
        world.command(ping, [], key=OTHER_KEY)
    elif how == "with an old number":
        world.command(ping, [])
        world.command(ping, [])
        world.command(ping, [], number=world.commands - 1)
    elif how == "that nobody knows":
        world.command(99, [])
    else:
        raise BadScenario(f"no command comes {how!r}")


@sentence("When", "the centre answers for the whole journal")
def answer_journal(world: World) -> None:
    """It has all entries: their room may be used again."""
    _, _, _, _, _, _, _, seq, head, *_ = world.running.info()
    world.told_pharmacy = world.running.answer_journal(seq, head, world.hospital.utc_ms)


@sentence("When", "{count:number} badges are tried that nobody knows")
def fill_journal(world: World, count: int) -> None:
    """Each is an entry of the journal."""
    for _ in range(count):
        world.ask(messages.SIGN_ON, "nobody", "0000")
        if world.answer[0] == code_of("journal full"):
            return
    world.refused = False


@sentence("Then", "the cabinet answers the pharmacy: {code:words}")
def answered(world: World, code: str) -> None:
    """What the cabinet made of what was sent last: `none` is done, else a code of docs/errors.md."""
    if world.told_pharmacy != code_of(code):
        raise Failed(f"the cabinet answered: {in_words(world.told_pharmacy)}")
