# What ports share: the link's queue, files of the tables.
import os
import sys

OUT_BYTES = 65536
READ_BYTES = 512


# The link over anything with read(n) and write(data) that do not block: what does not go waits in a queue with a limit.
# A peer that stops reading loses the queue whole and asks again: nothing durable is in it.
class Link:
    def __init__(self, file):
        self.file = file
        self.read_bytes = 0
        self._out = []
        self._held = 0

    def read(self):
        try:
            data = self.file.read(READ_BYTES) or b""
        except OSError:
            data = b""
        self.read_bytes += len(data)
        return data

    def send(self, frame):
        if self._held + len(frame) > OUT_BYTES:
            self._out, self._held = [], 0
            frame = b"\0" + frame  # ends what was cut
        self._out.append(frame)
        self._held += len(frame)
        self.flush()

    def held(self):
        return self._held

    def flush(self):
        while self._out:
            try:
                sent = self.file.write(self._out[0]) or 0
            except OSError:
                sent = 0
            self._held -= sent
            if sent < len(self._out[0]):
                self._out[0] = self._out[0][sent:]
                return
            self._out.pop(0)


# what the loader found, of an installation and of a controller before this one, is in the journal now
def forget_found(folder, found):
    for name, what in zip(("outcome.cbor", "before.cbor"), found or ()):
        if what:
            os.remove(folder + "/" + name)


# A module that nobody names any more makes room.
def forget_modules(*names):
    for name in names:
        room, _, module = ("firmware." + name).rpartition(".")
        if sys.modules.pop(room + "." + module, None):
            delattr(sys.modules[room], module)


# what is loaded when it is needed and is seldom needed again
def forget_seldom_used():
    forget_modules("refcheck", "witness", "merkle", "wire.note", "requests.service")


# the loader finds it, and leaves the REPL open
def mark_service(folder):
    with open(folder + "/service", "wb") as file:
        file.write(b"left")


class Files:
    def __init__(self, folder):
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            pass

    def reader(self, name):
        return open(self._folder + "/" + name, "rb")

    def writer(self, name, append):
        return open(self._folder + "/" + name, "ab" if append else "wb")

    # flush() reaches fsync here
    def commit(self, file):
        file.flush()
        file.close()

    def rename(self, source, target):
        os.rename(self._folder + "/" + source, self._folder + "/" + target)
