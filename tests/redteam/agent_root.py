"""Root on the agent's computer of a cabinet with a controller board.

Has: everything in stations/ICU1 (TLS key, signing key, outbox, tree.vkey) and the link.
Has not: K, and the controller's flash.
"""

import cbor2

from agent.keys import Signer
from firmware import codes
from firmware.journal import chain, entry, kinds
from firmware.wire import cbor, messages
from server_stub.ledger.pagekeys import PageKeys
from tests.centre.processes import ScriptedAgent
from tests.redteam.board import Board
from tests.redteam.report import Attack
from tests.redteam.site import payload_of, site
from tests.waits import PATIENCE_S, until

ACCEPT, DUP, GAP = messages.ACCEPT, messages.DUP, messages.GAP
HAS = "stations/ICU1: tls.key, sign.key, outbox.db, ca.crt, centre-sign.pub, tree.vkey; the serial link"
HAS_NOT = "K (centre), the controller's flash, the centre's keys, the database"
FORGED_MAC = bytes(16)


class Root:
    """What the attacker does: reads the link, signs with the station's key, speaks to broker and controller."""

    def __init__(self, site_, board):
        self.site, self.board = site_, board
        self.folder = site_.home.station("ICU1")
        self.signer = Signer.load(self.folder / "sign.key", "ICU1")
        self.line = ScriptedAgent(site_.home, site_.port, "ICU1")
        self.pages = []
        self.heads = [chain.head0(board.genesis)]

    def read(self):
        """Take over what the controller gives."""
        for page in self.board.pages(len(self.pages) + 1):
            self.pages.append(cbor2.loads(page))
            self.heads.append(chain.next_head(self.heads[-1], chain.leaf(self.pages[-1][0])))

    def batch(self, first, pages):
        """A batch of these pages, with heads that are right for them, signed by the station."""
        head = self.heads[first - 1]
        heads = [head := chain.next_head(head, chain.leaf(page[0])) for page in pages]
        spliced = [cbor.raw(cbor.encode(page)) for page in pages]
        fields = [1, "ICU1", 1, first, self.heads[first - 1], spliced, heads[-1]]
        return self.signer.seal("batch", bytes(cbor.encode(fields)))

    def sends(self, first, pages):
        return self.site.led_to(self.line, "batch", self.batch(first, pages))

    def heartbeat(self, seq):
        fields = [1, "ICU1", 1, 1, seq, self.heads[seq], "0.1.0", 1_900_000_000_000 + seq, None, 0]
        return self.signer.seal("heartbeat", bytes(cbor.encode(fields)))


def changed(page, mac=None, **fields):
    """A page with other values in its entry, under its old MAC."""
    values = entry.decode(page[0])
    for name, value in fields.items():
        values[getattr(entry, name)] = value
    return [bytes(entry.encode(values)), page[1], mac or page[2]]


def run(folder):
    with site(folder) as here:
        board = Board(here.home, "ICU1")
        board.load()
        board.a_removal()
        root = Root(here, board)
        try:
            return _attack(here, board, root)
        finally:
            root.line.close()


def _attack(here, board, root):
    attack = Attack("agent_root", HAS, HAS_NOT)
    root.read()
    first_answer = _honest(here, root)
    board.a_removal()
    root.read()
    _forge(attack, here, root)
    _reorder(attack, here, root)
    _lie_to_the_controller(attack, here, board, root, first_answer)
    _speak_for_others(attack, here, root)
    _withhold(attack, here, board, root)
    return attack


def _honest(here, root):
    """The first half, as an honest agent would; gives the answer as it came."""
    count = len(root.pages)
    root.line.send("batch", root.batch(1, root.pages))
    while True:
        topic, envelope = root.line.inbox.get(timeout=PATIENCE_S)
        if topic.endswith("/answer") and payload_of(envelope)[3:5] == [ACCEPT, count]:
            break
    assert root.board.told(messages.ANSWER, _inside(envelope)) == 0
    assert root.board.released == count
    until(lambda: len(here.stored("ICU1")) == count, "the first half is in the ledger")
    return _inside(envelope)


def _inside(envelope):
    """The signed payload's bytes, which go to the controller."""
    return cbor2.loads(envelope).value[2]


def _refused(led_to, *expected):
    return led_to[0] == "refused" and led_to[1] in expected


