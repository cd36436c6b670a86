"""Mutation testing of what decides and what counts: `python -m tests.tools.mutants [MODULE ...]` (make mutants).

Every mutant (tests.tools.mutate) of the gate and of the pocket arithmetic runs against the tests of its module, each in
a process of its own. One that no test notices is a survivor: a gap in the tests, or equivalent, which docs/mutants.md
has to show. Exit code 1 if a survivor is not there, or if one is there that does not survive.
"""

import importlib.util
import inspect
import multiprocessing
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from hypothesis import Phase, settings

from tests.tools.mutate import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs" / "mutants.md"
FIRMWARE_TESTS = ROOT / "tests" / "firmware"
LONGEST_S = 300
PROCESSES = 2
# the quickest tests of each module first: most mutants get no further
TESTS = {
    "gate": (
        "firmware/test_gate.py", "firmware/test_gate_override.py", "firmware/test_gate_witness.py", "unit/test_gate.py",
        "firmware/test_gate_people.py",
    ),
    "pockets": ("firmware/test_pockets.py",),
    "layers": ("firmware/test_layers.py", "unit/test_layers.py"),
}  # fmt: skip
Row = tuple[str, str, str]  # module, text of the line, change


class TooSlow(BaseException):
    """The mutant did not come to an end."""


def row(module: str, mutant: Mutant) -> Row:
    """The mutant as docs/mutants.md names it."""
    return module, mutant.text, mutant.change


def documented(doc: Path = DOC) -> Counter[Row]:
    """The mutants that docs/mutants.md shows to be equivalent."""
    cells = [line.split(" | ") for line in doc.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    bare = [[cell.strip("| `").replace("\\|", "|") for cell in cells_of] for cells_of in cells]
    return Counter((module, text, change) for module, text, change, _ in bare)


def of(module: str) -> list[Mutant]:
    """All mutants of firmware/MODULE.py."""
    path = ROOT / "firmware" / f"{module}.py"
    return list(mutants(path.read_text(encoding="utf-8"), str(path)))


def noticed(module: str, mutant: Mutant | None) -> str:
    """What the first test says that notices the mutant (None: the module as it is), "" if none does. Only for a process
    that has not imported the firmware yet, and does nothing else after."""
    _prepare()
    try:
        if mutant is not None:
            _install(f"firmware.{module}", mutant)
        for file in TESTS[module]:
            for test in _tests(file):
                test()
    except BaseException as error:  # whatever the mutant breaks, and however, it is noticed
        return f"{type(error).__name__}: {error}"
    return ""


def _prepare() -> None:
    settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
    )
    settings.load_profile("mutants")
    sys.path[:0] = [str(ROOT), str(FIRMWARE_TESTS)]
    signal.signal(signal.SIGALRM, _too_slow)
    signal.alarm(LONGEST_S)


def _too_slow(_number: int, _frame: object) -> NoReturn:
    raise TooSlow


def _install(name: str, mutant: Mutant) -> None:
    package, _, last = name.rpartition(".")
    module = ModuleType(name)
    sys.modules[name] = module
    setattr(importlib.import_module(package), last, module)
    exec(mutant.code, module.__dict__)


def _tests(file: str) -> Iterator[Callable[[], None]]:
    path = ROOT / "tests" / file
    spec = importlib.util.spec_from_file_location(f"mutated_{path.parent.name}_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, test in vars(module).items():
        if name.startswith("test_"):
            assert not inspect.signature(test).parameters, f"{file}: {name} needs more than can be given here"
            yield test


def survivors(module: str, found: list[Mutant]) -> list[Mutant]:
    """Those that no test notices, two at a time. AssertionError if the tests fail without any."""
    with multiprocessing.get_context("fork").Pool(PROCESSES, _share, (module, found), maxtasksperchild=1) as pool:
        untouched = pool.apply(_run, (None,))
        assert not untouched, f"{module}: its tests fail as it is: {untouched}"
        return [mutant for mutant, said in zip(found, pool.imap(_run, range(len(found))), strict=True) if not said]


def _share(module: str, found: list[Mutant]) -> None:
    _WORK[:] = [(module, found)]


def _run(at: int | None) -> str:
    module, found = _WORK[0]
    return noticed(module, None if at is None else found[at])


_WORK: list[tuple[str, list[Mutant]]] = []


def report(module: str, known: Counter[Row]) -> bool:
    """Print what survives of one module; whether docs/mutants.md says exactly that."""
    found = of(module)
    left = survivors(module, found)
    unshown = Counter(row(module, mutant) for mutant in left) - known
    gone = Counter({key: n for key, n in known.items() if key[0] == module}) - Counter(row(module, m) for m in left)
    print(f"firmware/{module}.py: {len(found)} mutants, {len(left)} survive, {unshown.total()} not shown equivalent")
    for mutant in left:
        sign = "SURVIVES" if row(module, mutant) in unshown else "equivalent"
        print(f"  {sign} firmware/{module}.py:{mutant.line}: {mutant.change}")
    for _, text, change in gone:
        print(f"  does not survive, take it out of docs/mutants.md: {text}: {change}")
    return not unshown and not gone


def main(modules: list[str]) -> int:
    """Exit code 0 if every survivor is shown equivalent."""
    known = documented()
    return 0 if all([report(module, known) for module in modules or TESTS]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
