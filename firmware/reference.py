# Reference tables on their way down: MAC, versions, parts; applied whole or not at all. docs/wire.md section 3.
#
# Parts are staged in a file, checked all together, and only then put into the table: no second table in RAM.
# NAME.new is written, the journal names its digest, NAME.new becomes NAME: a cut between any two leaves one that fits.
from firmware import codes, levels, rowfile
from firmware.journal import kinds
from firmware.journal.journal import RESERVE_PAGES
from firmware.refpart import Part
from firmware.tables import NAMES
from firmware.wire import messages, sealed


class Reference:
    def __init__(self, station, key, tables, drawers, state, journal, files):
        self._station = station
        self._key = key
        self._tables = tables
        self._drawers = drawers
        self._state = state
        self._journal = journal
        self._files = files
        self._staged = {}  # table -> (version, base, parts held)
        self._applied = {}  # table -> version in RAM

    # what this station has: a table whose file did not match the journal counts as version 0
    def versions(self):
        return [[name, self._applied.get(name, 0), self._state.version(name)[1]] for name in NAMES]

    def ready(self):
        return all(self._applied.get(name) for name in ("items", "pockets", "users"))

    # at boot: the file whose digest the journal names
    def load(self):
        for name in NAMES:
            version, digest = self._state.version(name)
            if version and (self._load(name, name, digest) or self._finish(name, digest)):
                self._applied[name] = version

    def _finish(self, name, digest):
        if not self._load(name, name + ".new", digest):
            return False
        self._files.rename(name + ".new", name)
        return True

    def _load(self, name, filename, digest):
        table = self._tables.by_name(name)
        table.clear()
        try:
            for row in self._rows(filename):
                table.put(row)
            if rowfile.digest(table.rows()) == digest:
                return True
        except (OSError, ValueError, TypeError, IndexError, AttributeError):
            pass  # unreadable is the same as absent: the table is asked for again
        table.clear()
        return False

    def _rows(self, filename):
        file = self._files.reader(filename)
        try:
            for row in rowfile.read(file):
                yield row
        finally:
            file.close()

    # -> (code, table, version), or None while parts are still to come
    def receive(self, payload):
        if not sealed.genuine(payload, self._key):
            return codes.BAD_MAC, "", 0
        try:
            part = Part(payload)
            code = self._take(part)
        except ValueError:
            return codes.BAD_MESSAGE, "", 0
        return None if code is None else (code, part.table, part.version)

    def _take(self, part):
        if part.station != self._station:
            return codes.WRONG_STATION
        code = self._refused(part.table, part.version, part.base)
        if code is None:
            code = self._stage(part)
        if code is None and part.part == part.parts and self._staged.pop(part.table, None):
            code = self._apply(part.table, part.version, part.base)
        return code

    # the code to answer at once, None to go on
    def _refused(self, name, version, base):
        held = self._applied.get(name, 0)
        if version == held:
            return codes.NONE
        if version < self._state.version(name)[0]:
            return codes.OLD_NUMBER
        return codes.WRONG_BASE if base and base != held else None

    def _stage(self, part):
        name, this = part.table, (part.version, part.base)
        staged = self._staged.get(name, (0, 0, 0))
        if part.part > 1 and staged[:2] == this and part.part <= staged[2]:
            return None  # came twice
        self._staged.pop(name, None)
        if part.part > 1 and staged != this + (part.part - 1,):
            return codes.BAD_MESSAGE
        file = self._files.writer(name + ".part", part.part > 1)
        try:
            rowfile.write_raw(file, part.rows())
        finally:
            self._files.commit(file)
        self._staged[name] = this + (part.part,)
        return None

    def _apply(self, name, version, base):
        if not self._journal.opening_allowed:
            return codes.JOURNAL_FULL
        from firmware.refcheck import Check  # for the moment: the port forgets it

        check = Check(name, base == 0, self._tables, self._drawers, self._state)
        code = check.all(self._rows(name + ".part"))
        if code == codes.NONE and name == "pockets":
            code = self._end_levels(base == 0)
        if code:
            return code
        table = self._tables.by_name(name)
        if base == 0:
            table.clear()
        for row in self._rows(name + ".part"):
            if rowfile.is_removal(row):
                table.remove(row[0])
            else:
                table.put(row)
        self._persist(name, version, table)
        return codes.NONE

    # The PAR levels of places that go or get another item, before the table changes: a cut between leaves the old table
    # with its own levels.
    def _end_levels(self, snapshot):
        stock = self._state.held.stock
        ends = levels.ending(stock, self._tables.pockets, self._rows("pockets.part"), snapshot)
        entries = (sum(ends) + levels.PLACES - 1) // levels.PLACES
        if self._journal.free_pages < RESERVE_PAGES + entries:
            return codes.JOURNAL_FULL
        for body in levels.bodies(stock, ends):
            self._journal.append(kinds.COMMAND, txn=0, ext=(0, messages.COMMAND_PAR, codes.NONE, body))
        return codes.NONE

    def _persist(self, name, version, table):
        file = self._files.writer(name + ".new", False)
        digest = rowfile.write(file, table.rows())
        self._files.commit(file)
        self._journal.append(kinds.REFERENCE, txn=0, ext=(name, version, digest))
        self._files.rename(name + ".new", name)
        self._applied[name] = version
