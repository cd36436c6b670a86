"""The invariants of a world once all faults have ended: what the centre holds against what really was written."""

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from firmware import codes
from firmware.journal import chain, entry, kinds
from server_stub.ledger import schema
from simulator.worlds import site
from simulator.worlds.truth import Branch, decoded

if TYPE_CHECKING:
    from simulator.worlds.rig import Rig
    from simulator.worlds.world import World

# what may be refused or raised at the centre, and the faults that account for it
ATTACKS = ("cabinet cloned", "cabinet rolled back", "bit rot")
CAUSES: dict[int, tuple[str, ...]] = {
    codes.FORK: ATTACKS,
    codes.UNSIGNED_BATCH: ("message changed",),
    codes.BAD_CHAIN: ("batch forged", *ATTACKS),
    codes.CLOCK_WRONG: ("clock jump", "centre clock jump"),
}
ALARMS: dict[int, tuple[str, ...]] = {
    codes.ALARM_JOURNAL_DAMAGE: ("bit rot",),
    codes.ALARM_CLOCK: ("clock jump",),
    codes.ALARM_FORCED: ("power cut", "torn write", "cut in recovery", "agent power cut", *ATTACKS),
    codes.ALARM_LEFT_OPEN: ("power cut", "torn write", "cut in recovery", "agent power cut", *ATTACKS),
    codes.ALARM_JOURNAL_FULL: ("ring full",),
    codes.ALARM_ROLLED_BACK: ATTACKS,
    codes.ALARM_ELEMENT: ATTACKS,
}
LOST_OUTBOX = ("outbox deleted", "outbox rolled back")
TROUBLES = (codes.FORK, codes.UNVERIFIED_PAGE, codes.STORE_FAILED)
Counted = dict[int, int]


def acknowledged_are_held(world: "World") -> None:
    """Whatever the centre said it has is durable, also after what it has just come through: folded or not yet."""
    assert world.centre.engine is not None
    with world.centre.engine.connect() as conn:
        held = {row.station: row.seq for row in conn.execute(select(schema.held))}
    for station, seq in sorted(world.truth.acked.items()):
        if held.get(station, 0) < seq:
            world.truth.wrong(
                "lost", station, f"entries to {seq} were acknowledged, the centre holds {held.get(station, 0)}"
            )


def believed_are_answered(world: "World", rig: "Rig") -> None:
    """Neither agent nor controller lets go of what the centre has not answered."""
    acked, station = world.truth.acked.get(rig.station, 0), rig.cabinet.station
    if rig.host.outbox and rig.host.answered() > acked:
        world.truth.wrong(
            "acknowledged", rig.station, f"the agent believes {rig.host.answered()} answered, it is {acked}"
        )
    if station and station.journal.released > acked:
        world.truth.wrong("acknowledged", rig.station, f"{station.journal.released} are released, {acked} answered")


def who_waits(world: "World") -> None:
    """The world does not end: where each station stands, first the one whose link has most to do."""
    rigs = sorted((*world.rigs, *world.clones), key=lambda rig: -rig.up.sent)
    stands = "; ".join(_stand(rig) for rig in rigs)
    world.truth.wrong("does not end", rigs[0].station, f"after {world.timeline.steps} steps: {stands}")


def _stand(rig: "Rig") -> str:
    station, outbox = rig.cabinet.station, rig.host.outbox
    log = outbox.log() if outbox else None
    controller = f"at {station.journal.seq}, {station.journal.released} released" if station else "off"
    agent = f"at {log.seq}, {log.answered} answered" if log else "off"
    return f"{rig.name} controller {controller}, agent {agent}, {rig.up.sent} frames up, {rig.down.sent} down"


def all_of(world: "World") -> None:
    """Everything, at the end."""
    if world.centre.engine is None:
        return world.truth.wrong("convergence", "centre", "the centre does not run")
    with world.centre.engine.connect() as conn:
        for rig in world.rigs:
            _station(world, rig, conn)
        _evidence(world, conn)
        _alarms(world, conn)
    return None


