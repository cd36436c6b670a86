# What a controller is given of K when it is provisioned. Only the centre has K: no controller loads this.
from firmware.compat import derive
from firmware.journal import evolve, keypage
from firmware.journal.entry import key_id
from firmware.keys import PURPOSES


# for controller.cbor
def keys_of(key):
    return [key_id(key)] + [derive(key, purpose) for purpose in PURPOSES]


# the first page of the ring: K(1) and E(1)
def ring_start(key):
    return keypage.encode(keypage.FIRST_OPENED, evolve.from_root(evolve.root_of(key)))
