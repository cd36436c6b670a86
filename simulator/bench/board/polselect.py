# mypy: ignore-errors
# Runs under MicroPython: polselect.py ROUNDS. Frames made, and read in pieces as they come from a UART. One line of
# JSON: for each sort of frame its bytes, and the microseconds that making and reading one takes.
import gc
import json
import sys
import time

from firmware.cradle import frames, records

TIME = "120997143005"
PIECE = 64
# frames a round, so that the clock can tell
BATCH = 20


# a compressed file: any byte is as likely as any other
def _file(power):
    data = bytes((n * 89 + 7) % 256 for n in range(1 << power))
    return frames.data("AO", "B", 1, data[: frames.cut("B", data, power)], False)


def _sorts():
    pick = records.pick("ICU1", "AB01", 10, TIME, "jd01", "R", "07605")
    return (
        ("pol", frames.pol_specific("AB", TIME, 12)),
        ("data_ack", frames.data_ack("Rv", 1)),
        ("pick_record", frames.data("AB", "P", 1, pick, True)),
        ("file_block_64", _file(6)),
        ("file_block_4096", _file(12)),
    )


def _encode(frame, rounds):
    began = time.ticks_us()
    for _ in range(rounds * BATCH):
        frames.encode(frame)
    return time.ticks_diff(time.ticks_us(), began)


def _decode(raw, rounds):
    parser = frames.Parser()
    pieces = [raw[at : at + PIECE] for at in range(0, len(raw), PIECE)]
    read = []
    began = time.ticks_us()
    for _ in range(rounds * BATCH):
        for piece in pieces:
            read = parser.feed(piece)
        if not read or not frames.sound(read[0]):
            raise ValueError("a frame was not read")
    return time.ticks_diff(time.ticks_us(), began)


def main(rounds):
    rows = []
    for name, frame in _sorts():
        raw = frames.encode(frame)
        gc.collect()
        row = {"frame": name, "frame_bytes": len(raw)}
        row["encode_us"] = _encode(frame, rounds) / rounds / BATCH
        gc.collect()
        row["decode_us"] = _decode(raw, rounds) / rounds / BATCH
        rows.append(row)
    print(json.dumps(rows))


main(int(sys.argv[1]))
