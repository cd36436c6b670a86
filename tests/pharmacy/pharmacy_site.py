"""The interface computer as it runs: `apotheca cradle run` with its MicroPython journal, cradles on pseudo-terminals,
the centre's API as a small HTTPS server. No broker: entries wait in the outbox."""

import hashlib
import http.server
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
from pathlib import Path

from firmware.journal import chain, entry
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.waits import PATIENCE_S, free_port

ROOT = Path(__file__).parents[2]
COMMAND = "import apotheca; apotheca.main()"
# the process dies where it hurts most: the entry is durable, nobody has been told
DIES = """
import os, signal
from agent.desk import Desk
asked = Desk.ask
async def dies(self, kind, args, rid):
    reply = await asked(self, kind, args, rid)
    if args[0] in (50, 51):
        os.kill(os.getpid(), signal.SIGKILL)
    return reply
Desk.ask = dies
"""


class Centre:
    """`GET /api/v1/pharmacy/snapshot`, for who has the token."""

    def __init__(self, home: Home, port: int, snapshot: bytes) -> None:
        self.asked: list[int] = []
        self.snapshot = snapshot
        wanted = home.token_hash("PHARM").read_text()
        centre = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
                known = hashlib.sha256(token.encode()).hexdigest() == wanted
                right = known and self.path == "/api/v1/pharmacy/snapshot"
                centre.asked.append(200 if right else 403)
                body = centre.snapshot if right else b"{}"
                self.send_response(centre.asked[-1])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home.keys / "centre.crt", home.keys / "centre.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Pharmacy:
    """A site with `PHARM` enrolled, in `root`."""

    def __init__(self, root: Path, snapshot: bytes) -> None:
        self.home = Home(root / "home")
        port = free_port()
        make_site(self.home, "demo", broker_port=free_port(), web_port=port)
        add_station(self.home, "PHARM", ["PHARMACY"], board="pharmacy")
        self.centre = Centre(self.home, port, snapshot)
        self.url = f"https://127.0.0.1:{port}"
        self.ini = root / "PROCAR.INI"
        self.socket = self.home.run / "PHARM.cradle.sock"
        self.process: subprocess.Popen | None = None

    def command(self, *args, before=""):
        return [sys.executable, "-c", before + COMMAND, "--home", str(self.home.root), "cradle", *args]

    def start(self, *ports, before=""):
        args = [part for port in ports for part in ("--port", str(port))]
        with (self.home.run / "cradle.log").open("a") as out:
            self.process = subprocess.Popen(
                self.command("run", "PHARM", *args, "--ini", str(self.ini), before=before),
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=out,
                stderr=out,
            )

    def ask(self, *args):
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(self.command(*args), env=env, capture_output=True, text=True, check=False)

    def outbox(self, *wanted):
        """Entries of these kinds in the outbox, as [kind, actor, item, ext], in order."""
        path = self.home.station("PHARM") / "outbox.db"
        if not path.exists():
            return []
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            pages = [row[0] for row in db.execute("SELECT page FROM pages ORDER BY seq")]
        except sqlite3.OperationalError:
            return []
        finally:
            db.close()
        found = [entry.decode(chain.parse_page(page)[0]) for page in pages]
        return [
            [f[entry.F_KIND], f[entry.F_ACTOR], f[entry.F_ITEM], f[entry.F_EXT]]
            for f in found
            if f[entry.F_KIND] in wanted
        ]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.centre.close()


def children(pid):
    """Processes that `pid` has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
