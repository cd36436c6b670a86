"""What can go wrong with a cabinet that is built, flashed or tested: numbered, with words for who stands there."""

from agent import words


class CabinetError(Exception):
    """Refused or failed with a code of `firmware.codes`; `detail` names the part, file or port."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(words.of(code) + (f": {detail}" if detail else ""))
        self.code, self.detail = code, detail
