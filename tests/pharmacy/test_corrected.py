"""Corrected labels are printed, in the end, and read as meant."""

import pypdfium2
import pytest

from agent.pharmacy import snapshots
from agent.pharmacy.labels import NotPrinted, Printer
from tests.agent.label_printer import page_of, scanned
from tests.pharmacy.desktop import FIXED, PICK, Desktop
from tests.pharmacy.test_lists import JSON


@pytest.fixture
def desktop(tmp_path):
    made = Desktop(tmp_path)
    made.record("AB", "P", PICK)
    made.record("CD", "C", FIXED)
    yield made
    made.book.close()


@pytest.mark.req("P38")
def test_a_folder_gets_a_label_that_says_the_new_quantity_and_number(desktop, tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    assert Printer(folder, "pdf").print_due(desktop.book, snapshots.opened(JSON)) == 1
    (file,) = folder.iterdir()
    assert file.name.startswith("CD00-") and scanned(page_of(file.read_bytes(), 0, 200)) == ["Z1|07605|8|CD00"]
    with pypdfium2.PdfDocument(file) as document:
        words = document[0].get_textpage().get_text_bounded().split()
    assert {"MAG", "OX", "CORRECTED", "ICU1", "8"} <= set(words)
    assert Printer(folder, "pdf").print_due(desktop.book, None) == 0


@pytest.mark.req("P38")
def test_a_printer_that_is_away_prints_later(desktop, tmp_path):
    port = tmp_path / "lp0"
    with pytest.raises(NotPrinted, match="label CD00, in place of AB01"):
        Printer(port, "zpl").print_due(desktop.book, None)
    assert not port.exists()
    port.touch()
    assert Printer(port, "zpl").print_due(desktop.book, None) == 1
    assert port.read_bytes().startswith(b"^XA") and desktop.book.unprinted() == []


def test_a_name_that_no_printer_can_print_does_not_keep_the_label_back(desktop, tmp_path):
    named = snapshots.opened(JSON.replace(b"caf\xc3\xa9", "\u0141\u0151".encode()))
    assert Printer(tmp_path, "pdf").print_due(desktop.book, named) == 1
    (file,) = tmp_path.glob("*.pdf")
    with pypdfium2.PdfDocument(file) as document:
        assert "07605" in document[0].get_textpage().get_text_bounded().split()
