"""The formats are what the documents say: a reader in another language, written from them, agrees on every vector."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.node import NODE, READ_VECTORS

TESTS = Path(__file__).parent.parent


def read(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(NODE), str(READ_VECTORS), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.req("A12.b")
@pytest.mark.req("A12.c")
def test_node_reads_every_vector() -> None:
    done = read(TESTS / "vectors")
    vectors = [*(TESTS / "vectors").glob("*.json"), *(TESTS / "vectors" / "tree").glob("*.json")]
    count = len(vectors) - 1
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{count} of {count} vectors as expected\n"


def test_node_finds_a_changed_vector(tmp_path: Path) -> None:
    shutil.copy(TESTS / "vectors" / "keys.json", tmp_path)
    case = json.loads((TESTS / "vectors" / "batch.json").read_text())
    case["hex"] = case["hex"][:-2] + "00"
    (tmp_path / "batch.json").write_text(json.dumps(case))
    done = read(tmp_path)
    assert done.returncode == 1 and "signature" in done.stderr


def test_node_finds_a_changed_vector_of_the_tree(tmp_path: Path) -> None:
    shutil.copy(TESTS / "vectors" / "keys.json", tmp_path)
    for name, old, new in (
        ("merkle", '"good": false', '"good": true'),
        ("note", "good", "good"),
        ("checkpoint", "8c", "8d"),
    ):
        folder = shutil.copytree(TESTS / "vectors" / "tree", tmp_path / "tree", dirs_exist_ok=True)
        path = folder / f"{name}.json"
        text = path.read_text(encoding="utf-8")
        if name == "note":
            case = json.loads(text)
            case["refused"] = {"nothing wrong with it": case["note"]}
            path.write_text(json.dumps(case))
        else:
            path.write_text(text.replace(old, new, 1))
        done = read(tmp_path)
        assert done.returncode == 1 and f"{name}" in done.stderr, done