def _station(world: "World", rig: "Rig", conn: Connection) -> None:
    believed_are_answered(world, rig)
    ledger = _ledger(conn, rig.station)
    branch = _written(world, rig, ledger)
    if branch is None:
        return None
    _endings(world, rig, branch, len(ledger))
    if _is_nowhere(world, rig, len(ledger)):
        return _is_told(world, rig, len(ledger))
    if clean(world, rig):
        _converged(world, rig, conn, len(ledger))
    else:
        _noticed(world, rig, conn, len(ledger))
    return None


def clean(world: "World", rig: "Rig") -> bool:
    """Whether nothing has happened to the station that ends its log."""
    return not world.truth.met(rig.station, *ATTACKS)


def _is_nowhere(world: "World", rig: "Rig", length: int) -> bool:
    """What a backup lacks is nowhere when the outbox was lost too and the ring has gone on over it: two copies are
    gone, and the third of what was answered never promised to stay."""
    station, outbox = rig.cabinet.station, rig.host.outbox
    if not world.restored or not world.truth.met(rig.station, *LOST_OUTBOX) or station is None or outbox is None:
        return False
    return station.journal.first_held > length + 1 and not outbox.pages(length + 1, 1)


def _is_told(world: "World", rig: "Rig", length: int) -> None:
    """The cabinet shows that the centre asks for what nobody holds."""
    agent = rig.host.agent
    if agent is None or codes.GAP not in agent.view.troubles.values():
        world.truth.wrong("unnoticed", rig.station, f"entry {length + 1} is nowhere, and the cabinet does not show it")


# the ledger


def _ledger(conn: Connection, station: str) -> list[Any]:
    table = schema.entries.c
    query = select(table.seq, table.page, table.leaf, table.head).where(table.station == station)
    return list(conn.execute(query.order_by(table.id)))


def _written(world: "World", rig: "Rig", ledger: list[Any]) -> Branch | None:
    """The history the ledger holds a beginning of: in order, without a hole, nothing twice, nothing else."""
    truth = world.truth
    seqs = [row.seq for row in ledger]
    if seqs != list(range(1, len(seqs) + 1)):
        kind = "doubled" if len(set(seqs)) < len(seqs) else "reordered" if sorted(seqs) != seqs else "lost"
        truth.wrong(kind, rig.station, f"the ledger's entries are not 1 to {len(seqs)} in order")
        return None
    nowhere = world.restored and (not clean(world, rig) or _is_nowhere(world, rig, len(seqs)))
    if len(seqs) < truth.acked.get(rig.station, 0) and not nowhere:
        truth.wrong("lost", rig.station, f"{truth.acked[rig.station]} acknowledged, {len(seqs)} in the ledger")
    _heads(world, rig, ledger)
    branches = truth.branches[rig.station]
    for branch in branches:
        if all(bytes(row.page) == branch.at(row.seq) for row in ledger):
            return branch
    part = max(_agreeing(branch, ledger) for branch in branches)
    truth.wrong("accepted", rig.station, f"entry {part + 1} of the ledger was never written by the cabinet")
    return None


def _agreeing(branch: Branch, ledger: list[Any]) -> int:
    return next((row.seq - 1 for row in ledger if bytes(row.page) != branch.at(row.seq)), len(ledger))


def _heads(world: "World", rig: "Rig", ledger: list[Any]) -> None:
    """The chain, once more and by other code."""
    identity = rig.cabinet.identity
    config = identity.controller(1)
    head = sha256(b"\x03" + config.genesis).digest()
    for row in ledger:
        leaf = sha256(b"\0" + chain.parse_page(bytes(row.page))[0]).digest()
        head = sha256(b"\2" + head + leaf).digest()
        if (leaf, head) != (bytes(row.leaf), bytes(row.head)):
            return world.truth.wrong(
                "accepted", rig.station, f"leaf or head of entry {row.seq} is not that of the chain"
            )
    return None


