# Records and addresses of the handhelds, on both interpreters.
from firmware.cradle import addresses, records

REQ = ("P91", "P92", "P93", "P94")

TIME = "120997143005"
PICK = b"ICU1|AB01|10|120997143005|jd01|R"
CHECK = b"07605|AB01|10|120997150000|rp02|R|OK"


def refused(call, *args, **named):
    try:
        call(*args, **named)
    except ValueError:
        return True
    return False


def test_golden_records_both_ways():
    pick = {"station": "ICU1", "serial": "AB01", "quantity": 10, "time": TIME, "user": "jd01", "purpose": "R"}
    pick["hashed"] = False
    assert records.read_pick(PICK) == pick and records.pick(**pick) == PICK
    check = records.read_check(CHECK)
    assert check["item"] == "07605" and check["status"] == "OK" and records.check(**check) == CHECK


def test_a_hashed_record_both_ways():
    data = records.pick("ICU 1", "AB01", 10, TIME, "jd01", "R", "07605")
    assert data == b"ICU 1|AB01|10|120997143005|jd01|R|07605|#" + records.record_hash(data[:-10]).encode()
    read = records.read_pick(data, hashed=True)
    assert read["item"] == "07605" and read["hashed"] and records.pick(**read) == data
    # the first 8 hex digits of SHA-256("abc"), FIPS 180
    assert records.record_hash(b"abc") == "ba7816bf"


# RD-P14
def test_a_check_may_name_a_new_label_or_say_that_there_is_none():
    for new in ("AB02", ""):
        data = records.check("07605", "AB01", 8, TIME, "rp02", "R", "QTY", new)
        assert data.split(b"|")[7:8] == [new.encode()]
        read = records.read_check(data, hashed=True)
        assert read["new_serial"] == new and records.check(**read) == data
    assert "new_serial" not in records.read_check(CHECK)
    assert refused(records.read_check, CHECK + b"|AB02|AB03")


def test_the_hash_is_required_where_asked_and_right_where_given():
    assert refused(records.read_pick, PICK, hashed=True)
    assert refused(records.read_check, CHECK, hashed=True)
    for data, read in (
        (records.pick("ICU1", "AB01", 10, TIME, "jd01", "R"), records.read_pick),
        (records.check("07605", "AB01", 10, TIME, "rp02", "R", "OK"), records.read_check),
    ):
        for at in range(len(data)):
            wrong = bytearray(data)
            wrong[at] ^= 1
            assert refused(read, wrong, hashed=True), at
            assert refused(read, data[:at], hashed=True), at


def test_no_record_is_made_or_read_that_none_can_be():
    for station, quantity, time, item in (
        ("IC|U", 1, TIME, None),
        ("", 1, TIME, None),
        ("ICU1", -1, TIME, None),
        ("ICU1", "ten", TIME, None),
        ("ICU1", 1, TIME[1:], None),
        ("ICU1", 1, TIME, "#1234"),
        ("ICU1\n", 1, TIME, None),
        ("Ü", 1, TIME, None),
    ):
        assert refused(records.pick, station, "AB01", quantity, time, "jd01", "R", item), (station, quantity)
    for data in (b"", b"\xff", PICK[:-2], PICK + b"|1|2", PICK.replace(b"10|1", b"|1"), PICK + b"|", b"|" * 6):
        assert refused(records.read_pick, data), data
    assert refused(records.read_check, PICK)


def test_both_forms_of_an_acceptance():
    assert records.acceptance(30, 5) == b"30:05"
    assert records.read_acceptance(b"30:05") == records.read_acceptance(b"3005") == (30, 5)
    for wrong in (b"", b"30:5", b"60:00", b"00:60", b"30-05", b"300:5", b"ab:cd", b"30:05 "):
        assert refused(records.read_acceptance, wrong), wrong


def test_identification():
    assert records.read_identification(records.identification("HK")) == "HK"
    assert refused(records.identification, "11") and refused(records.read_identification, b"H")


def test_addresses_are_counted_from_aa_to_zz():
    for text, index in (("AA", 0), ("Rv", 931), ("HK", 374), ("II", 424), ("zz", 2703)):
        assert addresses.index(text) == index and addresses.address(index) == text
    every = [addresses.address(n) for n in range(addresses.ADDRESSES)]
    assert len(set(every)) == 2704 and all(addresses.is_address(text) for text in every)
    assert [addresses.index(text) for text in every] == list(range(2704))
    for wrong in ("00", "11", "A", "ABC", "A1", "", "é!", None):
        assert not addresses.is_address(wrong) and refused(addresses.index, wrong)
    assert refused(addresses.address, 2704) and refused(addresses.address, -1)


def test_serials_are_an_address_and_a_count_in_base_62():
    for count, text in ((0, "Rv00"), (9, "Rv09"), (10, "Rv0A"), (61, "Rv0z"), (62, "Rv10"), (3843, "Rvzz")):
        assert addresses.serial("Rv", count) == text and addresses.read_serial(text) == ("Rv", count)
    assert addresses.SEQUENCES == 3844 and refused(addresses.serial, "Rv", 3844)
    assert refused(addresses.serial, "00", 1) and refused(addresses.base62, -1, 2)
    for wrong in ("Rv0", "Rv0|", "0000", "Rv000", ""):
        assert refused(addresses.read_serial, wrong), wrong
