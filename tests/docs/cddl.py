"""As much of CDDL (RFC 8610) as docs/wire.md and docs/journal.md use: arrays, names, occurrence, sizes, choices."""

import re

_TOKEN = re.compile(r"\s*(?:;[^\n]*\n?|(\.size|\.\.|\d+\*\d+|\*\d+|\d+\*|\*|[a-z][\w-]*|\d+|[\[\]{},/:=]))")
_SIMPLE = {
    "uint": lambda value: type(value) is int and value >= 0,
    "int": lambda value: type(value) is int,
    "tstr": lambda value: isinstance(value, str),
    "bstr": lambda value: isinstance(value, bytes),
    "null": lambda value: value is None,
    "any": lambda value: True,
}


class Cddl:
    """Definitions by name; `fits(name, value)`."""

    def __init__(self, *texts):
        self.rules = {}
        for text in texts:
            for block in re.findall(r"```cddl\n(.*?)```", text, re.S):
                self._read(block)

    def _read(self, block):
        self._tokens = [match[1] for match in _TOKEN.finditer(block) if match[1]]
        while self._tokens:
            name, equals = self._take(), self._take()
            assert equals == "=" and name not in self.rules, name
            self.rules[name] = self._choice()

    def _take(self):
        return self._tokens.pop(0)

    def _is(self, token, ahead=0):
        return len(self._tokens) > ahead and self._tokens[ahead] == token

    def _choice(self):
        options = [self._one()]
        while self._is("/"):
            self._take()
            options.append(self._one())
        return lambda value: any(option(value) for option in options)

    def _one(self):
        token = self._take()
        if token == "[":
            return self._array()
        if token == "{":
            assert self._take() == "}"
            return lambda value: value == {}
        if token.isdigit():
            low = high = int(token)
            if self._is(".."):
                self._take()
                high = int(self._take())
            return lambda value: type(value) is int and low <= value <= high
        if self._is(".size"):
            self._take()
            size = int(self._take())
            return lambda value: isinstance(value, bytes) and len(value) == size
        return _SIMPLE.get(token) or (lambda value: self.fits(token, value))

    def _array(self):
        members = []
        while not self._is("]"):
            least, most = self._occurrence()
            if self._is(":", 1):
                self._take()
                self._take()
            members.append((least, most, self._choice()))
            if self._is(","):
                self._take()
        self._take()
        return lambda value: isinstance(value, list) and _matches(members, value)

    def _occurrence(self):
        if "*" not in self._tokens[0]:
            return 1, 1
        least, _, most = self._take().partition("*")
        return int(least or 0), int(most) if most else 10**9

    def fits(self, name, value):
        return self.rules[name](value)


def _matches(members, values):
    """In order, each as often as it may be; the repeated ones here always end their array."""
    at = 0
    for least, most, fits in members:
        count = 0
        while count < most and at < len(values) and fits(values[at]):
            at, count = at + 1, count + 1
        if count < least:
            return False
    return at == len(values)
