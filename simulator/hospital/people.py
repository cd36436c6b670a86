"""Who works where: nurses of a ward by shift and team, technicians of the pharmacy. Badges, PINs come from the seed."""

import random
from collections.abc import Iterable
from zlib import crc32

from firmware.wire.messages import ROLE_COUNT, ROLE_REFILL, ROLE_REMOVE, ROLE_RETURN, ROLE_WASTE
from simulator.hospital.clocktime import day_of, shift_of
from simulator.plan import Person

NURSE = ROLE_REMOVE | ROLE_RETURN | ROLE_WASTE | ROLE_COUNT
TECHNICIAN = ROLE_REFILL | ROLE_COUNT | ROLE_RETURN
NURSES_A_SHIFT = 4
TEAMS = 2
TECHNICIANS = 4
FIRST = (
    "Ada",
    "Bela",
    "Chidi",
    "Dara",
    "Emil",
    "Femi",
    "Goran",
    "Hana",
    "Ines",
    "Jonas",
    "Kim",
    "Lena",
    "Mira",
    "Noor",
)
LAST = ("Abara", "Bauer", "Costa", "Dahl", "Faber", "Gruber", "Ito", "Kato", "Lund", "Moreau", "Novak", "Okoye", "Pham")


def made_up_name(rng: random.Random) -> str:
    """A name of nobody."""
    return f"{rng.choice(LAST)}, {rng.choice(FIRST)}"


class Staff:
    """All people of a hospital with these `stations`; each shift of a ward has two teams that take turns by day."""

    def __init__(self, seed: int, stations: Iterable[str]) -> None:
        self._rng = random.Random(f"{seed}/people")
        self._badges: set[str] = set()
        self.technicians = [self._hire(f"PT{n:03}", TECHNICIAN) for n in range(1, TECHNICIANS + 1)]
        self.nurses: dict[str, list[Person]] = {}
        number = 0
        for station in stations:
            count = TEAMS * 2 * NURSES_A_SHIFT
            self.nurses[station] = [self._hire(f"RN{number + n:04}", NURSE) for n in range(1, count + 1)]
            number += count

    def _hire(self, user: str, roles: int) -> Person:
        badge = f"{self._rng.randrange(10**8):08}"
        while badge in self._badges:
            badge = f"{self._rng.randrange(10**8):08}"
        self._badges.add(badge)
        return Person(user, badge, f"{self._rng.randrange(10**6):06}", roles, made_up_name(self._rng))

    def of(self, station: str) -> tuple[Person, ...]:
        """Everyone who may sign on at `station`."""
        return (*self.nurses[station], *self.technicians)

    def nurse(self, station: str, patient: str, at_ms: int) -> str:
        """User id of the nurse who has `patient` in the shift of `at_ms`."""
        day, night = shift_of(at_ms)
        group = (day % TEAMS) * 2 + night
        return self.nurses[station][group * NURSES_A_SHIFT + crc32(patient.encode()) % NURSES_A_SHIFT].user

    def technician(self, station: str, at_ms: int) -> str:
        """User id of the technician who refills `station` on the day of `at_ms`."""
        return self.technicians[(crc32(station.encode()) + day_of(at_ms)) % TECHNICIANS].user
