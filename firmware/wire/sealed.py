# Payloads on the way down carry their MAC as last element, docs/wire.md section 3.
from firmware.compat import hmac_sha256, same
from firmware.wire import cbor

_MAC = 16
MAC_ITEM = 17  # how many bytes of the payload the MAC takes, its head included
_MAC_HEAD = 0x50


# `key` is the derived one: derive(K, "answer"), "command" or "reference".
def seal(fields, key):
    body = cbor.array_header(len(fields) + 1)
    for field in fields:
        body += cbor.encode(field)
    return body + cbor.encode(hmac_sha256(key, body)[:_MAC])


# Is the MAC right? For payloads too large to be decoded at once.
def genuine(payload, key):
    if not isinstance(payload, bytes) or len(payload) <= MAC_ITEM or payload[-MAC_ITEM] != _MAC_HEAD:
        return False
    return same(hmac_sha256(key, memoryview(payload)[:-MAC_ITEM])[:_MAC], payload[-_MAC:])


# The fields without the MAC, or None if it is wrong or the payload malformed.
def open(payload, key):
    if not genuine(payload, key):
        return None
    try:
        fields = cbor.decode(payload)
    except ValueError:
        return None
    return fields[:-1] if isinstance(fields, list) else None
