"""COSE envelopes against pycose, an independent reader and writer (RFC 9052)."""

import warnings

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from firmware.wire import cose

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pycose.headers import KID, Algorithm
    from pycose.keys import EC2Key
    from pycose.keys.curves import P256
    from pycose.messages import Sign1Message

SIGNER = ec.derive_private_key(0xA907, ec.SECP256R1())


def sign(data: bytes) -> bytes:
    r, s = utils.decode_dss_signature(SIGNER.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def pycose_key() -> EC2Key:
    numbers = SIGNER.private_numbers()
    public = numbers.public_numbers
    d, x, y = (n.to_bytes(32, "big") for n in (numbers.private_value, public.x, public.y))
    return EC2Key(crv=P256, d=d, x=x, y=y)


@pytest.mark.req("A12.b")
def test_pycose_verifies_our_envelope() -> None:
    payload = b"\x81\x01"
    data = cose.envelope("ICU1", payload, sign(cose.tbs("ICU1", "batch", payload)))
    tagged = cbor2.loads(data)
    assert tagged.tag == 18
    protected, unprotected, payload_seen, signature = tagged.value  # pycose wants plain list and dict of cbor2
    message = Sign1Message.from_cose_obj([protected, dict(unprotected), payload_seen, signature], True)
    assert message.payload == payload and message.phdr[KID] == b"ICU1" and message.uhdr == {}
    message.key = pycose_key()
    message.external_aad = b"apotheca/1/batch"
    assert message.verify_signature()
    message.external_aad = b"apotheca/1/answer"
    assert not message.verify_signature()


def test_we_parse_what_pycose_signs() -> None:
    message = Sign1Message(phdr={Algorithm: "ES256", KID: b"ICU1"}, payload=b"p", external_aad=b"apotheca/1/batch")
    message.key = pycose_key()
    kid, payload, signature = cose.parse(message.encode())
    assert (kid, payload) == ("ICU1", b"p")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    signed = cose.tbs(kid, "batch", payload)
    SIGNER.public_key().verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))


@given(st.binary(max_size=120))
def test_parse_refuses_noise_with_value_error_only(data: bytes) -> None:
    with pytest.raises(ValueError):
        cose.parse(data)


@given(st.data())
def test_any_other_header_is_refused(data: st.DataObject) -> None:
    whole = bytearray(cose.envelope("ICU1", b"", b"s" * 64))
    at = data.draw(st.integers(0, 7))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError):
        cose.parse(bytes(whole))
