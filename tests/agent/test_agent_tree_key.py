"""The agent shows its controller only checkpoints that the site's log signed."""

import json
from pathlib import Path

import pytest

from agent.keys import BadSignatureError, KeyFileError, NoteVerifier

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "tree" / "note.json").read_text())


@pytest.mark.req("A12.c")
def test_only_what_the_log_signed_is_shown(tmp_path):
    (tmp_path / "tree.vkey").write_text(VECTOR["log_vkey"] + "\n")
    verifier = NoteVerifier.load(tmp_path / "tree.vkey")
    verifier.check(VECTOR["note"].encode())
    verifier.check(VECTOR["successor_note"].encode())
    for bad in VECTOR["refused"].values():
        with pytest.raises(BadSignatureError):
            verifier.check(bad.encode())


def test_without_the_key_nothing_is_shown(tmp_path):
    with pytest.raises(BadSignatureError, match="release-key"):
        NoteVerifier.load(tmp_path / "tree.vkey").check(VECTOR["note"].encode())
    (tmp_path / "tree.vkey").write_text("nonsense")
    with pytest.raises(KeyFileError):
        NoteVerifier.load(tmp_path / "tree.vkey")
