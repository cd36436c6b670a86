"""Trace matrix: which tests show which requirement. Reads sources without importing them.

`python -m tests.tools.trace` writes docs/trace-matrix.md from requirements.toml and from the tests: markers
`@pytest.mark.req("A12.b", ...)` on functions, classes or modules (`pytestmark`), and, in files that also run under
MicroPython, a module-level tuple `REQ = ("A12.b", ...)`, and from the `Shows:` lines of the scenarios.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MATRIX = ROOT / "docs" / "trace-matrix.md"
HEAD = """# Trace matrix

Written by `make docs` from `requirements.toml` and the markers of the tests; do not edit.

{total} requirements, {done} done, {shown} with tests.

| Id | Requirement | Status | Tests |
|---|---|---|---|
"""

Requirements = dict[str, dict[str, str]]
Cited = dict[str, list[str]]


def requirements(root: Path = ROOT) -> Requirements:
    """Requirement id -> title and status, in the order of the file."""
    return tomllib.loads((root / "requirements.toml").read_text(encoding="utf-8"))


def cited(root: Path = ROOT) -> Cited:
    """Requirement id -> tests that cite it, as `tests/folder/file.py::Class::function` (or the file alone)."""
    found: Cited = defaultdict(list)
    for path in sorted((root / "tests").rglob("test_*.py")):
        name = path.relative_to(root).as_posix()
        for test, ids in _in_module(ast.parse(path.read_text(encoding="utf-8"), name), name):
            for req in ids:
                found[req].append(test)
    for path in sorted((root / "tests").rglob("*.scn")):
        for req in sorted(_shown(path.read_text(encoding="utf-8"))):
            found[req].append(path.relative_to(root).as_posix())
    return dict(found)


def _shown(scenarios: str) -> set[str]:
    """The ids on the `Shows:` lines of a file of scenarios."""
    lines = (line for line in scenarios.splitlines() if line.startswith("Shows:"))
    return {part.strip() for line in lines for part in line.removeprefix("Shows:").split(",")}


def problems(known: Requirements, tests: Cited) -> list[str]:
    """What is wrong with the pair, one sentence each; empty if nothing is."""
    wrong = [
        f"{req}: {', '.join(tests[req])} cites an id that requirements.toml does not have"
        for req in tests
        if req not in known
    ]
    for req, row in known.items():
        if row["status"] not in ("planned", "done"):
            wrong.append(f"{req}: status is {row['status']!r}, not planned or done")
        if row["status"] == "done" and req not in tests:
            wrong.append(f"{req}: marked done, but no test cites it")
    return wrong


def matrix(known: Requirements, tests: Cited) -> str:
    """The text of docs/trace-matrix.md."""
    done = sum(row["status"] == "done" for row in known.values())
    shown = sum(req in tests for req in known)
    head = HEAD.format(total=len(known), done=done, shown=shown)
    return head + "".join(_row(req, row, tests.get(req, [])) for req, row in known.items())


def _row(req: str, row: dict[str, str], tests: list[str]) -> str:
    title = row["title"].replace("|", "\\|").replace("<", "&lt;")
    return f"| {req} | {title} | {row['status']} | {'<br>'.join(test.removeprefix('tests/') for test in tests)} |\n"


def _in_module(tree: ast.Module, name: str) -> Iterator[tuple[str, list[str]]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id == "REQ":
                yield name, _strings(node.value)
            elif node.targets[0].id == "pytestmark":
                yield name, _marks(node.value)
    yield from _in_body(tree.body, name)


def _in_body(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, list[str]]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            test = f"{prefix}::{node.name}"
            yield test, [req for decorator in node.decorator_list for req in _marks(decorator)]
            if isinstance(node, ast.ClassDef):
                yield from _in_body(node.body, test)


def _marks(node: ast.expr) -> list[str]:
    calls = (call for call in ast.walk(node) if isinstance(call, ast.Call))
    return [
        req
        for call in calls
        if ast.unparse(call.func) == "pytest.mark.req"
        for arg in call.args
        for req in _strings(arg)
    ]


def _strings(node: ast.expr) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def main() -> None:
    """Write the matrix."""
    MATRIX.write_text(matrix(requirements(), cited()), encoding="utf-8")
    print(f"wrote {MATRIX.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
