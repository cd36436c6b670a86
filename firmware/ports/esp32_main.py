# The controller on an ESP32-S3: import it from main.py.
from firmware.ports import chips_main, esp32  # in this order: the first takes the tables' memory before anything else


def main(folder=""):
    chips_main.main(esp32.entropy_of, folder)
