# What counts where there is no secure element: two areas beside the ring, written in turn. Who can roll back the ring
# can roll back this too, which is why every boot entry says `software`.
from struct import pack, unpack

from firmware.compat import crc32


class Software:
    name = "software"

    # areas as a snapshot has them (snapshot.FileStore)
    def __init__(self, store):
        self._store = store

    def read(self):
        return max(self._area(0), self._area(1))

    # the older of the two is written over: a cut leaves the count as it was
    def increment(self):
        count = self.read() + 1
        body = pack("<I", count)
        self._store.write(count % 2, (body, pack("<I", crc32(body))))
        return count

    def _area(self, which):
        file = self._store.open(which)
        if file is None:
            return 0
        try:
            data = file.read(8)
        finally:
            file.close()
        whole = len(data) == 8 and unpack("<I", data[4:])[0] == crc32(data[:4])
        return unpack("<I", data[:4])[0] if whole else 0
