# The controller on an RP2350: import it from main.py.
from firmware.ports import chips_main, rp2  # in this order: the first takes the tables' memory before anything else


def main(folder=""):
    chips_main.main(rp2.entropy_of, folder)
