# The loader on an ESP32-S3, called from main.py.
from firmware.ports import chips_loader

look = chips_loader.look


def main(folder=""):
    chips_loader.main("esp32", folder)
