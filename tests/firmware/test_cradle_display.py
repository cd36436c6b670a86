# Messages of the station's screen on a unit: made, read, and refused in any other form.
from firmware.cradle import display

REQ = ("P41", "P47", "P49")

GOOD = (
    (
        display.screen([("R", "Morphine 10 mg amp"), ("N", "Drawer 2 | Pocket 1")]),
        "001|RMorphine 10 mg amp|NDrawer 2 / Pocket 1",
    ),
    (display.screen([]), "001"),
    (display.field("badge", "T", 16, "Badge"), "002|badge|T|16|N|Badge"),
    (display.field("item", "S", 128, "Scan", "R"), "002|item|S|128|R|Scan"),
    (display.result(0, "Delivered"), "003|0|Delivered"),
    (display.result(128, "not | here"), "003|128|not / here"),
    (display.over(), "004"),
    (display.typed("pin", "1234"), "101|pin|1234"),
    (display.typed("found", ""), "101|found|"),
    (display.scanned("package", "Z1|A|6|HK01"), "102|package|Z1|A|6|HK01"),
    (display.key("CLEAR"), "103|CLEAR"),
    (display.asks(), "104"),
)


def test_each_message_byte_by_byte():
    for made, text in GOOD:
        assert made == text.encode(), text


def test_each_message_reads_as_it_was_made():
    assert display.read(GOOD[0][0]) == ("001", [("R", "Morphine 10 mg amp"), ("N", "Drawer 2 / Pocket 1")])
    assert display.read(GOOD[3][0]) == ("002", "item", "S", 128, "Scan", "R")
    assert display.read(GOOD[5][0]) == ("003", 128, "not / here")
    assert display.read(GOOD[8][0]) == ("101", "found", "")
    assert display.read(GOOD[9][0]) == ("102", "package", "Z1|A|6|HK01")
    assert display.read(GOOD[10][0]) == ("103", "CLEAR") and display.read(GOOD[11][0]) == ("104",)


def test_other_forms_are_refused():
    screens = ("001|X?", "001|N" + "x" * 21, "001" + "|Nx" * 9)
    fields = ("a|N|3|N", "a|Q|3|N|p", "a|NT|3|N|p", "a|N|0|N|p", "a|N|x|N|p", "a|N|129|N|p", "a|N|3|B|p")
    results = ("003", "003|x|y", "003|1", "003|1|a|b", "004|x")
    answers = ("101", "101|a", "101||a", "102|a|" + "x" * 129, "103", "103|F5", "104|x")
    others = ("", "1", "01", "005", "002|a|N|3|N|" + "p" * 21)
    for text in screens + tuple("002|" + field for field in fields) + results + answers + others:
        try:
            display.read(text.encode())
            assert False, text
        except ValueError:
            pass
    for data in (b"101|a|\x80", b"101|a|\n", "101|a|\u00e9".encode()):
        try:
            display.read(data)
            assert False, data
        except ValueError:
            pass


def test_long_texts_are_broken_at_blanks():
    lines = display.wrap("Rocuronium bromide 50 mg/5 mL vial", "R")
    assert lines == [("R", "Rocuronium bromide"), ("R", "50 mg/5 mL vial")]
    assert display.wrap("x" * 45) == [("N", "x" * 20), ("N", "x" * 20), ("N", "x" * 5)]
    assert display.wrap("Tr\u00e4ger|A") == [("N", "Tr?ger/A")] and display.wrap("") == []
