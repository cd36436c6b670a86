"""A desk with a board on it: REPL port, bus and link, as a technician and an agent find them."""

import contextlib
import hashlib
import json
import os
import pty
import shutil
import socket
import socketserver
import struct
import threading
import tty
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from agent.cabinet import bundle
from agent.cabinet.errors import CabinetError
from agent.cabinet.flash import flash
from agent.cabinet.folder import FolderBoard
from agent.cabinet.provision import provision
from agent.cabinet.repl import ReplBoard
from agent.cabinet.runner import Runner
from agent.keys import Signer, Verifier
from agent.panel import REQUESTS, arguments
from agent.settings import Settings
from firmware import codes, issue
from firmware.compat import derive
from firmware.journal import chain, entry
from firmware.ports import install
from firmware.requests import service
from firmware.session import pin_hash
from firmware.wire import cbor, frame, messages, sealed
from simulator.board import Board
from tests.unit import controller_process
from tests.unit.controller_process import UTC_MS

STATION, KEY, SALT = "ICU1", hashlib.sha256(b"K of ICU1").digest(), b"saltsalt"
RING = issue.ring_start(KEY)
MAINTAINER = messages.ROLE_MAINTAIN | messages.ROLE_REMOVE
TABLES = {
    "items": [["saline", 0, 1, 0, 0, 0]],
    "pockets": [["D01-P01", 1, 1, "saline", 1, 5, 20]],
    "users": [["b1", "anna", SALT, pin_hash(SALT, "1234", 2), 2, MAINTAINER, 0xFFFFFFFF]],
}
KEY_LINE = 6
REASON_FLASH = 1
PATIENCE_S = 60  # with a board that starts on a busy machine


def identity(station=STATION, key=KEY, log=1):
    drawers = [[n, n - 1, n - 1, n - 1] for n in (1, 2)]
    fields = [2, station, log, issue.keys_of(key), "0.1.0", 8, drawers, [2000, 60000, 60000, 60000, 500]]
    return cbor.encode([*fields, [["service", 1]]])


class Release:
    """A site's release key, and bundles made with it."""

    def __init__(self):
        key = ec.generate_private_key(ec.SECP256R1())
        self.signer, self.verifier = Signer(key, "release"), Verifier(key.public_key(), "release")

    def pack(self, version, files, board="unix", keys=None):
        return bundle.pack(board, version, files, self.signer, {STATION: KEY} if keys is None else keys)

    def bundle(self, version, files, **more):
        return bundle.unpack(self.pack(version, files, **more), self.verifier)


class ServiceBus(controller_process.Bus):
    """The bus of a cabinet with a service key: whoever connects is answered, loader or firmware."""

    def __init__(self, path):
        super().__init__(path)
        self.key = 1
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        self._listener.settimeout(None)
        with contextlib.suppress(OSError):
            while True:
                with self._listener.accept()[0] as self._conn:
                    self.counters, self.events = (0, 0), 0
                    self._answer()

    def turn(self, on):
        """Turn the service key."""
        self.key = 0 if on else 1
        self._event(struct.pack("<BBBQQ", 0x40, KEY_LINE, self.key, UTC_MS + self.mono_ms, self.mono_ms))

    def _reply(self, op, body):
        if op == 0x21:
            return bytes((self.key,))
        if op == 0x12 and body[2] == controller_process.OLAT:
            return bytes(self.registers[body[0]][body[2] : body[2] + 2])
        return super()._reply(op, body)

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


class AtTheLink(controller_process.Controller):
    """The agent's end of a link, and a technician at the key; whose controller it is the heirs say."""

    def listen(self):
        self._decoder, self._inbox = frame.Decoder(), []
        self.sent_bytes = self.rid = 0

    def booted(self):
        """The INFO of the firmware that starts; bytes are counted anew from here."""
        self.sent_bytes = 0
        return self.receive(messages.INFO)

    def load_tables(self):
        for table, rows in TABLES.items():
            payload = sealed.seal([1, STATION, table, 1, 0, 1, 1, rows], derive(KEY, "reference"))
            self.send([messages.REFERENCE, payload])
            assert self.receive(messages.RESULT)[2] in (codes.NONE, codes.WRONG_BASE)

    def sign_on(self):
        self.load_tables()
        assert self.ask(messages.SIGN_ON, "b1", "1234")[0] == codes.NONE

    def into_maintenance(self, what=service.HAND_OVER):
        """Key turned, signed on, maintenance begun; by default the firmware has left for the REPL."""
        self.bus.turn(True)
        self.sign_on()
        assert self.maintenance(what, REASON_FLASH)[0] == codes.NONE

    def maintenance(self, what, reason):
        """Code and parameters; the firmware may leave after it, so nobody waits for it to come to rest."""
        return self.at_the_panel(messages.MAINTENANCE, [what, reason])

    def at_the_panel(self, request, args):
        """Code and parameters of any request."""
        self.rid += 1
        self.send([messages.REQUEST, self.rid, request, args])
        return self.receive(messages.REPLY)[2:]

    def journal(self):
        """[kind, ext] of all entries, asked of the running firmware."""
        self.send([messages.HELLO, 1])
        last = self.receive(messages.INFO)[7]
        self.send([messages.STREAM, 1])
        fields = [entry.decode(chain.parse_page(self.receive(messages.PAGE)[2])[0]) for _ in range(last)]
        return [[one[entry.F_KIND], one[entry.F_EXT]] for one in fields]


