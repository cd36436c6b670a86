"""The owner of the database: reads and writes every row, of the record, of the tree and of what is on its way out.

Has: centre.db, whole. Has not: keys/ (K of the stations, of the centre's log, the sequencer's, the centre's signing
key).
"""

import shutil
import sqlite3
import time

import cbor2
from sqlalchemy import text
from typer.testing import CliRunner

import verify_apotheca
from agent.keys import BadSignatureError, Signer, Verifier
from firmware import codes
from firmware.journal import chain, entry, kinds
from firmware.wire import cbor, messages
from server_stub.cli import server_app
from server_stub.export import write_export
from server_stub.fold import rebuild
from server_stub.ledger import tiles
from server_stub.ledger.cabinets import Now
from server_stub.ledger.checkpoint import NoteSigner
from server_stub.ledger.sign import Signer as CentreSigner
from server_stub.sequencing import Sequencing, Signers
from server_stub.site import config, treekey
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.conftest import Bench
from tests.redteam.board import Board
from tests.redteam.report import Attack
from tests.redteam.site import SITE, STATIONS

HAS = "centre.db: every row of record, tree, projections, outbox"
HAS_NOT = "keys/: K of any log, tree.key, centre-sign.key, centre-log.key; no station's sign.key"
MADE_MS = 1_900_000_000_000
SPLIT_VIEW_ALARM = 15


class Cabinet:
    """ICU1: its board, and an honest agent that sends on what there is."""

    def __init__(self, home):
        self.board = Board(home, "ICU1")
        self.board.load()
        self.signer = Signer.load(home.station("ICU1") / "sign.key", "ICU1")

    def batch(self, first):
        pages = [cbor2.loads(page) for page in self.board.pages()]
        head, heads = chain.head0(self.board.genesis), []
        heads.append(head)
        for page in pages:
            heads.append(chain.next_head(heads[-1], chain.leaf(page[0])))
        spliced = [cbor.raw(cbor.encode(page)) for page in pages[first - 1 :]]
        fields = [1, "ICU1", 1, first, heads[first - 1], spliced, heads[-1]]
        return self.signer.seal("batch", bytes(cbor.encode(fields)))

    def heartbeat(self):
        journal = self.board.journal
        fields = [1, "ICU1", 1, 1, journal.seq, journal.head, "0.1.0", MADE_MS + journal.seq, None, 0]
        return self.signer.seal("heartbeat", bytes(cbor.encode(fields)))


class Centre:
    """The centre's cores over the database of `home`."""

    def __init__(self, home):
        self.home = home
        self.bench = Bench(home, config.database_url(home, config.read(home)))
        keys = home.keys
        name = (keys / treekey.PUBLIC).read_text().partition("+")[0]
        signers = Signers(
            NoteSigner((keys / treekey.KEY).read_bytes(), name), CentreSigner((keys / "centre-sign.key").read_bytes())
        )
        self._signers, self._ms = signers, 1_000_000
        self.sequence()

    def sequence(self):
        self.sequencing = Sequencing(self.bench.engine, self.bench.register, self._signers, self._ms)
        self.sequencing.start()

    def took(self, raw):
        """The verdict on a batch of ICU1, None if it was refused."""
        got = self.bench.verdicts(self.bench.up("ICU1", "batch", raw))
        return got[0] if got else None

    def show(self, cabinet):
        """The newest checkpoint comes to the cabinet; its code, None if none is sent."""
        self._ms += 100_000
        self.bench.transport_ms = self._ms
        self.bench.clock.advance(self.bench.clock.utc_ms() + 100_000)
        self.bench.up("ICU1", "heartbeat", cabinet.heartbeat())
        out = self.sequencing.step(Now(self.bench.clock.utc_ms(), self._ms))
        shown = [cbor2.loads(envelope).value[2] for topic, envelope in out if "/ICU1/" in topic]
        return cabinet.board.told(messages.CHECKPOINT, shown[-1]) if shown else None

    def close(self):
        self.bench.engine.dispose()