def _told(led_to):
    what, code, more = led_to
    if what == "refused":
        return f"refused, evidence kept, code {code} ({more})"
    return f"answered {('ACCEPT', 'DUP', 'GAP', 'FORK')[code]} at entry {more}"


def _forge(attack, here, root):
    held = len(here.stored("ICU1"))
    new = root.pages[held:]
    made_up = changed(root.pages[-1], FORGED_MAC, F_SEQ=len(root.pages) + 1, F_ACTOR="nobody")
    led = root.sends(held + 1, [*new, made_up])
    attack.tried("forge", "one entry more, made up", _told(led), _refused(led, codes.BAD_CHAIN))
    at = next(n for n, page in enumerate(new) if entry.decode(page[0])[entry.F_KIND] == kinds.REMOVE)
    for what, fields in (
        ("another quantity", {"F_CHANGE": -1000, "F_AFTER": 5000}),
        ("another actor", {"F_ACTOR": "ben"}),
    ):
        led = root.sends(held + 1, [*new[:at], changed(new[at], **fields), *new[at + 1 :]])
        attack.tried("forge", f"{what} in entry {held + 1 + at}", _told(led), _refused(led, codes.BAD_CHAIN))
    old = next(n for n, page in enumerate(root.pages) if entry.decode(page[0])[entry.F_KIND] == kinds.REMOVE)
    led = root.sends(old + 1, [changed(root.pages[old], F_ACTOR="ben"), *root.pages[old + 1 :]])
    attack.tried("forge", f"entry {old + 1}, long answered, written anew", _told(led), _refused(led, codes.BAD_CHAIN))
    _keys_are_found(here, root)
    tried, found = _look_for_keys(root, root.folder)
    attack.tried(
        "forge", "finding K or a page key in what it has", f"{tried} places looked at, found: {found}", not found
    )


def _keys_are_found(here, root):
    """The search itself: where they do lie about, it finds K and the key of the first page."""
    master = here.home.mac_key("ICU1").read_bytes()
    for name, key in (("K", master), ("page-key", bytes(PageKeys(master).run(1, 1)[0]))):
        planted = here.home.root.with_name(name)
        planted.mkdir()
        (planted / "core").write_bytes(b"left over" + key + b"left over")
        assert _look_for_keys(root, planted)[1] == "core", name


def _look_for_keys(root, folder):
    """Is K, or the key of the first page, anywhere in the files of this folder?"""
    head, mac, tried = root.heads[1], root.pages[0][2], 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for at in range(max(0, len(data) - 31)):
            some, tried = data[at : at + 32], tried + 1
            if mac in (chain.mac(some, head), chain.mac(PageKeys(some).run(1, 1)[0], head)):
                return tried, path.name
    return tried, ""


def _reorder(attack, here, root):
    held = len(here.stored("ICU1"))
    new = root.pages[held:]
    led = root.sends(held + 1, [new[1], new[0], *new[2:]])
    attack.tried("reorder", "two entries changed places", _told(led), _refused(led, codes.BAD_BATCH))
    one, other = changed(new[1], F_SEQ=held + 1), changed(new[0], F_SEQ=held + 2)
    led = root.sends(held + 1, [one, other, *new[2:]])
    attack.tried("reorder", "and were given each other's numbers", _told(led), _refused(led, codes.BAD_CHAIN))
    led = root.sends(held + 3, new[2:])
    failed = led == ("answer", GAP, held) and len(here.stored("ICU1")) == held
    attack.tried("reorder", "what comes later sent first", _told(led), failed)
    led = root.sends(held + 1, [new[0], *new[2:]])
    attack.tried("hide", "one entry left out", _told(led), _refused(led, codes.BAD_BATCH))
    closed_up = [new[0], *(changed(page, F_SEQ=held + 2 + n) for n, page in enumerate(new[2:]))]
    led = root.sends(held + 1, closed_up)
    attack.tried("hide", "and the gap closed by new numbers", _told(led), _refused(led, codes.BAD_CHAIN))


