"""Random and damaged frames of POL/SELECT through the codec, each held against the reference reader of the tests.

    python -m tests.tools.polselect_fuzz --frames 1000000 [--seed 1] [--micropython] [--json]

Ends with 1 if the codec crashes, hangs, or says of one frame what the reference does not say: good frames must be read
the same by both, all others be refused by both. The same bytes also go through a parser in odd pieces. With
`--micropython` the codec reads them under the unix port too, and has to say the same there. Counted besides: damaged
frames that the 8-bit check took for good, by kind of frame sent, and what the record hash says of such records.
"""

import argparse
import dataclasses
import faulthandler
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from struct import pack
from typing import Any

from firmware.cradle import frames, records
from tests.cradle import mutants, reference
from tests.firmware import cradle_reader as reader
from tests.micropython_plugin import HEAP, ROOT, micropython

BATCH = 20_000
HANGS_S = 300
RECORDS = {"P": records.read_pick, "C": records.read_check}


class Differs(Exception):
    """The codec and the reference disagree; the message has the bytes."""


@dataclasses.dataclass
class Tally:
    """Frames drawn, and what became of them."""

    frames: int = 0
    noise: int = 0
    untouched: int = 0
    damaged: Counter[str] = dataclasses.field(default_factory=Counter)
    accepted: int = 0
    from_stream: int = 0
    undetected: Counter[str] = dataclasses.field(default_factory=Counter)
    records: Counter[str] = dataclasses.field(default_factory=Counter)

    def judge(self, drawn: mutants.Drawn, said: dict[str, Any] | None) -> None:
        """Count one frame that the reference reads as `said` (None: refuses)."""
        self.frames += 1
        self.accepted += said is not None
        if drawn.origin is None:
            self.noise += 1
        elif drawn.raw == reference.write(drawn.origin):
            self.untouched += 1
        else:
            self.damaged[drawn.sort] += 1
            if said is not None and said != drawn.origin:
                self.undetected[drawn.sort] += 1
                self._record(drawn, said)

    def _record(self, drawn: mutants.Drawn, said: dict[str, Any]) -> None:
        """What the end that requires the hash makes of a record whose frame passed for good."""
        if drawn.record is None or drawn.origin is None:
            return
        if said.get("flag") not in RECORDS:
            self.records["no longer a record"] += 1
            return
        data = said["data"].encode()
        what = "changed" if data != drawn.record else "flag" if said["flag"] != drawn.origin["flag"] else "header"
        self.records[what] += 1
        try:
            RECORDS[said["flag"]](data, hashed=True)
        except ValueError:
            self.records[f"{what}, refused"] += 1

    def missed(self) -> int:
        """Changed records that the hash did not catch."""
        return sum(self.records[what] - self.records[f"{what}, refused"] for what in ("changed", "flag"))

    def as_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("frames", "noise", "untouched", "accepted", "from_stream")}
        sorts = sorted(self.damaged)
        kinds = [{"sent": s, "damaged": self.damaged[s], "undetected": self.undetected[s]} for s in sorts]
        total = {"damaged": self.damaged.total(), "undetected": self.undetected.total()}
        return plain | total | {"kinds": kinds, "records": dict(sorted(self.records.items())), "missed": self.missed()}


def run(count: int, seed: int, under_micropython: bool = False) -> Tally:
    """Draw `count` frames; Differs at the first that is not read as the reference reads it."""
    rng, tally = random.Random(seed), Tally()
    for first in range(0, count, BATCH):
        faulthandler.dump_traceback_later(HANGS_S, exit=True, file=sys.__stderr__)
        drawn = [mutants.draw(rng) for _ in range(min(BATCH, count - first))]
        # each batch starts afresh, so that both interpreters see the same stream
        ours = reader.Reader()
        lines = [_checked(tally, one, ours) for one in drawn]
        if under_micropython:
            _same_there([one.raw for one in drawn], lines)
    faulthandler.cancel_dump_traceback_later()
    return tally


def _checked(tally: Tally, drawn: mutants.Drawn, ours: reader.Reader) -> str:
    said = reference.read(drawn.raw)
    try:
        frame, stream = ours.take(drawn.raw)
        again = [(frames.encode(other), reader.text(other)) for other in stream]
    except Exception as error:
        raise Differs(f"{drawn.raw.hex()}: {error!r}") from error
    if (frames.sound(frame) or said is not None) and _of(said) != reader.text(frame):
        raise Differs(f"{drawn.raw.hex()}: {reader.text(frame)} instead of {_of(said)}")
    for raw, text in again:
        if _of(reference.read(raw)) != text:
            raise Differs(f"{raw.hex()} came out of a stream")
    tally.judge(drawn, said)
    tally.from_stream += len(stream)
    return reader.line(frame, stream)


def _of(said: dict[str, Any] | None) -> str:
    """The reference's words as the reader writes them."""
    if said is None:
        return "-"
    data = said.get("data", "")
    return " ".join(
        [str(said.get(name)) for name in reader.NAMES] + [data if said.get("flag") == "B" else data.encode().hex()]
    )


def _same_there(raws: list[bytes], lines: list[str]) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(pack("<H", len(raw)) + raw for raw in raws))
        file.flush()
        command = [micropython(), "-X", f"heapsize={HEAP}", str(Path(reader.__file__)), file.name]
        env = os.environ | {"MICROPYPATH": f"{ROOT}:.frozen"}
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S, check=False)
    if done.returncode:
        raise Differs(f"MicroPython: {done.stdout[-500:]}{done.stderr}")
    for raw, here, there in zip(raws, lines, done.stdout.splitlines(), strict=True):
        if here != there:
            raise Differs(f"{raw.hex()}: MicroPython reads {there} instead of {here}")


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.polselect_fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--micropython", action="store_true", help="read them under MicroPython too")
    parser.add_argument("--json", action="store_true", help="the counts as JSON")
    args = parser.parse_args(words)
    began = time.perf_counter()
    try:
        tally = run(args.frames, args.seed, args.micropython)
    except (Differs, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 1
    said = {"seed": args.seed, "micropython": args.micropython, **tally.as_json()}
    said["seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(said, indent=1) if args.json else _for_people(said))
    return 1 if tally.missed() else 0


def _for_people(said: dict[str, Any]) -> str:
    rows = [f"{kind['sent']:20} {kind['damaged']:10,} {kind['undetected']:10,}" for kind in said.pop("kinds")]
    head = f"{'sent':20} {'damaged':>10} {'undetected':>10}"
    return "\n".join([*(f"{name}: {value}" for name, value in said.items()), "", head, *rows])


if __name__ == "__main__":
    sys.exit(main())
