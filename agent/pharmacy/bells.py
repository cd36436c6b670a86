"""Where people see what is wrong with cradles and journal: the agent's view, and the log."""

import logging

from agent.view import View

log = logging.getLogger("agent")


class Bells:
    """`view` is the agent's, as soon as there is one."""

    def __init__(self, view: View | None = None) -> None:
        self.view = view

    def trouble(self, about: str, code: int, text: str) -> None:
        """Something is wrong until what it is about is `good` again; `code` is one of firmware/codes.py."""
        log.warning("%s: code %d: %s", about, code, text)
        if self.view:
            self.view.trouble(about, code)

    def good(self, about: str) -> None:
        """What this is about is right."""
        if self.view:
            self.view.good(about)
