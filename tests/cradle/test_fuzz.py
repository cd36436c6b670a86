"""Random and damaged frames, on both interpreters; `python -m tests.tools.polselect_fuzz` runs a million."""

import json

import pytest

from firmware.cradle import frames, reading, records
from tests.cradle import mutants
from tests.tools import polselect_fuzz

FRAMES = 20_000


@pytest.mark.req("P65", "P79")
def test_both_interpreters_read_what_the_reference_reads() -> None:
    tally = polselect_fuzz.run(FRAMES, seed=5, under_micropython=True)
    assert tally.frames == FRAMES and tally.accepted > FRAMES / 7 and tally.from_stream > FRAMES / 7
    said = tally.as_json()
    # each kind of frame is sent, and there are many that the 8 bits let through
    assert {kind["sent"] for kind in said["kinds"]} == {*mutants.KINDS} - {"data"} | {f"data {f}" for f in "ABCDILPRS"}
    assert said["undetected"] > 500


@pytest.mark.req("P91", "P92")
def test_the_record_hash_catches_each_changed_record() -> None:
    tally = polselect_fuzz.run(FRAMES, seed=6)
    assert tally.records["changed"] > 100
    assert tally.records["changed"] == tally.records["changed, refused"]
    assert tally.missed() == 0


def test_a_codec_that_takes_a_wrong_check_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "sound", lambda frame: frame.kind != "invalid")
    with pytest.raises(polselect_fuzz.Differs):
        polselect_fuzz.run(1000, seed=1)


def test_a_codec_that_refuses_a_good_frame_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 50)
    with pytest.raises(polselect_fuzz.Differs):
        polselect_fuzz.run(1000, seed=1)


def test_a_reader_that_skips_the_hash_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lenient = {"P": lambda data, hashed: None, "C": records.read_check}
    monkeypatch.setattr(polselect_fuzz, "RECORDS", lenient)
    assert polselect_fuzz.main(["--frames", "2000"]) == 1


@pytest.mark.parametrize("flag, other", ["PC", "CP"])
def test_a_record_under_the_other_flag_is_refused(flag: str, other: str) -> None:
    made = {
        "P": records.pick("ICU1", "AB01", 1, "120997143005", "jd01", "R", "07605"),
        "C": records.check("07605", "AB01", 1, "120997143005", "rp02", "R", "OK"),
    }
    assert polselect_fuzz.RECORDS[flag](made[flag], hashed=True)["hashed"]
    with pytest.raises(ValueError):
        polselect_fuzz.RECORDS[other](made[flag], hashed=True)


def test_the_command_says_its_counts_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert polselect_fuzz.main(["--frames", "500", "--seed", "9", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["frames"] == 500 == said["noise"] + said["untouched"] + said["damaged"]
    assert polselect_fuzz.main(["--frames", "500", "--seed", "9"]) == 0
    assert f"undetected: {said['undetected']}" in capsys.readouterr().out


def test_the_same_seed_draws_the_same_frames() -> None:
    import random

    one, other = random.Random(3), random.Random(3)
    assert [mutants.draw(one) for _ in range(100)] == [mutants.draw(other) for _ in range(100)]
