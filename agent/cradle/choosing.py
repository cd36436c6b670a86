"""Somebody has signed on with a unit at the station and nothing is open: which package, which pocket, which dose."""

from collections.abc import Callable

from agent import barcodes
from agent.cradle import contents, prompts
from agent.cradle.drawer import AtDrawer
from agent.cradle.job import Dose, Emptying, drug_of
from agent.cradle.parcel import Parcel
from agent.cradle.steps import AMOUNT, DOSE, DRUG, PACKAGE, PATIENT, PLACE
from agent.cradle.talk import Give, Show, Steps
from agent.kiosk import due, lists
from agent.kiosk.record import MINUTE_MS
from agent.panel import Outcome
from agent.pharmacy import times
from agent.view import View
from firmware import codes
from firmware.cradle import display


class Choosing(AtDrawer):
    """`_roles` are those of who has signed on; `_dose` is what is being chosen for `_patient`."""

    def __init__(self, view: View, station: str, utc_ms: Callable[[], int]) -> None:
        super().__init__(view, station)
        self._utc_ms = utc_ms
        self._roles = 0
        self._at = 0
        self._patient = ""
        self._dose: Dose | None = None
        self._takes |= {
            PACKAGE: self._take_package,
            DRUG: self._take_drug,
            PLACE: self._take_place,
            PATIENT: self._take_patient,
            DOSE: self._take_dose,
            AMOUNT: self._take_amount,
        }

    def _choose(self, key: str) -> Steps:
        """A key while nothing is open."""
        if self.step == PLACE and key in ("UP", "DOWN"):
            self._at += 1 if key == "DOWN" else -1
        elif self.step == PACKAGE and key == prompts.DOSE_KEY and prompts.may(self._roles, key):
            return self._go(PATIENT)
        elif self.step == PACKAGE and prompts.may(self._roles, key):
            return self._ask("inventory", {}, self._empty if key == prompts.EMPTY_KEY else self._contents)
        return self.shown()

    def _home_lines(self) -> prompts.Lines:
        return prompts.home(self._view, self._station, self._roles)

    def _contents(self, outcome: Outcome) -> Steps:
        """Give the unit what is in the pockets, to take along (P29)."""
        if outcome.code != codes.NONE:
            return [self._refused(outcome), *self.shown()]
        data = contents.of(self._station, times.said(self._utc_ms(), None), self._view)
        told = display.result(codes.NONE, "The contents are on this unit. See them in its menu.")
        return [Give(contents.NAME, data), Show(told), *self.shown()]

    # a package

    def _take_package(self, text: str) -> Steps:
        try:
            return self._open(Parcel.read(text))
        except ValueError:
            return self._impossible(codes.LABEL_UNKNOWN)

    def _not_opened(self, outcome: Outcome) -> Steps:
        if outcome.code == codes.SCAN_NEEDED and isinstance(self._job, Parcel):
            return self._go(DRUG)
        return super()._not_opened(outcome)

    def _take_drug(self, text: str) -> Steps:
        """The drug itself is in the package with this label (U9)."""
        parcel, (package, item) = self._job, drug_of(self._view, text)
        assert isinstance(parcel, Parcel), "the drug of a package is asked for"
        if item != parcel.item:
            return self._impossible(codes.LABEL_OTHER_ITEM)
        parcel.code = package.code
        return self._open(parcel)

    def _drug_lines(self) -> prompts.Lines:
        return prompts.label_of(self._view, self._at_hand().item)

    # a pocket to be emptied

    def _empty(self, outcome: Outcome) -> Steps:
        return self._go(PLACE) if outcome.code == codes.NONE else [self._refused(outcome), *self.shown()]

    def _places(self) -> list[lists.Pocket]:
        """What has expired first, then by place; a place that is unloaded already is none."""
        rows = [row for row in lists.pockets(self._view) if row.state != lists.NOT_LOADED]
        return sorted(rows, key=lambda row: (row.state != lists.EXPIRED, row.place))

    def _place_lines(self) -> prompts.Lines:
        rows = self._places()
        if not rows:
            return [("N", "No pocket is loaded.")]
        self._at %= len(rows)
        return prompts.pocket(self._view, rows[self._at], self._at, len(rows))

    def _take_place(self, text: str) -> Steps:
        rows = self._places()
        try:
            wanted = barcodes.place_of(text, self._station) if text else None
        except barcodes.OtherStation:
            return self._impossible(codes.NO_POCKET)
        found = [row for row in rows if row.place == wanted] if text else rows[self._at : self._at + 1]
        if not found:
            return self._impossible(codes.NO_POCKET)
        self._at = rows.index(found[0])
        return self._open(Emptying.of(found[0]))

    # a dose

    def _take_patient(self, text: str) -> Steps:
        self._patient = text
        return self._go(DOSE)

    def _patient_lines(self) -> prompts.Lines:
        return [("N", "Take a dose"), ("N", "Scan or enter the"), ("N", "patient; ENTER alone"), ("N", "for supplies")]

    def _dose_lines(self) -> prompts.Lines:
        return prompts.for_patient(self._view, self._patient)

    def _take_dose(self, text: str) -> Steps:
        package, item = drug_of(self._view, text)
        if item is None:
            return self._impossible(codes.UNKNOWN_ITEM)
        task = due.active_for(self._due(), item)
        order, quantity = (task.order, task.dose) if task else ("", 0)
        self._dose = Dose(item, self._patient, order, quantity, package.code)
        return self._go(AMOUNT)

    def _due(self) -> list[due.Task]:
        orders = self._view.directory.get("orders", {}).values()
        return due.tasks(orders, self._patient, self._utc_ms() // MINUTE_MS, lists.policy(self._view), {})

    def _amount_lines(self) -> prompts.Lines:
        dose = self._chosen_dose()
        return prompts.chosen(self._view, dose)

    def _take_amount(self, text: str) -> Steps:
        dose = self._chosen_dose()
        scale = lists.scale_of(self._view, dose.item)
        quantity = lists.smallest(text, scale) if text else dose.quantity
        if not quantity or quantity < 0:
            return self._impossible(codes.BAD_QUANTITY)
        dose.quantity = quantity
        return self._open(dose)

    def _chosen_dose(self) -> Dose:
        assert self._dose is not None, "a dose is chosen before it is said how many"
        return self._dose


LINES: dict[str, Callable[[Choosing], prompts.Lines]] = {
    DRUG: Choosing._drug_lines,
    PLACE: Choosing._place_lines,
    PATIENT: Choosing._patient_lines,
    DOSE: Choosing._dose_lines,
    AMOUNT: Choosing._amount_lines,
}
