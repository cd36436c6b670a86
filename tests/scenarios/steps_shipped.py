"""What is shipped: planograms and boards."""

from firmware.schema import place_name
from firmware.wire import messages
from server_stub.site import boards, planograms
from tests.scenarios import site as sites
from tests.scenarios.language import BadScenario, Failed, sentence
from tests.scenarios.world import World

DRUG = "drug"


@sentence("Given", "the shipped planogram {name:name}[ on board {board:name}]")
def shipped(world: World, name: str, board: str = sites.BOARD) -> None:
    """`hardware/planograms/NAME.toml`; every pocket of it is for the same drug."""
    try:
        world.site.planogram = planograms.read(name)
    except planograms.BadPlanogram as wrong:
        raise BadScenario(str(wrong)) from wrong
    world.site.board = board
    world.site.rows["items"][DRUG] = [DRUG, 0, 1, 0, 0, 0]
    for drawer in world.site.planogram.drawer:
        if drawer.type != "bin":
            for pocket, capacity in enumerate(drawer.capacities, 1):
                place = place_name(drawer.drawer, pocket)
                row = [place, drawer.drawer, pocket, DRUG, 0, capacity, capacity]
                world.site.rows["pockets"][place] = row


@sentence("Then", "each drawer of it gives and takes")
def gives_and_takes(world: World) -> None:
    """The last pocket of each drawer is counted full; the inventory has all pockets and the book what was counted."""
    assert world.site.planogram
    last = {
        place_name(drawer.drawer, len(drawer.capacities)): drawer.capacities[-1]
        for drawer in world.site.planogram.drawer
        if drawer.type != "bin"
    }
    with world.pharmacist():
        for place, capacity in last.items():
            world.at_pocket(capacity, messages.COUNT, place)
    book = {row[0]: row[2] for row in world.running.inventory()}
    if set(book) != set(world.site.rows["pockets"]):
        raise Failed("the inventory has other pockets")
    if {place: held for place, held in book.items() if held} != last:
        raise Failed("the book is not what was counted")


@sentence("Then", "every shipped planogram fits every shipped board")
def all_fit(world: World) -> None:
    """Each drawer finds its lock, and what is inside it its expander or thermometer; a pharmacy's board has none."""
    names = sorted(file.stem for file in boards.FOLDER.glob("*.toml"))
    for board in (name for name in names if boards.read(name).drawer):
        for planogram in planograms.names():
            rows = boards.rows(boards.read(board), planograms.read(planogram))
            if len(rows) != len(planograms.read(planogram).drawer):
                raise Failed(f"{planogram} on {board}: {len(rows)} drawers")
