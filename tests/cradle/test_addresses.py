"""The list of addresses on disk."""

import json
import os

import pytest

from agent.cradle.addresses import KeptAddresses, ListUnreadable
from firmware.cradle import frames


@pytest.mark.req("P64", "P94", "P56")
def test_what_was_given_stays_given(tmp_path):
    path = tmp_path / "addresses.json"
    kept = KeptAddresses(path)
    for _ in range(3):
        kept.book.assign(kept.book.next_free())
    kept.book.clear("AB")
    kept.book.status("AC").incoming.keep(frames.data("AC", "P", 7, b"x", True))
    kept.save()
    again = KeptAddresses(path).book
    assert again.rows() == kept.book.rows()
    assert (again.knows("AA"), again.knows("AB"), again.next_free()) == (True, False, "AD")
    assert again.status("AC").incoming.again(frames.data("AC", "P", 7, b"x", True))


def test_a_list_that_could_not_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "addresses.json"
    kept = KeptAddresses(path)
    kept.book.assign("AA")
    kept.save()
    kept.book.assign("AB")

    def full(_):
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        kept.save()
    book = KeptAddresses(path).book
    assert book.knows("AA") and not book.knows("AB")


ROW = ["AA", 1, None, 1, ""]


@pytest.mark.parametrize(
    "held",
    [
        "",
        "[]",
        "{",
        json.dumps({"version": 2, "units": []}),
        *(json.dumps({"version": 1, "units": units}) for units in (5, [5], [["A1", *ROW[1:]]], [ROW, ROW], [ROW[:4]])),
        json.dumps({"version": 1, "units": [["AA", 0, None, 1, ""]]}),
        json.dumps({"version": 1, "units": [["AA", 1, 5, 1, ""]]}),
        json.dumps({"version": 1, "units": [["AA", 1, None, "1", ""]]}),
        "\xff",
    ],
)
def test_a_damaged_list_is_never_taken_for_an_empty_one(tmp_path, held):
    path = tmp_path / "addresses.json"
    path.write_text(held, encoding="latin-1")
    with pytest.raises(ListUnreadable, match="not a list of addresses"):
        KeptAddresses(path)
