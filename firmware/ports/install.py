# A new firmware beside the one that runs, docs/firmware.md: taken over at a boot, if this controller's key sealed it,
# it is newer than all before, and every file is what it should be. Files of the controller's folder:
#   active.cbor   [1, slot, number, version], sealed: what runs, and the number below which nothing is taken
#   pending       name of the slot to be taken over
#   outcome.cbor  [code, version]: what became of that, until the journal has it
#   service       the firmware has left: the REPL is open
#   before.cbor   [1, station, log, log before, its last seq, head, two who signed], sealed, until the journal has it:
#                 this controller replaces another
#   SLOT/manifest.cbor  [1, station, board, version, number, [[file, size, SHA-256]...]], sealed; then the files
import os

from firmware import codes
from firmware.compat import sha256_over
from firmware.keys import Keys
from firmware.wire import cbor, sealed

ACTIVE, PENDING, OUTCOME, SERVICE, MANIFEST = "active.cbor", "pending", "outcome.cbor", "service", "manifest.cbor"
BEFORE = "before.cbor"
PURPOSE = "firmware"
_FOLDER = 0x4000
_NOTHING = ("", 0, "")


# (station, derived key), or None: no identity yet
def identity(folder):
    try:
        fields = cbor.decode(read(folder, "controller.cbor"))
        return fields[1], Keys(fields[3]).firmware
    except (OSError, ValueError, IndexError, TypeError):
        return None


# (slot, number, version) of what runs
def active(folder, key):
    try:
        fields = sealed.open(read(folder, ACTIVE), key)
    except OSError:
        fields = None
    return tuple(fields[1:4]) if fields and len(fields) == 4 else _NOTHING


# Takes over what is pending, or says in OUTCOME why not. A cut anywhere leaves the old firmware or the new one.
def settle(folder, board):
    try:
        slot = read(folder, PENDING).decode()
    except (OSError, ValueError):
        return
    who = identity(folder)
    if who is None:
        return
    code, version, number = judge(folder, slot, board, who)
    if code == codes.NONE:
        write(folder, ACTIVE, sealed.seal([1, slot, number, version], who[1]))
    report(folder, code, version)
    forget(folder, PENDING)


# -> (code, version, number)
def judge(folder, slot, board, who):
    fields = manifest(folder, slot, who[1])
    if fields is None or fields[1] != who[0]:
        return codes.FIRMWARE_NOT_MACED, "", 0
    _, _, kind, version, number, files = fields
    running, newest, _ = active(folder, who[1])
    if kind != board:
        return codes.OTHER_BOARD, version, number
    if number <= newest or slot == running:
        return codes.FIRMWARE_ROLLBACK, version, number
    code = codes.NONE if whole(folder + "/" + slot, files) else codes.FIRMWARE_DAMAGED
    return code, version, number


# the fields, None if the key did not seal them
def manifest(folder, slot, key):
    try:
        fields = sealed.open(read(folder + "/" + slot, MANIFEST), key)
    except OSError:
        return None
    return fields if fields and len(fields) == 6 and fields[0] == 1 else None


# Is each file as listed, and no other there? One more could stand before a listed one.
def whole(slot, files):
    listed = {name: (size, digest) for name, size, digest in files}
    there = found(slot)
    if sorted(there) != sorted(list(listed) + [MANIFEST]):
        return False
    return all(there[name] == listed[name][0] and hashed(slot + "/" + name) == listed[name][1] for name in listed)


# {name: size} of all files below a folder, names with slashes
def found(folder, below=""):
    files = {}
    try:
        entries = sorted(os.listdir(folder + "/" + below))
    except OSError:
        return files
    for name in entries:
        state = os.stat(folder + "/" + below + name)
        if state[0] & _FOLDER:
            files.update(found(folder, below + name + "/"))
        else:
            files[below + name] = state[6]
    return files


def hashed(path):
    with open(path, "rb") as file:
        return sha256_over(_pieces(file))


def _pieces(file):
    piece = file.read(1024)
    while piece:
        yield piece
        piece = file.read(1024)


# may the firmware in the active slot start? -> its path, or ""
def runnable(folder, board):
    who = identity(folder)
    if who is None:
        return ""
    slot = active(folder, who[1])[0]
    fields = manifest(folder, slot, who[1]) if slot else None
    if fields is None or fields[1] != who[0] or fields[2] != board:
        return ""
    return folder + "/" + slot if whole(folder + "/" + slot, fields[5]) else ""


def report(folder, code, version):
    write(folder, OUTCOME, cbor.encode([code, version]))


# (code, version), or None
def outcome(folder):
    try:
        code, version = cbor.decode(read(folder, OUTCOME))
    except (OSError, ValueError, TypeError):
        return None
    return code, version


# [log, seq, head, one who signed, the other] of the controller this one replaces, or None
def before(folder):
    who = identity(folder)
    try:
        fields = sealed.open(read(folder, BEFORE), who[1]) if who else None
    except OSError:
        fields = None
    return fields[3:] if fields and len(fields) == 8 and fields[1] == who[0] else None


def there(folder, name):
    try:
        os.stat(folder + "/" + name)
    except OSError:
        return False
    return True


def read(folder, name):
    with open(folder + "/" + name, "rb") as file:
        return file.read()


# whole or not at all
def write(folder, name, data):
    with open(folder + "/" + name + ".new", "wb") as file:
        file.write(data)
        file.flush()
    os.rename(folder + "/" + name + ".new", folder + "/" + name)


def forget(folder, name):
    try:
        os.remove(folder + "/" + name)
    except OSError:
        pass
