"""The way down as a sans-I/O core: what the centre sent, verified, on its way to the controller (docs/wire.md 2 and 3).

Commands and versions of reference tables go to the controller one at a time, each until its RESULT has come. Nothing is
kept over a restart: the centre sends again what the versions in `up/status` lack. Tables of the directory (names, and
what the kiosk lists) are also for the agent itself: it reports the lower of the two versions, so both catch up.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import cbor2

from agent import shapes
from agent.actions import Action, Good, Result, Send, Trouble
from firmware import codes
from firmware.wire import cbor, messages

RESULT_TIMEOUT_S = 3.0
ASK_AGAIN_S = 5.0
ASK_AGAIN_MOST_S = 300.0
TRIES = 5
WAITING = 512
PARTS = 256
# with its head it is one frame of the link
LONGEST = messages.MAX_PAYLOAD - 8
NAME_TABLES = ("item_names", "patient_names", "item_codes", "prompts")
DIRECTORY = (*NAME_TABLES, "items", "patients", "orders", "overrides", "kits", "policy")
TABLES = (*DIRECTORY, "pockets", "users", "labels")


@dataclass(frozen=True)
class Answered:
    """The centre's verdict on the log; `payload` is what the controller checks."""

    log: int
    verdict: int
    seq: int
    head: bytes
    payload: bytes


@dataclass(frozen=True)
class Names:
    """One version of a table of the directory, for the agent itself."""

    table: str
    version: int
    base: int
    rows: list[list[Any]]


@dataclass(frozen=True)
class Notice:
    """Something to show to people: hospital time, kind and body."""

    utc_ms: int
    kind: int
    body: list[Any]


@dataclass(frozen=True)
class NeedVersions:
    """The centre should learn our versions (`up/status`), since something it sent did not fit."""


@dataclass
class _Job:
    """One thing for the controller: its messages and the RESULT that ends it."""

    what: int
    key: list[Any]
    payloads: list[bytes]
    held: "_Parts | None" = None
    tries: int = 0

    @property
    def about(self) -> str:
        """What its troubles are about."""
        return f"reference {self.key[0]}" if self.what == messages.REFERENCE else "command"


@dataclass
class _Parts:
    table: str
    version: int
    base: int
    parts: int
    rows: list[list[Any]] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)


