"""What faces the outside, each as a target: an input in, nothing out. A target raises what only a defect can raise.

`seeds` are inputs to begin with, made here with fixed keys; more that told something new are in `tests/corpus/NAME/`.
`structured` says that inputs are arrays of the CBOR subset, which the target signs or MACs itself: mutated members then
get past the signature, as those of a station whose key was stolen would.
"""

import asyncio
import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cbor2

from agent import barcodes, pages
from agent.pharmacy import ini, snapshots
from agent.pharmacy.snapshots import NoSnapshot
from firmware.compat import derive
from firmware.cradle import records
from firmware.journal import kinds
from firmware.wire import cbor, cose, frame, labels, messages, sealed, topics
from server_stub.integration import events, planogram
from tests.cradle import mutants
from tests.fuzz import centre, mutate, web
from tests.fuzz.target import Check, Target, Wrong, plain

ROOT = Path(__file__).resolve().parents[2]

# the link and CBOR


def _frame(data: bytes) -> str:
    decoder = frame.Decoder(512)
    half = len(data) // 2
    out = decoder.feed(data[:half]) + decoder.feed(data[half:])
    last = decoder.feed(b"\0" + frame.encode(b"next"))
    if not last or bytes(last[-1]) != b"next":
        raise Wrong("what follows is lost")
    if any(len(payload) > 512 for payload in out):
        raise Wrong("longer than a payload can be")
    return f"{len(out)} payloads, {decoder.dropped} dropped"


def _cbor(data: bytes) -> str:
    try:
        value = cbor.decode(data)
    except ValueError as error:
        return str(error)
    if cbor.encode(value) != data or cbor2.loads(data) != value:
        raise Wrong("read otherwise than it is written")
    return type(value).__name__


def _cose(data: bytes) -> str:
    try:
        kid, payload, signature = cose.parse(data)
    except ValueError as error:
        return str(error)
    if cose.envelope(kid, payload, signature) != data:
        raise Wrong("another envelope than it is")
    return "envelope"


# what the centre sends to stations, and controllers to agents


@contextmanager
def _down() -> Iterator[Check]:
    """The agent: everything the broker, and then the centre itself, can bring."""
    from tests.agent.test_agent_station import Rig

    with tempfile.TemporaryDirectory(prefix="apotheca-fuzz-") as name:
        (Path(name) / "tree.vkey").write_text(_TREE["log_vkey"])
        rig = Rig(Path(name))

        def check(data: bytes) -> str:
            for kind in topics.DOWN:
                rig.down(kind, data)
                rig.down(kind, rig.centre.signed(kind, data))
            said = " ".join(sorted(rig.agent.view.troubles))
            rig.agent.view.troubles.clear()
            return said

        yield check
        rig.outbox.close()


@contextmanager
def _link() -> Iterator[Check]:
    """The agent again: everything a controller can say."""
    from tests.agent.test_agent_station import Rig

    with tempfile.TemporaryDirectory(prefix="apotheca-fuzz-") as name:
        rig = Rig(Path(name))

        async def came(data: bytes) -> None:
            rig.agent.link_received([data])

        def check(data: bytes) -> str:
            asyncio.run(came(data))
            said = " ".join(sorted(map(str, rig.agent.view.troubles.values())))
            rig.agent.view.troubles.clear()
            return said

        yield check
        rig.outbox.close()


def _page(data: bytes) -> str:
    try:
        page = pages.read(data, "ICU1", 1, 1, bytes(32))
    except pages.UnverifiedPageError as error:
        return str(error)
    return str(page.kind)


@contextmanager
def _controller() -> Iterator[Check]:
    """The firmware's station: every message of the link, and what the centre sends through it, with the right MAC."""
    from tests.firmware import fakes

    held = [fakes.ready()]

    def check(data: bytes) -> str:
        try:
            message = cbor.decode(data)
        except ValueError:
            message = None
        cabinet = held[0]
        if cabinet.journal.free_pages < 40:
            cabinet.journal.release(cabinet.journal.seq)
        said = cabinet.event("message", message)
        if isinstance(message, list) and len(message) > 1:
            for what, purpose in _SEALED:
                payload = sealed.seal(message[1:], derive(fakes.KEY, purpose))
                said = said + cabinet.event("message", [what, payload])
        return " ".join(str(one[0]) for one in said)

    yield check


_SEALED = (
    (messages.ANSWER, "answer"),
    (messages.COMMAND, "command"),
    (messages.REFERENCE, "reference"),
    (messages.CHECKPOINT, "checkpoint"),
)


