# PAR levels, (min, max) of a place as the centre's last command set them: they hold over those of the table `pockets`
# until the place gets another item. docs/wire.md section 3. A body is [place, min, max, place, min, max ...].
from firmware import codes
from firmware.rowfile import is_removal
from firmware.schema import is_uint

PLACES = 5  # in one command, so that its entry fits a page
_ITEM, _CAPACITY = 3, 6  # columns of `pockets`
_MAX = 4  # column of the stock


def each(body):
    for at in range(0, len(body), 3):
        yield body[at : at + 3]


# NOT_READY: the table has to come first
def check(body, pockets):
    if pockets.count == 0:
        return codes.NOT_READY
    if not isinstance(body, list) or len(body) % 3 or not 1 <= len(body) // 3 <= PLACES:
        return codes.PAR_OUT_OF_BOUNDS
    within = all(_within(pockets.get(place), low, high) for place, low, high in each(body))
    return codes.NONE if within else codes.PAR_OUT_OF_BOUNDS


def _within(pocket, low, high):
    return pocket is not None and is_uint(low) and is_uint(high) and low <= high and 1 <= high <= pocket[_CAPACITY]


# One flag a record of the stock: does its level end with this new version of `pockets`, as the place goes or gets
# another item? Where the old table was lost nobody can tell: then it stays.
def ending(stock, pockets, rows, snapshot):
    flags = bytearray(stock.count)
    for at in range(stock.count if snapshot else 0):
        flags[at] = _is_set(stock, at)
    for row in rows:
        at = stock.index(row[0])
        if at >= 0:
            held = pockets.get(row[0])
            gone = is_removal(row) or (held and held[_ITEM] != row[_ITEM])
            flags[at] = _is_set(stock, at) if gone else 0
    return flags


def _is_set(stock, at):
    return 1 if stock.row(at)[_MAX] else 0


# Bodies that end those levels. From the last on: a record that goes moves only those behind it.
def bodies(stock, ends):
    body = []
    for at in range(len(ends) - 1, -1, -1):
        if ends[at]:
            body += [stock.row(at)[0], 0, 0]
        if body and (at == 0 or len(body) == 3 * PLACES):
            yield body
            body = []
