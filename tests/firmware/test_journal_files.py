# The journal on files: what was appended is there for a new process. docs/journal.md sections 4 and 5.
import os
import sys

from firmware.journal.flash import PAGE, FileFlash
from firmware.journal.journal import Journal
from firmware.journal.snapshot import FileStore

sys.path.insert(0, __file__.rpartition("/")[0])
from journal_rig import GENESIS, SNAPSHOT_KEY, START, STATION, Clock, Sum, apply

REQ = ("A12.a",)

SECTORS = 4
NAMES = ("ring.bin", "snapshot-a.bin", "snapshot-b.bin")


# A folder of its own, gone afterwards: MicroPython has no tempfile.
class Folder:
    def __enter__(self):
        self.path = (os.getenv("TMPDIR") or "/tmp") + "/apotheca-journal-" + "".join("%02x" % b for b in os.urandom(8))
        os.mkdir(self.path)
        return self

    def file(self, name):
        return self.path + "/" + name

    def __exit__(self, *exception):
        for name in os.listdir(self.path):
            os.remove(self.file(name))
        os.rmdir(self.path)


# what provisioning leaves
def begin_at(ring, more=b""):
    with open(ring, "wb") as file:
        file.write(START + more)


def there(path):
    try:
        return size(path) >= 0
    except OSError:
        return False


def boot(folder):
    ring, a, b = (folder.file(name) for name in NAMES)
    if not there(ring):
        begin_at(ring)
    flash = FileFlash(ring, SECTORS)
    journal = Journal(flash, FileStore(a, b), STATION, 1, SNAPSHOT_KEY, GENESIS, apply, Sum(), Clock())
    return journal, journal.recover(), flash


def size(path):
    return os.stat(path)[6]


def test_a_new_process_finds_all_of_it():
    with Folder() as folder:
        seq, head = 0, None
        for cycle in range(5):
            journal, (_, damage), flash = boot(folder)
            assert damage is None and journal.boot == cycle + 1 and journal.seq == seq
            assert head is None or journal.head == head
            for _ in range(30):
                seq = journal.append(20, "nurse", change=1)
                journal.release(seq)
            head = journal.head
            flash.close()
        assert size(folder.file("ring.bin")) == SECTORS * 16 * PAGE
        _, (_, damage), flash = boot(folder)
        flash.close()
        assert damage is None


def test_a_file_cut_short_while_it_was_made_is_completed():
    with Folder() as folder:
        begin_at(folder.file("ring.bin"), b"\xff" * 1000)
        journal, found, flash = boot(folder)
        assert found == (0, None) and journal.append(20) == 1
        flash.close()
        assert size(folder.file("ring.bin")) == SECTORS * 16 * PAGE


def test_a_file_of_another_ring_is_refused_untouched():
    with Folder() as folder:
        with open(folder.file("ring.bin"), "wb") as file:
            file.write(b"\xff" * (SECTORS * 16 * PAGE + 1))
        try:
            boot(folder)
            raise AssertionError("taken")
        except ValueError:
            assert size(folder.file("ring.bin")) == SECTORS * 16 * PAGE + 1


def test_a_snapshot_cut_short_at_any_byte_leaves_the_other():
    with Folder() as folder:
        journal, _, flash = boot(folder)
        for _ in range(40):
            journal.release(journal.append(20, "nurse", change=1))
        flash.close()
        for name in NAMES[1:]:
            with open(folder.file(name), "rb") as file:
                whole = file.read()
            for length in range(len(whole)):
                with open(folder.file(name), "wb") as file:
                    file.write(whole[:length])
                journal, (_, damage), flash = boot(folder)
                flash.close()
                assert damage is None and journal.seq == 40, (name, length)
                with open(folder.file(name), "wb") as file:
                    file.write(whole)
