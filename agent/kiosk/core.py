"""What all topics of the kiosk share: asking the cabinet, and the questions it puts before it answers.

Whether a witness, a reason, a scan or an answer is needed is the firmware's to say: its code opens the dialog here, and
the same request goes again with what the dialog brought.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from agent.kiosk import lists
from agent.kiosk.visit import BYPASS, NEW_PIN, PROMPT, QUESTIONS, REASON, SCAN, SIGN_ON, WITNESS, Asking, Visit
from agent.panel import Outcome, Panel
from agent.view import View
from firmware import codes
from firmware.wire import messages

Newest = Callable[[int, Sequence[int]], Iterable[bytes]]
Done = Callable[[Outcome], None]
Handler = Callable[[], Awaitable[None] | None]

# what the firmware misses, and the question that brings it
ASKED_BY: dict[int, str] = {
    codes.WITNESS_NEEDED: WITNESS,
    codes.PROMPT_NEEDED: PROMPT,
    codes.SCAN_NEEDED: SCAN,
    codes.REASON_NEEDED: REASON,
    codes.NO_ORDER: REASON,
    codes.CHANGE_PIN: NEW_PIN,
}
ITEM_CODE, POCKET_LABEL = 1, 2


class Core:
    """The screen's visit and the way to the cabinet; `changed` is called when the page has to be drawn anew."""

    def __init__(self, panel: Panel, newest: Newest) -> None:
        self.panel, self.newest = panel, newest
        self.changed: Callable[[], None] = lambda: None
        self.follow: Callable[[], None] = lambda: None
        self.visit = Visit()
        self.busy = False
        self.message, self.good = "", True

    @property
    def view(self) -> View:
        """What there is to show."""
        return self.panel.view

    @property
    def told(self) -> tuple[str, bool]:
        """What came of the last touch, and whether it is good."""
        return self.message, self.good

    def say(self, message: str, good: bool = True) -> None:
        """Tell what came of the last touch."""
        self.message, self.good = message, good
        self.changed()

    def go(self, step: str, purpose: str | None = None) -> None:
        """Show another step."""
        self.visit.step, self.visit.purpose = step, purpose or self.visit.purpose
        self.visit.clear()
        self.say("")

    def may(self, role: int) -> bool:
        """Whether the one signed on has this role; the firmware decides, this only hides what would be refused."""
        return bool(self.visit.roles & role)

    def touched(self, handler: Handler) -> Awaitable[None] | None:
        """What a button does; a second touch before the cabinet has answered does nothing, lest a waste is two.

        The first touch is noted as it comes, not when its work begins: two may come in one go.
        """
        if self.busy:
            return None
        doing = handler()
        if doing is None:
            return None
        self.busy = True
        return self._rest(doing)

    async def _rest(self, doing: Awaitable[None]) -> None:
        try:
            await doing
        finally:
            self.busy = False

    async def ask(self, name: str, args: dict[str, Any]) -> Outcome:
        """One request; a refusal is told in words."""
        self.busy = True
        self.say("")
        try:
            outcome = await self.panel.do(name, args)
        finally:
            self.busy = False
        if outcome.code != codes.NONE:
            self.say(lists.explained(self.view, outcome.code, outcome.params, args.get("item")), False)
        self.follow()
        return outcome

    async def request(self, name: str, args: dict[str, Any], done: Done = lambda _: None) -> None:
        """One request that the firmware may answer with a question; `done` hears when it is carried out."""
        visit = self.visit
        outcome = await self.ask(name, args)
        if self.visit is not visit:
            return
        question = self._question(outcome.code)
        if question:
            self._open(question, Asking(name, args, done, outcome.params, self._back()))
        elif outcome.code == codes.NONE:
            self._close()
            done(outcome)
            self.follow()
        else:
            if outcome.code in (codes.COUNT_AGAIN, codes.COUNT_NEEDED):
                visit.counted, visit.active = "", "counted"
            self._close()

    def _question(self, code: int) -> str | None:
        if code == codes.NO_ORDER and not self.may(messages.ROLE_OVERRIDE):
            return None
        return ASKED_BY.get(code)

    def _back(self) -> str:
        return self.visit.asking.back if self.visit.asking else self.visit.step

    def _open(self, question: str, asking: Asking) -> None:
        visit = self.visit
        visit.asking, visit.step, visit.badge, visit.pin = asking, question, "", ""
        self.say("")

    def _close(self) -> None:
        visit = self.visit
        if visit.asking:
            visit.step, visit.asking = visit.asking.back, None
            visit.badge, visit.pin = visit.own_badge, ""
        self.changed()

    # what a person says to a question

    def give_up(self) -> None:
        """Leave the question; nothing is done."""
        self._close()
        self.say("")

    async def again(self, **more: Any) -> None:
        """The request that waits goes again, with what was missing."""
        asking = self.visit.asking
        if asking:
            asking.args |= more
            await self.request(asking.name, asking.args, asking.done)

    async def witness(self) -> None:
        """Badge and PIN of the second person, who is not remembered (U13)."""
        visit = self.visit
        badge, pin, visit.pin = visit.badge.strip(), visit.pin, ""
        outcome = await self.ask("witness", {"badge": badge, "pin": pin})
        if visit is not self.visit:
            return
        if outcome.code == codes.NONE:
            await self.again()
        else:
            visit.badge = ""

    def ask_witness(self, name: str, args: dict[str, Any], done: Done) -> None:
        """A second person by choice: a count by two."""
        self._open(WITNESS, Asking(name, args, done, [], self.visit.step))

    def ask_bypass(self) -> None:
        """The package or label cannot be scanned: the reason is asked for (F42)."""
        asking = self.visit.asking or Asking("", {}, lambda _: None, [], self.visit.step)
        self._open(BYPASS, asking)

    async def bypass(self, reason: int) -> None:
        """Say why there is no scan; it stands in for the one that is missing."""
        visit, state = self.visit, self.view.state
        asking = visit.asking
        if asking is None:
            return
        label = not asking.name or asking.name == "confirm"
        item = "" if label else str(asking.args.get("item", visit.item.item if visit.item else ""))
        place = str(state["place"] or "") if label else ""
        what = POCKET_LABEL if label else ITEM_CODE
        outcome = await self.ask("bypass", {"what": what, "reason": reason, "item": item, "place": place})
        if visit is not self.visit or outcome.code != codes.NONE:
            return
        if asking.name:
            await self.again()
        else:
            self._close()
            self.say("Noted. Confirm without the scan.")

    @property
    def questioned(self) -> bool:
        """Whether a question is on the screen."""
        return self.visit.step in QUESTIONS

    def leave(self) -> None:
        """Nobody is here: everything of the visit is gone."""
        self.visit = Visit(step=SIGN_ON)
        self.say("")
