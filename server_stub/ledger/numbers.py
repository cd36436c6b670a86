"""Numbers that entries carry as text."""


def whole(text: str, most: int) -> int | None:
    """The whole number from 1 to `most` that `text` is, in ASCII digits; None if it is none."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None
    return int(text) if 1 <= int(text) <= most else None
