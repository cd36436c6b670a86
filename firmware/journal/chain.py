# Chain, MAC and journal page: docs/journal.md section 3.
from firmware.compat import const, hmac_sha256, sha256
from firmware.wire import cbor

MAC_BYTES = const(16)


def head0(genesis):
    return sha256(b"\x03", genesis)


def leaf(entry):
    return sha256(b"\x00", entry)


def next_head(head, entry_leaf):
    return sha256(b"\x02", head, entry_leaf)


# of entry n, with K(n) (evolve.py)
def mac(key, head):
    return hmac_sha256(key, head)[:MAC_BYTES]


def page(entry, disclosure, mac):
    return cbor.encode([entry, disclosure, mac])


# (entry bytes, disclosure or None, mac); ValueError for anything else. Checking the MAC needs the head.
def parse_page(data):
    parts = cbor.decode(data)
    if not isinstance(parts, list) or len(parts) != 3:
        raise ValueError("a page is an array of 3")
    entry, disclosure, mac = parts
    if type(entry) is not bytes or type(mac) is not bytes or len(mac) != MAC_BYTES:
        raise ValueError("page entry or mac")
    if disclosure is not None and not _is_disclosure(disclosure):
        raise ValueError("page disclosure")
    return entry, disclosure, mac


def _is_disclosure(value):
    if not isinstance(value, list) or len(value) != 3:
        return False
    salt, patient, order = value
    return type(salt) is bytes and len(salt) == 16 and type(patient) is str and type(order) is str
