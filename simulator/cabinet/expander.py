"""An MCP23017 at register level, IOCON.BANK = 0 (Microchip DS20001952, sections 3.2 to 3.6).

Each register has a half for port A (even address) and one for port B; here both halves are one 16-bit number, port A
in the low byte, so bit n is pin n: 0..7 = GPA0..7, 8..15 = GPB0..7.
"""

from collections.abc import Callable

IODIR, IPOL, GPINTEN, DEFVAL, INTCON, IOCON, GPPU, INTF, INTCAP, GPIO, OLAT = range(11)
REGISTERS = 11
SEQOP, MIRROR, INTPOL = 0x20, 0x40, 0x02


def _nothing() -> None:
    """No one listens to the outputs."""


class Expander:
    """Registers, pins and interrupt logic. `on_output` is called after the level of an output may have changed."""

    def __init__(self, on_output: Callable[[], None] = _nothing) -> None:
        self.on_output = on_output
        self._pins = 0
        self._reset()

    def power_on(self) -> None:
        """Reset of the data sheet's table 3-3: all pins are inputs, everything else 0."""
        self._reset()
        self.on_output()

    def _reset(self) -> None:
        self._regs = [0] * REGISTERS
        self._regs[IODIR] = 0xFFFF
        self._pointer = 0
        self._reference = self._pins

    @property
    def outputs(self) -> int:
        """Pins driven high."""
        return self._regs[OLAT] & ~self._regs[IODIR] & 0xFFFF

    @property
    def interrupting(self) -> bool:
        """INTA asserted: an interrupt of port A, or of either port with IOCON.MIRROR."""
        seen = 0xFFFF if self._regs[IOCON] & MIRROR else 0x00FF
        return bool(self._regs[INTF] & seen)

    def drive(self, pins: int) -> None:
        """The world sets the levels at the input pins."""
        self._pins = pins & 0xFFFF
        self._compare()

    def write(self, data: bytes) -> None:
        """I2C write: register address, then data for it and those after it."""
        if not data:
            return
        self._pointer = data[0]
        for value in data[1:]:
            self._write_one(self._pointer, value)
            self._step()
        self.on_output()

    def read(self, n: int) -> bytes:
        """I2C read of `n` bytes from the register last addressed."""
        out = bytearray()
        for _ in range(n):
            out.append(self._read_one(self._pointer))
            self._step()
        return bytes(out)

    def _port(self) -> int:
        direction = self._regs[IODIR]
        inputs = (self._pins ^ self._regs[IPOL]) & direction
        return inputs | (self._regs[OLAT] & ~direction & 0xFFFF)

    def _write_one(self, address: int, value: int) -> None:
        register, shift = address >> 1, 8 * (address & 1)
        if register >= REGISTERS or register in (INTF, INTCAP):
            return
        if register == IOCON:
            self._regs[IOCON] = value
            return
        register = OLAT if register == GPIO else register
        self._regs[register] = self._regs[register] & ~(0xFF << shift) | value << shift
        self._compare()

    def _read_one(self, address: int) -> int:
        register, shift = address >> 1, 8 * (address & 1)
        if register >= REGISTERS:
            return 0
        if register == IOCON:
            return self._regs[IOCON]
        value = self._port() if register == GPIO else self._regs[register]
        if register in (GPIO, INTCAP):
            self._clear(0xFF << shift, value)
        return value >> shift & 0xFF

    def _clear(self, half: int, seen: int) -> None:
        """Reading ends the interrupt of that port; what has changed since the value seen raises the next."""
        self._regs[INTF] &= ~half
        self._reference = self._reference & ~half | (seen ^ self._regs[IPOL] & self._regs[IODIR]) & half
        self._compare()

    def _compare(self) -> None:
        regs = self._regs
        against = self._reference & ~regs[INTCON] | regs[DEFVAL] & regs[INTCON]
        causes = (self._pins ^ against) & regs[GPINTEN] & regs[IODIR]
        for half in (0x00FF, 0xFF00):
            if causes & half and not regs[INTF] & half:
                regs[INTF] |= causes & half
                regs[INTCAP] = regs[INTCAP] & ~half | self._port() & half
        quiet = (~regs[GPINTEN] | ~regs[IODIR]) & 0xFFFF
        self._reference = self._reference & ~quiet | self._pins & quiet

    def _step(self) -> None:
        if self._regs[IOCON] & SEQOP:
            self._pointer ^= 1
        else:
            self._pointer = (self._pointer + 1) % (2 * REGISTERS)
