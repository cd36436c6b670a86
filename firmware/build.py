# The parts of a station put together. Flash, stores, entropy come in; nothing here knows a port.
from firmware.command import Commands
from firmware.compat import derive
from firmware.credentials import Credentials
from firmware.journal.journal import Journal
from firmware.reference import Reference
from firmware.state import State, apply
from firmware.station import Now, Station
from firmware.uplink import Uplink


# -> (station, entries adopted, damage or None); the journal is recovered and the tables are loaded
def build(config, tables, flash, snapshot_store, files, entropy):
    clock, state = Now(), State(tables.limit)
    who = (config.station, config.log, config.key)
    journal = Journal(flash, snapshot_store, *who, config.genesis, apply, state, clock)
    adopted, damage = journal.recover()
    reference = Reference(config.station, config.key, tables, config.drawers, state, journal, files)
    reference.load()
    credentials = Credentials(state.people, files)
    credentials.load()
    commands, uplink = Commands(*who, state, journal, tables, entropy), Uplink(*who, journal)
    station = Station(config, journal, state, tables, reference, credentials, commands, uplink, clock, entropy)
    station.checkpoint_key = derive(config.key, "checkpoint")
    return station, adopted, damage
