"""A search that shows nothing to pick from until one drug is left, against lists after two and five letters."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.search import Entry, drug_of, find
from tests.agent import typos

MORPHINE = Entry("MOR2", "Morphine 2 mg", "MS Contin")
MORPHINE_10 = Entry("MOR10", "Morphine 10 mg", "MS Contin")
HYDRO = Entry("HYM2", "Hydromorphone 2 mg", "Dilaudid")
VERSED = Entry("MID5", "Midazolam 5 mg", "Versed")
VEC = Entry("VEC10", "Vecuronium 10 mg", "Norcuron")
ALL = (MORPHINE, MORPHINE_10, HYDRO, VERSED, VEC)

entries = st.lists(st.sampled_from(typos.ENTRIES), unique=True)
text = st.text(st.sampled_from("abcdeimnoprstvz 10"), max_size=8)


@pytest.mark.req("U7", "F6")
@pytest.mark.parametrize(
    ("typed", "drugs", "found"),
    [
        ("", 0, ()),
        ("ve", 2, ()),
        ("ver", 1, ()),
        ("vers", 1, (VERSED,)),
        ("vecu", 1, (VEC,)),
        ("m", 4, ()),
        ("morp", 1, (MORPHINE, MORPHINE_10)),
        ("ms", 1, (MORPHINE, MORPHINE_10)),
        ("morph 10", 1, (MORPHINE_10,)),
        ("MS cont", 1, (MORPHINE, MORPHINE_10)),
        ("dila", 1, (HYDRO,)),
        ("phine", 0, ()),
        ("mor vec", 0, ()),
    ],
)
def test_nothing_is_shown_until_one_drug_is_left(typed, drugs, found):
    result = find(ALL, typed)
    assert (result.drugs, result.entries) == (drugs, found)


def test_a_drug_is_its_name_without_strength_and_form():
    assert drug_of("Insulin lispro 100 units/mL vial") == "insulin lispro"
    assert drug_of("50 mL dextrose") == ""


@pytest.mark.req("U7", "F6")
@given(entries, text)
def test_what_is_shown_is_one_drug_and_fits_every_word(held, typed):
    result = find(held, typed)
    assert len({entry.drug for entry in result.entries}) == (1 if result.entries else 0)
    assert result.drugs == 1 or not result.entries
    for entry in result.entries:
        assert all(any(word.startswith(part) for word in entry.words) for part in typed.casefold().split())


@given(entries, text, text)
def test_typing_on_never_brings_a_drug_back(held, typed, more):
    assert find(held, typed + more).drugs <= max(find(held, typed).drugs, 0 if typed.strip() else len(held))


@given(st.sampled_from(typos.ENTRIES))
def test_every_drug_is_found_by_its_whole_name(entry):
    assert entry in find(typos.ENTRIES, entry.drug).entries
    assert entry in find(typos.ENTRIES, entry.aliases).entries


@pytest.mark.req("U7")
def test_a_wrong_drug_is_offered_and_picked_less_than_from_a_list():
    figures = typos.figures()
    two, five, one = figures.values()
    assert one[0] < five[0] < two[0]
    assert one[1] <= five[1] < two[1]
    told = (Path(__file__).parents[2] / "docs" / "kiosk.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| ([\d.]+) \| ([\d.]+) \|$", told, re.MULTILINE)
    assert {name: (float(offered), float(picked)) for name, offered, picked in rows} == figures
