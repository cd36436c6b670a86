# mypy: ignore-errors
# Runs under MicroPython: -m heap DIR BUS_SOCKET LINK_FD. The controller's own start; then a report
# in place of its loop.
import gc
import json
import sys
import time

began = time.ticks_us()

from firmware.ports import unix_main  # noqa: E402

loaded = time.ticks_us()


def report(shell, bus, link):
    booted = time.ticks_us()
    gc.collect()
    figures = {"used_bytes": gc.mem_alloc(), "free_bytes": gc.mem_free(), "largest_free_bytes": largest_free()}
    figures["load_ms"] = time.ticks_diff(loaded, began) / 1000
    figures["boot_ms"] = time.ticks_diff(booted, loaded) / 1000
    print(json.dumps(figures))


# gc knows no such number: the largest bytearray that can be had, by halving
def largest_free():
    low, high = 0, gc.mem_free()
    while high - low > 64:
        middle = (low + high) // 2
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            high = middle
        gc.collect()
    return low


unix_main.run = report
unix_main.main(*sys.argv[1:4])
