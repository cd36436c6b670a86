# The MAC key that evolves, docs/journal.md section 3: entry n has K(n), from which K(n+1) follows and nothing before.
# A new epoch every 1024 entries lets the centre, which alone holds what all begins with, find any K(n) quickly.
from firmware.compat import const, hmac_sha256, sha256

EPOCH_ENTRIES = const(1024)
PURPOSE = b"apotheca/1/page"


# E(0) of a log, from the station's key K. A controller never has it.
def root_of(key):
    return hmac_sha256(key, PURPOSE)


# e(n)
def epoch_of(seq):
    return (seq - 1) // EPOCH_ENTRIES


# E(e+1) of E(e)
def next_epoch(epoch_key):
    return sha256(b"\x04", epoch_key)


# K(n) of the first entry n of the epoch whose key this is
def first_of(epoch_key):
    return sha256(b"\x05", epoch_key)


# K(n+1) of K(n), within an epoch
def following(key):
    return sha256(b"\x06", key)


# K(seq), and E of the epoch after that of seq: all that is needed from seq on. It goes forward only.
class PageKey:
    def __init__(self, seq, next_epoch_key, key):
        self.seq = seq
        self.next_epoch = next_epoch_key
        self.key = key

    # K(seq); what came before is forgotten. ValueError for an entry whose key is gone.
    def at(self, seq):
        if seq < self.seq:
            raise ValueError("the key of an earlier entry is gone")
        for _ in range(epoch_of(seq) - epoch_of(self.seq)):
            self.seq = (epoch_of(self.seq) + 1) * EPOCH_ENTRIES + 1
            self.key, self.next_epoch = first_of(self.next_epoch), next_epoch(self.next_epoch)
        while self.seq < seq:
            self.key = following(self.key)
            self.seq += 1
        return self.key


# the key of entry 1
def from_root(root):
    return PageKey(1, next_epoch(root), first_of(root))
