# The unit's end of POL/SELECT: it speaks when it is polled. docs/polselect.md sections 12 to 14. Free of I/O: frames
# and time in, actions and events out.
#
# actions: ("send", bytes), ("bid",), ("release",).
# events: ("address", adr), ("time", MMDDYYHHMMSS), ("file", name, bytes), ("block", flag, bytes), ("session_end", ok),
# ("uploaded", flag or name, bytes), ("too_long", flag or name, bytes): not for this host's blocks, kept for another's.
from firmware.compat import const
from firmware.cradle import frames, records
from firmware.cradle.bid import AFTER_FAILURE_MS, ASLEEP, AWAY, SLEEP_MS, Bid
from firmware.cradle.blocks import POWERS
from firmware.cradle.joining import Joining
from firmware.cradle.transfer import DOWN, Incoming
from firmware.cradle.uploads import Uploads

CRADLE = "cradle"
STATION = "station"

# a host that says nothing for so long has broken off the exchange; for so long once more, and the session is over
SILENT_MS = const(10000)
# General POLs of one session answered with "nothing"; a host that never said more is then taken to have nothing either
ANSWERED = const(3)

IDLE = "idle"
JOINING = "joining"
SENT = "sent"
RECEIVING = "receiving"


# It begins in a cradle. What comes to its queue while it sleeps wakes it.
class Terminal:
    # address: None until one is assigned. minutes_seconds: gives the unit's own (minute, second). port: what the unit
    # is linked to, as its user says. first_block: a number not used lately (docs/polselect.md section 13).
    # check: may say no to a single block before it is taken (flag, bytes). hashed: files carry a hash, and must.
    def __init__(self, address, minutes_seconds, port=CRADLE, first_block=1, check=None, hashed=True):
        self.address = address
        self.port = port
        self.events = []
        self.uploads = Uploads(first_block, hashed)
        self._joining = Joining(minutes_seconds)
        self._check = check
        self._hashed = hashed
        self._incoming = Incoming(DOWN, hashed)
        self._actions = []
        self._bid = Bid(self._actions)
        self._bid.cradled()
        self._power = frames.MOST_POWER
        self._begin()

    def _begin(self):
        self.uploads.begin()
        self._incoming.begin()
        self._sent = None
        self._answered = 0
        self._spoken = False  # has the host spoken to this unit alone?
        self._done = False  # did that come to a good end?
        self._state, self._due = IDLE, None

    def _be(self, state, now_ms):
        self._state = state
        self._due = now_ms + SILENT_MS

    # a POL or SEL that lost its EOT is still one (RD-P2)
    @property
    def listening(self):
        return self._state == IDLE

    def actions(self):
        taken = list(self._actions)
        self._actions.clear()
        return taken

    def deadline(self):
        due = [at for at in (self._due, self._bid.deadline()) if at is not None]
        return min(due) if due else None

    # -- the unit's application

    # Uploads go in this order, each kept until the host has it; a file if it has a name. False: too many wait.
    # ValueError: no block can be like this.
    def queue(self, flag, data, name=None):
        taken = self.uploads.add(("block", flag, data) if name is None else ("file", name, data))
        if self._bid.state == ASLEEP:
            self._bid.cradled()
        return taken

    def cradled(self, now_ms):
        self._bid.cradled()

    # The line is this unit's; who cannot know it from the port learns it from what it hears.
    def granted(self, now_ms):
        self._bid.granted(now_ms)

    def taken_out(self, now_ms):
        self._bid.taken_out()
        self._end()

    # P56: the unit leaves the site. Its records carry its address: they are uploaded first.
    def clear(self):
        if self.uploads.items:
            raise ValueError("%d records wait to be uploaded" % len(self.uploads.items))
        self.address = None
        self._incoming = Incoming(DOWN, self._hashed)
        self._begin()

    # -- time

    def tick(self, now_ms):
        if self._bid.tick(now_ms):
            self._end()
        if self._due is None or now_ms < self._due:
            return
        if self._state == IDLE:
            self._close(now_ms)
        else:
            self._be(IDLE, now_ms)

    # The host has turned away. The line is for others now, for two minutes if all went well (P72).
    def _close(self, now_ms):
        self._due = None
        if self._spoken:
            rest_ms = SLEEP_MS if self._done else AFTER_FAILURE_MS
            self._end()
            if self.port == CRADLE:
                self._bid.rest(now_ms, rest_ms)

    def _end(self):
        if self._spoken:
            self.events.append(("session_end", self._done))
        self._begin()

    # -- frames

    def received(self, frame, now_ms):
        if self._bid.state in (AWAY, ASLEEP):
            return
        if not frames.sound(frame):
            return self._damaged(now_ms)
        # any break ends the giving of an address (P68)
        if self._state == JOINING and frame.kind != "data_ack":
            self._be(IDLE, now_ms)
        if frame.kind in _ON:
            _ON[frame.kind](self, frame, now_ms)

    # A block is asked for again (P95); all else the host repeats.
    def _damaged(self, now_ms):
        if self._state == RECEIVING:
            self._send(frames.nak())
        elif self._state == JOINING:
            self._be(IDLE, now_ms)

    def _on_new_address(self, frame, now_ms):
        if self.address is not None:
            return self._passed_over(now_ms)
        self._called(frame, now_ms)
        self._send(self._joining.begin(frame))
        self._be(JOINING, now_ms)

    def _on_offer_ack(self, frame, now_ms):
        block, self.address = self._joining.confirmed(frame)
        if block:
            self._send(block)
            return self._be(JOINING, now_ms)
        self._be(IDLE, now_ms)
        if self.address:
            self.events.append(("address", self.address))

    def _on_general(self, frame, now_ms):
        if self.address is None:
            return
        self._look(frame)
        self._answered += 1
        if self._over():
            return self._close(now_ms)
        if not self.uploads.due and self.port == STATION:
            self._called(frame, now_ms)
            return self._identify(now_ms)
        self._answer(frame, now_ms)

    # to a station that asks who is there (RD-P5)
    def _identify(self, now_ms):
        data = records.identification(self.address)
        self._put(frames.data(self.address, "I", self.uploads.spend_number(), data, True), now_ms)

    # The host was done with this unit, or comes to nothing with it: its POL is for others.
    def _over(self):
        if self.uploads.due or self.port == STATION:
            return False
        if self._answered > ANSWERED and not self._spoken:
            self._spoken = self._done = True
        return self._done or self._answered > ANSWERED

    def _on_specific(self, frame, now_ms):
        if frame.address != self.address:
            return self._passed_over(now_ms)
        self._look(frame)
        self._spoken, self._done = True, not self.uploads.due
        self._answer(frame, now_ms)

    def _on_sel(self, frame, now_ms):
        if frame.address != self.address:
            return self._passed_over(now_ms)
        self._look(frame)
        self._called(frame, now_ms)
        self._spoken, self._done = True, False
        self._sent = None
        # what it has goes up before anything comes down (P74)
        self._send(frames.nak(self.address) if self.uploads.due else frames.ack(self.address))
        self._be(IDLE if self.uploads.due else RECEIVING, now_ms)

    def _look(self, frame):
        self._power = POWERS[frame.max_block_size]
        self._find()

    def _find(self):
        for item in self.uploads.look(self._power):
            self.events.append(("too_long", item[1], item[2]))

    # TIME comes with every exchange (P50, P86)
    def _called(self, frame, now_ms):
        self._bid.polled(now_ms)
        self.events.append(("time", frame.time))

    def _passed_over(self, now_ms):
        self._be(IDLE, now_ms)
        if self._done:
            self._close(now_ms)

    # What a POL is answered with: the block that is due, else that there is nothing.
    def _answer(self, frame, now_ms):
        self._called(frame, now_ms)
        if self.uploads.due:
            return self._put_next(now_ms)
        self._send(frames.nak(self.address))
        self._be(IDLE, now_ms)

    def _put_next(self, now_ms):
        block = self.uploads.block(self.address)
        if block:
            return self._put(block, now_ms)
        self._spoken, self._done = True, False
        self._close(now_ms)

    def _put(self, frame, now_ms):
        self._sent = frame
        self._send(frame)
        self._be(SENT, now_ms)

    def _on_data_ack(self, frame, now_ms):
        if self._state == JOINING:
            return self._on_offer_ack(frame, now_ms)
        sent = self._sent
        if sent is None or frame.address != self.address or frame.block != sent.block:
            return
        self._bid.polled(now_ms)
        self._spoken = True
        self._uploaded(sent)
        if self._state == SENT and not sent.last and self.uploads.due:
            return self._put_next(now_ms)
        self._done = not self.uploads.due
        self._be(IDLE, now_ms)

    def _uploaded(self, sent):
        self._sent = None
        if sent.flag == "I":
            return
        item = self.uploads.advance()
        if item:
            self.events.append(("uploaded", item[1], item[2]))
            self._find()

    def _on_nak(self, frame, now_ms):
        if self._state != SENT or frame.address not in (None, self.address):
            return
        if self._sent.flag == "I":
            return self._put(self._sent, now_ms)
        self._put_next(now_ms)

    def _on_data(self, frame, now_ms):
        if self.address is None or frame.address != self.address:
            return
        again = self._incoming.again(frame)
        if self._state != RECEIVING and not again:
            return
        self._bid.polled(now_ms)
        if not again and not self._take(frame):
            return self._send(frames.nak())
        self._send(frames.data_ack(self.address, frame.block))
        self._done = self._done or frame.last
        self._be(IDLE if frame.last else self._state, now_ms)

    def _take(self, frame):
        try:
            item = self._incoming.offered(frame)
        except ValueError:
            return False
        if item and item[0] == "block" and self._check and not self._check(item[1], item[2]):
            return False
        self._incoming.keep(frame, item)
        if item:
            self.events.append(item)
        return True

    def _send(self, frame):
        self._actions.append(("send", frames.encode(frame)))


_ON = {
    "new_address_pol": Terminal._on_new_address,
    "general_pol": Terminal._on_general,
    "specific_pol": Terminal._on_specific,
    "sel": Terminal._on_sel,
    "data_ack": Terminal._on_data_ack,
    "nak": Terminal._on_nak,
    "data": Terminal._on_data,
}
