# Secrets of the users granted at this station: rows [badge, salt, pin hash, rounds] in a file. The journal names each
# row's digest, never the row; a row it does not name counts for nothing.
#
# NAME.new is written, the journal names the digest, NAME.new becomes NAME: a cut between any two leaves what fits.
from firmware import rowfile, schema
from firmware.people import T_BADGE, T_CLASSES, T_DIGEST, T_MUST_CHANGE, T_ROLES, T_UNTIL, T_USER, expired
from firmware.tables import Table

NAME = "credentials"
_NEW = NAME + ".new"


class Credentials:
    def __init__(self, people, files):
        self._people = people
        self._files = files
        self._table = Table(schema.CREDENTIALS)

    # at boot
    def load(self):
        for name in (NAME, _NEW):
            try:
                self._take(name)
            except (OSError, ValueError, TypeError, IndexError):
                pass  # unreadable is the same as absent: the badge is unknown, and is granted again

    def _take(self, name):
        file = self._files.reader(name)
        try:
            for row in rowfile.read(file):
                known = self._people.temporary.get(row[0])
                if known and known[T_DIGEST] == rowfile.digest([row]):
                    self._table.put(row)
        finally:
            file.close()

    # the user's row as the table `users` has it, and [must change the PIN 0/1, until_min]; None once that has come
    def row(self, badge, now):
        known, secret = self._people.temporary.get(badge), self._table.get(badge)
        if not known or not secret or known[T_DIGEST] != rowfile.digest([secret]) or expired(known[T_UNTIL], now):
            return None
        rights = [known[T_ROLES], known[T_CLASSES], known[T_MUST_CHANGE], known[T_UNTIL]]
        return [badge, known[T_USER]] + secret[1:] + rights

    # `note(digest)` writes the entry that makes it count, and ends others
    def put(self, row, note):
        file = self._files.writer(_NEW, False)
        rowfile.write(file, [held for held in self._table.rows() if held[0] != row[0]] + [row])
        self._files.commit(file)
        note(rowfile.digest([row]))
        for held in list(self._table.rows()):
            if not self._people.temporary.has(held[0]):
                self._table.remove(held[0])
        self._table.put(row)
        self._files.rename(_NEW, NAME)

    # [badge, user, until_min] of those who may still come
    def present(self, now):
        rows = self._people.temporary.rows()
        return [[row[T_BADGE], row[T_USER], row[T_UNTIL]] for row in rows if not expired(row[T_UNTIL], now)]
