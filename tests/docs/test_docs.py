"""Documents name only what exists, and nothing in the repository names a registry or somebody's machine."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("firmware", "agent", "server_stub", "simulator")
DOTTED = re.compile(rf"`((?:{'|'.join(ROOMS)})(?:\.\w+)+)(?:\(\))?`")
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:md|toml|ini|lock|py))`|\]\((?!https?:|#)([^)#]+)")
AT_RUN_TIME = ("apotheca-home", ".venv", "bin", "keys", "stations", "run", "broker", "build", "site.toml", "agent.toml")
HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".", "debian" + ".org", "ubuntu" + ".com")
FOLDERS = tuple(f"/{name}/" for name in ("root", "work", "home"))


def _defines(body: list[ast.stmt], names: list[str]) -> bool:
    """True if the statements define names[0], in it names[1] and so on."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == names[0]:
            return len(names) == 1 or _defines(node.body, names[1:])
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if len(names) == 1 and any(isinstance(target, ast.Name) and target.id == names[0] for target in targets):
            return True
    return False


def _exists(dotted: str) -> bool:
    """True if `room.module.function` (or a module, class, method, constant) is in the sources; imports nothing."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        base = ROOT.joinpath(*parts[:cut])
        source = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
        if source.is_file():
            return cut == len(parts) or _defines(ast.parse(source.read_text(encoding="utf-8")).body, parts[cut:])
    return False


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_the_check_itself_tells_real_from_invented_names() -> None:
    assert _exists("firmware.codes.FORK") and _exists("simulator.plan.Visit") and _exists("firmware.journal.kinds")
    assert (
        not _exists("firmware.codes.NO_SUCH")
        and not _exists("firmware.nowhere.f")
        and not _exists("simulator.plan.Visit.f")
    )


def test_one_removal_names_functions_that_exist() -> None:
    for page in sorted((ROOT / "docs").glob("one-removal*.md")):
        gone = [name for name in DOTTED.findall(page.read_text(encoding="utf-8")) if not _exists(name)]
        assert not gone, f"{page.name} names what is not there: {gone}"


@pytest.mark.parametrize(
    "page", ["README.md", "docs/operations.md", "docs/threat-model.md", "docs/build-a-cabinet.md", "hardware/README.md"]
)
def test_files_named_exist(page: str) -> None:
    source = ROOT / page
    named = [code or link for code, link in FILE.findall(source.read_text(encoding="utf-8"))]
    names = [name.removeprefix("./") for name in named if not name.startswith("../")]
    names = [name for name in names if name.split("/")[0] not in AT_RUN_TIME]
    gone = [name for name in names if not (ROOT / name).exists() and not (source.parent / name).exists()]
    assert not gone, f"{page} names files that are not there: {gone}"


def test_code_numbers_are_unique() -> None:
    body = ast.parse((ROOT / "firmware" / "codes.py").read_text(encoding="utf-8")).body
    numbers: dict[int, str] = {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, int):
            name = ast.unparse(node.targets[0])
            if not name.startswith("ALARM_"):
                assert numbers.setdefault(node.value.value, name) == name, f"{name} has the number of another code"
    assert len(numbers) > 40


def test_no_registry_and_no_machine_in_the_repository() -> None:
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = [word for word in (*HOSTS, *FOLDERS) if word in text]
        assert not found, f"{path.relative_to(ROOT)} names {found}"


def test_locks_hold_hashes_and_no_addresses() -> None:
    for path in sorted(ROOT.glob("requirements*.lock")):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text and "index" not in text
        pins = re.findall(r"^[\w-]+==", text, re.MULTILINE)
        assert pins and len(re.findall(r"^[\w-]+==[^\n]*\\\n +--hash=sha256:", text, re.MULTILINE)) == len(pins)


def test_lock_has_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    locked = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    names = {re.split(r"[\[;><=~ ]", name)[0].lower().replace("_", "-") for name in wanted}
    assert names <= locked, f"run `make lock`: {names - locked}"