# accesses


def _endings(world: "World", rig: "Rig", branch: Branch, length: int) -> None:
    """Each access has one ending; the checker looks at every entry of every kind."""
    looked, accesses, ends = tally(branch.pages)
    if looked != len(branch.pages) or length > looked:
        world.truth.wrong("unchecked", rig.station, f"{len(branch.pages)} entries were written, {looked} looked at")
    for txn, where in sorted(accesses.items()):
        if ends.get(txn, 0) > 1 and not world.truth.met(rig.station, "bit rot"):  # else its first ending may not read
            world.truth.wrong("ending", rig.station, f"access {txn} at {where} ends {ends[txn]} times")
        elif txn in world.truth.unread.get(rig.station, ()):
            continue  # a boot that can not read an access knows of none; it raised alarm 6
        elif not ends.get(txn) and branch is world.truth.branch(rig.cabinet) and not rig.off:
            world.truth.wrong("ending", rig.station, f"access {txn} at {where} never ends")
    for txn in sorted(ends.keys() - accesses.keys()):
        world.truth.wrong("ending", rig.station, f"an access {txn} ends that never was")


def tally(pages: Iterable[bytes]) -> tuple[int, dict[int, str], Counted]:
    """How many entries were looked at, accesses with their places, and how often each ended."""
    looked, accesses, ends = 0, {}, dict[int, int]()
    for page in pages:
        fields = decoded(page)
        looked += 1
        if fields[entry.F_KIND] == kinds.ACCESS:
            accesses[fields[entry.F_TXN]] = fields[entry.F_PLACE]
        elif fields[entry.F_KIND] in kinds.OUTCOMES:
            ends[fields[entry.F_TXN]] = ends.get(fields[entry.F_TXN], 0) + 1
    return looked, accesses, ends


# everything is the same everywhere


def _converged(world: "World", rig: "Rig", conn: Connection, length: int) -> None:
    station, outbox = rig.cabinet.station, rig.host.outbox
    if station is None or outbox is None or rig.host.agent is None:
        return world.truth.wrong("convergence", rig.station, "controller or agent does not run")
    log, journal = outbox.log(), station.journal
    stand = {"ledger": length, "outbox": log.seq, "answered": log.answered, "released": journal.released}
    for where, seq in stand.items():
        if seq != journal.seq:
            world.truth.wrong("convergence", rig.station, f"journal at {journal.seq}, {where} at {seq}")
    _pockets(world, rig, conn)
    _tables(world, rig, conn)
    for about, code in sorted(rig.host.agent.view.troubles.items()):
        if code in TROUBLES:
            world.truth.wrong("false alarm", rig.station, f"the agent has trouble {code} about {about}")
    return None


def _pockets(world: "World", rig: "Rig", conn: Connection) -> None:
    table = schema.inventory.c
    rows = conn.execute(select(table.place, table.quantity, table.must_count).where(table.station == rig.station))
    held = {row.place: (row.quantity, bool(row.must_count)) for row in rows}
    station = rig.cabinet.station
    assert station is not None
    for place, *_ in site.PLACES:
        book, owed = station.state.quantity(place), place in station.state.must_count
        if held.get(place, (0, False)) != (book, owed):
            world.truth.wrong("pockets", rig.station, f"{place}: book {book}, {owed}; centre {held.get(place)}")
        if owed:
            world.truth.wrong("convergence", rig.station, f"{place} still owes a count")
        elif book != rig.person.held(place):
            world.truth.wrong("pockets", rig.station, f"{place}: book {book}, in it {rig.person.held(place)}")


def _tables(world: "World", rig: "Rig", conn: Connection) -> None:
    assert rig.cabinet.station is not None
    versions = schema.reference_versions.c
    rows = conn.execute(select(versions.table, versions.version).where(versions.station == rig.station))
    issued = {row.table: row.version for row in rows}
    held = {name: version for name, version, _ in rig.cabinet.station.reference.versions()}
    for table, version in sorted(issued.items()):
        if table in held and held[table] != version:
            world.truth.wrong("convergence", rig.station, f"table {table}: issued {version}, held {held[table]}")
    policy = world.policy.get(rig.station)
    row = rig.cabinet.station.tables.policy.get("early_min")
    if policy is not None and (row is None or row[1] != policy):
        world.truth.wrong("convergence", rig.station, f"policy was set to {policy}, the cabinet has {row}")


