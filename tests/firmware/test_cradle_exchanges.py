# Each exchange of POL/SELECT as a transcript, in virtual time: docs/polselect.md section 6; on both interpreters.
from cradle_rig import TIME, Rig
from firmware.cradle import records

PICK = records.pick("ICU1", "AB01", 10, TIME, "jd01", "R")
CHECK = records.check("07605", "AB01", 10, TIME, "rp02", "R", "OK")


def test_a_new_unit_gets_the_next_address_and_is_confirmed_twice():
    rig = Rig()
    unit = rig.unit()
    rig.cycle()
    rig.run(1000)
    print("\n".join(rig.log), rig.events, unit.events)
    assert rig.log[:6] == [
        "host: POL 00 offers AA",
        "unit: R 00 1 '30:05' EOT",
        "host: DataACK AA 1",
        "unit: R AA 1 '30:05' EOT",
        "host: DataACK AA 1",
        "host: POL 11",
    ]
    assert rig.got("assigned") == [("AA",)]
    assert unit.got("address") == [("AA",)]


def test_general_pol_uploads():
    rig = Rig()
    unit = rig.unit("AB")
    unit.terminal.queue("P", PICK)
    unit.terminal.queue("C", CHECK)
    rig.host.give("AB", [("file", "picks.lst", b"H|1\n" * 300), ("block", "S", b"001|hello")])
    rig.cycle()
    rig.run(60000)
    print("\n".join(x[:90] for x in rig.log), rig.events, unit.events)
    assert 0
