# The parts of a station put together. Flash, stores, entropy come in; nothing here knows a port.
from firmware.command import Commands
from firmware.credentials import Credentials
from firmware.journal.journal import Journal
from firmware.reference import Reference
from firmware.state import State, apply
from firmware.station import Now, Station
from firmware.uplink import Uplink


# -> (station, entries adopted, damage or None); the journal is recovered and the tables are loaded. element: what
# counts the seals, None for none.
def build(config, tables, flash, snapshot_store, files, entropy, element=None):
    clock, state = Now(), State(tables.limit)
    who, keys = (config.station, config.log), config.keys
    journal = Journal(flash, snapshot_store, *who, keys.snapshot, config.genesis, apply, state, clock)
    adopted, damage = journal.recover()
    reference = Reference(config.station, keys.reference, tables, config.drawers, state, journal, files)
    reference.load()
    credentials = Credentials(state.people, files)
    credentials.load()
    commands = Commands(*who, keys.command, state, journal, tables, entropy)
    uplink = Uplink(*who, keys.answer, journal)
    station = Station(config, journal, state, tables, reference, credentials, commands, uplink, clock, entropy, element)
    return station, adopted, damage
