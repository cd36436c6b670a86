"""The link to the controller: frames in and out of a serial port (docs/wire.md section 2)."""

from pathlib import Path
from typing import Protocol

from agent.port import Port
from firmware.wire import frame

BAUD = 115200


class LinkUser(Protocol):
    """Who speaks over the link."""

    def link_opened(self) -> None:
        """The port is open."""

    def link_received(self, payloads: list[bytes]) -> None:
        """Whole payloads, in order."""

    def link_damaged(self, frames: int) -> None:
        """So many frames did not decode and were dropped; what was in them is asked for again."""

    def link_lost(self) -> None:
        """The port is gone; it is opened again by itself."""


class SerialLink:
    """Frames of the link over one port."""

    def __init__(self, path: Path, user: LinkUser) -> None:
        self._user = user
        self._port = Port(path, BAUD, self)
        self._decoder = frame.Decoder()

    def start(self) -> None:
        """Open the port, now or as soon as it is there."""
        self._port.start()

    def close(self) -> None:
        """Close the port for good."""
        self._port.close()

    def write(self, payload: bytes) -> None:
        """Send one payload. A port that takes nothing for long loses frames, which are asked for again."""
        self._port.write(frame.encode(payload))

    def port_opened(self) -> None:
        self._decoder = frame.Decoder()
        self._user.link_opened()

    def port_received(self, data: bytes) -> None:
        dropped = self._decoder.dropped
        payloads = self._decoder.feed(data)
        if self._decoder.dropped > dropped:
            self._user.link_damaged(self._decoder.dropped - dropped)
        if payloads:
            self._user.link_received(payloads)

    def port_lost(self) -> None:
        self._user.link_lost()