class Desk(AtTheLink):
    """Bus, link and board; `port` is the board's REPL."""

    def __init__(self, folder: Path, key_turned=False):
        self.bus = ServiceBus(Path(os.path.relpath(folder)) / "bus.sock")
        self.bus.key = 0 if key_turned else 1
        self._master, self._slave = pty.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self.listen()
        self.board = Board(
            folder / "board",
            {"APOTHECA_BUS": os.path.relpath(folder / "bus.sock", folder / "board" / "flash")},
            lambda: (os.open(os.ttyname(self._slave), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK),),
        )
        self.flash = self.board.flash

    def __enter__(self):
        self.board.__enter__()
        return self

    def __exit__(self, *_):
        self.board.__exit__()
        self.bus.close()
        os.close(self._master)
        os.close(self._slave)

    def stop(self):
        """What the board printed, for who waited in vain."""
        return self.board.printed

    def provision(self):
        with ReplBoard(self.board.port, PATIENCE_S) as repl:
            return provision(repl, identity(), RING)

    def flash_with(self, opened, station=STATION):
        with ReplBoard(self.board.port, PATIENCE_S) as repl:
            return flash(repl, opened, station)

    def refused(self, opened, station=STATION):
        """The code of the refusal."""
        with pytest.raises(CabinetError) as error:
            self.flash_with(opened, station)
        return error.value.code

    def restart(self):
        """The flag of maintenance taken away and the board started anew, by hand."""
        with ReplBoard(self.board.port, PATIENCE_S) as repl:
            repl.remove(install.SERVICE)
            repl.restart()

    def smuggle(self, manifest, files):
        """Files and manifest into the other slot, to be taken over at the next start."""
        slot = self.flash / "b"
        shutil.rmtree(slot, ignore_errors=True)
        for name, data in {**files, install.MANIFEST: manifest}.items():
            (slot / name).parent.mkdir(parents=True, exist_ok=True)
            (slot / name).write_bytes(data)
        (self.flash / install.PENDING).write_bytes(b"b")


class LinuxCabinet(AtTheLink):
    """A controller that `Runner` keeps running in a folder, its agent's end of the link, and a panel that knows what
    the controller says."""

    def __init__(self, folder):
        self.folder = folder / "stations" / STATION / "controller"
        self.folder.mkdir(parents=True)
        (self.folder / "controller.cbor").write_bytes(identity())
        (self.folder / "ring.bin").write_bytes(RING)
        self.bus = ServiceBus(Path(os.path.relpath(folder)) / "bus.sock")
        self.runner = Runner(self.folder, folder / "bus.sock", folder / "link")
        self.panel_path = folder / "panel.sock"
        self._runs = threading.Thread(target=self.runner.run, daemon=True)
        self._panel = socketserver.ThreadingUnixStreamServer(os.path.relpath(self.panel_path), self._handler())
        self._serves = threading.Thread(target=self._panel.serve_forever, daemon=True)

    def __enter__(self):
        self._runs.start()
        while not (self.panel_path.parent / "link").exists():
            self._runs.join(0.01)
            assert self._runs.is_alive(), "the runner ended"
        self._master = os.open(self.panel_path.parent / "link", os.O_RDWR | os.O_NOCTTY)
        self.listen()
        self._serves.start()
        return self

    def __exit__(self, *_):
        self.runner.stop()
        self._runs.join()
        self._panel.shutdown()
        self._panel.server_close()
        self.bus.close()
        os.close(self._master)

    def flash_first(self, opened):
        """A firmware where there is none yet, and no agent: the controller looks by itself."""
        flash(FolderBoard(self.folder, lambda: (False, False), lambda: None), opened, STATION)

    def settings(self, restart=""):
        return Settings(
            folder=self.folder.parent, station=STATION, site="demo", shard="s0", log=1, wards=(), broker_host="-",
            broker_port=1, linger_ms=0, panel_socket=Path(os.path.relpath(self.panel_path)), controller_restart=restart,
        )  # fmt: skip

    def _handler(self):
        cabinet = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    asked = json.loads(line)
                    request, wanted = REQUESTS[asked["do"]]
                    code, params = cabinet.at_the_panel(request, arguments(asked["do"], wanted, asked["args"]))
                    self.wfile.write(json.dumps({"id": 1, "code": code, "params": params}).encode() + b"\n")

        return Handler
