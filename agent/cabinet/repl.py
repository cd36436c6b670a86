"""A board at MicroPython's raw REPL, through mpremote's transport. Its port is never the link's."""

import ast
import base64
import contextlib
import io
import struct
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from agent.cabinet.board import Told
from agent.cabinet.errors import CabinetError
from firmware import codes

BAUD = 115200
ANSWER_S = 5
CHUNK_BYTES = 1536
SLOTS = ("a", "b")
CTRL_D = b"\x04"
# pyserial's own exceptions are OSErrors
_GONE = (OSError, termios.error)

# What runs on the board before anything is asked of it. A board that was never provisioned has nothing of ours.
_PRELUDE = """
import binascii, hashlib, os, sys
_f = os.getcwd().rstrip('/')
_b = {'linux': 'unix'}.get(sys.platform, sys.platform)
if _f + '/base' not in sys.path:
    sys.path.insert(0, _f + '/base')
def _write(path, data, mode):
    at = path.find('/')
    while at > 0 and mode == 'wb':
        try:
            os.mkdir(_f + '/' + path[:at])
        except OSError:
            pass
        at = path.find('/', at + 1)
    with open(_f + '/' + path, mode) as file:
        file.write(binascii.a2b_base64(data))
def _hash(path):
    h = hashlib.sha256()
    with open(_f + '/' + path, 'rb') as file:
        while 1:
            piece = file.read(1024)
            if not piece:
                return h.digest().hex()
            h.update(piece)
def _hashes(folder, below=''):
    try:
        names = os.listdir(_f + '/' + folder + '/' + below)
    except OSError:
        return
    for name in names:
        if os.stat(_f + '/' + folder + '/' + below + name)[0] & 0x4000:
            _hashes(folder, below + name + '/')
        else:
            print(below + name, _hash(folder + '/' + below + name))
def _begin(identity, ring):
    loader = __import__('firmware.ports.' + _b + '_loader', None, None, ('begin',))
    loader.begin(_f, binascii.a2b_base64(identity), binascii.a2b_base64(ring))
def _told():
    try:
        os.stat(_f + '/base')
    except OSError:
        return ['', '', 0, '', False, False, 0]
    from firmware.ports import loader
    told = loader.told(_f)
    if not told[0]:
        return told + [False, 0]
    return told + list(__import__('firmware.ports.' + _b + '_loader', None, None, ('look',)).look(_f))
"""


class ReplBoard:
    """A board at its raw REPL from `with` to its end. A port that goes away, or does not answer, is CabinetError 4030;
    one whose firmware runs (the REPL is shut) 4022 after `answer_s`."""

    def __init__(self, port: Path | str, answer_s: float = ANSWER_S) -> None:
        # of a link such as /dev/serial/by-id the device itself: mpremote knows a pty by its name
        self._port = str(Path(port).resolve())
        self._transport: Any = None
        self._answer_s = answer_s

    def __enter__(self) -> "ReplBoard":
        with _answering(self._port):
            self._transport = SerialTransport(self._port, BAUD, timeout=self._answer_s)
        try:
            self._enter()
        except CabinetError:
            self._close()
            raise
        return self

    def _enter(self) -> None:
        """A board that starts while somebody knocks may greet twice: then what comes is out of step, once."""
        for left in (1, 0):
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=self._answer_s)
            except TransportError:
                raise CabinetError(codes.NOT_IN_SERVICE, f"no REPL at {self._port}") from None
            except _GONE as error:
                raise CabinetError(codes.PORT_AWAY, str(error)) from None
            try:
                self._run(_PRELUDE)
                break
            except CabinetError:
                if not left:
                    raise
                self._transport.use_raw_paste = True

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(*_GONE):
            if self._transport.in_raw_repl:
                self._transport.exit_raw_repl()
        self._close()

    def told(self) -> Told:
        return Told(*ast.literal_eval(self._run("print([_b] + _told())").decode()))

    def slot_for(self, told: Told, number: int) -> str:
        """The other one of two."""
        return SLOTS[told.slot == SLOTS[0]]

    def hashes(self, folder: str) -> Mapping[str, bytes]:
        lines = self._run(f"_hashes({folder!r})").decode().split("\n")
        named = (line.strip().rpartition(" ") for line in lines if line.strip())
        return {name: bytes.fromhex(digest) for name, _, digest in named}

    def write(self, path: str, data: bytes) -> None:
        for at in range(0, max(1, len(data)), CHUNK_BYTES):
            text = base64.b64encode(data[at : at + CHUNK_BYTES]).decode()
            self._run(f"_write({path!r}, {text!r}, {'ab' if at else 'wb'!r})")

    def remove(self, path: str) -> None:
        self._run(f"try:\n os.remove(_f + '/' + {path!r})\nexcept OSError:\n pass")

    def begin(self, identity: bytes, ring: bytes) -> None:
        """In one call, which writes it into no file: a file system may keep what was removed from it."""
        texts = [base64.b64encode(data).decode() for data in (identity, ring)]
        self._run(f"_begin({texts[0]!r}, {texts[1]!r})")

    def report(self, code: int, version: str) -> None:
        self._run(f"from firmware.ports import install as _i\n_i.report(_f, {code}, {version!r})")

    def restart(self) -> None:
        """A soft reset: what starts first is the loader."""
        with _answering(self._port):
            self._transport.serial.write(CTRL_D)
            self._transport.in_raw_repl = False

    def _run(self, code: str) -> bytes:
        with _answering(self._port):
            return bytes(self._transport.exec(code))

    def _close(self) -> None:
        with contextlib.suppress(*_GONE):
            self._transport.close()


@contextlib.contextmanager
def _answering(port: str) -> Iterator[None]:
    """What mpremote and pyserial raise when a cable goes, as CabinetError; what the board's own code raised, too."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    except TransportExecError as error:
        last = error.error_output.strip().splitlines()[-1:]
        raise CabinetError(codes.FIRMWARE_DAMAGED, f"the board says {' '.join(last)}") from None
    except (TransportError, *_GONE, struct.error, SyntaxError, ValueError) as error:
        raise CabinetError(codes.PORT_AWAY, f"{port}: {error}") from None
