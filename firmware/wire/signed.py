# Signature lines under notes (C2SP signed-note and tlog-cosignature), docs/wire.md section 6. No crypto here: who holds
# a key signs the text; no controller does.
from binascii import a2b_base64, b2a_base64, hexlify

from firmware.compat import sha256
from firmware.wire import note

ED25519 = 1
COSIGNATURE = 4

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
STAMPED_BYTES = 72  # with its time before it

_DASH = "\u2014 "
_ID_BYTES = 4


def key_id(name, kind, public):
    return sha256(name.encode(), b"\n", bytes((kind,)), public)[:_ID_BYTES]


# as a verifier is told a key
def vkey(name, kind, public):
    return name + "+" + hexlify(key_id(name, kind, public)).decode() + "+" + _base64(bytes((kind,)) + public)


# (name, kind, public); ValueError if it is none
def read_vkey(text):
    name, _, rest = text.strip().partition("+")
    shown, _, coded = rest.partition("+")
    data = a2b_base64(coded)
    kind, public = data[0] if data else 0, data[1:]
    if not name or kind not in (ED25519, COSIGNATURE) or len(public) != PUBLIC_BYTES:
        raise ValueError("not a key of a note")
    if hexlify(key_id(name, kind, public)).decode() != shown:
        raise ValueError("the key's id is not right")
    return name, kind, public


def line(name, kind, public, signature):
    return _DASH + name + " " + _base64(key_id(name, kind, public) + signature)


# what is under the note from this key: one that is there, None otherwise
def signature_of(data, name, kind, public):
    start = key_id(name, kind, public)
    for one in note.split(data)[1]:
        if one.startswith(_DASH + name + " "):
            signature = a2b_base64(one[len(_DASH) + len(name) + 1 :])
            if signature[:_ID_BYTES] == start:
                return signature[_ID_BYTES:]
    return None


# what a witness signs at `time_s`, POSIX seconds; its signature is the time, 8 bytes big-endian, and the Ed25519 one
def cosigned(signed_text, time_s):
    return "cosignature/v1\ntime " + str(time_s) + "\n" + signed_text


def _base64(data):
    return b2a_base64(data).decode().strip()
