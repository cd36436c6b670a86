# The loader on an RP2350, called from main.py.
from firmware.ports import chips_loader

look = chips_loader.look


def main(folder=""):
    chips_loader.main("rp2", folder)
