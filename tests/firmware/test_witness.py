# The cabinet as witness: what it takes, what it refuses, and that messages which come late, twice or out of turn raise
# no alarm. The tree is the centre's as this test builds it; docs/wire.md section 6.
from fakes import KEY, LOG, STATION, UTC, ready, reboot
from tree_rig import path, proof, root

from firmware import codes
from firmware.compat import derive, sha256
from firmware.journal import chain, entry, kinds
from firmware.wire import cbor, messages, note, sealed

REQ = ("A12.c", "A13")
ALARM = [codes.ALARM_SPLIT_VIEW, 0]
OTHER = sha256(b"\0another's entry")


# What the sequencer keeps: leaves, and where this station's entries are among them.
class Centre:
    def __init__(self, number=1):
        self.leaves = []
        self.where = {}
        self.origin_number = number
        self.old = 0
        self.sent = UTC

    def take(self, c, upto=None):
        self.leaves.append(OTHER)
        for seq in range(len(self.where) + 1, (upto or c.journal.seq) + 1):
            self.where[seq] = len(self.leaves)
            self.leaves.append(chain.leaf(chain.parse_page(c.journal.page(seq))[0]))

    def payload(self, size=None, successors=(), **other):
        leaves = self.leaves[: size or len(self.leaves)]
        seq = max([s for s, at in self.where.items() if at < len(leaves)] or [0])
        at = self.where.get(seq, 0)
        text = note.text(note.origin("mercy", self.origin_number), len(leaves), root(leaves))
        self.sent += 1
        fields = {
            "number": self.sent,
            "note": (text + "\n\u2014 apotheca/1/mercy AAAA\n").encode(),
            "old": self.old,
            "proof": proof(self.old, leaves) if 0 < self.old < len(leaves) else [],
            "seq": seq,
            "at": at,
            "way": path(at, leaves) if seq else [],
            "station": STATION,
            "key": KEY,
        }
        fields.update(other)
        f = fields
        body = [1, f["station"], LOG, f["number"], f["note"], f["old"], f["proof"], f["seq"], f["at"], f["way"]]
        return sealed.seal(body + [list(successors)], derive(f["key"], "checkpoint"))

    # what the cabinet says in its journal is what the centre goes by
    def heard(self, c):
        self.old = c.state.checkpoint[1]


def send(c, payload):
    results = [m for m in c.event("message", [messages.CHECKPOINT, payload]) if m[0] == messages.RESULT]
    assert len(results) == 1 and results[0][1] == messages.CHECKPOINT
    return results[0][2]


def last(c):
    fields = c.entries(c.journal.seq - 1)[0]
    return fields[entry.F_KIND], fields[entry.F_EXT]


def witness():
    c, centre = ready(), Centre()
    centre.take(c)
    assert send(c, centre.payload()) == 0
    centre.heard(c)
    return c, centre


def test_what_grows_is_taken_and_journaled():
    c, centre = witness()
    size, top = len(centre.leaves), root(centre.leaves)
    assert last(c) == (kinds.CHECKPOINT, [size, top, 1, centre.sent])
    seq = c.journal.seq
    assert send(c, centre.payload()) == 0 and c.journal.seq == seq  # the same tree again: nothing to say
    centre.take(c)
    assert send(c, centre.payload()) == 0
    assert last(c)[1][:2] == [len(centre.leaves), root(centre.leaves)]
    again = reboot(c)
    assert again.state.checkpoint[:3] == [1, len(centre.leaves), root(centre.leaves)]


def refused(c, payload, reason):
    seq = c.journal.seq
    assert send(c, payload) == codes.SPLIT_VIEW
    kind, ext = [(f[entry.F_KIND], f[entry.F_EXT]) for f in c.entries(seq)][0]
    assert kind == kinds.CHECKPOINT_REFUSED and ext[2] == reason, ext
    assert ALARM in c.state.alarms
    return True


def test_a_smaller_tree_is_refused():
    c, centre = witness()
    assert refused(c, centre.payload(len(centre.leaves) - 2, old=0), 1)


def test_a_rewritten_entry_is_refused():
    c, centre = witness()
    centre.leaves[0] = sha256(b"\0rewritten")
    centre.take(c)
    assert refused(c, centre.payload(), 2)


def test_the_same_size_with_another_root_is_refused():
    c, centre = witness()
    centre.leaves[0] = sha256(b"\0rewritten")
    assert refused(c, centre.payload(proof=[]), 2)


# the centre has the entry that says what this cabinet holds, and yet shows no way from there
def test_a_way_from_another_tree_is_no_proof():
    c, centre = witness()
    centre.take(c)
    assert refused(c, centre.payload(old=0, proof=[]), 2)


# ... while it may not have that entry yet
def test_the_centre_may_not_know_yet_what_the_cabinet_holds():
    c, centre = witness()
    centre.leaves.append(OTHER)
    seq = c.journal.seq
    assert send(c, centre.payload(old=0, proof=[])) == codes.WRONG_BASE
    assert c.journal.seq == seq and ALARM not in c.state.alarms


