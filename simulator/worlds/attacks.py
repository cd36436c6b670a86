"""What somebody does on purpose: copies of a cabinet, old states put back, forged histories and answers."""

from typing import TYPE_CHECKING

from firmware.compat import derive
from firmware.journal import chain, entry, kinds
from firmware.wire import cbor, messages, sealed, topics
from simulator.worlds.cabinet import Chips
from simulator.worlds.disk import Disk
from simulator.worlds.inflict import _of

if TYPE_CHECKING:
    from simulator.worlds.faults import Fault
    from simulator.worlds.world import World

CLONE_VISITS = 2


def cloned(world: "World", fault: "Fault") -> None:
    """Flash and keys of a station are copied; the copy runs beside it."""
    rig, chance = _of(world, fault)
    cabinet = rig.cabinet
    chips = Chips(cabinet.chips.flash.sectors, cached=False, fitted=cabinet.chips.fitted)
    chips.put_back(cabinet.chips.image())
    disk = Disk(world.folder, f"outbox.{rig.station}.clone", world.site.outbox_templates[rig.station])
    branch = world.truth.branch(cabinet)
    world.truth.fault(fault.kind, rig.station, f"at entry {len(branch.pages)}")
    clone = world.new_rig(f"{rig.station}-clone", rig.station, chips, disk, branch.part(len(branch.pages)))
    clone.cabinet.physical = dict(cabinet.physical)
    world.clones.append(clone)
    latest_ms = world.size.later_ms[1]
    world.timeline.after(chance.randint(1_000, latest_ms // 8), clone.start)
    for _ in range(CLONE_VISITS):
        world.timeline.after(chance.randint(latest_ms // 6, latest_ms * 5 // 6), clone.person.visit)


def rolled_back(world: "World", fault: "Fault") -> None:
    """A controller's flash is, after a while, what it was now: the centre has heard of more by then."""
    rig, chance = _of(world, fault)
    cabinet = rig.cabinet
    image, then = cabinet.chips.image(), len(world.truth.branch(cabinet).pages)

    def back() -> None:
        if world.peace or world.truth.acked.get(rig.station, 0) <= then:
            return
        world.truth.fault(fault.kind, rig.station, f"to entry {then}")
        rig.rolled_back = True
        rig.cut_power()
        cabinet.chips.put_back(image)
        world.truth.follow(cabinet, world.truth.branch(cabinet).part(then))
        if chance.random() < 0.5:
            rig.host.kill({"": world.site.outbox_templates[rig.station].read_bytes()})

    world.timeline.after(chance.randint(*world.size.later_ms), back)


def centre_restored(world: "World", fault: "Fault") -> None:
    """The centre's database is, after a while, the backup made now."""
    _, chance = _of(world, fault)
    image = world.centre.disk.image()

    def back() -> None:
        if world.peace or world.centre.core is None:
            return
        world.truth.fault(fault.kind, "")
        world.restored = True
        world.centre.kill(image)

    world.timeline.after(chance.randint(*world.size.later_ms), back)


def batch_forged(world: "World", fault: "Fault") -> None:
    """Who has the agent's key but not the controller's signs entries of her own, after those the centre has."""
    rig, chance = _of(world, fault)
    outbox = rig.host.outbox
    log = outbox.log() if outbox else None
    if outbox is None or log is None or log.answered == 0 or log.answered_head is None:
        return
    pages = outbox.pages(log.answered, 1)
    if not pages or not world.broker.up:
        return
    fields = entry.decode(chain.parse_page(pages[0])[0])
    fields[entry.F_SEQ], fields[entry.F_KIND], fields[entry.F_EXT] = (
        log.answered + 1,
        kinds.REMOVE,
        [0, None, None, None, None],
    )
    fields[entry.F_REF], fields[entry.F_TXN] = None, log.answered
    fields[entry.F_ITEM], fields[entry.F_PLACE], fields[entry.F_ACTOR] = "MORP", "D01-P01", "anna"
    fields[entry.F_BEFORE], fields[entry.F_CHANGE], fields[entry.F_AFTER] = 10, -1, 9
    data = entry.encode(fields)
    head = chain.next_head(log.answered_head, chain.leaf(data))
    page = cbor.raw(chain.page(data, None, chance.randbytes(16)))
    batch = [1, rig.station, 1, log.answered + 1, log.answered_head, [page], head]
    world.truth.fault(fault.kind, rig.station, f"entry {log.answered + 1}")
    settings = rig.host.identity.settings
    topic = topics.up(settings.site, settings.shard, rig.station, "batch")
    world.broker.publish(None, topic, rig.host.identity.signer.seal("batch", cbor.encode(batch)))


def answer_forged(world: "World", fault: "Fault") -> None:
    """Root on the cabinet's computer tells the controller that the centre has everything."""
    rig, chance = _of(world, fault)
    station = rig.cabinet.station
    if station is None:
        return
    key = chance.choice((bytes(32), derive(bytes(32), "answer"), chance.randbytes(32)))
    journal = station.journal
    fields = [1, rig.station, 1, messages.ACCEPT, journal.seq, journal.head, world.hospital_ms()]
    before = journal.released
    world.truth.fault(fault.kind, rig.station)
    rig.cabinet.received(bytes(cbor.encode([messages.ANSWER, bytes(sealed.seal(fields, key))])))
    if rig.cabinet.station and rig.cabinet.station.journal.released > before:
        world.truth.wrong("accepted", rig.station, "a forged answer released entries")
