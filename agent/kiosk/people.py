"""Who is at the screen: signing on and off, changing over in one badge read, temporary users and patients."""

from agent.kiosk import record
from agent.kiosk.core import Core
from agent.kiosk.visit import EVERY_CLASS, NEW_PIN, PATIENTS, PEOPLE, Asking, Visit
from agent.panel import Outcome
from firmware import codes, schema
from firmware.journal import kinds
from firmware.wire import messages

PIN_MIN = 4
PAGES = 200
NURSE = (
    messages.ROLE_REMOVE | messages.ROLE_RETURN | messages.ROLE_WASTE | messages.ROLE_COUNT | messages.ROLE_OVERRIDE
    | messages.ROLE_WITNESS | messages.ROLE_RECOVER | messages.ROLE_PROVISIONAL
)  # fmt: skip
# what a temporary user may do, never more than the one who grants it
TEMPLATES = {
    "Nurse": NURSE,
    "Charge nurse": NURSE | messages.ROLE_GRANT | messages.ROLE_EMPTY_BIN,
    "Witness only": messages.ROLE_WITNESS,
}
HOURS = (4, 8, 12, 24)


class People:
    """Signing on, off and over; forms for people the centre does not know yet."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def badge_read(self) -> None:
        """A badge at the sign-on: the PIN comes next; digits that somebody left here are gone."""
        self._core.visit.pin = ""
        self._core.say("Badge read. Enter your PIN, then press Sign on.")

    async def sign_on(self) -> None:
        """Badge and PIN to the controller; a badge that was refused is forgotten, lest someone else goes on with it."""
        visit = self._core.visit
        pin, visit.pin = visit.pin, ""
        badge = visit.badge.strip()
        outcome = await self._core.ask("sign_on", {"badge": badge, "pin": pin})
        if outcome.code == codes.NONE:
            self._enter(outcome, badge, pin)
        elif self._core.visit is visit:
            self._core.visit = Visit()
            self._core.changed()

    def _enter(self, outcome: Outcome, badge: str, pin: str) -> None:
        user, roles = str(outcome.params[0]), int(outcome.params[1])
        if self._core.visit.user != user:
            self._core.visit = Visit(step=PATIENTS, user=user)
        visit = self._core.visit
        visit.roles, visit.own_badge = roles, badge
        visit.classes = int(outcome.params[3]) if len(outcome.params) > 3 else EVERY_CLASS
        if outcome.params[2:3] == [1]:
            visit.asking, visit.step = Asking("change_pin", {"old": pin}, lambda _: None, [], PATIENTS), NEW_PIN
        self._core.say("")

    async def sign_off(self) -> None:
        """End the session."""
        await self._core.ask("sign_off", {})

    async def change_over(self, badge: str) -> None:
        """Another badge: the first person's visit is gone, the second one's PIN comes next."""
        if badge == self._core.visit.own_badge:
            return self._core.say("You are signed on.")
        outcome = await self._core.ask("sign_off", {})
        if outcome.code in (codes.NONE, codes.NOT_SIGNED_ON):
            self._core.leave()
            self._core.visit.badge = badge
            self.badge_read()
        return None

    async def new_pin(self) -> None:
        """The PIN of a temporary user's own, entered twice (F17)."""
        visit = self._core.visit
        asking, pin = visit.asking, visit.pin
        visit.pin = ""
        if asking is None:
            return None
        if len(pin) < PIN_MIN:
            return self._core.say(f"Enter at least {PIN_MIN} digits.", False)
        if not asking.first_pin:
            asking.first_pin = pin
            return self._core.say("Enter the new PIN once more.")
        if pin != asking.first_pin:
            asking.first_pin = ""
            return self._core.say("The two were not the same. Enter the new PIN again.", False)
        if asking.name != "change_pin":
            return self._core.say("Sign off, then sign on with your first PIN: you will be asked for a new one.", False)
        return await self._core.again(new=pin)

    # forms

    def form(self, purpose: str) -> None:
        """Show the form of a temporary user (`grant`) or a patient who is not on the list (`add_patient`)."""
        self._core.go(PEOPLE, purpose)
        self._core.visit.form = {"badge": "", "user": "", "patient": "", "template": "Nurse", "hours": HOURS[1]}

    async def submit(self) -> None:
        """Send the form."""
        visit = self._core.visit
        form = visit.form
        wanted = ("badge", "user") if visit.purpose == "grant" else ("patient",)
        wrong = [name for name in wanted if not schema.is_id(str(form.get(name, "")).strip())]
        if wrong:
            return self._core.say(f"Scan or enter the {wrong[0]}: 1 to 16 letters, digits, - or _.", False)
        if visit.purpose == "add_patient":
            args = {"patient": form["patient"].strip(), "hours": form["hours"]}
            return await self._core.request("add_patient", args, self._known)
        if len(visit.pin) < PIN_MIN:
            return self._core.say(f"Enter a first PIN of at least {PIN_MIN} digits; it is changed at once.", False)
        args = {"badge": form["badge"].strip(), "user": form["user"].strip(), "hours": form["hours"], "pin": visit.pin}
        roles = TEMPLATES[form["template"]] & visit.roles
        return await self._core.request("grant", args | {"roles": roles, "classes": visit.classes}, self._known)

    def _known(self, outcome: Outcome) -> None:
        self._core.go(PATIENTS, "remove")
        self._core.say(f"Known here until {clock_time(int(outcome.params[0]))} UTC.")

    # what I did

    def activity(self) -> list[record.Act]:
        """One's own entries still in the outbox, the newest first."""
        return record.activity(self._core.newest(PAGES, ()), self._core.visit.user)

    def discrepancies(self) -> list[record.Act]:
        """Counts that differed at places of one's own accesses (F12)."""
        return record.discrepancies(self._core.newest(PAGES, (kinds.DISCREPANCY,)), self._core.visit.user)


def clock_time(utc_min: int) -> str:
    """A time of day, `14:05`, of minutes since 1970."""
    return f"{utc_min // 60 % 24:02}:{utc_min % 60:02}"
