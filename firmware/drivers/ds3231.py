# DS3231 clock chip (Maxim 19-5170), always UTC. One that has stopped since it was set knows no time.
SECONDS = 0x00
STATUS = 0x0F
STOPPED = 0x80
CENTURY = 0x80
DAY_MS = 86400000


class ClockChip:
    def __init__(self, bus, address):
        self._bus = bus
        self._address = address

    # milliseconds since 1970, or None if nobody has set it
    def utc_ms(self):
        if self._bus.write_read(self._address, bytes((STATUS,)), 1)[0] & STOPPED:
            return None
        r = self._bus.write_read(self._address, bytes((SECONDS,)), 7)
        year = 2000 + _from_bcd(r[6]) + (100 if r[5] & CENTURY else 0)
        days = days_before(year, _from_bcd(r[5] & 0x1F)) + _from_bcd(r[4]) - 1
        return days * DAY_MS + ((_from_bcd(r[2] & 0x3F) * 60 + _from_bcd(r[1])) * 60 + _from_bcd(r[0])) * 1000

    # to the second; 24-hour form
    def set(self, utc_ms):
        days, ms = divmod(utc_ms, DAY_MS)
        year, month, day = date_of(days)
        second = ms // 1000
        clock = (second % 60, second // 60 % 60, second // 3600)
        century = CENTURY if year >= 2100 else 0
        fields = [_bcd(value) for value in clock] + [(days + 4) % 7 + 1, _bcd(day), _bcd(month) | century]
        self._bus.write(self._address, bytes([SECONDS] + fields + [_bcd(year % 100)]))
        status = self._bus.write_read(self._address, bytes((STATUS,)), 1)[0]
        self._bus.write(self._address, bytes((STATUS, status & ~STOPPED & 0xFF)))


def _bcd(value):
    return value // 10 << 4 | value % 10


def _from_bcd(value):
    return (value >> 4) * 10 + (value & 0x0F)


# days from 1970-01-01 to the first of the month; the year begins with March, so that a leap day comes last
def days_before(year, month):
    y = year if month > 2 else year - 1
    m = (month + 9) % 12
    return 365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 - 719468


def date_of(days):
    year = 1970 + days // 366
    while days_before(year + 1, 1) <= days:
        year += 1
    month = 12
    while days_before(year, month) > days:
        month -= 1
    return year, month, days - days_before(year, month) + 1
