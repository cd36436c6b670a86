"""A pharmacy's computer without its processes: a journal in memory behind the desk, a book on disk."""

import asyncio
from datetime import UTC

from agent.actions import Reply
from agent.pharmacy.bells import Bells
from agent.pharmacy.book import Book
from agent.pharmacy.intake import Intake
from agent.pharmacy.records import Rules
from agent.view import View
from firmware import codes
from firmware.cradle import records
from firmware.journal import chain, entry, kinds

STATION, LOG = "PHARM", 1
KEY = bytes(32)
TIME = "112226093000"
PICK = records.pick("ICU1", "AB01", 10, TIME, "jd01", "R", "07605")
CHECK = records.check("07605", "AB01", 10, "112226100000", "rp02", "R", "OK", "")
FIXED = records.check("07605", "AB01", 8, "112226100000", "rp02", "R", "QTY", "CD00")
RULES = Rules(zone=UTC)


class Log:
    """Journal, outbox and desk in one. `fail` is what the next request comes to: a code, or "lost" for a reply that is
    lost after the entry was written."""

    def __init__(self):
        self.pages = []
        self.fail = None
        self.asked = 0

    async def ask(self, kind, args, rid):
        self.asked += 1
        fail, self.fail = self.fail, None
        if fail not in (None, "lost"):
            return Reply(self.asked, fail, [])
        seq = self.write(*args)
        await asyncio.sleep(0)
        return Reply(self.asked, codes.LINK_DOWN if fail else codes.NONE, [] if fail else [seq])

    async def fresh_status(self):
        return {"link": True, "entries": len(self.pages), "journal": {"entries": len(self.pages)}}

    def write(self, kind, actor, item, ext):
        seq = len(self.pages) + 1
        fields = [1, STATION, LOG, 1, seq, 1_800_000_000_000 + seq, seq, 2, kind, actor, None, item or None]
        fields += [None, None, None, None, 0, None, list(ext)]
        self.pages.append((kind, chain.page(entry.encode(fields), None, bytes(16))))
        return seq

    # the outbox

    def log(self):
        return type("Stands", (), {"seq": len(self.pages), "answered": 0})

    def newest(self, count, wanted):
        return [page for kind, page in reversed(self.pages) if kind in wanted][:count]

    def said(self, kind=None):
        found = [entry.decode(chain.parse_page(page)[0]) for _, page in self.pages]
        return [
            (f[entry.F_KIND], f[entry.F_ACTOR], f[entry.F_ITEM], f[entry.F_EXT])
            for f in found
            if kind in (None, f[entry.F_KIND])
        ]


class Desktop:
    """Book and intake over a log; `again` is what a restart leaves."""

    def __init__(self, folder, log=None, rules=RULES, forgets=False):
        self.folder, self.log, self.rules = folder, log or Log(), rules
        self.book = Book(folder / "cradle.db", LOG)
        self.view = View()
        self.intake = Intake(self.book, self.log, self.log, rules, Bells(self.view))

    def again(self):
        self.book.close()
        return Desktop(self.folder, self.log, self.rules)

    def record(self, address, flag, data):
        return asyncio.run(self.intake.record(address, flag, data))

    def refused(self):
        return [ext[0] for _, _, _, ext in self.log.said(kinds.CRADLE_REFUSED)]
