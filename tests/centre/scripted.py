"""A scripted station: a controller's chain and an agent's signature, without either."""

import secrets
import struct
import zlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from firmware.journal import chain, entry, kinds
from firmware.journal.flash import PAGE
from firmware.wire import cbor, cose
from server_stub.ledger.pagekeys import PageKeys
from server_stub.site.home import Home


def sign(key, kid, kind, payload):
    r, s = decode_dss_signature(key.sign(cose.tbs(kid, kind, payload), ec.ECDSA(hashes.SHA256())))
    return cose.envelope(kid, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _flash_page(seq, page):
    body = struct.pack("<HI", len(page), seq) + page
    body += b"\xff" * (PAGE - 4 - len(body))
    return body + struct.pack("<I", zlib.crc32(body))


@dataclass
class Scripted:
    """Appends entries to a chain and packs them into batches."""

    station: str
    key: bytes
    signing: ec.EllipticCurvePrivateKey
    genesis: bytes
    log: int = 1
    utc_ms: int = 1_700_000_000_000
    tq: int = 3
    pages: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    entries: list[list] = field(default_factory=list)

    def __post_init__(self):
        self.keys = PageKeys(self.key)
        self.heads.append(chain.head0(self.genesis))

    @classmethod
    def enrolled(cls, home: Home, station: str, genesis: bytes):
        signing = serialization.load_pem_private_key((home.station(station) / "sign.key").read_bytes(), None)
        return cls(station, home.mac_key(station).read_bytes(), signing, genesis)

    def fork(self, seq):
        """Another history that agrees up to seq."""
        other = Scripted(self.station, self.key, self.signing, self.genesis, self.log, self.utc_ms + 1)
        other.pages, other.heads, other.entries = self.pages[:seq], self.heads[: seq + 1], self.entries[:seq]
        return other

    def add(
        self,
        kind=kinds.SIGN_ON,
        ext=(1,),
        *,
        actor="u1",
        item=None,
        place=None,
        stock=None,
        change=None,
        txn=0,
        patient="",
        order="",
    ):
        seq = len(self.pages) + 1
        self.utc_ms += 1000
        ref = disclosure = None
        if patient:
            ref, disclosure = entry.ref_of(secrets.token_bytes(16), patient, order)
        before, after = stock or (None, None)
        if stock is not None and change is None:
            change = after - before
        fields = [1, self.station, self.log, 1, seq, self.utc_ms, seq * 1000, self.tq, kind, actor, None]
        fields += [item, place, before, change, after, txn, ref, list(ext)]
        data = entry.encode(fields)
        head = chain.next_head(self.heads[-1], chain.leaf(data))
        self.pages.append([data, disclosure, chain.mac(self.keys.run(seq, 1)[0], head)])
        self.heads.append(head)
        self.entries.append(fields)
        return seq

    def removal(self, place="D01-P01", item="HEPARIN", before=10, quantity=2):
        txn = len(self.pages) + 1
        self.add(kinds.ACCESS, (1, quantity, 0), item=item, place=place, txn=txn)
        self.add(kinds.OPENED, (1,), place="D01", txn=txn)
        stock = (before, before - quantity)
        self.add(kinds.REMOVE, (0, None, None, None, None), item=item, place=place, stock=stock, txn=txn, patient="P1")
        self.add(kinds.CLOSED, (1, 900), place="D01", txn=txn)

    def payload(self, first, last, **changes):
        fields = {
            "v": 1,
            "station": self.station,
            "log": self.log,
            "first_seq": first,
            "prev_head": self.heads[first - 1],
            "pages": self.pages[first - 1 : last],
            "last_head": self.heads[last],
        }
        return cbor.encode(list({**fields, **changes}.values()))

    def batch(self, first, last, *, kid=None, **changes):
        return sign(self.signing, kid or self.station, "batch", self.payload(first, last, **changes))

    def ring(self, first):
        """The controller's flash, from its sectors with entry `first` on: older ones are erased."""
        return b"".join(_flash_page(seq, cbor.encode(page)) for seq, page in enumerate(self.pages[first - 1 :], first))

    def heartbeat(self, depth=0):
        """`depth` entries are not answered yet. Each is a second younger than the last, or it were a recorded one."""
        self.utc_ms += 1000
        fields = [1, self.station, self.log, 1, len(self.pages), self.heads[-1], "0.1.0", self.utc_ms, None, depth]
        return sign(self.signing, self.station, "heartbeat", cbor.encode(fields))
