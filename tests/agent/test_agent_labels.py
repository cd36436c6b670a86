"""Labels: what a scanner reads from the printed dots is what was meant; what does not fit is refused with words."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any

import pypdfium2
import pytest
import zint
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from agent import barcodes
from agent.labels import contents, draw, layouts, zpl
from agent.labels.contents import BadLabel, Content
from firmware.schema import place_name
from firmware.wire import labels
from tests.agent.label_printer import page_of, printed, scanned

IDS = st.text("ABCXYZabcxyz0189_-", min_size=1, max_size=16)
SERIALS = st.text(labels.BASE62, min_size=4, max_size=4)
LETTERS = [chr(n) for n in range(33, 256) if chr(n).isprintable()]
NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=3).map(" ".join)
GS1_TEXTS = st.text("!\"%&'()*+,-./0189:;<=>?AMZ_amz", min_size=1, max_size=20)
TODAY = date.today()

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def words_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(document[0].get_textpage().get_text_range().split())


# the text that a scanner finds on the label, the same from paper and from the printer's dots
def code_on(content: Content, layout: str = "") -> str:
    drawn = layouts.read(layout or content.kind)
    (read,) = scanned(page_of(draw.pages(drawn, [content])))
    (dots,) = printed(zpl.pages(drawn, [content]))
    assert scanned(dots) == [read]
    return read


def gtin_of(digits: str) -> str:
    weighted = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(digits)))
    return digits + str(-weighted % 10)


def bag(**fields: Any) -> Content:
    given_fields = {"item": "morphine-10", "quantity": 12, "serial": "Rv0z", "name": "Morphine 10 mg/mL injection"}
    return contents.bag(**{**given_fields, "station": "icu-3", "place": "D03-P07", **fields})


def package(**fields: Any) -> Content:
    given_fields = {
        "gtin": "312345678906",
        "name": "Morphine",
        "expiry": date(2027, 12, 31),
        "lot": "L1",
        "serial": "7",
    }
    return contents.package(**{**given_fields, **fields})


@pytest.mark.req("P30", "P58", "P59")
@few
@given(IDS, st.integers(1, 9999), SERIALS, NAMES)
def test_bag_labels_are_read_as_meant(item: str, quantity: int, serial: str, name: str) -> None:
    read = code_on(bag(item=item, quantity=quantity, serial=serial, name=name))
    assert labels.read(read) == (labels.BAG, item, quantity, serial)


@pytest.mark.req("P30", "P58", "P60", "P62")
@few
@given(IDS, NAMES)
def test_shelf_and_user_labels_are_read_as_meant(one: str, name: str) -> None:
    assert labels.read(code_on(contents.shelf(one, name=name))) == (labels.SHELF, one)
    assert labels.read(code_on(contents.user(one, name=name))) == (labels.USER, one)


@pytest.mark.req("P30", "P58", "P61")
@few
@given(st.text("AWaw09_-", min_size=1, max_size=32), st.integers(1, 16), st.integers(1, 255))
def test_pocket_labels_are_read_as_meant(station: str, drawer: int, number: int) -> None:
    content = contents.pocket(station, drawer, number)
    read = code_on(content, "pocket" if len(station) < 20 else "pocket-long")
    assert labels.read(read) == (labels.POCKET, station, drawer, number)


@pytest.mark.req("P30", "P58")
@few
@given(st.text("AWaw09_-", min_size=1, max_size=32), IDS)
def test_tote_labels_are_read_as_meant(station: str, tote: str) -> None:
    assert labels.read(code_on(contents.tote(station, tote))) == (labels.TOTE, station, tote)


@pytest.mark.req("P22", "P26")
@few
@given(
    st.text("0123456789", min_size=13, max_size=13).map(gtin_of),
    st.dates(TODAY - timedelta(days=365 * 20), TODAY + timedelta(days=365 * 40)),
    GS1_TEXTS,
    GS1_TEXTS,
    NAMES,
)
def test_package_labels_are_read_as_meant(gtin: str, expiry: date, lot: str, serial: str, name: str) -> None:
    read = code_on(package(gtin=gtin, name=name, expiry=expiry, lot=lot, serial=serial))
    assert read == f"01{gtin}17{expiry:%y%m%d}10{lot}\x1d21{serial}"
    assert barcodes.package(read) == barcodes.Package(gtin, lot, barcodes.end_of_day_min(expiry), True)


@pytest.mark.req("P22")
def test_package_symbol_is_gs1_datamatrix() -> None:
    content = package()
    (found,) = zxingcpp.read_barcodes(page_of(draw.pages(layouts.read("package"), [content])))
    assert (found.symbology_identifier, found.content_type) == ("]d2", zxingcpp.ContentType.GS1)
    assert found.text == content.fields["code"] == "(01)00312345678906(17)271231(10)L1(21)7"


@pytest.mark.req("P58")
def test_upc_a_of_a_distribution_centre_is_read() -> None:
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.UPCA
    symbol.encode("31234567890")
    symbol.buffer()
    bitmap = symbol.bitmap
    assert bitmap is not None
    picture = Image.frombytes("RGB", (bitmap.shape[1], bitmap.shape[0]), bytes(bitmap))
    (found,) = zxingcpp.read_barcodes(picture)
    assert barcodes.package(found.text).code == "00312345678906"
    assert barcodes.item_of(barcodes.package(found.text), {"312345678906": ["312345678906", "morphine-10"]}, ())


@pytest.mark.req("P59", "U11")
def test_bag_label_says_what_how_many_and_where_to() -> None:
    pdf = draw.pages(layouts.read("bag"), [bag(name="Ampère 5 µg/mL", place="D16-P255", station="w" * 32)])
    assert words_of(pdf) == f"Ampère 5 µg/mL Qty 12 D16-P255 Station {'w' * 32} Z1|morphine-10|12|Rv0z"


@pytest.mark.req("P62")
def test_a_number_stays_with_its_unit() -> None:
    pdf = draw.pages(layouts.read("shelf"), [contents.shelf("mor", name="Morphine 10 mg/mL injection, 1 mL ampoule")])
    with pypdfium2.PdfDocument(pdf) as document:
        lines = document[0].get_textpage().get_text_range().splitlines()
    assert lines[:2] == ["Morphine 10 mg/mL injection,", "1 mL ampoule"]


@pytest.mark.req("P22", "P26")
def test_package_label_says_what_its_code_says() -> None:
    pdf = draw.pages(layouts.read("package"), [package()])
    assert words_of(pdf) == "Morphine GTIN 00312345678906 EXP 2027-12-31 LOT L1 SN 7"


@pytest.mark.req("P59")
def test_item_name_is_white_on_black() -> None:
    (dots,) = printed(zpl.pages(layouts.read("bag"), [bag()]))
    name = layouts.read("bag").text[0]
    (x, y), (width, height) = ([int(n * layouts.DOTS_MM) for n in pair] for pair in (name.at_mm, name.size_mm))
    box = dots.crop((x, y, x + width, y + height))
    assert {box.getpixel(at) for at in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1))} == {0}
    assert 0.02 < box.histogram()[255] / (width * height) < 0.5


# a bar of two and a half dots prints as two or three: scanners then depend on luck
@pytest.mark.req("P58")
@pytest.mark.parametrize("content", [bag(), bag(item="x" * 16, quantity=9999), contents.pocket("s", 1, 1)])
def test_bars_are_whole_dots_wide(content: Content) -> None:
    layout = layouts.read(content.kind)
    (dots,) = printed(zpl.pages(layout, [content]))
    assert dots.size == tuple(int(n * layouts.DOTS_MM) for n in layout.size_mm)
    row = int((layout.code.at_mm[1] + layout.code.size_mm[1] / 2) * layouts.DOTS_MM)
    runs = [len(list(run)) for _, run in groupby(dots.crop((0, row, dots.width, row + 1)).tobytes())]
    module = min(runs)
    assert module in layout.code.module_dots
    assert {run % module for run in runs[1:-1]} == {0}
    assert runs[0] >= 10 * module <= runs[-1]


@pytest.mark.req("P30")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bag(quantity=0), "a quantity is"),
        (lambda: bag(serial="Rv0"), "a serial is"),
        (lambda: bag(place="D1-P1"), "is no pocket"),
        (lambda: bag(station="a b"), "a station's id"),
        (lambda: contents.shelf("a|b", name="A"), "an item's id"),
        (lambda: contents.user("", name="A"), "a user's id"),
        (lambda: contents.pocket("s", 17, 1), "drawer"),
        (lambda: package(gtin="312345678907"), "no GTIN"),
        (lambda: package(gtin="3123"), "no GTIN"),
        (lambda: package(lot=""), "lot and serial"),
        (lambda: package(lot="x" * 21), "lot and serial"),
        (lambda: package(lot="a b"), "lot and serial"),
        (lambda: package(serial="a\x1d17991231"), "lot and serial"),
        (lambda: package(serial="µ"), "lot and serial"),
        (lambda: package(expiry=date(TODAY.year + 60, 1, 1)), "50 years ahead"),
    ],
)
def test_what_no_code_can_say_is_refused(make: Any, words: str) -> None:
    with pytest.raises(BadLabel, match=words):
        make()


@pytest.mark.req("P30")
@pytest.mark.parametrize(
    ("content", "layout", "words"),
    [
        (bag(name="Morphine " * 20), "bag", "too long for its place on label bag"),
        (bag(name="Morphine" * 10), "bag", "too long for its place on label bag"),
        (bag(name="M\nN"), "bag", "can not be printed"),
        (bag(name="Łódź"), "bag", "can not be printed"),
        (bag(name=" "), "bag", "empty"),
        (bag(item="x" * 16, quantity=2147483647), "bag", "too long a bar code for label bag"),
        (contents.pocket("S" * 20, 16, 255), "pocket", "too long a bar code for label pocket"),
        (contents.shelf("a", name="A"), "user", "for user labels, not for shelf labels"),
    ],
)
def test_what_does_not_fit_its_layout_is_refused(content: Content, layout: str, words: str) -> None:
    with pytest.raises(BadLabel, match=words):
        draw.pages(layouts.read(layout), [content])


@pytest.mark.req("P30")
def test_longest_ids_fit_the_layouts_made_for_them() -> None:
    assert code_on(bag(item="W" * 16, quantity=9999)) == f"Z1|{'W' * 16}|9999|Rv0z"
    assert code_on(contents.tote("W" * 32, "W" * 16)) == f"Z5|{'W' * 32}|{'W' * 16}"
    assert code_on(contents.pocket("W" * 19, 16, 255)) == f"Z4|{'W' * 19}|16|255"
    assert code_on(contents.pocket("W" * 32, 16, 255), "pocket-long") == f"Z4|{'W' * 32}|16|255"


@pytest.mark.req("P30")
@pytest.mark.parametrize("name", layouts.names())
def test_shipped_layouts_hold(name: str) -> None:
    assert layouts.read(name).name == name


@pytest.mark.req("P30")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("at_mm = [1, 33]", "at_mm = [1, 39]", "outside the label"),
        ("at_mm = [1, 33]", "at_mm = [0.5, 33]", "outside the label"),
        ("at_mm = [1, 33]", "at_mm = [1, 30]", "same spot"),
        ("at_mm = [1, 33]", "at_mm = [1.1, 33]", "at_mm"),
        ("{place}", "{plaice}", "no field 'plaice'"),
        ("{place}", "{0}", "no field '0'"),
        ('"code128"', '"gs1-datamatrix"', "packages carry"),
        ("points = [24]", "points = []", "points"),
        ("reverse = true", "inverse = true", "inverse"),
        ("[[text]]", "[[text", "not right"),
    ],
)
def test_bad_layouts_are_refused(old: str, new: str, words: str, tmp_path: Any, monkeypatch: Any) -> None:
    text = (layouts.FOLDER / "bag.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "bag.toml").write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(layouts, "FOLDER", tmp_path)
    with pytest.raises(BadLabel, match=words):
        layouts.read("bag")


@pytest.mark.req("P61")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("columns = 2", "columns = 3", "paper's edge"),
        ("rows = 10", "rows = 11", "paper's edge"),
        ("step_mm = [96, 26]", "step_mm = [96, 25]", "overlap"),
        ('layout = "pocket"', 'layout = "pockets"', "no layout 'pockets'"),
    ],
)
def test_bad_sheets_are_refused(old: str, new: str, words: str, tmp_path: Any, monkeypatch: Any) -> None:
    text = (layouts.SHEETS / "a4.toml").read_text(encoding="utf-8")
    (tmp_path / "a4.toml").write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(layouts, "SHEETS", tmp_path)
    with pytest.raises(BadLabel, match=words):
        layouts.sheet("a4")


@pytest.mark.req("P61")
@pytest.mark.parametrize("name", layouts.names(layouts.SHEETS))
def test_sheets_hold_every_label_once(name: str) -> None:
    sheet = layouts.sheet(name)
    wanted = [contents.pocket("icu-3", 1, n) for n in range(1, sheet.columns * sheet.rows + 2)]
    pdf = draw.sheets(sheet, wanted)
    found = [scanned(page_of(pdf, number, 200)) for number in (0, 1)]
    assert [len(page) for page in found] == [len(wanted) - 1, 1]
    assert sorted(found[0] + found[1]) == sorted(content.code for content in wanted)
    assert place_name(1, 1) in words_of(pdf)
