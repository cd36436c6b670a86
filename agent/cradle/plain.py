"""What a handheld's screen can show of a name: ASCII, and never another number or another unit than was written."""

import unicodedata

# MICRO SIGN and GREEK SMALL LETTER MU: 5 ?g could be any gram
_WORDS = {"µ": "mc", "μ": "mc", "\u00a0": " ", "\u202f": " "}


def plain(text: str) -> str:
    """The text with an accent left out, µ as mc, a pipe as a slash, and `?` for what has no ASCII letter."""
    # canonical only: the compatible form of 10⁶ is 106
    letters = unicodedata.normalize("NFD", "".join(_WORDS.get(char, char) for char in text))
    letters = "".join(char for char in letters if not unicodedata.combining(char)).replace("|", "/")
    return "".join(char if " " <= char <= "~" else "?" for char in letters)
