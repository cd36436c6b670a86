"""The trace matrix is complete, current and cites only what exists."""

from pathlib import Path

from tests.tools import trace


def test_matrix_is_current() -> None:
    known, tests = trace.requirements(), trace.cited()
    assert trace.problems(known, tests) == []
    assert trace.MATRIX.read_text(encoding="utf-8") == trace.matrix(known, tests), "out of date: run `make docs`"


def _tree(tmp_path: Path, test: str, status: str = "planned") -> tuple[trace.Requirements, trace.Cited]:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(test)
    (tmp_path / "requirements.toml").write_text(
        f'["X1"]\ntitle = "t | u"\nstatus = "{status}"\n["X2"]\ntitle = "v"\nstatus = "planned"\n'
    )
    return trace.requirements(tmp_path), trace.cited(tmp_path)


def test_all_ways_to_cite_are_read(tmp_path: Path) -> None:
    text = (
        'REQ = ("X1",)\npytestmark = [pytest.mark.req("X2")]\n'
        '@pytest.mark.req("X1", "X2")\nclass TestA:\n    @pytest.mark.req("X2")\n    async def test_b(self): ...\n'
    )
    known, tests = _tree(tmp_path, text)
    a, b, file = "tests/test_x.py::TestA", "tests/test_x.py::TestA::test_b", "tests/test_x.py"
    assert tests == {"X1": [file, a], "X2": [file, a, b]}
    assert "| X1 | t \\| u | planned | test_x.py<br>test_x.py::TestA |" in trace.matrix(known, tests)


def test_unknown_id_and_done_without_test_are_problems(tmp_path: Path) -> None:
    wrong = trace.problems(*_tree(tmp_path, '@pytest.mark.req("X9")\ndef test_a(): ...\n', status="done"))
    assert len(wrong) == 2 and "X9" in wrong[0] and wrong[1].startswith("X1: marked done")
