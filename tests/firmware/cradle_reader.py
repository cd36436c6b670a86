# Reads frames of a file (u16 length, bytes) with the codec, on either interpreter: cradle_reader.py FILE. One line a
# frame: what it is by itself, a tab, and the good frames that came out of a parser fed the same bytes in odd pieces.
import sys
from struct import unpack

from firmware.cradle import frames

NAMES = ("kind", "address", "time", "new_address", "max_block_size", "flag", "block", "size", "last")
SILENCE_EVERY = 64
STRETCHES = (1, 2, 3, 7, 16, 40, 200)


def text(frame):
    if frame.kind == "invalid":
        return "-"
    if frame.bcc_ok is False:
        return "!"
    data = "" if frame.data is None else "".join("%02x" % byte for byte in frame.data)
    return " ".join([str(getattr(frame, name)) for name in NAMES] + [data])


class Reader:
    def __init__(self):
        self.parser = frames.Parser()
        self.taken = 0

    # -> (the frame that raw is, the good frames of the stream so far)
    def take(self, raw):
        stream, at = [], 0
        while at < len(raw):
            size = STRETCHES[(self.taken + at) % len(STRETCHES)]
            stream += self.parser.feed(raw[at : at + size])
            at += size
        self.taken += 1
        if self.taken % SILENCE_EVERY == 0:
            stream += self.parser.timeout()
            if self.parser.pending:
                raise ValueError("bytes are held after a silence")
        return frames.one(raw), [frame for frame in stream if frames.sound(frame)]


def line(frame, stream):
    return text(frame) + "\t" + ";".join([text(other) for other in stream])


def main(path):
    reader = Reader()
    with open(path, "rb") as file:
        while True:
            head = file.read(2)
            if not head:
                return
            frame, stream = reader.take(file.read(unpack("<H", head)[0]))
            print(line(frame, stream))


if __name__ == "__main__":
    main(sys.argv[1])
