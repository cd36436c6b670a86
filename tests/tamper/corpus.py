"""Runs the corpus: every case by both verifiers, `verify_apotheca.py` in this process, the other in one of Node.js."""

import base64
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import verify_apotheca
from tests.node import NODE, VERIFY_EXPORT
from tests.tamper.acts import ACTS
from tests.tamper.story import Raw, Story
from tests.tamper.tamperer import Case, Tamperer

PYTHON, JAVASCRIPT = "verify_apotheca.py", "tests/node"
Found = dict[str, Any]


def cases(base: Story, count: int, seed: int) -> Iterator[Case]:
    """`count` cases, kinds in turn."""
    kinds = list(ACTS)
    for at in range(count):
        kind = kinds[at % len(kinds)]
        yield Tamperer(base, kind, at // len(kinds), seed).case(ACTS[kind])


@dataclass
class Given:
    """What every verifier has from elsewhere of one case, as files and folders."""

    base: Story
    export: Path
    folder: Path
    case: Case
    against: list[Path] = field(default_factory=list)

    @classmethod
    def written(cls, base: Story, export: Path, case: Case, out: Path) -> "Given":
        """The case on disk, in the new folder `out`."""
        given = cls(base, export, _write(out / "main", case.folder, export), case)
        for at, raw in enumerate(case.against.values()):
            given.against.append(_write(out / f"other{at}", raw, export) if raw else export)
        return given

    @property
    def keys(self) -> dict[str, bytes]:
        """K of the logs."""
        return self.base.keys.logs if self.case.with_keys else {}

    @property
    def heads(self) -> list[dict[str, Any]]:
        """The last heads that the centre answered, as in docs/packets.md."""
        books = [book for book in self.base.books.values() if book.station != "centre"]
        return [{"station": b.station, "log": b.log, "seq": len(b.pages), "head": b.heads[-1].hex()} for b in books]

    def line(self) -> str:
        """For the verifier in JavaScript."""
        given = {
            "keys": _coded(self.keys),
            "checkpoints": _coded(self.case.checkpoints),
            "heads": self.heads,
            "against": [str(path) for path in self.against],
            "treeKey": self.base.keys.tree.vkey,
            "witnesses": [self.base.keys.witness.vkey],
        }
        return json.dumps({"folder": str(self.folder), "given": given}) + "\n"

    def for_python(self) -> verify_apotheca.Given:
        """For the verifier in Python."""
        v, keys = verify_apotheca, self.base.keys
        return v.Given(
            keys=self.keys,
            heads=v.read_heads("".join(json.dumps(head) + "\n" for head in self.heads).encode()),
            tree_key=v.note_keys(keys.tree.vkey, v.OF_LOG)[0],
            witnesses=tuple(v.note_keys(keys.witness.vkey, v.OF_WITNESS)),
            checkpoints={name: v.checkpoint(data) for name, data in self.case.checkpoints.items()},
            against={str(path): _good(path) for path in self.against},
        )


_known: dict[Path, verify_apotheca.Checked] = {}


def _good(path: Path) -> verify_apotheca.Checked:
    if path not in _known:
        _known[path] = verify_apotheca.examine(path, verify_apotheca.Given())
    assert _known[path].findings.good, _known[path].findings.lines()
    return _known[path]


def _coded(raw: dict[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(data).decode() for name, data in raw.items()}


def _write(folder: Path, files: Raw, export: Path) -> Path:
    """What is as in the export is linked."""
    for name, data in files.items():
        path, like = folder / name, export / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if like.is_file() and like.stat().st_size == len(data) and like.read_bytes() == data:
            os.link(like, path)
        else:
            path.write_bytes(data)
    return folder


def verdicts(given: list[Given], folder: Path) -> dict[str, list[Found]]:
    """What each verifier says of each case, both at the same time."""
    (folder / "cases.ndjson").write_text("".join(one.line() for one in given))
    command = [str(NODE), str(VERIFY_EXPORT), "--cases", str(folder / "cases.ndjson")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        said = [verify_apotheca.examine(one.folder, one.for_python()).findings.plain() for one in given]
        out, _ = node.communicate()
    assert node.returncode == 0
    return {PYTHON: said, JAVASCRIPT: [json.loads(line) for line in out.splitlines()]}


@dataclass
class Table:
    """How many of each kind there were, were found, and were found where they are."""

    cases: Counter[str] = field(default_factory=Counter)
    found: dict[str, Counter[str]] = field(default_factory=dict)
    exact: dict[str, Counter[str]] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def take(self, case: Case, who: str, verdict: Found) -> None:
        """One verdict."""
        found, exact = self.found.setdefault(who, Counter()), self.exact.setdefault(who, Counter())
        found[case.kind] += not verdict["good"]
        exact[case.kind] += verdict["first"] == case.expect
        if verdict["good"] or verdict["first"] != case.expect:
            said = f"{verdict['first']} {verdict['entries'][:3]} {verdict['files'][:3]}"
            self.misses.append(f"{case.kind} {case.what}: {who} should name {case.expect}, says {said}")

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        kinds = {
            kind: {
                "cases": count,
                "found": {who: found[kind] for who, found in self.found.items()},
                "exact": {who: exact[kind] for who, exact in self.exact.items()},
            }
            for kind, count in self.cases.items()
        }
        return {"cases": self.cases.total(), "kinds": kinds, "misses": self.misses}

    def lines(self) -> Iterator[str]:
        """For people."""
        whos = list(self.found)
        yield f"{'':16} cases" + "".join(f"  {who + ' found':>24} {'exact':>6}" for who in whos)
        for kind in [*self.cases, ""]:
            counts = [
                (found[kind], exact[kind]) if kind else (found.total(), exact.total())
                for found, exact in zip(self.found.values(), self.exact.values(), strict=True)
            ]
            count = self.cases[kind] if kind else self.cases.total()
            yield f"{kind or 'all':16} {count:5}" + "".join(f"  {a:>24} {b:>6}" for a, b in counts)
        yield from self.misses


def run(base: Story, export: Path, wanted: list[Case], folder: Path) -> Table:
    """All of it, in the empty folder `folder`."""
    given = [Given.written(base, export, case, folder / str(at)) for at, case in enumerate(wanted)]
    table = Table(Counter(case.kind for case in wanted))
    for who, said in verdicts(given, folder).items():
        for case, verdict in zip(wanted, said, strict=True):
            table.take(case, who, verdict)
    return table
