"""A Linux cabinet's controller: its folder, and the agent's panel for what the running firmware says."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from agent.cabinet.board import Told
from firmware.ports import install


class FolderBoard:
    """`serviced()` is (in maintenance, key turned) as the running controller tells it; `again()` starts it anew. Each
    version has a folder of its own."""

    def __init__(self, folder: Path, serviced: Callable[[], tuple[bool, bool]], again: Callable[[], None]) -> None:
        self._folder, self._serviced, self._again = folder, serviced, again

    def told(self) -> Told:
        """A controller in maintenance has all locks off: the firmware says so before it is."""
        who = install.identity(str(self._folder))
        slot, number, version = install.active(str(self._folder), who[1]) if who else ("", 0, "")
        in_service, turned = self._serviced() if slot else (False, False)
        return Told("unix", who[0] if who else "", slot, number, version, in_service, turned, 0)

    def slot_for(self, told: Told, number: int) -> str:
        """`v` and the number; all but the one that runs and this one go."""
        for old in self._folder.glob("v*"):
            if old.is_dir() and old.name not in (told.slot, f"v{number}"):
                shutil.rmtree(old)
        return f"v{number}"

    def hashes(self, folder: str) -> Mapping[str, bytes]:
        below = str(self._folder / folder)
        return {name: bytes(install.hashed(f"{below}/{name}")) for name in install.found(below)}

    def write(self, path: str, data: bytes) -> None:
        target = self._folder / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        install.write(str(target.parent), target.name, data)

    def remove(self, path: str) -> None:
        (self._folder / path).unlink(missing_ok=True)

    def begin(self, identity: bytes, ring: bytes) -> None:
        """The firmware makes the rest of the file."""
        install.write(str(self._folder), "ring.bin", ring)

    def report(self, code: int, version: str) -> None:
        install.report(str(self._folder), code, version)

    def restart(self) -> None:
        self._again()
