"""Worlds: the production cores of firmware, agent and centre in one process, one thread and virtual time, with faults.

One seed fixes people, wires, flash, disks, broker, clocks and faults; every random choice has a stream of its own, so
that a world without one of its faults is otherwise drawn alike.
"""
