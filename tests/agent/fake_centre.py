"""A centre for tests of the agent: verifies batches, stores pages in order, answers with the four verdicts."""

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from agent.keys import Signer, Verifier
from firmware.compat import derive
from firmware.journal import chain, entry
from firmware.wire import cbor, messages, sealed
from tests.agent.fake_cabinet import KEY, LOG, STATION


class Centre:
    """Pages stored so far and how often each came in a batch that was accepted."""

    def __init__(self, station_key: ec.EllipticCurvePublicKey, centre_key: ec.EllipticCurvePrivateKey) -> None:
        self._station = Verifier(station_key, STATION)
        self._signer = Signer(centre_key, "centre")
        self.heads = [chain.head0(entry.genesis(STATION, LOG, KEY, "0.1.0"))]
        self.pages: list[bytes] = []
        self.verdicts: list[int] = []
        self.heartbeats: list[list] = []

    @property
    def seqs(self) -> list[int]:
        return [entry.decode(chain.parse_page(page)[0])[entry.F_SEQ] for page in self.pages]

    def received(self, kind: str, data: bytes) -> bytes:
        """A message of `up/{kind}`; gives the answer's envelope."""
        fields = cbor2.loads(self._station.open(kind, data))
        if kind == "heartbeat":
            self.heartbeats.append(fields)
            return self.answer(messages.DUP)
        return self.answer(self._batch(fields))

    def _batch(self, fields: list) -> int:
        _, station, log, first, previous, pages, last_head = fields
        assert (station, log) == (STATION, LOG)
        verdict = self._store(first, previous, [cbor.encode(page) for page in pages], last_head)
        self.verdicts.append(verdict)
        return verdict

    def _store(self, first: int, previous: bytes, pages: list[bytes], last_head: bytes) -> int:
        if first > len(self.pages) + 1:
            return messages.GAP
        if previous != self.heads[first - 1]:
            return messages.FORK
        head, new = previous, 0
        for seq, page in enumerate(pages, first):
            head = chain.next_head(head, chain.leaf(chain.parse_page(page)[0]))
            if seq > len(self.pages):
                self.pages.append(page)
                self.heads.append(head)
                new += 1
        assert head == last_head
        return messages.ACCEPT if new else messages.DUP

    def answer(self, verdict: int) -> bytes:
        seq = len(self.pages)
        return self.down("answer", [1, STATION, LOG, verdict, seq, self.heads[seq], 1])

    def down(self, kind: str, fields: list) -> bytes:
        """The envelope of anything that goes down; with a MAC where the controller checks one."""
        payload = cbor.encode(fields) if kind == "notice" else sealed.seal(fields, derive(KEY, kind))
        return self.signed(kind, payload)

    def signed(self, kind: str, payload: bytes) -> bytes:
        """The envelope of any payload."""
        return self._signer.seal(kind, payload)
