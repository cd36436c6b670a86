"""What stations and the hospital send to the centre."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firmware.wire import cose
from server_stub.integration import events
from server_stub.ledger.batch import Refused, read_batch, read_heartbeat
from tests.fuzz.target import Check, Wrong

TAKEN = "taken"


@contextmanager
def batch() -> Iterator[Check]:
    with bench() as core:
        script = script_of(core)
        from tests.centre.scripted import sign

        known = core.register("ICU1")

        def check(data: bytes) -> str:
            said = []
            for read, kind in ((read_batch, "batch"), (read_heartbeat, "heartbeat")):
                if _taken(read, data, known.keys) == TAKEN:
                    raise Wrong(f"a {kind} that nobody signed")
                said.append(_taken(read, sign(script.signing, "ICU1", kind, data), known.keys))
            return said[0]

        yield check


def _taken(read: Callable[..., Any], raw: bytes, keys: Any) -> str:
    try:
        read(raw, "ICU1", keys)
    except Refused as refused:
        return f"{refused.code} {refused}"
    return TAKEN


@contextmanager
def up() -> Iterator[Check]:
    """The centre's core itself: whatever a topic brings, it goes on."""
    with bench() as core:
        script = script_of(core)
        from firmware.wire import topics
        from server_stub.centre import Arrived
        from tests.centre.scripted import sign

        def check(data: bytes) -> str:
            came = [Arrived(topics.up("demo", "s0", "ICU1", "status"), data)]
            for what in ("batch", "heartbeat"):
                signed = sign(script.signing, "ICU1", what, data)
                came.append(Arrived(topics.up("demo", "s0", "ICU1", what), signed))
            return " ".join(sorted(message.topic.rsplit("/", 1)[-1] for message in core.centre.process(came)))

        yield check


@contextmanager
def hospital() -> Iterator[Check]:
    """Hospital events on through the centre's core, as the intake hands them over."""
    with bench() as core:

        def check(data: bytes) -> str:
            reply = core.ask("hospital_events", events=events.read_lines(data.decode("utf-8", "replace")), key="")
            core.sent.clear()
            return f"{bool(reply.get('accepted'))} {[one['message'][:30] for one in reply.get('refused', ())][:1]}"

        yield check


@contextmanager
def bench() -> Iterator[Any]:
    from server_stub.site.enrol import add_stations
    from server_stub.site.home import Home
    from server_stub.site.make import make_site
    from tests.centre.conftest import Bench

    with tempfile.TemporaryDirectory(prefix="apotheca-fuzz-") as name:
        home = Home(Path(name) / "home")
        make_site(home, "demo")
        add_stations(home, {"ICU1": ("MICU",)})
        core = Bench(home, "sqlite:///:memory:")
        yield core
        core.engine.dispose()


def script_of(core: Any) -> Any:
    script = core.station("ICU1")
    script.removal()
    script.add()
    return script


def payloads() -> list[bytes]:
    with bench() as core:
        script = script_of(core)
        beat = cose.parse(script.heartbeat())[1]
        return [
            script.payload(1, 5),
            script.payload(1, 1),
            beat,
            b'{"online": true, "boot": 1, "tables": {"items": 0}}',
        ]
