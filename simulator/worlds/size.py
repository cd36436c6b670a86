"""How much happens in a world: days, nights, visits and faults."""

from dataclasses import dataclass

Range = tuple[int, int]


@dataclass(frozen=True)
class Size:
    """What a world is drawn from; ranges are least and most, both included."""

    name: str
    stations: tuple[int, ...]  # one of these
    sectors: tuple[int, ...]  # of a ring, one of these
    nights: tuple[int, ...]  # one of these; a day before each and one after the last
    day_ms: int
    night_minutes: Range
    pause_ms: Range  # between visits by day
    night_visits: tuple[int, ...]  # one of these
    faults: Range
    later_ms: Range  # from the making of a copy to when it is put back
    entries_least: int  # who found little to do comes again until there are so many
    peace_ms: int  # without faults, before what owes a count is counted: every access has ended by then
    settle_ms: int  # for each of two rounds of counting
    check_s: int  # an idle link asks for INFO after so long by day


FULL = Size(
    name="full",
    stations=(3, 3, 3, 3, 4),
    sectors=(8, 12, 16),
    nights=(1, 2),
    day_ms=100_000,
    night_minutes=(4 * 60, 24 * 60),
    pause_ms=(5_000, 40_000),
    night_visits=(2, 4, 9),
    faults=(30, 38),
    later_ms=(10_000, 240_000),
    entries_least=310,
    peace_ms=100_000,
    settle_ms=65_000,
    check_s=10,
)
# A quarter of the entries, a third of the faults, the same parts: for a soak, where the number of worlds counts.
SHORT = Size(
    name="short",
    stations=(3,),
    sectors=(4, 6, 12),
    nights=(1,),
    day_ms=15_000,
    night_minutes=(60, 120),
    pause_ms=(9_000, 25_000),
    night_visits=(0, 1, 2),
    faults=(10, 16),
    later_ms=(2_000, 20_000),
    entries_least=60,
    peace_ms=100_000,
    settle_ms=50_000,
    check_s=20,
)
SIZES = {size.name: size for size in (FULL, SHORT)}
