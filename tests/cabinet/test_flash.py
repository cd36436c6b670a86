"""A board is provisioned, flashed, flashed again; what must not be taken is refused, at the desk and by the board."""

import pytest

from agent.cabinet.errors import CabinetError
from agent.cabinet.provision import identity_of, provision
from agent.cabinet.repl import ReplBoard
from firmware import codes, issue
from firmware.journal import kinds
from firmware.ports import install
from firmware.requests import service
from firmware.wire import cbor, messages
from tests.cabinet.desk import KEY, PATIENCE_S, RING, STATION, identity
from tests.unit.controller_process import LOCKS, OLAT
from tests.waits import until


@pytest.mark.req("U5")
def test_the_boot_entry_carries_the_version_and_maintenance_is_around_it(serviced, release, firmware):
    desk = serviced
    done = desk.flash_with(release.bundle("0.3.0", firmware("0.3.0")))
    assert done == (len(firmware("0.3.0")) + 1, 0)  # with the manifest
    assert desk.booted()[4] == "0.3.0"
    told = [[kind, ext] for kind, ext in desk.journal() if kind in (kinds.BOOT, kinds.MAINTENANCE)]
    assert [ext[0] for kind, ext in told if kind == kinds.BOOT] == ["0.2.0", "0.3.0"]
    assert [ext for kind, ext in told if kind == kinds.MAINTENANCE] == [
        [0, service.INSTALLED, "0.2.0"],
        [1, 1, "0.2.0"],
        [0, service.INSTALLED, "0.3.0"],
    ]


def ends(desk):
    """[reason, version] of every end of a maintenance in the journal."""
    return [ext[1:] for kind, ext in desk.journal() if kind == kinds.MAINTENANCE and ext[0] == 0]


@pytest.mark.req("U5")
def test_pulled_at_twenty_points_it_goes_on_where_it_stopped(serviced, release, firmware):
    opened = release.bundle("0.3.0", firmware("0.3.0"))
    sent = []
    for point in range(20):
        serviced.board.plug(cut_after=9000 if point else 200)
        assert serviced.refused(opened) == codes.PORT_AWAY
        if point % 2:
            serviced.board.cut_power()
        there = hashes(serviced, opened)
        assert not sent or there >= sent[-1]
        sent.append(there)
    serviced.board.plug()
    done = serviced.flash_with(opened)
    assert len(opened.listed) // 2 < sent[-1] == done.kept
    assert serviced.booted()[4] == "0.3.0"
    assert ends(serviced)[-1] == [service.INSTALLED, "0.3.0"]


def hashes(desk, opened):
    """How many files of the bundle are whole in the slot."""
    there = {path: (desk.flash / "b" / path) for path, _, _ in opened.listed}
    return sum(file.exists() and file.read_bytes() == opened.files[path] for path, file in there.items())


@pytest.mark.req("U5")
def test_a_downgrade_is_refused_at_the_desk_and_journaled(serviced, release, firmware):
    for version in ("0.1.9", "0.2.0"):
        assert serviced.refused(release.bundle(version, firmware("0.2.0"))) == codes.FIRMWARE_ROLLBACK
    assert not (serviced.flash / "b").exists()
    serviced.restart()
    assert serviced.booted()[4] == "0.2.0"
    assert ends(serviced)[-1] == [codes.FIRMWARE_ROLLBACK, "0.2.0"]


@pytest.mark.req("U5")
def test_the_board_itself_takes_neither_an_older_nor_a_changed_nor_an_unsealed_firmware(serviced, release, firmware):
    """What somebody writes who passes the flasher by."""
    old = release.bundle("0.1.9", firmware("0.2.0"))
    new = release.bundle("0.3.0", firmware("0.2.0"))
    foreign = release.bundle("0.3.0", firmware("0.2.0"), keys={STATION: bytes(31) + b"x"})
    changed = {**new.files, "firmware/gate.mpy": b"not the gate"}
    more = {**new.files, "firmware/gate.py": b"# stands before gate.mpy"}
    tried = [
        (old, old.files, codes.FIRMWARE_ROLLBACK, "0.1.9"),
        (foreign, foreign.files, codes.FIRMWARE_NOT_MACED, ""),
        (new, changed, codes.FIRMWARE_DAMAGED, "0.3.0"),
        (new, more, codes.FIRMWARE_DAMAGED, "0.3.0"),
    ]
    for bundle, files, code, version in tried:
        serviced.smuggle(bundle.manifest_for(STATION), files)
        serviced.restart()
        assert serviced.booted()[4] == "0.2.0"
        assert ends(serviced)[-1] == [code, version]
        serviced.into_maintenance()