def _lie_to_the_controller(attack, here, board, root, real_answer):
    """All that would make it forget, or obey."""
    last, released = board.journal.seq, board.released
    fields = cbor2.loads(real_answer)
    forged = bytes(cbor.encode([*fields[:4], last, board.journal.head, fields[6], FORGED_MAC]))
    own = bytes(cbor.encode([*fields[:4], last, *fields[5:]]))
    for what, payload in (("an acknowledgement made up", forged), ("a real one with another number", own)):
        code = board.told(messages.ANSWER, payload)
        attack.tried(
            "hide", what, f"controller refuses, code {code}", (code, board.released) == (codes.BAD_MAC, released)
        )
    board.event("message", [messages.PAGES_KEPT, last])
    attack.tried("hide", "saying that all is kept", f"released stays {board.released}", board.released == released)
    code = board.told(messages.ANSWER, real_answer)
    attack.tried("hide", "an old acknowledgement again", f"code {code}, released stays", board.released == released)
    commands = (
        ("a command: other PAR levels", messages.COMMAND, ["ICU1", 1, 1, 2**52, 2, ["D01-P01", 0, 1]]),
        ("a command: critical override", messages.COMMAND, ["ICU1", 1, 1, 2**52, 3, [2**50]]),
        ("a table with a user of its own", messages.REFERENCE, ["ICU1", "users", 2, 1, 1, 1, []]),
        ("a checkpoint", messages.CHECKPOINT, ["ICU1", 1, 1, b"", 0, [], 0, 0, [], []]),
    )
    for what, kind, body in commands:
        code = board.told(kind, bytes(cbor.encode([1, *body, FORGED_MAC])))
        nothing = code == codes.BAD_MAC and board.journal.seq == last
        attack.tried("forge", f"{what}, for the controller", f"controller refuses, code {code}", nothing)
    board.wait(10 * 60_000)
    opened = board.ever_energised
    code, _ = board.remove()
    shut = code == codes.NOT_SIGNED_ON and board.ever_energised == opened
    attack.tried("forge", "a removal with nobody signed on", f"controller refuses, code {code}", shut)


def _speak_for_others(attack, here, root):
    led = here.led_to(root.line, "batch", Signer(_private(root), "ED1").seal("batch", b"\x80"))
    attack.tried("forge", "a batch in ED1's name", _told(led), _refused(led, codes.UNSIGNED_BATCH))
    before = len(here.evidence())
    topic = "apotheca/1/demo/s0/ED1/up/batch"
    root.line.client.publish(topic, root.batch(1, root.pages[:1]), qos=0)
    led = _asked_again(here, root)
    nothing = len(here.evidence()) == before and not here.stored("ED1")
    attack.tried("forge", "the same under ED1's topic", f"the broker lets nothing through; {_told(led)}", nothing)


def _private(root):
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key((root.folder / "sign.key").read_bytes(), None)


def _asked_again(here, root):
    """A line that the broker cut is there again; what was answered is asked for."""
    while True:
        root.line.send("heartbeat", root.heartbeat(len(here.stored("ICU1"))))
        if answer := root.line.answer(0.5):
            return ("answer", *answer)


def _withhold(attack, here, board, root):
    """From here on nothing is passed on, and heartbeats say that there is nothing."""
    held = len(here.stored("ICU1"))
    code = 0
    while not code:
        board.sign_on()
        code, params = board.remove(quantity=1000)
        if not code:
            board.pull(params[2])
            code, _ = board.confirm(1000)
            board.push(params[2])
            board.a_count(8000)
    led = here.led_to(root.line, "heartbeat", root.heartbeat(held))
    stops = code == codes.JOURNAL_FULL and led == ("answer", DUP, held)
    board.sign_on()
    opened = board.ever_energised
    stops = stops and board.remove()[0] == codes.JOURNAL_FULL and board.ever_energised == opened
    outcome = f"from entry {board.journal.seq} on the cabinet opens nothing (code {code}, alarm 5)"
    attack.tried("hide", "passing nothing on, with heartbeats that say all is well", outcome, stops)
    root.read()
    for at in range(held, len(root.pages), 64):
        root.sends(at + 1, root.pages[at : at + 64])
    until(lambda: len(here.stored("ICU1")) == board.journal.seq, "all is in the ledger")
    same = [cbor2.loads(page)[0] for page in here.stored("ICU1")] == [page[0] for page in root.pages]
    attack.tried("hide", "and the ledger after an honest agent came", f"all {len(root.pages)} entries, in order", same)