def _messages() -> list[bytes]:
    from tests.firmware import fakes

    rows = [
        [messages.HELLO, 1],
        [messages.STREAM, 1],
        [messages.PAGES_KEPT, 3],
        [messages.REQUEST, 900, messages.SIGN_ON, ["b1", "1234"]],
        [messages.REQUEST, 901, messages.REMOVE, ["pat1", "ord1", "morphine", 2000, None, None, 0, "", 0]],
        [messages.REQUEST, 902, messages.CONFIRM, [2000, None, None]],
        [messages.ANSWER, 1, fakes.STATION, 1, 0, 3, bytes(32), fakes.UTC],
        [messages.COMMAND, 1, fakes.STATION, 1, 7, fakes.UTC + 10**9, 1, [["D01-P01", 1, 2]]],
        [messages.REFERENCE, 1, fakes.STATION, "pockets", 2, 0, 1, 1, fakes.POCKETS],
        [messages.REFERENCE, 1, fakes.STATION, "users", 2, 1, 1, 1, fakes.USERS],
        [messages.REFERENCE, 1, fakes.STATION, "orders", 2, 0, 1, 1, fakes.ORDERS],
        [messages.CHECKPOINT, 1, fakes.STATION, 1, 7, _NOTE, 0, [], 0, 0, [], []],
        [messages.CHECKPOINT, 1, fakes.STATION, 1, 8, _NOTE, 13, [bytes(32)], 1, 0, [bytes(32)], [[b"x", 1, []]]],
    ]
    return [cbor.encode(row) for row in rows]


def _agent_messages() -> list[bytes]:
    from tests.agent.fake_cabinet import LOG, STATION, Cabinet

    cabinet = Cabinet()
    for _ in range(3):
        cabinet.append(kinds.REMOVE, "D01-P01", 5)
    cabinet.streaming, cabinet.next = True, 1
    down = [
        [1, STATION, LOG, 0, 1, bytes(32), 5],
        [1, STATION, LOG, 3, 99, 1, []],
        [1, STATION, "patient_names", 1, 0, 1, 1, [["P1", "Ada", "MICU"]]],
        [1, STATION, "items", 1, 0, 1, 1, [["a", 1, 1, 0, 0, 0]]],
        [1, STATION, 5, 2, [7, 1, "order 12"]],
        [1, STATION, LOG, 7, _NOTE, 0, [], 0, 0, [], []],
    ]
    return [cabinet.info(), cabinet.state(), *cabinet.stream(), *(cbor.encode(one) for one in down)]


# cradles


def _polselect(data: bytes) -> str:
    from tests.firmware import cradle_reader
    from tests.tools import polselect_fuzz

    drawn = mutants.Drawn(data, None, None)
    return str(polselect_fuzz._checked(polselect_fuzz.Tally(), drawn, cradle_reader.Reader()))[:40]


def _records(data: bytes) -> str:
    said = ""
    for read in (records.read_pick, records.read_check, records.read_acceptance, records.read_identification):
        try:
            read(data)
            said += "taken "
        except ValueError as error:
            said += f"{error} "
    return said


# scanners, files, hospital


def _label(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    barcodes.package(text)
    try:
        kind, *fields = labels.read(text)
    except ValueError as error:
        return str(error)
    made = {"Z1": labels.bag, "Z2": labels.shelf, "Z3": labels.user, "Z4": labels.pocket, "Z5": labels.tote}[kind]
    if made(*fields) != text:
        raise Wrong("another label than it is")
    return str(kind)


def _ini(data: bytes) -> str:
    try:
        ini.parse(data.decode("latin-1"))
    except ini.IniError as error:
        return str(error)[:30]
    return "taken"


def _table(data: bytes) -> str:
    """A planogram and the like, as they come in through the console and the command line."""
    said = []
    for value in events.read_lines(data.decode("utf-8", "replace")):
        table, rows = (value.get("table"), value.get("rows")) if isinstance(value, dict) else ("pockets", value)
        try:
            planogram.checked(table, rows)
            said.append("taken")
        except planogram.BadReference as error:
            said.append(str(error)[:40])
    return " ".join(said[:2])


@contextmanager
def _planogram_file() -> Iterator[Check]:
    """Files that people write: a planogram, an agent's settings."""
    from agent.labels import planogram as drawn
    from agent.labels.contents import BadLabel
    from agent.settings import SettingsError, load

    with tempfile.TemporaryDirectory(prefix="apotheca-fuzz-") as name:
        file = Path(name) / "agent.toml"

        def check(data: bytes) -> str:
            # a file system may make durable at once what is written over an old content
            file.unlink(missing_ok=True)
            file.write_bytes(data)
            with suppress(SettingsError):
                load(file.parent)
            try:
                drawn.pockets(str(file))
            except BadLabel as error:
                return str(error)[:40]
            return "taken"

        yield check


def _events(data: bytes) -> str:
    good, bad = events.validate(events.read_lines(data.decode("utf-8", "replace")))
    return f"{len(good)} {bad[0].message[:30] if bad else ''}"


def _snapshot(data: bytes) -> str:
    try:
        snapshots.opened(data)
    except (NoSnapshot, ValueError) as error:
        return type(error).__name__
    return "taken"


_TREE = json.loads((ROOT / "tests" / "vectors" / "tree" / "note.json").read_text())
_NOTE = _TREE["note"].encode()


def _vectors(pattern: str) -> list[bytes]:
    found = [json.loads(path.read_text()) for path in sorted((ROOT / "tests" / "vectors").glob(pattern))]
    return [bytes.fromhex(one["hex"]) for one in found if isinstance(one.get("hex"), str)]


def _snapshots() -> list[bytes]:
    label = {"label": "AB01", "picked_utc_ms": 1, "station": "ICU1", "item": "ACET", "quantity": 5, "state": "PICKED"}
    needs = [{"station": "ICU1", "item": "ACET", "quantity": 3, "load_or_refill": "R"}]
    items = [{"item": "ACET", "name": "Acetaminophen", "codes": ["0312345678906"]}]
    people = [{"user": "PT1", "may_pick": True}]
    made = {"snapshot": 1, "as_of_utc_ms": 1, "stations": [{"station": "ICU1", "zone": "A"}], "needs": needs}
    return [json.dumps({**made, "items": items, "users": people, "open_labels": [label]}).encode()]


def _planograms() -> list[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "hardware" / "planograms").glob("*.toml"))[:3]]


