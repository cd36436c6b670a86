# A station with profiles, an override list and a kit; what its entries say.
from fakes import ready

from firmware import flags
from firmware.journal import entry
from firmware.wire import messages

NURSE = 1 | 2 | 4 | 16 | 32 | 64 | 1024 | 4096
POLICY = [["profiled", 1]]
ALERT = flags.HIGH_ALERT
MORE_ITEMS = [["rocuronium", 0, 1, ALERT, 0, 7], ["gloves", 0, 1, flags.SUPPLY, 0, 0], ["ketamine", 3, 1, 2, 5, 0]]
PLACES = [
    ["D03-P02", 3, 2, "rocuronium", 1, 10, 12],
    ["D03-P03", 3, 3, "gloves", 1, 10, 12],
    ["D03-P04", 3, 4, "ketamine", 1, 10, 12],
]


def profiled(overrides=(), kits=()):
    c = ready()
    assert c.reference("items", 2, MORE_ITEMS, base=1) == 0
    assert c.reference("pockets", 2, PLACES, base=1) == 0
    assert c.reference("policy", 1, POLICY) == 0
    if overrides:
        assert c.reference("overrides", 1, [list(row) for row in overrides]) == 0
    if kits:
        assert c.reference("kits", 1, [list(row) for row in kits]) == 0
    for place in ("D03-P02", "D03-P03", "D03-P04"):
        c.stock(place, 8)
    return c


def seen(c, since):
    return [(f[entry.F_KIND], f[entry.F_EXT]) for f in c.entries(since)]


def last(c):
    return c.entries(c.journal.seq - 1)[0]


# pulled, confirmed, pushed
def finish(c, drawer, quantity):
    c.pull(drawer)
    reply = c.confirm(quantity)
    c.push(drawer)
    return reply


def witness(c, badge="b2", pin="4321"):
    return c.ask(messages.WITNESS, badge, pin)


def waste(c, quantity=500, reason=1):
    return c.ask(messages.WASTE, "pat1", "ord1", "morphine", quantity, 0, reason)
