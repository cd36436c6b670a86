"""What the person is told: refusals, the screen, alarms; and what the journal says."""

from tests.scenarios import entries
from tests.scenarios.language import BadScenario, Failed, sentence
from tests.scenarios.names import ALARMS, code_of, in_words
from tests.scenarios.world import World

ITEM_ASKED, PROMPT, ALARMS_AT, MUST_COUNT, LABEL_NEEDED, UNITS_SEEN = 5, 8, 10, 14, 16, 22
PROMPTS = {"nothing": 0, "open the drawer": 1, "take or put, and confirm": 2, "close the drawer": 3}
HELD, COUNT_MODE = 4, 5
MODES = {"nothing": 0, "the count": 1, "a blind count": 2}


@sentence("Then", "the cabinet refuses: {code:words}[, naming {details:words}]", refusal=True)
def refuses(world: World, code: str, details: str = "") -> None:
    """The code the screen shows in words (docs/errors.md), and what goes with it, with spaces between."""
    held, params = world.answer
    if held != code_of(code):
        raise Failed(f"the answer is: {in_words(held)} {params}")
    if details and details != " ".join(str(part) for part in params):
        raise Failed(f"with it go {params}")
    world.refused = False


@sentence("Then", "the cabinet asks her to count again", refusal=True)
def count_again(world: World) -> None:
    """The count differs from the book, for the first time; nothing is written yet."""
    refuses(world, "count again")


@sentence("Then", "the screen asks for {prompt:words}")
def prompt_is(world: World, prompt: str) -> None:
    """`nothing`, `open the drawer`, `take or put and confirm`, `close the drawer`."""
    known = {name.replace(",", ""): value for name, value in PROMPTS.items()}
    if world.state[PROMPT] != code_of(prompt, known):
        raise Failed(f"the screen's prompt is {world.state[PROMPT]}")


@sentence("Then", "she is told that {amount} are there, and asked for {mode:words}")
def told_quantity(world: World, amount: object, mode: str) -> None:
    """What the book says is in the pocket she opens; she is asked for `nothing` or `the count`."""
    params = world.answer[1]
    if params[HELD] != world.site.units(world.state[ITEM_ASKED], amount) or params[COUNT_MODE] != code_of(mode, MODES):  # type: ignore[arg-type]
        raise Failed(f"the answer is {params}")


@sentence("Then", "she is not told how many are there")
def told_nothing(world: World) -> None:
    """A blind count: nothing on the screen gives the book away."""
    params = world.answer[1]
    if params[1:] not in ([None, None], [*params[1:4], None, 2]):
        raise Failed(f"the answer is {params}")


@sentence("Then", "the screen asks for the pocket's label")
def label_needed(world: World) -> None:
    """The label has to be scanned before it is confirmed."""
    if world.state[LABEL_NEEDED] != 1:
        raise Failed("no label is asked for")


@sentence("Then", "the alarm {alarm:words} stands[ at drawer {drawer:number}]")
def alarm_stands(world: World, alarm: str, drawer: int = 0) -> None:
    """left open, forced, jammed, disagree, journal full, journal damage, lid forced, tamper, on battery, battery low,
    temperature, clock."""
    if [code_of(alarm, ALARMS), drawer] not in world.state[ALARMS_AT]:
        raise Failed(f"the alarms are {world.state[ALARMS_AT]}")


@sentence("Then", "no alarm stands")
def no_alarm(world: World) -> None:
    """All is well."""
    if world.state[ALARMS_AT]:
        raise Failed(f"the alarms are {world.state[ALARMS_AT]}")


@sentence("Then", "the screen shows {count:number} taken")
def seen(world: World, count: int) -> None:
    """What the storage itself has counted since it was opened."""
    if world.state[UNITS_SEEN] != count:
        raise Failed(f"it shows {world.state[UNITS_SEEN]}")


@sentence("Then", "these must be counted: {list}")
def must_count(world: World, list: list[str]) -> None:
    """The places the screen names; or `none`."""
    if (world.state[MUST_COUNT] or ["none"]) != list:
        raise Failed(f"the screen names {world.state[MUST_COUNT]}")


@sentence("Then", "the journal adds: {list}", "the journal adds:")
def journal_adds(world: World, list: list[str] | None = None, rows: list[str] | None = None) -> None:
    """The entries since the text last spoke of the journal, all of them, in order; section *Entries*. Seals are passed
    over, unless one is named."""
    wanted = list or rows or []
    pages = world.written(seals=any(text.startswith("seal") for text in wanted))
    if not wanted:
        raise BadScenario("no entries follow")
    for number, (text, page) in enumerate(zip(wanted, pages, strict=False), 1):
        wrong = entries.differences(world.site, page, text)
        if wrong:
            raise Failed(f"entry {number}, {text!r}: {'; '.join(wrong)}{_all(pages)}")
    if len(wanted) != len(pages):
        raise Failed(f"{len(pages)} entries, not {len(wanted)}{_all(pages)}")


@sentence("Then", "the journal adds nothing")
def journal_adds_nothing(world: World) -> None:
    """Nothing was written since."""
    pages = world.written()
    if pages:
        raise Failed(f"{len(pages)} entries{_all(pages)}")


def _all(pages: list[entries.Written]) -> str:
    return "".join(f"\n    {entries.told(page)}" for page in pages)
