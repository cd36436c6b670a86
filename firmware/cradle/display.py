# The station's screen on a unit that is linked to it: what stands in S and D blocks. docs/polselect.md section 8.
# Messages are plain text, fields between pipes, the number first; the last field of D messages keeps its own pipes.

# S, station to unit
SCREEN = "001"
FIELD = "002"
RESULT = "003"
OVER = "004"
# D, unit to station
TYPED = "101"
SCANNED = "102"
KEY = "103"
ASKS = "104"

LINES = 8
WIDTH = 20
NORMAL = "N"
REVERSE = "R"
# of a field: digits, text, a scan and nothing else, not shown, a key
KINDS = "NTSPK"
LONGEST = 128  # what may be typed or scanned
KEYS = ("ENTER", "CLEAR", "UP", "DOWN", "F1", "F2", "F3", "F4")


# What a line can show: printable ASCII without a pipe.
def plain(text):
    return "".join(["/" if c == "|" else c if " " <= c <= "~" else "?" for c in text])


# A text as lines of the screen, broken at blanks where it can be.
def wrap(text, attribute=NORMAL):
    lines, rest = [], plain(text).strip()
    while rest:
        end = len(rest) if len(rest) <= WIDTH else rest.rfind(" ", 0, WIDTH + 1)
        end = WIDTH if end <= 0 else end
        lines.append((attribute, rest[:end].strip()))
        rest = rest[end:].strip()
    return lines


# lines: (attribute, text), at most LINES of WIDTH
def screen(lines):
    return _made(SCREEN, [attribute + plain(text)[:WIDTH] for attribute, text in lines[:LINES]])


# name: what the unit's answer is called by; longest: how many characters
def field(name, kind, longest, prompt, attribute=NORMAL):
    return _made(FIELD, [name, kind, str(longest), attribute, plain(prompt)[:WIDTH]])


# code 0 is good
def result(code, text):
    return _made(RESULT, [str(code), plain(text)])


def over():
    return _made(OVER, [])


def typed(name, text):
    return _made(TYPED, [name, text])


def scanned(name, text):
    return _made(SCANNED, [name, text])


def key(name):
    return _made(KEY, [name])


def asks():
    return _made(ASKS, [])


def _made(number, fields):
    return "|".join([number] + fields).encode()


# (number, ...) with what the function that makes it was given; ValueError for what none of them makes.
def read(data):
    text = bytes(data).decode("ascii") if all(0x20 <= byte < 0x7F for byte in data) else ""
    number, _, rest = text.partition("|")
    if number not in _READ:
        raise ValueError("no message of a display")
    return (number,) + _READ[number](rest)


def _lines(rest):
    lines = [(line[:1], line[1:]) for line in rest.split("|")] if rest else []
    _must(len(lines) <= LINES and all(a in (NORMAL, REVERSE) and len(text) <= WIDTH for a, text in lines))
    return (lines,)


def _field(rest):
    parts = rest.split("|")
    _must(len(parts) == 5 and len(parts[1]) == 1 and parts[1] in KINDS and parts[2].isdigit())
    name, kind, longest, attribute, prompt = parts
    _must(attribute in (NORMAL, REVERSE) and len(prompt) <= WIDTH and 1 <= int(longest) <= LONGEST)
    return name, kind, int(longest), prompt, attribute


def _result(rest):
    code, pipe, text = rest.partition("|")
    _must(bool(pipe) and code.isdigit() and "|" not in text)
    return int(code), text


def _answer(rest):
    name, pipe, text = rest.partition("|")
    _must(bool(name and pipe) and len(text) <= LONGEST)
    return name, text


def _key(rest):
    _must(rest in KEYS)
    return (rest,)


def _nothing(rest):
    _must(not rest)
    return ()


def _must(so):
    if not so:
        raise ValueError("a message of a display in another form")


_READ = {
    SCREEN: _lines,
    FIELD: _field,
    RESULT: _result,
    OVER: _nothing,
    TYPED: _answer,
    SCANNED: _answer,
    KEY: _key,
    ASKS: _nothing,
}
