"""`apotheca server restore`: a database again, from a backup and copies of what stations signed (docs/operations.md).

What stations still hold comes by itself once the centre runs: their agents are told the gap and send again. Here only
what no agent can send any more is needed: batches of other databases, of exports, or out of a copy of an outbox.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import cbor2
from sqlalchemy import URL, Connection, Engine, func, make_url, select

from firmware.journal import kinds
from firmware.journal.chain import head0
from firmware.wire import cose
from server_stub.integration.intake import runs
from server_stub.ledger import schema, tiles
from server_stub.ledger.batch import MAX_PAGES
from server_stub.ledger.ingest import Ingest, Message, Now
from server_stub.ledger.record import Entry
from server_stub.ledger.schema import open_database
from server_stub.ledger.sign import CENTRE, Signer
from server_stub.ledger.store import pages_in_order, upsert
from server_stub.register import SiteRegister
from server_stub.site.config import database_url, read
from server_stub.site.home import Home
from server_stub.stock import schema as stock

# what the centre numbered after the backup is not known any more: it goes on beyond all it can have been
LEAP = 10_000
_AT_ONCE = 64
_VERSIONS = schema.reference_versions.c
_SQLITE = b"SQLite format 3\0"


class NotRestored(Exception):
    """Nothing was changed; the text says why."""


class Signed(NamedTuple):
    """A batch as a station signed it."""

    station: str
    log: int
    first_seq: int
    raw: bytes


def restore(home: Home, backup: Path | None, copies: Sequence[Path], now_ms: int) -> list[str]:
    """Do it; gives what there is to say.

    Raises NotRestored, WrongSchema, with nothing changed; but without a backup the copies named before the wrong one
    are taken in.
    """
    site = read(home)
    url = make_url(database_url(home, site))
    now = Now(now_ms, now_ms)
    if runs(home.intake):
        raise NotRestored("the centre runs: stop `apotheca server run` first")
    away = schema.missing(url.render_as_string(hide_password=False)) is not None
    if backup is None:
        return _filled(home, url, copies, now)
    if not url.drivername.startswith("sqlite") or url.database is None:
        raise NotRestored("--from is for SQLite: restore a PostgreSQL with its own tools, then leave it out")
    target = Path(url.database)
    if not away:
        raise NotRestored(f"{target} is there: it is evidence, move it away first")
    draft = target.with_name(f"{target.name}.restoring")
    _discard(draft)
    try:
        copy_backup(backup, draft, site.site.genesis)
        said = _filled(home, url.set(database=str(draft)), copies, now)
        draft.replace(target)
    finally:
        _discard(draft)
    return said


def _discard(draft: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + end).unlink(missing_ok=True)


def _filled(home: Home, url: URL, copies: Sequence[Path], now: Now) -> list[str]:
    engine = open_database(url.render_as_string(hide_password=False))
    try:
        with engine.begin() as conn:
            leap(conn)
        return [_own_end(engine), *_taken(home, engine, copies, now)]
    finally:
        engine.dispose()


def _own_end(engine: Engine) -> str:
    with engine.connect() as conn:
        seq = conn.scalar(select(schema.logs.c.seq).where(schema.logs.c.station == CENTRE)) or 0
    return f"the centre's own log ends at entry {seq}: what it alone knew beyond is lost"


def _taken(home: Home, engine: Engine, copies: Sequence[Path], now: Now) -> Iterator[str]:
    register, signer = SiteRegister(home), Signer((home.keys / "centre-sign.key").read_bytes())
    for copy in copies:
        took = take_in(engine, register, signer, batches_in(home, copy), now)
        yield f"{copy}: " + (", ".join(f"{n} entries of {one}" for one, n in sorted(took.items())) or "nothing new")


def copy_backup(backup: Path, target: Path, genesis: str) -> None:
    """Copy a backup of the centre's database to `target`, which is not there yet; `genesis` (hex) is that of the site's
    own log. Raises NotRestored if it is another file, cannot be read whole or is of another site."""
    with _reading(backup) as source:
        target.touch(mode=0o600, exist_ok=False)
        with closing(sqlite3.connect(target)) as made:
            source.backup(made)
            if (said := made.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise NotRestored(f"{backup} is damaged ({said}): take another backup, and give this one as --copy")
            if not {"meta", "logs", "batches", "entries"} <= _tables(made):
                raise NotRestored(f"{backup} is no database of a centre")
            row = made.execute("SELECT genesis FROM logs WHERE station = ?", (CENTRE,)).fetchone()
            if row is not None and row[0].hex() != genesis:
                raise NotRestored(f"{backup} is of another site: its centre's log has another genesis than site.toml")


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    """An SQLite database that is only read; raises NotRestored, also for what goes wrong while it is read."""
    if not _is_sqlite(file):
        raise NotRestored(f"{file} is no SQLite database")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            yield db
    except sqlite3.Error as error:
        raise NotRestored(f"{file} can not be read whole ({error})") from None


def _tables(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def leap(conn: Connection) -> None:
    """Numbers of commands and versions of tables go on beyond what was given out since the backup.

    A table stands at its cabinets as it is until it is changed here: what was taken from somebody is not given back.
    """
    for key, given in ((schema.COMMAND_FLOOR, stock.commands.c.number), (schema.VERSION_FLOOR, _VERSIONS.version)):
        highest = max(conn.scalar(select(func.max(given))) or 0, schema.floor(conn, key))
        conn.execute(upsert(conn, schema.meta, ("key",)), {"key": key, "value": str(highest + LEAP)})


def take_in(
    engine: Engine, register: SiteRegister, signer: Signer, batches: Iterable[Signed], now: Now
) -> Counter[str]:
    """Have ingest look at every batch as if its station had sent it; gives how many entries are new of each."""
    ingest = Ingest(engine, register.names, register, signer)
    before = _ends(engine)
    ordered = sorted(batches, key=lambda one: (one.station, one.log, one.first_seq))
    for at in range(0, len(ordered), _AT_ONCE):
        ingest.take([Message(one.station, "batch", one.raw) for one in ordered[at : at + _AT_ONCE]], now)
    after = _ends(engine)
    return Counter({key[0]: seq - before.get(key, 0) for key, seq in after.items() if seq > before.get(key, 0)})


def _ends(engine: Engine) -> dict[tuple[str, int], int]:
    held = schema.held.c
    with engine.connect() as conn:
        return {(station, log): seq for station, log, seq in conn.execute(select(held.station, held.log, held.seq))}


# ---- copies


def batches_in(home: Home, copy: Path) -> Iterator[Signed]:
    """The batches in a copy: a folder of an export, a database of the centre, an agent's outbox. Raises NotRestored."""
    if (copy / "batches").is_dir():
        for path in sorted((copy / "batches").glob("*.cose")):
            yield _signed(path.read_bytes(), path)
        return
    file = copy / "outbox.db" if copy.is_dir() else copy
    if not _is_sqlite(file):
        raise NotRestored(f"{copy}: neither an export, a database of the centre nor an outbox.db")
    with _reading(file) as db:
        tables = _tables(db)
        if "batches" in tables:
            yield from (_signed(raw, file) for (raw,) in db.execute("SELECT raw FROM batches ORDER BY id"))
        elif "pages" in tables:
            yield from _out_of_outbox(home, file, db)
        else:
            raise NotRestored(f"{file}: neither a database of the centre nor an outbox.db")


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _signed(raw: bytes, path: Path) -> Signed:
    try:
        _, station, log, first = cbor2.loads(cose.parse(raw)[1])[:4]
        return Signed(str(station), int(log), int(first), raw)
    except (ValueError, TypeError, cbor2.CBORError) as error:
        raise NotRestored(f"{path}: no batch ({error})") from None