def run(folder):
    home = Home(folder / "home")
    make_site(home, SITE)
    add_stations(home, STATIONS)
    cabinet, centre = Cabinet(home), Centre(home)
    centre.took(cabinet.batch(1))
    other = centre.bench.station("ED1")
    for _ in range(3):
        other.removal()
    centre.bench.up("ED1", "batch", other.batch(1, 12))
    cabinet.board.a_removal()
    assert centre.show(cabinet) is None, "not before the cabinet's last entry is there"
    centre.took(cabinet.batch(1))
    assert centre.show(cabinet) == 0
    centre.took(cabinet.batch(1))
    centre.show(cabinet)
    for quantity in (5000, 6000, 7000):
        cabinet.board.a_count(quantity)
    centre.took(cabinet.batch(1))
    centre.close()
    return _attack(Attack("database_owner", HAS, HAS_NOT), home, cabinet, folder)


class Copy:
    """What the attacker works on: the site as it was, once more."""

    def __init__(self, home, folder, name):
        self.home = Home(folder / name)
        shutil.copytree(home.root, self.home.root)
        self.db = sqlite3.connect(self.home.root / "centre.db")

    def page(self, station, seq):
        where = "WHERE station = ? AND seq = ?"
        return cbor2.loads(self.db.execute(f"SELECT page FROM entries {where}", (station, seq)).fetchone()[0])

    def put(self, station, seq, page):
        row = (cbor2.dumps(page), chain.leaf(page[0]), station, seq)
        self.db.execute("UPDATE entries SET page = ?, leaf = ? WHERE station = ? AND seq = ?", row)

    def fit(self, station, genesis):
        """Heads, and where the log stands, as follow from the pages."""
        head, last = bytes(chain.head0(genesis)), 0
        for seq, leaf in self.db.execute(
            "SELECT seq, leaf FROM entries WHERE station = ? ORDER BY seq", (station,)
        ).fetchall():
            head, last = bytes(chain.next_head(head, leaf)), seq
            self.db.execute("UPDATE entries SET head = ? WHERE station = ? AND seq = ?", (head, station, seq))
        for table in ("logs", "held"):
            self.db.execute(f"UPDATE {table} SET seq = ?, head = ? WHERE station = ?", (last, head, station))

    def done(self):
        self.db.commit()
        self.db.close()

    # who finds it

    def verifier(self):
        """What the stand-alone verifier says first about an export, None if all is good."""
        out = self.home.root / "export"
        write_export(self.home, out, time.time_ns() // 1_000_000)
        found = verify_apotheca.check(out, self.home.keys / "ca.crt")
        return None if found.good else next(line for line in found.lines() if line.startswith("BAD"))

    def rebuild(self):
        """What `apotheca server rebuild` says, None if all is good."""
        done = CliRunner().invoke(server_app, ["rebuild"], obj=str(self.home.root))
        return None if done.exit_code == 0 else (done.output.strip() or repr(done.exception)).splitlines()[-1]


def _changed(page, **fields):
    values = entry.decode(page[0])
    for name, value in fields.items():
        values[getattr(entry, name)] = value
    return [bytes(entry.encode(values)), page[1], page[2]]


def _attack(attack, home, cabinet, folder):
    genesis = {"ICU1": cabinet.board.genesis}
    site_ = config.read(home)
    genesis |= {one.id: bytes.fromhex(one.genesis) for one in site_.station} | {
        "centre": bytes.fromhex(site_.site.genesis)
    }
    clean = Copy(home, folder, "clean")
    clean.done()
    without = clean.verifier()
    assert without is None, without
    said = clean.rebuild()
    assert said is None, said
    _rows(attack, lambda name: Copy(home, folder, name), genesis)
    _tail(attack, Copy(home, folder, "tail"), cabinet)
    _tree(attack, Copy(home, folder, "runs"))
    _outgoing(attack, home, folder)
    _rewritten(attack, Copy(home, folder, "rewritten"), cabinet)
    return attack


def _found(attack, kind, what, copy, seq, station):
    """Both the verifier without a key and the rebuild with the keys have to name the entry."""
    copy.done()
    without, with_keys = copy.verifier(), copy.rebuild()
    named = with_keys is not None and f"{station} log 1, entry {seq}:" in with_keys
    attack.tried(kind, what, f"verify_apotheca: {without}; rebuild: {with_keys}", without and named)


def _rows(attack, copy_of, genesis):
    copy = copy_of("quantity")
    at = _first(copy, "ICU1", kinds.REMOVE)
    copy.put("ICU1", at, _changed(copy.page("ICU1", at), F_CHANGE=-1))
    copy.fit("ICU1", genesis["ICU1"])
    _found(attack, "forge", f"another quantity in entry {at}, all heads made to fit", copy, at, "ICU1")
    copy = copy_of("places")
    one, other = copy.page("ICU1", at), copy.page("ICU1", at + 1)
    copy.put("ICU1", at, _changed(other, F_SEQ=at))
    copy.put("ICU1", at + 1, _changed(one, F_SEQ=at + 1))
    copy.fit("ICU1", genesis["ICU1"])
    _found(attack, "reorder", f"entries {at} and {at + 1} changed places, all heads made to fit", copy, at, "ICU1")
    copy = copy_of("hidden")
    copy.db.execute("DELETE FROM entries WHERE station = 'ED1' AND seq = 5")
    _found(attack, "hide", "entry 5 of ED1 deleted", copy, 5, "ED1")
    copy = copy_of("operator")
    own = _forged_decision(copy)
    copy.fit("centre", genesis["centre"])
    copy.done()
    said = copy.rebuild()
    named = said is not None and f"centre log 1, entry {own}:" in said
    attack.tried("forge", "a decision of the centre's: an alert cleared", f"rebuild: {said}", named)


def _forged_decision(copy):
    seq, utc_ms = copy.db.execute("SELECT max(seq), max(utc_ms) FROM entries WHERE station = 'centre'").fetchone()
    ext = ["clear_alert", "ICU1/1/9: all is well"]
    fields = [
        1,
        "centre",
        1,
        1,
        seq + 1,
        utc_ms,
        1,
        2,
        kinds.OPERATOR,
        "phil",
        None,
        None,
        None,
        None,
        None,
        None,
        0,
        None,
        ext,
    ]
    data = cbor2.dumps(fields)
    row = (
        "centre",
        1,
        seq + 1,
        kinds.OPERATOR,
        utc_ms,
        chain.leaf(data),
        bytes(32),
        cbor2.dumps([data, None, bytes(16)]),
    )
    copy.db.execute(
        "INSERT INTO entries (station, log, seq, kind, utc_ms, leaf, head, page) VALUES (?,?,?,?,?,?,?,?)", row
    )
    return seq + 1


def _first(copy, station, kind):
    query = "SELECT min(seq) FROM entries WHERE station = ? AND kind = ?"
    return copy.db.execute(query, (station, kind)).fetchone()[0]


def _tail(attack, copy, cabinet):
    """Everything of ICU1 from some entry on is gone from record and heads; the cabinet is there."""
    before = copy.db.execute("SELECT leaf FROM entries WHERE station = 'ICU1' ORDER BY seq").fetchall()
    cut = copy.db.execute(
        "SELECT max(last_seq) FROM batches WHERE station = 'ICU1' AND last_seq < ?", (len(before),)
    ).fetchone()[0]
    head = copy.db.execute("SELECT head FROM entries WHERE station = 'ICU1' AND seq = ?", (cut,)).fetchone()[0]
    copy.db.execute("DELETE FROM entries WHERE station = 'ICU1' AND seq > ?", (cut,))
    copy.db.execute("DELETE FROM batches WHERE station = 'ICU1' AND last_seq > ?", (cut,))
    for table in ("logs", "held"):
        copy.db.execute(f"UPDATE {table} SET seq = ?, head = ? WHERE station = 'ICU1'", (cut, head))
    copy.done()
    centre = Centre(copy.home)
    with centre.bench.engine.begin() as conn:
        rebuild(conn)
    centre.bench.restart()
    told = centre.bench.verdicts(centre.bench.up("ICU1", "heartbeat", cabinet.heartbeat()))
    centre.took(cabinet.batch(cut + 1))
    with centre.bench.engine.connect() as conn:
        after = conn.execute(text("SELECT leaf FROM entries WHERE station = 'ICU1' ORDER BY seq")).fetchall()
    centre.close()
    again = told == [messages.GAP] and [bytes(row[0]) for row in after][: len(before)] == [row[0] for row in before]
    outcome = f"heartbeat answered GAP at entry {cut}, the station sends again, all {len(before)} are back"
    attack.tried("hide", f"all of ICU1 after entry {cut} deleted from every table", outcome, again)


def _tree(attack, copy):
    """The order of two logs in the tree."""
    first, second = copy.db.execute(
        "SELECT first_index, station FROM tree_runs WHERE count > 1 ORDER BY first_index LIMIT 2"
    ).fetchall()
    copy.db.execute("UPDATE tree_runs SET station = 'x' WHERE first_index = ?", (first[0],))
    copy.db.execute("UPDATE tree_runs SET station = ? WHERE first_index = ?", (first[1], second[0]))
    copy.db.execute("UPDATE tree_runs SET station = ? WHERE station = 'x'", (second[1],))
    copy.done()
    said = copy.rebuild()
    attack.tried(
        "reorder",
        f"{first[1]} and {second[1]} change places in the tree",
        f"rebuild: {said}",
        said and "signed" in said,
    )


def _outgoing(attack, home, folder):
    copy, planted = Copy(home, folder, "outgoing"), Copy(home, folder, "planted")
    secrets = [path.read_bytes() for path in home.keys.rglob("*") if path.is_file() and path.suffix in (".mac", ".key")]
    assert home.mac_key("ICU1").read_bytes() in secrets
    rows = [(f"planted {number}", secret) for number, secret in enumerate(secrets)]
    planted.db.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", rows)
    planted.done()
    assert _keys_in(planted.home, secrets) == secrets, "where keys do lie about, they are found"
    found = _keys_in(copy.home, secrets)
    attack.tried(
        "forge", "looking for any key in the database", f"{len(secrets)} keys looked for, found {len(found)}", not found
    )
    copy.done()
    payload = cbor.encode([1, "ICU1", 1, messages.ACCEPT, 10**6, bytes(32), 1, bytes(16)])
    envelope = Signer.load(_other_key(folder), "centre").seal("answer", bytes(payload))
    try:
        Verifier.load(home.station("ICU1") / "centre-sign.pub", "centre").open("answer", envelope)
        code = 0
    except BadSignatureError:
        code = codes.BAD_SIGNATURE
    attack.tried("hide", "an acknowledgement put into the table `outbox`", f"the agent refuses, code {code}", code)


def _keys_in(home, secrets):
    """Which of these the files of the database hold, whole or a piece of a long one."""
    whole = b"".join(path.read_bytes() for path in sorted(home.root.glob("centre.db*")))
    return [secret for secret in secrets if secret in whole or (len(secret) > 64 and secret[40:104] in whole)]


def _other_key(folder):
    from server_stub.site import pki

    path = folder / "own.key"
    pki.make_signing_pair(path, folder / "own.pub")
    return path


def _rewritten(attack, copy, cabinet):
    """An old entry changed, and a whole tree that fits: the sequencer takes the database for true and signs."""
    at = _first(copy, "ED1", kinds.REMOVE)
    copy.put("ED1", at, _changed(copy.page("ED1", at), F_ACTOR="ben"))
    copy.db.execute("DELETE FROM tree_checkpoints")
    copy.done()
    centre = Centre(copy.home)
    with centre.bench.engine.begin() as conn:
        for row in tiles.rebuild(conn):
            conn.execute(text("UPDATE trees SET root = :root"), {"root": row.root})
    centre.sequence()
    board = cabinet.board
    board.a_removal()
    centre.took(cabinet.batch(1))
    code = centre.show(cabinet)
    kinds_ = board.kinds(board.journal.seq - 4)
    centre.took(cabinet.batch(1))
    centre.close()
    alarm = [SPLIT_VIEW_ALARM, 0] in [list(one) for one in board.said()[10]]
    outcome = (
        f"the sequencer signs, ICU1 refuses, code {code}: entry {board.journal.seq - 1} checkpoint_refused, alarm 15"
    )
    refused = code == codes.SPLIT_VIEW and kinds.CHECKPOINT_REFUSED in kinds_ and alarm
    attack.tried("forge", f"entry {at} of ED1 changed, tree and checkpoints made to fit", outcome, refused)