@pytest.mark.req("U5")
def test_nothing_is_written_outside_maintenance(serviced, release, firmware):
    opened = release.bundle("0.3.0", firmware("0.3.0"))
    serviced.bus.key = 1
    assert serviced.refused(opened) == codes.SERVICE_SWITCH_OFF
    serviced.bus.key = 0
    serviced.bus.registers[LOCKS][OLAT] = 0b10
    assert serviced.refused(opened) == codes.LOCKS_ENERGISED
    serviced.bus.registers[LOCKS][OLAT] = 0
    (serviced.flash / install.SERVICE).unlink()
    assert serviced.refused(opened) == codes.NOT_IN_SERVICE
    assert not (serviced.flash / "b").exists()
    serviced.restart()
    assert serviced.booted()[4] == "0.2.0"
    with pytest.raises(CabinetError) as error, ReplBoard(serviced.board.port, answer_s=0.5):
        pass
    assert error.value.code == codes.NOT_IN_SERVICE  # the firmware runs: the REPL is shut
    assert serviced.ask(messages.MAINTENANCE, service.TELL, 0) == (0, [0, 1, "0.2.0"])


@pytest.mark.req("U5")
def test_a_firmware_that_was_damaged_keeps_the_repl_shut_until_the_key_is_turned(serviced, release, firmware):
    gate = serviced.flash / "a" / "firmware" / "gate.mpy"
    gate.write_bytes(gate.read_bytes()[:-1])
    serviced.bus.key = 1
    serviced.restart()
    until(lambda: b"no firmware here" in serviced.board.printed, "the loader's word")
    with pytest.raises(CabinetError) as error, ReplBoard(serviced.board.port, answer_s=0.5):
        pass
    assert error.value.code == codes.NOT_IN_SERVICE
    serviced.bus.key = 0
    with pytest.raises(CabinetError) as error:
        serviced.flash_with(release.bundle("0.2.0", firmware("0.2.0")))
    assert error.value.code == codes.FIRMWARE_ROLLBACK
    serviced.flash_with(release.bundle("0.3.0", firmware("0.3.0")))
    assert serviced.booted()[4] == "0.3.0"


@pytest.mark.req("U5")
def test_another_board_another_station_and_no_seal_are_refused(serviced, release, firmware):
    files = firmware("0.2.0")
    assert serviced.refused(release.bundle("0.3.0", files, board="rp2")) == codes.OTHER_BOARD
    assert serviced.refused(release.bundle("0.3.0", files), station="ICU2") == codes.NOT_PROVISIONED
    assert serviced.refused(release.bundle("0.3.0", files, keys={"ICU2": KEY})) == codes.FIRMWARE_NOT_MACED
    serviced.restart()
    assert serviced.booted()[4] == "0.2.0"
    assert ends(serviced)[-1] == [codes.FIRMWARE_NOT_MACED, "0.3.0"]


@pytest.mark.req("U5")
def test_an_identity_is_put_on_a_board_once(serviced):
    start = issue.ring_start(bytes(range(32)))
    with ReplBoard(serviced.board.port, PATIENCE_S) as repl:
        with pytest.raises(CabinetError) as error:
            provision(repl, identity(), RING)
        assert error.value.code == codes.HAS_IDENTITY
        told = provision(repl, identity("ICU2", bytes(range(32)), log=2), start, replace=True)
    assert (told.station, told.slot, told.number) == ("ICU2", "", 0)
    assert (serviced.flash / "ring.bin").read_bytes() == start + b"\xff" * (8 * 4096 - len(start))


@pytest.mark.req("U5")
def test_an_identity_is_never_default_nor_anothers(tmp_path):
    path = tmp_path / "controller.cbor"
    with pytest.raises(CabinetError, match="4036"):
        identity_of(path, STATION)
    blank = cbor.encode([2, STATION, 1, [bytes(32)] * 8])
    for wrong in (identity("ICU2"), blank, cbor.encode([1, STATION, 1, KEY]), b"", b"\x80"):
        path.write_bytes(wrong)
        with pytest.raises(CabinetError, match="4036"):
            identity_of(path, STATION)
    path.write_bytes(identity())
    assert identity_of(path, STATION) == identity()


def test_a_port_that_is_not_there(tmp_path):
    with pytest.raises(CabinetError, match="4030"), ReplBoard(tmp_path / "nothing"):
        pass
