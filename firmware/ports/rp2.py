# What only the RP2350 (and RP2040) has: its own generator of random numbers feeds os.urandom.
import os


def entropy_of(_secret):
    return os.urandom