class Downlink:
    """What is on its way down. `applied` are the controller's versions, `directory` those of the agent's own copies."""

    def __init__(self, station: str, directory: dict[str, int]) -> None:
        self._station = station
        self.applied: dict[str, int] = {}
        self.directory = dict(directory)
        self._assembling: dict[str, _Parts] = {}
        self._jobs: deque[_Job] = deque()
        self._up = False
        self._due: float | None = None
        self._ask_at: float | None = None
        self._ask_after_s = ASK_AGAIN_S

    def versions(self) -> dict[str, int]:
        """Versions for `up/status`: what both controller and directory (where it has a copy) hold."""
        names = {table: self.directory.get(table, 0) for table in NAME_TABLES}
        lower = {t: min(v, self.directory.get(t, 0)) if t in DIRECTORY else v for t, v in self.applied.items()}
        return {**lower, **names}

    @property
    def deadline(self) -> float | None:
        """Monotonic time when the first job goes again, or a refused table is asked for again."""
        return min((due for due in (self._due, self._ask_at) if due is not None), default=None)

    def message(  # noqa: PLR0911 - one way a kind
        self, kind: str, payload: bytes, now: float
    ) -> list["Action | Downward"]:
        """A verified payload from the topic `down/{kind}`."""
        fields = _fields(payload)
        if fields[1] != self._station:
            return [Trouble(codes.WRONG_STATION, f"{kind} for {fields[1]} refused", kind)]
        fits = kind in shapes.DOWN and shapes.fits(fields, shapes.DOWN[kind])
        match fits and kind, fields:
            case "checkpoint", _:
                return self._show(payload)
            case "answer", [1, _, log, verdict, seq, head, _, _]:
                return [Answered(log, verdict, seq, head, payload)]
            case "command", [1, _, _, number, _, _, _, _]:
                return self._queue(_Job(messages.COMMAND, [number], [payload]), now)
            case "reference", [1, _, table, version, base, part, parts, rows, _] if _takes(table, parts, rows):
                return self._reference(_Parts(table, version, base, parts, rows, [payload]), part, now)
            case "notice", [1, _, utc_ms, number, body]:
                return [Notice(utc_ms, number, body)]
        return [Trouble(codes.BAD_MESSAGE, f"{kind} not understood", kind)]

    def _show(self, payload: bytes) -> list["Action | Downward"]:
        """A checkpoint waits for nothing and nothing waits for it: one that is lost is followed by the next."""
        if len(payload) > LONGEST:
            return [Trouble(codes.BAD_MESSAGE, "checkpoint too long for the link", "checkpoint")]
        return [Send(cbor.encode([messages.CHECKPOINT, payload]))] if self._up else []

    def link_up(self, tables: dict[str, int], now: float) -> list["Action | Downward"]:
        """INFO came after a (re)connection or boot: the controller's versions, and the first job goes again."""
        self._up = True
        self.informed(tables)
        return self._send(now)

    def informed(self, tables: dict[str, int]) -> None:
        """INFO's versions of the controller's tables."""
        self.applied = dict(tables)

    def not_kept(self, table: str, held: dict[str, int], now: float) -> None:
        """The directory's copy could not be stored: what is `held` counts, and the table is asked for again."""
        self.directory[table] = held.get(table, 0)
        self._ask_later(now)

    def link_down(self) -> None:
        """The controller is away: jobs wait."""
        self._up, self._due = False, None

    def result(self, result: Result, now: float) -> list["Action | Downward"]:
        """The controller's RESULT; ends the job it belongs to."""
        if result.what == messages.CHECKPOINT:
            return _witnessed(result)
        if not self._jobs or not _belongs(result, self._jobs[0]):
            return []
        job = self._jobs.popleft()
        self._due = None
        actions: list[Action | Downward] = [Good(job.about)] if result.code in _DONE else []
        if job.what == messages.REFERENCE and result.code == codes.NONE:
            self.applied[job.key[0]] = job.key[1]
            self._ask_after_s = ASK_AGAIN_S
            actions += self._keep(job.held)
        elif result.code in (codes.WRONG_BASE, codes.BAD_MESSAGE):
            actions.append(NeedVersions())
        elif result.code not in _DONE:
            actions.append(Trouble(result.code, f"{job.about} {job.key[-1]} refused by the controller", job.about))
            self._ask_later(now)
        return actions + self._send(now)

    def tick(self, now: float) -> list["Action | Downward"]:
        """Send again what has no RESULT yet; after some tries the centre is asked again instead."""
        asked: list[Action | Downward] = []
        if self._ask_at is not None and now >= self._ask_at:
            self._ask_at, asked = None, [NeedVersions()]
        return asked + self._again(now)

    def _ask_later(self, now: float) -> None:
        """A table may have overtaken the one whose ids it names: it is asked for again, less and less often."""
        self._ask_at = now + self._ask_after_s
        self._ask_after_s = min(2 * self._ask_after_s, ASK_AGAIN_MOST_S)

    def _again(self, now: float) -> list["Action | Downward"]:
        if self._due is None or now < self._due:
            return []
        if self._jobs[0].tries < TRIES:
            return self._send(now)
        job = self._jobs.popleft()
        self._due = None
        trouble = Trouble(codes.LINK_DOWN, f"no result for {job.about} {job.key[-1]}", job.about)
        return [trouble, NeedVersions(), *self._send(now)]

    def _send(self, now: float) -> list["Action | Downward"]:
        actions: list[Action | Downward] = []
        while self._jobs and self._done(self._jobs[0]):
            actions += self._keep(self._jobs.popleft().held)
        self._due = None
        if not self._jobs or not self._up:
            return actions
        job = self._jobs[0]
        job.tries += 1
        self._due = now + RESULT_TIMEOUT_S
        return actions + [Send(cbor.encode([job.what, payload])) for payload in job.payloads]

    def _done(self, job: _Job) -> bool:
        return job.what == messages.REFERENCE and self.applied.get(job.key[0], 0) >= job.key[1]

    def _keep(self, held: _Parts | None) -> list["Action | Downward"]:
        """Bring the directory's copy to a version that the controller holds."""
        if held is None or held.table not in DIRECTORY or self.directory.get(held.table, 0) >= held.version:
            return []
        if held.base not in (0, self.directory.get(held.table, 0)):
            return [NeedVersions()]
        self.directory[held.table] = held.version
        return [Names(held.table, held.version, held.base, held.rows)]

    def _queue(self, job: _Job, now: float) -> list["Action | Downward"]:
        if any(other.what == job.what and other.key == job.key for other in self._jobs):
            return []
        if len(self._jobs) >= WAITING:
            text = f"{job.about} {job.key[-1]} dropped: too much is waiting"
            return [Trouble(codes.TABLE_FULL, text, job.about), NeedVersions()]
        self._jobs.append(job)
        return self._send(now) if len(self._jobs) == 1 else []

    def _reference(self, new: _Parts, part: int, now: float) -> list["Action | Downward"]:
        held = self._assemble(new, part)
        if held is None:
            return [NeedVersions()]
        if part < held.parts:
            return []
        del self._assembling[held.table]
        if held.table in NAME_TABLES or self.applied.get(held.table, 0) >= held.version:
            return self._keep(held)
        return self._queue(_Job(messages.REFERENCE, [held.table, held.version], held.payloads, held), now)

    def _assemble(self, new: _Parts, part: int) -> _Parts | None:
        """The version with this part added; None if the part is out of turn."""
        table = new.table
        if part == 1:
            self._assembling[table] = new
            return new
        held = self._assembling.pop(table, None)
        if held is None or part != len(held.payloads) + 1 or (held.version, held.parts) != (new.version, new.parts):
            return None
        held.rows += new.rows
        held.payloads += new.payloads
        self._assembling[table] = held
        return held


Downward = Answered | Names | Notice | NeedVersions

_DONE = (codes.NONE, codes.OLD_NUMBER)


def _witnessed(result: Result) -> list["Action | Downward"]:
    """What the controller said of a checkpoint; one that does not follow from what it holds is made anew."""
    if result.code in (*_DONE, codes.WRONG_BASE):
        return [Good("checkpoint")]
    return [Trouble(result.code, "checkpoint refused by the controller", "checkpoint")]


def _fields(payload: bytes) -> list[Any]:
    try:
        fields = cbor2.loads(payload)
    except (cbor2.CBORError, ValueError) as error:
        raise ValueError(f"not CBOR: {error}") from error
    if not isinstance(fields, list) or len(fields) < 2:
        raise ValueError("not an array")
    return fields


def _takes(table: str, parts: int, rows: list[Any]) -> bool:
    """Is this a table of the controller's, or one whose rows the agent can keep?"""
    return table in TABLES and parts <= PARTS and (table not in DIRECTORY or all(map(shapes.is_row, rows)))


def note_in(payload: bytes) -> bytes:
    """The note that a `checkpoint` carries; raises ValueError if there is none."""
    match _fields(payload):
        case [1, str(), int(), int(), bytes(data), *_]:
            return data
    raise ValueError("no note")


def _belongs(result: Result, job: _Job) -> bool:
    return result.what == job.what and result.details[: len(job.key)] == job.key
