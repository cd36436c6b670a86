# mypy: ignore-errors
# Runs under MicroPython: -m transact DIR TRANSACTIONS EVERY. The station as its controller builds it; people, drawers
# and centre are functions here, in the same heap. Every message and page is encoded as for the link. The pages of the
# ring are written but not waited for (`Ring`); snapshots and files are. One line of JSON after every EVERY
# transactions and a checkpoint: heap in use after a collection, microseconds taken; the last one says what was done.
import gc
import json
import sys
import time

from firmware.ports import unix_main  # its tables come before the code, as on every controller

# ruff: noqa: I001, UP031, RUF005, PTH123, PLC0415 - the tables come before the code; MicroPython
from firmware import codes, config, pockets
from firmware.build import build
from firmware.journal.flash import FileFlash
from firmware.journal.snapshot import FileStore
from firmware.ports import common, unix
from firmware.wire import cbor, frame, messages, sealed

UTC_MS = 1_700_000_000_000
STEP_MS = 7_000  # between two transactions
ANSWERED = 64  # entries the centre answers at once
BATCH = 8  # pages
SHIFT = 10  # transactions of one person
PIN = "1234"
BIN = "D16-P01"
LEAF = bytes(32)  # of any other entry


class Ring(FileFlash):
    def sync(self):
        pass


class Cabinet:
    def __init__(self, folder):
        with open(folder + "/controller.cbor", "rb") as file:
            cfg = config.read(file.read())
        flash = Ring(folder + "/ring.bin", cfg.ring_sectors)
        store = FileStore(folder + "/snapshot-a.bin", folder + "/snapshot-b.bin")
        files = common.Files(folder + "/tables")
        self.station, _, _ = build(cfg, unix_main.TABLES, flash, store, files, unix.entropy)
        self.answers = cfg.keys.answer
        self.head = [1, cfg.station, cfg.log]
        self.now = (UTC_MS, 0, 2)
        self.rid = 0
        self.reply = None
        self.flap = ()  # the return bin's, while it is open
        self.answered = 0
        self.levels = -1  # of the site's tree, which is always a whole one
        self.event("boot", 0, False, {drawer: (True, True) for drawer in cfg.drawers})
        self.event("message", [messages.STREAM, self.station.journal.seq + 1])

    # an event and what follows from it: a released drawer is pulled at once
    def event(self, *event):
        events = [event]
        while events:
            for action in self.station.handle(events.pop(0), self.now):
                if action[0] == "send":
                    self.send(action[1])
                elif action[0] == "release":
                    events += [("latch", action[1], False), ("switch", action[1], False)]
                elif action[0] == "lid":
                    self.flap = action[1:3]
                    events.append(("lid",) + self.flap + (False,))

    def send(self, message):
        frame.encode(cbor.encode(message))
        if message[0] == messages.REPLY:
            self.reply = message

    # -> (code, params)
    def ask(self, request, *args):
        self.rid += 1
        self.event("message", [messages.REQUEST, self.rid, request, list(args)])
        return self.reply[2], self.reply[3]

    def push(self, drawer):
        if self.flap:
            flap, self.flap = self.flap, ()
            self.event("lid", *flap + (True,))
            return
        self.event("latch", drawer, True)
        self.event("switch", drawer, True)

    # time passes, pages go up, the centre answers
    def between(self):
        utc_ms, mono_ms, tq = self.now
        self.now = (utc_ms + STEP_MS, mono_ms + STEP_MS, tq)
        self.event("tick")
        for message in self.station.pages(BATCH):
            self.send(message)
        seq = self.station.journal.seq
        if seq - self.answered >= ANSWERED:
            self.event("message", [messages.PAGES_KEPT, seq])
            sent = self.head + [messages.ACCEPT, seq, bytes(32), self.now[0]]
            self.event("message", [messages.ANSWER, sealed.seal(sent, self.answers)])
            self.answered = seq

    # The site's tree is twice as large: what was, and a leaf for the last entry here with others beside it. The cabinet
    # witnesses it; then what only this needs is forgotten, as the controller's loop does.
    def checkpoint(self):
        from firmware.journal import chain
        from firmware.merkle import node
        from firmware.wire import note

        _, old_size, old_root, number, _ = self.station.state.checkpoint
        seq = self.station.journal.seq
        right = root = chain.leaf(chain.parse_page(self.station.journal.page(seq))[0])
        for _ in range(self.levels):
            right = root = node(right, LEAF)
        beside = [LEAF] * max(0, self.levels)
        if old_size:
            beside, root = beside + [old_root], node(old_root, right)
        size = max(1, 2 * old_size)
        text = (note.text(note.origin("bench", 1), size, root) + "\n\u2014 bench AAAA\n").encode()
        fields = [number + 1, text, old_size, [right] if old_size else [], seq, old_size, beside, []]
        self.event("message", [messages.CHECKPOINT, sealed.seal(self.head + fields, self.station.checkpoint_key)])
        if self.station.state.checkpoint[1] != size:
            raise ValueError("the checkpoint was not taken")
        self.levels += 1
        common.forget_seldom_used()


