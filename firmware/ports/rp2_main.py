# The controller on an RP2350.
from firmware.ports import chips_main, rp2  # in this order: the first takes the tables' memory before anything else


# the loader calls this
def start_as_program(found, folder):
    chips_main.start_as_program(rp2.entropy_of, found, folder)
