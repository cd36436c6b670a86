# What starts first on a controller, and stays when its firmware changes: takes over what is pending, then starts what
# is active, if every file of it is whole. Lies in `base`, apart from the firmware.
import gc
import sys

from firmware.ports import install


# At the REPL instead, if the firmware has left for it and the key is still turned.
def wants_repl(folder, key_turned):
    if not install.there(folder, install.SERVICE):
        return False
    if key_turned():
        return True
    install.forget(folder, install.SERVICE)
    return False


# Nothing to protect yet: no identity, or nothing was ever taken over. Else a firmware that fails, or is not whole any
# more, leaves the REPL shut as it was.
def is_bare(folder):
    return install.identity(folder) is None or not install.there(folder, install.ACTIVE)


# the firmware did not run to its end: at the next start the REPL opens, to who has the key turned
def stopped(folder, key_turned):
    if key_turned:
        install.write(folder, install.SERVICE, b"stopped")


# -> False if there is nothing to start; it comes back once the firmware has left
def start(folder, board, *args):
    install.settle(folder, board)
    slot = install.runnable(folder, board)
    if slot:
        program = _load(slot, "firmware.ports." + board + "_main")
        program.start_as_program((install.outcome(folder), install.before(folder)), *args)
    return bool(slot)


# the firmware's own modules in place of those of the same name here
def _load(slot, name):
    for loaded in [module for module in sys.modules if module.split(".")[0] == "firmware"]:
        del sys.modules[loaded]
    sys.path.insert(0, slot)
    gc.collect()
    __import__(name)
    return sys.modules[name]


# [station, slot, number, version, has the firmware left for the REPL] for who flashes
def told(folder):
    who = install.identity(folder)
    running = install.active(folder, who[1]) if who else ("", 0, "")
    return [who[0] if who else ""] + list(running) + [install.there(folder, install.SERVICE)]
