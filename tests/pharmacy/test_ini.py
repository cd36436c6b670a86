"""PROCAR.INI: every key with its bounds, and words for what is wrong."""

import pytest

from agent.pharmacy.ini import IniError, Procar, load, parse

WHOLE = """
; the interface computer
[PROCAR]
SEC_WAIT_FOR_ACK = 1.5
RETRY_LIMIT=5
MAX_BLK_POW2 = 07
BAUD = 115200
CYCLE_SEC = 2
REQUIRE_HASH = 0
SKIP_LOOK_ALIKES = 1
DOWNLOAD_FREQ_MIN = 10   ; the least
SNAPSHOT_TIMES = 14:30, 6:00,14:30
STALE_LIST_HOURS = 3
CENTRE_URL = https://centre.example/
CHECK_REPORTING = 0
REPORT_NOT_CHECKED_BUT_DELIVERED = 0
CHECKER_MAY_BE_PICKER = 1
LABEL_PRINTER = /dev/usb/lp0
LABEL_FORMAT = ZPL
"""


@pytest.mark.req("P52", "P69")
def test_what_is_left_out_is_as_the_requirements_say():
    procar = parse("")
    assert (procar.sec_wait_for_ack, procar.download_freq_min, procar.stale_list_hours) == (3, 60, 4)
    assert (procar.retry_limit, procar.check_reporting, procar.report_not_checked_but_delivered) == (3, True, True)
    assert procar == Procar() and procar.host()["wait_ms"] == 3000 and procar.host()["tries"] == 4


@pytest.mark.req("P52", "P69")
def test_every_key_is_read(tmp_path):
    (tmp_path / "PROCAR.INI").write_bytes(WHOLE.replace("\n", "\r\n").encode("utf-8-sig"))
    procar = load(tmp_path / "PROCAR.INI")
    assert procar == Procar(
        1.5, 5, 7, 115200, 2.0, False, True, 10, (360, 870), 3, "https://centre.example", False, False, True,
        "/dev/usb/lp0", "zpl",
    )  # fmt: skip
    host = {"wait_ms": 1500, "tries": 6, "power": 7, "baud": 115200, "cycle_ms": 2000, "hashed": False}
    assert procar.host() == host
    assert "Il" in procar.not_given() and "OO" in procar.not_given() and "AB" not in procar.not_given()


def test_the_section_may_be_left_out():
    assert parse("download_freq_min=15").download_freq_min == 15


@pytest.mark.req("P52")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("DOWNLOAD_FREQ_MIN = 9", "DOWNLOAD_FREQ_MIN = 9: it is a whole number from 10"),
        ("DOWNLOAD_FREQ_MIN = 0", "from 10"),
        ("DOWNLOAD_FREQ_MIN = ten", "from 10"),
        ("DOWNLOAD_FREQ_MIN = 10.5", "from 10"),
        ("DOWNLOAD_FREQ_MIN = 1441", "from 10 to 1440"),
        ("DOWNLOAD_FREQ = 60", "DOWNLOAD_FREQ is no key; there are BAUD"),
        ("SEC_WAIT_FOR_ACK = 0", "SEC_WAIT_FOR_ACK = 0: it is a number from 0.2 to 60"),
        ("SEC_WAIT_FOR_ACK = nan", "0.2 to 60"),
        ("MAX_BLK_POW2 = 13", "from 5 to 12"),
        ("MAX_BLK_POW2 = 4", "from 5 to 12"),
        ("RETRY_LIMIT = 0", "from 1 to 10"),
        ("STALE_LIST_HOURS = 25", "from 1 to 24"),
        ("CHECK_REPORTING = yes", "0 or 1"),
        ("SNAPSHOT_TIMES = 24:00", "times of day"),
        ("SNAPSHOT_TIMES = 6", "times of day"),
        ("CENTRE_URL = http://centre.example", "https"),
        ("LABEL_FORMAT = png", "pdf or zpl"),
        ("[PROCAR]\nBAUD = 9600\n[OTHER]\nBAUD = 1", "one section"),
        ("BAUD = 9600\nBAUD = 19200", "already exists"),
        ("BAUD", "BAUD"),
    ],
)
def test_what_is_wrong_is_refused_by_name(line, words):
    with pytest.raises(IniError) as refused:
        parse(line)
    assert words in str(refused.value)


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(IniError, match=r"nowhere.ini can not be read"):
        load(__import__("pathlib").Path("nowhere.ini"))
