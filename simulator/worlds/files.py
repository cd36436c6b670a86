"""The controller's files of tables: what a power cut leaves is what was committed."""

import io

from firmware.journal.ram import Power


class Held:
    """As `firmware.ports.common.Files`, in RAM; who derives from it says what `commit` and `rename` are."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self._writing = ""

    def exists(self, name: str) -> bool:
        """Whether the file is there."""
        return name in self.held

    def reader(self, name: str) -> io.BytesIO:
        """A file to read; raises OSError."""
        if name not in self.held:
            raise OSError(2)
        return io.BytesIO(self.held[name])

    def writer(self, name: str, append: bool) -> io.BytesIO:
        """A file to write and `commit`."""
        file = io.BytesIO()
        file.write(self.held.get(name, b"") if append else b"")
        self._writing = name
        return file


class Files(Held):
    """Each commit and each rename is an operation that the power can go before."""

    def __init__(self, power: Power) -> None:
        super().__init__()
        self._power = power

    def commit(self, file: io.BytesIO) -> None:
        """What was written is there, or a part of it and no power any more."""
        data = file.getvalue()
        self.held[self._writing] = data[: self._power.spend(len(data))]
        self._power.check()

    def rename(self, source: str, target: str) -> None:
        """The new name, or no power any more."""
        self._power.spend(0)
        self._power.check()
        self.held[target] = self.held.pop(source)
