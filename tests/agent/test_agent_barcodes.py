"""Codes as scanners read them: GS1 and EAN/UPC by biip, codes of the house by the table, nothing by guess."""

from datetime import date

import pytest

from agent import barcodes
from agent.barcodes import Package, end_of_day_min

GTIN = "00312345678906"
END = end_of_day_min(date(2027, 12, 31))


@pytest.mark.req("P22")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("]d2010031234567890617271231" + "10LOT1", Package(GTIN, "LOT1", END, True)),
        ("01003123456789061727123110LOT1", Package(GTIN, "LOT1", END, True)),
        ("010031234567890610LOT1\x1d17271200", Package(GTIN, "LOT1", END, True)),
        ("010031234567890610LOT1|17271231", Package(GTIN, "LOT1", END, True)),
        ("312345678906", Package(GTIN, None, None, True)),
        ("0312345678906", Package(GTIN, None, None, True)),
        (" HOUSE-7 ", Package("HOUSE-7")),
        ("312345678907", Package("312345678907")),
    ],
)
def test_what_a_package_says(text, found):
    assert barcodes.package(text) == found


@pytest.mark.req("P22", "F29")
@pytest.mark.parametrize(
    ("code", "table", "item"),
    [
        (GTIN, {GTIN: [GTIN, "IBU"]}, "IBU"),
        (GTIN, {"312345678906": ["312345678906", "IBU"]}, "IBU"),
        (GTIN, {"0312345678906": ["0312345678906", "IBU"]}, "IBU"),
        ("10312345678903", {"312345678903": ["312345678903", "IBU"]}, None),
        ("HOUSE-7", {"HOUSE-7": ["HOUSE-7", "MOR"]}, "MOR"),
        ("IBU", {}, "IBU"),
        ("NIX", {}, None),
    ],
)
def test_an_item_is_looked_up_in_every_spelling_of_its_number(code, table, item):
    assert barcodes.item_of(Package(code), table, {"IBU", "MOR"}) == item


@pytest.mark.parametrize(
    ("text", "place"), [("D03-P07", "D03-P07"), (" d03-p07 ", "D03-P07"), ("D3-P7", None), ("B1", None)]
)
def test_a_label_of_a_pocket_names_its_place(text, place):
    assert barcodes.place_of(text) == place


@pytest.mark.req("F26")
def test_a_package_may_be_used_until_the_end_of_its_day():
    assert end_of_day_min(date(1970, 1, 1)) == 1440
    assert barcodes.day_of(END) == "2027-12-31"


@pytest.mark.req("F29")
@pytest.mark.parametrize("text", ["]", "]Q3ABC", "]201003123456789061728013110LOT7", "http://]/01/00312345678906", ""])
def test_what_no_code_can_be_is_a_code_of_the_house_and_stops_nobody(text):
    assert barcodes.package(text) == Package(text)