class People:
    def __init__(self, cabinet):
        self.c = cabinet
        self.tables = cabinet.station.tables
        self.held = cabinet.station.state.held
        self.seed = 1
        self.done = {}
        self.refused = {}
        self.count = 0

    def draw(self, beyond):
        self.seed = (self.seed * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.seed >> 8) % beyond

    def work(self):
        if self.count % SHIFT == 0 or not self.c.station.session.user:
            self.c.ask(messages.SIGN_ON, "B%015d" % self.draw(self.tables.users.count), PIN)
        at = self.draw(100)
        for share, act in ACTS:
            if at < share:
                act(self)
                break
        self.c.between()

    # -> code; what the request opens is confirmed and shut
    def access(self, name, quantity, request, *args):
        code, params = self.c.ask(request, *args)
        if code == codes.WITNESS_NEEDED:
            self.witness()
            code, params = self.c.ask(request, *args)
        if code:
            self.refused[str(code)] = self.refused.get(str(code), 0) + 1
            return code
        self.close(params, params[1], quantity)
        self.finished(name)
        return code

    def witness(self):
        self.c.ask(messages.WITNESS, "B%015d" % self.draw(self.tables.users.count), PIN)

    def finished(self, name):
        self.done[name] = self.done.get(name, 0) + 1
        self.count += 1

    # one count in fifty is not what the book says
    def close(self, params, place, quantity):
        counted = self.held.pocket(place)[1]
        if self.draw(50) == 0:
            counted += 1
        quantity = counted if quantity is None else quantity
        for _ in (1, 2):
            if self.c.ask(messages.CONFIRM, quantity, counted, None)[0] != codes.COUNT_AGAIN:
                break
        self.c.push(params[2])

    # patient, order and item of some order, by the way they were numbered
    def order(self):
        n = self.draw(self.tables.orders.count)
        patients, items = self.tables.patients.count, self.tables.items.count
        return "P%015d" % (n % patients), "O%015d" % n, "I%015d" % (n % items)

    def remove(self, override=0, taken=None):
        patient, order, item = self.order()
        if override:
            patient = "P%015d" % self.draw(self.tables.patients.count)
            order = ""
        quantity = 1 + self.draw(3)
        asked = (patient, order, item, quantity, None, None, override, "", 1)
        done = "override" if override else "remove" if taken is None else "null"
        code = self.access(done, quantity if taken is None else taken, messages.REMOVE, *asked)
        if code:
            self.mend(code, item)
        return None if code else (patient, order, item, quantity, self.c.reply)

    # there is not enough, or what is there has expired
    def mend(self, code, item):
        for row in self.c.station.pockets.of_item(item):
            if row.state == pockets.EXPIRED:
                self.access("outdate", self.c.station.pockets.expired(row.place), messages.OUTDATE, row.place)
            elif code == codes.NOT_ENOUGH and row.quantity < row.max:
                self.refill(item)

    def override(self):
        self.remove(override=1)

    def null(self):
        self.remove(taken=0)

    def refill(self, item=None):
        item = item or "I%015d" % self.draw(self.tables.items.count)
        row = pockets.hungriest(self.c.station.pockets.of_item(item))
        if row:
            week = self.c.now[0] // 604800000
            lot, expiry_min = "LOT%d" % week, (week + 3 + self.draw(2)) * 10080
            amount = min(row.max - row.quantity, 20)
            self.access("refill", amount, messages.REFILL, item, amount, lot, expiry_min, None, None, 0)

    def give_back(self, request=messages.RETURN):
        taken = self.remove()
        if taken is None:
            return
        txn = taken[4][3][0]
        if request == messages.WASTE:
            self.witness()
            if self.c.ask(messages.WASTE, *taken[:3], 1, txn, 1)[0] == codes.NONE:
                self.finished("waste")
        elif self.access("return", 1, messages.RETURN, *taken[:3], 1, txn, self.draw(2), None) == codes.BIN_FULL:
            self.empty_bin()

    def waste(self):
        self.give_back(messages.WASTE)

    def some_place(self):
        return self.tables.pockets.row(self.draw(self.tables.pockets.count))[0]

    def take_stock(self):
        self.access("count", None, messages.COUNT, self.some_place())

    def outdate(self):
        self.access("outdate", 1, messages.OUTDATE, self.some_place())

    def empty_bin(self):
        self.witness()
        code, params = self.c.ask(messages.EMPTY_BIN, BIN)
        if code == codes.NONE:
            self.c.ask(messages.CONFIRM_BIN, list(self.held.bin.of(BIN)))
            self.c.push(params[2])
            self.finished("empty_bin")


# hundredths
ACTS = (
    (62, People.remove), (66, People.override), (70, People.null), (78, People.give_back), (82, People.waste),
    (88, People.take_stock), (90, People.outdate), (100, People.refill),
)  # fmt: skip


def main(folder, transactions, every):
    people = People(Cabinet(folder))
    journal = people.c.station.journal
    gc.collect()
    gc.threshold(unix_main.run_threshold())
    first, mark, began = journal.seq, every, time.ticks_us()
    while people.count < transactions:
        people.work()
        if people.count >= mark:
            taken = time.ticks_diff(time.ticks_us(), began)
            people.c.checkpoint()
            gc.collect()
            print(json.dumps({"transactions": people.count, "used_bytes": gc.mem_alloc(), "us": taken}))
            mark += every
            began = time.ticks_us()
    print(json.dumps({"done": people.done, "refused": people.refused, "entries": journal.seq - first}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