def test_an_entry_that_is_not_in_the_tree_is_missed():
    c, centre = witness()
    c.ask(messages.SIGN_OFF)
    centre.take(c)
    centre.leaves[centre.where[c.journal.seq]] = OTHER
    assert refused(c, centre.payload(), 4)


def test_one_entry_an_alarm_and_the_alarm_ends_with_the_next_right_one():
    c, centre = witness()
    small = len(centre.leaves) - 2
    assert refused(c, centre.payload(small, old=0), 1)
    seq = c.journal.seq
    assert send(c, centre.payload(small, old=0)) == codes.SPLIT_VIEW
    assert c.journal.seq == seq
    centre.take(c)
    assert send(c, centre.payload()) == 0
    assert ALARM not in c.state.alarms and last(c)[0] == kinds.ALARM_CLEARED


def test_late_and_doubled_messages_raise_no_alarm():
    c, centre = ready(), Centre()
    payloads = []
    for _ in range(4):
        centre.take(c)
        payloads.append(centre.payload())
        assert send(c, payloads[-1]) == 0
        centre.heard(c)
        c.ask(messages.GET_STATE)
    seq = c.journal.seq
    assert [send(c, one) for one in payloads] == [codes.OLD_NUMBER] * 3 + [0]
    again = reboot(c)
    before = again.journal.seq
    assert [send(again, one) for one in payloads] == [codes.OLD_NUMBER] * 3 + [0]
    assert again.journal.seq == before > seq and ALARM not in again.state.alarms


def test_only_what_the_centre_sealed_for_this_station():
    c, centre = ready(), Centre()
    centre.take(c)
    seq = c.journal.seq
    assert send(c, centre.payload(key=bytes(32))) == codes.BAD_MAC
    assert send(c, centre.payload(station="ICU2")) == codes.WRONG_STATION
    assert send(c, centre.payload(note=b"no note")) == codes.BAD_MESSAGE
    assert send(c, centre.payload(proof=[7])) == codes.SPLIT_VIEW
    assert c.journal.seq == seq + 2
    assert send(c, centre.payload(seq=10**6)) == codes.BAD_MESSAGE
    assert send(c, centre.payload(way=7)) == codes.BAD_MESSAGE
    assert send(c, sealed.seal([1, STATION, LOG], derive(KEY, "checkpoint"))) == codes.BAD_MESSAGE


def successor(centre, old, new, one="bea", other="phil"):
    ext = [note.origin("mercy", old), 9, bytes(32), note.origin("mercy", new), "restored"]
    fields = [1, "centre", 1, 1, 7, UTC, 0, 2, kinds.SUCCESSOR_LOG, one, other, None, None, None, None, None, 0, None]
    data = cbor.encode(fields + [ext])
    centre.leaves.append(chain.leaf(data))
    return data, len(centre.leaves) - 1


def shown(centre, made):
    return [[data, at, path(at, centre.leaves)] for data, at in made]


def test_a_successor_is_taken_with_the_entry_of_two_people():
    c, _ = witness()
    after = Centre(2)
    after.take(c)
    step = successor(after, 1, 2)
    assert send(c, after.payload(successors=shown(after, [step]))) == 0
    assert c.state.checkpoint[:3] == [2, len(after.leaves), root(after.leaves)]
    third = Centre(4)
    third.sent = after.sent
    third.take(c)
    steps = [successor(third, 2, 3), successor(third, 3, 4)]
    assert send(c, third.payload(successors=shown(third, steps))) == 0
    assert c.state.checkpoint[0] == 4


def beside():
    c, centre = witness()
    after = Centre(2)
    after.sent = centre.sent
    after.take(c)
    return c, after


def test_no_other_successor_is_taken():
    for steps in ([], [(1, 2, "bea", "bea")], [(1, 2, "bea", "")], [(3, 2, "bea", "phil")], [(1, 3, "bea", "phil")]):
        c, after = beside()
        made = [successor(after, *step) for step in steps]
        assert refused(c, after.payload(successors=shown(after, made)), 3)
    c, after = beside()
    data, at = successor(after, 1, 2)
    after.leaves[at] = OTHER
    assert refused(c, after.payload(successors=shown(after, [(data, at)])), 3)


def test_back_to_the_log_before_is_refused():
    c, centre = witness()
    after = Centre(2)
    after.take(c)
    assert send(c, after.payload(successors=shown(after, [successor(after, 1, 2)]))) == 0
    centre.take(c)
    centre.sent = after.sent
    assert refused(c, centre.payload(), 3)


def test_a_journal_at_its_reserve_takes_none():
    c, centre = ready(), Centre()
    while c.journal.opening_allowed:
        c.ask(messages.SIGN_OFF)
        c.sign_on()
    centre.take(c, 5)
    seq = c.journal.seq
    assert send(c, centre.payload()) == codes.JOURNAL_FULL
    assert c.journal.seq == seq