def _frames() -> list[bytes]:
    rng = random.Random(1)
    return [mutants.draw(rng).raw for _ in range(40)]


_EVENT = (
    b'{"type": "adt", "id": "e1", "utc_ms": 1, "event": "A01", "patient": "P1", "name": "Ann", "ward": "MICU"}\n'
    b'{"type": "order", "id": "o1", "utc_ms": 1, "event": "new", "order": "O1", "patient": "P1", "item": "ACET",'
    b' "dose": 1, "start_utc_ms": 1, "stop_utc_ms": null}\n'
    b'{"type": "administration", "id": "g1", "utc_ms": 1, "patient": "P1", "order": "", "item": "ACET", "quantity": 1,'
    b' "administered_utc_ms": 1, "status": "given"}\n'
)
_ROWS = b'{"table": "items", "rows": [["a", 1, 1, 0, 0, 0]]}\n[["D01-P01", 1, 1, "a", 2, 3, 4]]\n'
_LABELS = [b"Z1|ACET|5|AB01", b"Z2|ACET", b"Z3|nurse1", b"Z4|ICU1|3|7", b"Z5|ICU1|T1", b"0100312345678906172812311042",
           b"]d20100312345678906\x1d10LOT", b"4006381333931", b"036000291452"]  # fmt: skip
_PICKS = [records.pick("ICU1", "AB01", "5", "112226120000", "PT1", "L"), records.check(
    "ACET", "AB01", "5", "112226120000", "PT1", "L", "OK")]  # fmt: skip
_INI = b"[PROCAR]\nBAUD = 9600\nSNAPSHOT_TIMES = 06:00,18:00\nCYCLE_SEC = 5.0\n"

TARGETS: dict[str, Target] = {
    "frame": Target(lambda: [frame.encode(b"abc"), frame.encode(bytes(300))], plain(_frame)),
    "cbor": Target(lambda: _vectors("entry*.json") + _messages(), plain(_cbor)),
    "cose": Target(lambda: _vectors("batch*.json") + _vectors("command*.json"), plain(_cose)),
    "batch": Target(centre.payloads, centre.batch, structured=True),
    "up": Target(centre.payloads, centre.up, structured=True),
    "down": Target(_agent_messages, _down, structured=True),
    "link": Target(_agent_messages, _link, structured=True),
    "page": Target(lambda: [cbor.decode(one)[2] for one in _agent_messages()[2:5]], plain(_page), structured=True),
    "controller": Target(_messages, _controller, structured=True),
    "polselect": Target(_frames, plain(_polselect)),
    "records": Target(lambda: list(_PICKS), plain(_records)),
    "label": Target(lambda: list(_LABELS), plain(_label)),
    "ini": Target(lambda: [_INI], plain(_ini)),
    "table": Target(lambda: [_ROWS], plain(_table)),
    "toml": Target(_planograms, _planogram_file),
    "events": Target(lambda: [_EVENT], plain(_events)),
    "hospital": Target(lambda: [_EVENT], centre.hospital),
    "snapshot": Target(_snapshots, plain(_snapshot)),
    "http": Target(web.requests, web.http),
    "checkpoint": Target(web.questions, web.checkpoint),
}


def mutated(rng: random.Random, target: Target, one: bytes, other: bytes) -> bytes:
    """The next input."""
    if target.structured and rng.random() < 0.7:
        with suppress(ValueError):
            value = cbor.decode(one)
            if isinstance(value, list):
                return cbor.encode(mutate.fields(rng, value))
    return mutate.data(rng, one, other)
