# The controller on an ESP32-S3.
from firmware.ports import chips_main, esp32  # in this order: the first takes the tables' memory before anything else


# the loader calls this
def start_as_program(found, folder):
    chips_main.start_as_program(esp32.entropy_of, found, folder)
