# The exchanges of docs/polselect.md section 12, by name: what is set up, and the line's frames in order.
from cradle_rig import TIME, Rig, Spoilt

from firmware.cradle import addresses, records
from firmware.cradle.book import ASSIGNED, AddressBook

PICK = records.pick("ICU1", "AB01", 10, TIME, "jd01", "R", hashed=False)
CHECK = records.check("07605", "AB01", 10, TIME, "rp02", "R", "OK", hashed=False)
LIST = b"N|ICU1|A|07605\n"


def until_rv():
    return AddressBook([addresses.address(n), ASSIGNED, None, 1, ""] for n in range(addresses.index("Rv")))


# The second document's own example: the unit that gets Rv.
def new_address():
    rig = Rig(book=until_rv())
    rig.unit()
    return _first_round(rig)


def new_address_broken():
    rig = Rig(book=until_rv(), fault=Spoilt(("DataACK Rv", "lose")))
    rig.unit()
    rig.cycle()
    rig.run(20000, lambda: len(rig.log) >= 11)
    return rig


# AB sends a pick and a check record; the second block is damaged on the way.
def general_pol():
    rig = Rig(fault=Spoilt(("C AB 2", "damage")))
    unit = rig.unit("AB")
    unit.terminal.queue("P", PICK)
    unit.terminal.queue("C", CHECK)
    return _first_round(rig)


def general_pol_nothing():
    rig = Rig()
    rig.unit("AB")
    return _first_round(rig)


# AO has a record when it is to be loaded.
def upload_before_download():
    rig = Rig(power=5, hashed=False)
    unit = rig.unit("AO", hashed=False)
    rig.host.give("AO", [("file", "pick.lst", LIST * 3), ("block", "D", b"hello")])
    rig.cycle()
    rig.run(12000, lambda: "unit: NAK AO" in rig.log)
    unit.terminal.queue("D", b"done")
    return _to_the_end(rig)


def block_lost():
    rig = Rig(fault=Spoilt(("D AB", "lose")))
    rig.unit("AB")
    rig.host.give("AB", [("block", "D", b"hello")])
    return _first_round(rig)


# The unit has the block already: it says so again, and its user sees nothing.
def confirmation_lost():
    rig = Rig(fault=Spoilt(("DataACK AB", "lose")))
    rig.unit("AB")
    rig.host.give("AB", [("block", "D", b"hello")])
    return _first_round(rig)


# The host has the record already.
def last_confirmation_lost():
    rig = Rig(fault=Spoilt(("DataACK AB", "lose")))
    rig.unit("AB").terminal.queue("P", PICK)
    return _first_round(rig)


# HK is linked to a station.
def station():
    rig = Rig("station", power=7)
    unit = rig.unit("HK")
    rig.cycle()
    rig.run(300)
    unit.terminal.queue("D", b"103|ENTER")
    rig.host.give("HK", [("block", "S", b"003|0|Delivered")])
    rig.run(500)
    return rig


def binary_file():
    rig = Rig(power=5, hashed=False)
    rig.unit("AO", hashed=False)
    rig.host.give("AO", [("file", "db.bin", b"A\x1b\x03\x04B")])
    return _first_round(rig)


def file_with_hash():
    rig = Rig()
    rig.unit("AO")
    rig.host.give("AO", [("file", "pick.lst", LIST)])
    return _first_round(rig)


# One cycle, its General POLs at the end left out but the first.
def _first_round(rig):
    rig.cycle()
    return _to_the_end(rig)


def _to_the_end(rig):
    rig.run(12000, lambda: rig.log[-2:] == ["host: POL 11"] * 2)
    return rig


STORIES = {
    "new-address": new_address,
    "new-address-broken": new_address_broken,
    "general-pol": general_pol,
    "general-pol-nothing": general_pol_nothing,
    "upload-before-download": upload_before_download,
    "block-lost": block_lost,
    "confirmation-lost": confirmation_lost,
    "last-confirmation-lost": last_confirmation_lost,
    "station": station,
    "binary-file": binary_file,
    "file-with-hash": file_with_hash,
}
