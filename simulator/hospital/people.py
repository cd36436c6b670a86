"""Who works where: nurses of a ward by shift and team, technicians of the pharmacy. Badges, PINs come from the seed."""

import random
from collections.abc import Iterable
from zlib import crc32

from firmware.wire.messages import (
    ROLE_CHECK,
    ROLE_COUNT,
    ROLE_EMPTY_BIN,
    ROLE_GRANT,
    ROLE_LOAD,
    ROLE_OUTDATE,
    ROLE_OVERRIDE,
    ROLE_PROVISIONAL,
    ROLE_RECOVER,
    ROLE_REFILL,
    ROLE_REMOVE,
    ROLE_RETURN,
    ROLE_WASTE,
    ROLE_WITNESS,
)
from simulator.hospital.clocktime import day_of, shift_of
from simulator.plan import Person

AT_THE_DRAWER = ROLE_COUNT | ROLE_WITNESS | ROLE_RECOVER
NURSE = ROLE_REMOVE | ROLE_RETURN | ROLE_WASTE | ROLE_OVERRIDE | ROLE_PROVISIONAL | AT_THE_DRAWER
CHARGE_NURSE = NURSE | ROLE_GRANT | ROLE_EMPTY_BIN
TECHNICIAN = ROLE_REFILL | ROLE_LOAD | ROLE_OUTDATE | ROLE_EMPTY_BIN | ROLE_CHECK | AT_THE_DRAWER
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


def _nurse(number: int) -> int:
    return NURSE if number % NURSES_A_SHIFT else CHARGE_NURSE


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
            self.nurses[station] = [self._hire(f"RN{number + n + 1:04}", _nurse(n)) for n in range(count)]
            number += count

    def charge_nurse(self, station: str, at_ms: int) -> str:
        """User id of the charge nurse of the shift of `at_ms`."""
        return self._on_duty(station, at_ms)[0].user

    def guest(self, user: str) -> Person:
        """Somebody from elsewhere who is let in for a while."""
        return self._hire(user, NURSE)

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
        return self._on_duty(station, at_ms)[crc32(patient.encode()) % NURSES_A_SHIFT].user

    def _on_duty(self, station: str, at_ms: int) -> list[Person]:
        day, night = shift_of(at_ms)
        first = ((day % TEAMS) * 2 + night) * NURSES_A_SHIFT
        return self.nurses[station][first : first + NURSES_A_SHIFT]

    def technician(self, station: str, at_ms: int) -> str:
        """User id of the technician who refills `station` on the day of `at_ms`."""
        return self.technicians[(crc32(station.encode()) + day_of(at_ms)) % TECHNICIANS].user
