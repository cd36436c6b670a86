"""A Linux cabinet: the same bundle into a folder of its own, taken over by the real controller process."""

import os
import socket

import pytest

from agent.cabinet import flashing
from agent.cabinet.errors import CabinetError
from agent.cabinet.folder import FolderBoard
from firmware import codes
from firmware.journal import kinds
from firmware.requests import service
from tests.cabinet.desk import LinuxCabinet

WITHIN_S = 30


@pytest.fixture
def cabinet(tmp_path):
    with LinuxCabinet(tmp_path) as cabinet:
        yield cabinet


def silent(_text):
    """Nobody looks."""


@pytest.mark.req("U5")
def test_installed_beside_switched_at_once_and_never_back(cabinet, release, firmware):
    settings = cabinet.settings()
    cabinet.panel_path.rename(away := cabinet.panel_path.with_name("away"))  # no agent yet
    flashing.flash_here(settings, release.bundle("0.2.0", firmware("0.2.0")), silent, WITHIN_S)
    assert cabinet.booted()[4] == "0.2.0"
    away.rename(cabinet.panel_path)
    newer = release.bundle("0.3.0", firmware("0.3.0"))
    with pytest.raises(CabinetError) as error:
        flashing.flash_here(settings, newer, silent, WITHIN_S)
    assert error.value.code == codes.NOT_IN_SERVICE
    cabinet.into_maintenance(service.BEGIN)
    interrupted = TornFolder(cabinet.folder, lambda: (True, True), lambda: None)
    with pytest.raises(OSError, match="torn"):
        flashing.flash(interrupted, newer, settings.station)
    done = flashing.flash_here(settings, newer, silent, WITHIN_S)
    assert done.kept == TornFolder.FILES and cabinet.booted()[4] == "0.3.0"

    cabinet.into_maintenance(service.BEGIN)
    restarting = cabinet.settings(restart=f"kill {cabinet.runner.pid}")
    with pytest.raises(CabinetError) as error:
        flashing.flash_here(restarting, release.bundle("0.2.5", firmware("0.2.0")), silent, WITHIN_S)
    assert error.value.code == codes.FIRMWARE_ROLLBACK
    flashing.flash_here(restarting, release.bundle("0.4.0", firmware("0.4.0")), silent, WITHIN_S)
    assert cabinet.booted()[4] == "0.4.0"
    told = [[kind, ext] for kind, ext in cabinet.journal() if kind in (kinds.BOOT, kinds.MAINTENANCE)]
    assert [ext[0] for kind, ext in told if kind == kinds.BOOT] == ["0.2.0", "0.3.0", "0.4.0"]
    assert [ext[1:] for kind, ext in told if kind == kinds.MAINTENANCE and ext[0] == 0] == [
        [service.INSTALLED, version] for version in ("0.2.0", "0.3.0", "0.4.0")
    ]
    assert sorted(path.name for path in cabinet.folder.glob("v*")) == ["v3000", "v4000"]


class TornFolder(FolderBoard):
    """A disk that goes after a few files."""

    FILES = 10
    written = 0

    def write(self, path, data):
        self.written += 1
        if self.written > self.FILES:
            raise OSError("torn")
        super().write(path, data)


@pytest.mark.req("U5")
def test_a_damaged_firmware_is_replaced_without_one_that_could_begin_maintenance(cabinet, release, firmware):
    cabinet.flash_first(release.bundle("0.2.0", firmware("0.2.0")))
    assert cabinet.booted()[4] == "0.2.0"
    gate = cabinet.folder / "v2000" / "firmware" / "gate.mpy"
    gate.write_bytes(gate.read_bytes()[:-1])
    settings, newer = cabinet.settings(), release.bundle("0.3.0", firmware("0.3.0"))
    with pytest.raises(CabinetError) as error:  # it still runs, from its memory
        flashing.flash_here(settings, newer, silent, WITHIN_S)
    assert error.value.code == codes.NOT_IN_SERVICE
    cabinet.runner.restart()
    cabinet.panel_path.rename(cabinet.panel_path.with_name("away"))
    with socket.socket(socket.AF_UNIX) as nobody:  # nothing answers there
        nobody.bind(os.path.relpath(cabinet.panel_path))
    with pytest.raises(CabinetError) as error:
        flashing.flash_here(settings, release.bundle("0.2.0", firmware("0.2.0")), silent, WITHIN_S)
    assert error.value.code == codes.FIRMWARE_ROLLBACK
    flashing.flash_here(settings, newer, silent, WITHIN_S)
    assert cabinet.booted()[4] == "0.3.0"


@pytest.mark.req("U5")
@pytest.mark.parametrize("command", ["false", "/no/such/command"])
def test_a_restart_command_that_fails_is_said_with_its_number(cabinet, release, firmware, command):
    with pytest.raises(CabinetError) as error:
        flashing.flash_here(
            cabinet.settings(restart=command), release.bundle("0.2.0", firmware("0.2.0")), silent, WITHIN_S
        )
    assert error.value.code == codes.NOT_STARTED
