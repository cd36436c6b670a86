# The text of a checkpoint (C2SP tlog-checkpoint), docs/wire.md section 6. Whose signatures are under it is for those
# to say who hold keys: agent, witnesses, verifiers.
from binascii import a2b_base64, b2a_base64

from firmware.merkle import HASH_BYTES

_PREFIX = "apotheca/1/"
_ROOT_TEXT = 44


# the origin of a site's log; number 2 and on: a successor
def origin(site, number):
    return _PREFIX + site + ("/" + str(number) if number > 1 else "")


# 1 or more; ValueError if it is no origin of ours
def number_of(text):
    parts = text.split("/")
    number = int(parts[3]) if len(parts) == 4 and parts[3].isdigit() else 1
    if len(parts) not in (3, 4) or not parts[2] or origin(parts[2], number) != text:
        raise ValueError("not an origin of ours")
    return number


def text(origin_text, size, root):
    return origin_text + "\n" + str(size) + "\n" + b2a_base64(root).decode().strip() + "\n"


# The signed text and the signature lines; ValueError if it is no note.
def split(note):
    signed, blank, signatures = note.decode().partition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise ValueError("not a note")
    return signed + "\n", signatures[:-1].split("\n")


# (origin, size, root) of a note, its signatures not looked at; ValueError if it is no checkpoint.
def read(note):
    signed, _ = split(note)
    lines = signed.split("\n")
    if len(lines) < 4 or not lines[1].isdigit() or len(lines[2]) != _ROOT_TEXT:
        raise ValueError("not a checkpoint")
    root = a2b_base64(lines[2])
    size = int(lines[1])
    if len(root) != HASH_BYTES or text(lines[0], size, root) != "\n".join(lines[:3]) + "\n":
        raise ValueError("not a checkpoint")
    return lines[0], size, root