def _noticed(world: "World", rig: "Rig", conn: Connection, length: int) -> None:
    """What contradicts the ledger, or the rest of its own log, has raised an alarm somewhere."""
    truth = world.truth
    longest = max(len(branch.pages) for branch in truth.branches[rig.station])
    stopped = conn.scalar(select(schema.logs.c.stopped).where(schema.logs.c.station == rig.station))
    agents = [other.host.agent for other in (rig, *world.clones) if other.station == rig.station]
    refused = any(agent and set(TROUBLES) & set(agent.view.troubles.values()) for agent in agents)
    kept = conn.scalar(select(schema.evidence.c.id).where(schema.evidence.c.station == rig.station).limit(1))
    station = rig.cabinet.station
    damaged = station is not None and [codes.ALARM_JOURNAL_DAMAGE, 0] in station.state.alarms
    if length < longest and not (stopped or refused or damaged or kept or _is_gone(world, rig, length)):
        truth.wrong("unnoticed", rig.station, f"the ledger ends at {length}, a cabinet at {longest}, and no alarm")
    truth.say(rig.station, f"noticed: stopped {bool(stopped)}, refused {refused}, damaged {damaged}")


def _is_gone(world: "World", rig: "Rig", length: int) -> bool:
    """All copies of a history were lost by three strokes: an old state of the cabinet was put back, its outbox with it,
    and the centre came from a backup before. Only a secure element could still know."""
    station, outbox = rig.cabinet.station, rig.host.outbox
    if not (world.restored and rig.rolled_back) or rig.cabinet.chips.fitted or station is None or outbox is None:
        return False
    return bool(station.journal.seq == outbox.log().seq == length)


# alarms


def _evidence(world: "World", conn: Connection) -> None:
    for row in conn.execute(select(schema.evidence)):
        causes = CAUSES.get(row.code, ())
        if not world.truth.met(row.station, *causes):
            world.truth.wrong("false alarm", row.station, f"evidence {row.code}: {row.detail}")


def _alarms(world: "World", conn: Connection) -> None:
    """No alarm stands, and none was raised, that no fault accounts for."""
    table = schema.alarms.c
    for station in conn.scalars(select(table.station).where(table.code == codes.STATION_SILENT)):
        if any(rig.station == station and clean(world, rig) for rig in world.rigs):
            world.truth.wrong("false alarm", station, "it is still said to be silent")
    for code, station in _raised(conn):
        if not world.truth.met(station, *CAUSES.get(code, ())):
            world.truth.wrong("false alarm", station, f"the centre raised alarm {code}")
    for rig in world.rigs:
        for branch in world.truth.branches[rig.station]:
            for page in branch.pages[branch.begins :]:
                _alarm(world, rig, decoded(page))


def _raised(conn: Connection) -> set[tuple[int, str]]:
    """What the centre's own log says it raised; a silent station has been away by night in every world."""
    table = schema.entries.c
    pages = conn.scalars(select(table.page).where(table.kind == kinds.CENTRE_ALARM))
    told = [decoded(page)[entry.F_EXT] for page in pages]
    return {(code, station) for code, station, raised in told if raised and code != codes.STATION_SILENT}


def _alarm(world: "World", rig: "Rig", fields: list[Any]) -> None:
    if fields[entry.F_KIND] == kinds.ALARM and not world.truth.met(
        rig.station, *ALARMS.get(fields[entry.F_EXT][0], ())
    ):
        world.truth.wrong("false alarm", rig.station, f"entry {fields[entry.F_SEQ]}: alarm {fields[entry.F_EXT]}")