def _out_of_outbox(home: Home, file: Path, db: sqlite3.Connection) -> Iterator[Signed]:
    """Its pages in batches, under the station's own key, which has to lie beside it or in this home."""
    row = db.execute("SELECT station, log, genesis FROM log").fetchone()
    if row is None:
        raise NotRestored(f"{file}: an outbox that never held an entry")
    station, log, genesis = row
    keys = (file.with_name("sign.key"), home.station(station) / "sign.key")
    key = next((path for path in keys if path.exists()), None)
    if key is None:
        raise NotRestored(
            f"{file}: the sign.key of {station} is neither beside it nor in this home; export it at the cabinet"
        )
    try:
        signer = Signer(key.read_bytes(), str(station))
    except ValueError as error:
        raise NotRestored(f"{key}: no key of a station ({error})") from None
    rows = db.execute("SELECT seq, page, head FROM pages ORDER BY seq").fetchall()
    heads = {seq: head for seq, _, head in rows}
    if genesis is not None:
        heads[0] = bytes(head0(genesis))
    usable = [row for row in rows if row[0] - 1 in heads]
    for at in range(0, len(usable), MAX_PAGES):
        some = usable[at : at + MAX_PAGES]
        first, last = some[0][0], some[-1][0]
        try:
            pages = [cbor2.loads(page) for _, page, _ in some]
        except (ValueError, cbor2.CBORError) as error:
            raise NotRestored(f"{file}: entries {first} to {last} can not be read ({error})") from None
        payload = cbor2.dumps([1, station, log, first, heads[first - 1], pages, heads[last]])
        yield Signed(station, log, first, signer.envelope("batch", payload))


# ---- what is lost


def lost(conn: Connection) -> list[str]:
    """What cabinets say of the centre that its own log does not know: it was restored to less, and this is gone."""
    issued: set[object] = set()
    told: list[tuple[object, str]] = []
    for entry in (page.entry for page in pages_in_order(conn)):
        if entry.station == CENTRE:
            issued |= _issued(entry)
        else:
            told += _told(entry)
    return [words for what, words in told if what not in issued]


def _issued(entry: Entry) -> set[object]:
    if entry.kind == kinds.COMMAND_ISSUED:
        return {("command", *entry.ext[:2])}
    return {("table", entry.ext[0], entry.ext[3])} if entry.kind == kinds.REFERENCE_ISSUED else set()


def _told(entry: Entry) -> Iterator[tuple[object, str]]:
    """What an entry of a cabinet says that the centre did."""
    where = f"entry {entry.seq} of {entry.station} log {entry.log}"
    if entry.kind == kinds.COMMAND and entry.ext[0]:
        yield ("command", entry.station, entry.ext[0]), f"command {entry.ext[0]} to {entry.station} ({where})"
    elif entry.kind == kinds.REFERENCE:
        table, version, digest = entry.ext[:3]
        words = f"version {version} of {entry.station}'s table {table} ({where}): give it anew"
        yield ("table", entry.station, digest), words


def trees_seen(conn: Connection) -> list[str]:
    """Cabinets that saw more of the tree than there is."""
    row = tiles.newest(conn)
    states = tiles.all_logs(conn).values()
    held = [one for one in states if row and one.held_number == row.number and one.held_size > row.size]
    return [f"{one.station} has seen a tree of {one.held_size} leaves, here it has {row.size}" for one in held if row]
