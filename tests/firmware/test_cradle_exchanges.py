# Each exchange of docs/polselect.md section 12 goes as written there, to the end it should have; on both interpreters.
from cradle_stories import CHECK, LIST, PICK, STORIES

REQ = ("P63", "P66", "P67", "P68", "P69", "P71", "P73", "P74", "P75", "P81", "P82", "P89", "P90", "P95")

DOC = __file__.rsplit("/", 3)[0] + "/docs/polselect.md"


def written():
    name = None
    found = {}
    with open(DOC) as text:
        for line in text:
            if line.startswith("<!-- exchange: "):
                name = line.split()[2]
                found[name] = []
            elif line.startswith("```") and name and found[name]:
                name = None
            elif name and not line.startswith("```") and line.strip():
                found[name].append(line.rstrip())
    return found


def test_every_exchange_goes_as_the_document_says():
    found = written()
    assert sorted(found) == sorted(STORIES)
    for name, story in STORIES.items():
        log = story().log
        assert log == found[name], "%s:\n%s" % (name, "\n".join(log))


def events(name):
    rig = STORIES[name]()
    return rig, rig.units[0]


def test_the_address_is_in_the_list_and_the_unit_has_it():
    rig, unit = events("new-address")
    assert rig.got("assigned") == [("Rv",)]
    assert rig.book.knows("Rv") and rig.book.next_free() == "Rw"
    assert unit.terminal.address == "Rv" and unit.got("address") == [("Rv",)]


def test_a_break_assigns_nothing_until_another_new_address_pol():
    rig, unit = events("new-address-broken")
    broken = rig.log.index("host: DataACK Rv 1")
    assert rig.log[broken + 1] == "host: POL 11"
    # not the same address at once: the DataACK that is missing might come late
    assert rig.got("assigned") == [("Rw",)]
    rig.run(100)
    assert unit.terminal.address == "Rw" and rig.book.next_free() == "Rv"


def test_records_come_up_once_and_leave_the_unit_only_then():
    for name in ("general-pol", "last-confirmation-lost"):
        rig, unit = events(name)
        expected = [("P", PICK), ("C", CHECK)][: 2 if name == "general-pol" else 1]
        assert [event[1:] for event in rig.got("record")] == expected
        assert unit.got("uploaded") == expected
        assert unit.terminal.uploads.items == []


def test_what_the_unit_has_comes_up_before_anything_goes_down():
    rig, unit = events("upload-before-download")
    assert rig.log.index("unit: NAK AO") < rig.log.index("host: SEL AO")
    kinds = [event[0] for event in unit.events if event[0] not in ("time", "session_end")]
    assert kinds == ["uploaded", "file", "block"]
    assert unit.got("file") == [("pick.lst", LIST * 3)]
    assert rig.got("given") == [("AO",), ("AO",)]


def test_a_block_that_is_lost_or_not_confirmed_is_there_once():
    for name in ("block-lost", "confirmation-lost"):
        rig, unit = events(name)
        assert unit.got("block") == [("D", b"hello")]
        assert rig.got("given") == [("AB",)]


def test_a_binary_file_is_whole_again():
    assert events("binary-file")[1].got("file") == [("db.bin", b"A\x1b\x03\x04B")]


def test_a_station_learns_who_is_there_and_talks_with_it():
    rig, unit = events("station")
    assert rig.got("present") == [("HK",)]
    assert rig.got("record") == [("HK", "D", b"103|ENTER")]
    assert unit.got("block") == [("S", b"003|0|Delivered")]
    assert not [line for line in rig.log if "POL 00" in line]
