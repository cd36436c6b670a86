# COSE_Sign1 envelopes (RFC 9052), docs/wire.md section 3. No crypto here: who holds the key signs `tbs`.
from firmware.wire import cbor
from firmware.wire.topics import valid_id

SIGNATURE_BYTES = 64

_TAG_SIGN1 = b"\xd2"
_EMPTY_MAP = b"\xa0"
# {1: -7, 4: kid}: algorithm ES256, then the key id, which is the signer's id
_PROTECTED = b"\xa2\x01\x26\x04"


# The bytes to sign, ES256 as r | s. `kind` is batch, heartbeat, answer, command, reference, notice or checkpoint.
def tbs(kid, kind, payload):
    return cbor.encode(["Signature1", _protected(kid), b"apotheca/1/" + kind.encode(), payload])


def envelope(kid, payload, signature):
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError("a signature is r | s, 64 bytes")
    head = _TAG_SIGN1 + cbor.array_header(4) + cbor.encode(_protected(kid))
    return head + _EMPTY_MAP + cbor.encode(payload) + cbor.encode(signature)


# Gives (kid: str, payload, signature). Nothing is verified yet; ValueError if it is not such an envelope.
def parse(data):
    start = _TAG_SIGN1 + cbor.array_header(4)
    if bytes(data[:2]) != start:
        raise ValueError("not a COSE_Sign1 envelope")
    protected, at = cbor.item(data, 2)
    if bytes(data[at : at + 1]) != _EMPTY_MAP:
        raise ValueError("unprotected headers are not used")
    payload, at = cbor.item(data, at + 1)
    signature, at = cbor.item(data, at)
    if at != len(data):
        raise ValueError("bytes after the end")
    if type(payload) is not bytes or type(signature) is not bytes or len(signature) != SIGNATURE_BYTES:
        raise ValueError("payload or signature malformed")
    return _kid(protected), payload, signature


def _protected(kid):
    return _PROTECTED + cbor.encode(kid.encode() if isinstance(kid, str) else kid)


def _kid(protected):
    if type(protected) is not bytes or protected[:4] != _PROTECTED:
        raise ValueError("protected headers are not ours")
    kid = cbor.decode(protected[4:])
    if type(kid) is not bytes or not valid_id(kid.decode()):
        raise ValueError("key id malformed")
    return kid.decode()
