"""The kiosk without a page: topics over one visit, following the controller. The page draws `visit.step`.

The controller owns the session: its STATE moves the screen to the drawer and back, also after a reload of the page, and
a STATE of somebody else drops the visit whole: two people's things never meet.
"""

from collections.abc import Awaitable, Callable

from agent import barcodes
from agent.cradle.parcel import Parcel
from agent.kiosk import lists
from agent.kiosk.core import Core, Newest
from agent.kiosk.drawer import Drawer
from agent.kiosk.people import People
from agent.kiosk.removal import TO_BIN, Removal
from agent.kiosk.stock import Stock
from agent.kiosk.visit import (
    CART,
    DRAWER,
    ITEMS,
    NEW_PIN,
    PATIENTS,
    PEOPLE,
    PLACES,
    QUANTITY,
    RESTOCK,
    SCAN,
    SIGN_ON,
    WITNESS,
    Visit,
)
from agent.panel import Panel
from firmware import schema
from firmware.wire import messages

PIN_DIGITS = 16
QUANTITY_DIGITS = 8
_PIN_STEPS = (SIGN_ON, WITNESS, NEW_PIN, PEOPLE)
_AT_DRAWER = ("confirm", "confirm_bin")


class Flow:
    """The screen of `station`; `changed` is called when it has to be drawn anew."""

    def __init__(self, panel: Panel, newest: Newest, station: str) -> None:
        self._station = station
        self.core = Core(panel, newest)
        self.core.follow = self.follow
        self.people, self.removal = People(self.core), Removal(self.core)
        self.stock, self.drawer = Stock(self.core), Drawer(self.core)

    @property
    def visit(self) -> Visit:
        """What belongs to the one at the screen."""
        return self.core.visit

    def on_change(self, changed: Callable[[], None]) -> None:
        """Who draws the page."""
        self.core.changed = changed

    @property
    def signature(self) -> tuple[object, ...]:
        """Changes exactly when the page has to be drawn anew."""
        view, visit = self.core.view, self.visit
        state = view.state
        drawn = (state["phase"], state["user"], state["place"], state["quantity"], state["last"]["txn"])
        more = (state["count_mode"], state["label_needed"], state["witness"], tuple(state["must_count"]))
        told = (tuple(lists.alerts(view)), tuple(lists.par_changes(view, visit.item.item)) if visit.item else ())
        mine = (id(visit), visit.step, visit.purpose, visit.label, len(visit.cart))
        return (mine, drawn, more, told, view.floor.unit)

    def follow(self) -> None:
        """The controller's state changed: go where it is; while the session is a handheld's the screen waits."""
        state, visit = self.core.view.state, self.visit
        phase = messages.IDLE if self.core.view.floor.unit else state["phase"]
        if phase == messages.IDLE:
            if visit.step != SIGN_ON:
                self.core.leave()
        elif state["user"] != visit.user:
            self.core.visit = Visit(step=PATIENTS, user=str(state["user"]))
            self.core.message = ""
        self._follow_drawer(phase)
        self.core.changed()

    def _follow_drawer(self, phase: int) -> None:
        visit = self.visit
        if phase == messages.SIGNED_ON and self._at_drawer():
            visit.asking, visit.step = None, self._after()
            visit.clear()
        elif phase >= messages.RELEASED and visit.step != DRAWER and not self.core.questioned:
            visit.step = DRAWER
            self.drawer.entered()

    def _at_drawer(self) -> bool:
        visit = self.visit
        about = visit.asking.name in _AT_DRAWER or visit.asking.back == DRAWER if visit.asking else False
        return visit.step == DRAWER or about

    def _after(self) -> str:
        purpose = self.visit.purpose
        if purpose in ("remove", "return"):
            return self.removal.after()
        return self.stock.after()

    # keys and scans

    async def enter(self) -> None:
        """The Enter key where nothing has the focus: the main button of the step."""
        step, main = self.visit.step, {SIGN_ON: self.people.sign_on, WITNESS: self.core.witness}
        main |= {NEW_PIN: self.people.new_pin, PEOPLE: self.people.submit, CART: self.removal.open_next}
        main |= {QUANTITY: self.main_quantity, DRAWER: self.main_drawer}
        if step in main and not self.core.busy:
            await main[step]()

    async def main_quantity(self) -> None:
        """The main button where a quantity is entered; a waste has none, its reason is the button."""
        purpose = self.visit.purpose
        if purpose == "remove":
            await self.removal.release()
        elif purpose == "return":
            await self.removal.give_back(TO_BIN)
        elif purpose in ("refill", "load"):
            await self.stock.put_in(self.removal.quantity())

    async def main_drawer(self) -> None:
        """The main button at an open drawer."""
        if self.drawer.is_bin:
            await self.drawer.confirm_bin()
        else:
            await self.drawer.confirm()

    def press(self, key: str) -> None:
        """A key of the number pad: a digit, `.` or `back`.

        Nothing is drawn anew: the key that a fast finger touches next must still be there.
        """
        visit = self.visit
        name = "pin" if visit.step in _PIN_STEPS else visit.active
        if name == "pin" and key == ".":
            return
        if name in ("pin", "digits", "counted"):
            limit = PIN_DIGITS if name == "pin" else QUANTITY_DIGITS
            held = "" if visit.prefilled and name == "digits" else getattr(visit, name)
            visit.prefilled = visit.prefilled and name != "digits"
            setattr(visit, name, _typed(held, key, limit))
        else:
            visit.bin_counts[name] = _typed(visit.bin_counts.get(name, ""), key, QUANTITY_DIGITS)

    def scanned(self, text: str) -> Awaitable[None] | None:
        """What a scanner has read, whatever it is: badge, wristband, package or pocket label.

        A badge is dealt with at once: a key that is touched right after it must find it read.
        """
        text = text.strip()
        visit = self.visit
        visit.unread(text)
        if visit.step in (SIGN_ON, WITNESS):
            visit.badge = text
            self._badge()
        elif visit.step == PEOPLE:
            visit.form["badge" if visit.purpose == "grant" else "patient"] = text
            self.core.say(f"{text} read.")
        else:
            return self._thing(text)
        return None

    async def _thing(self, text: str) -> None:
        """A pocket's label, a wristband, a package with our label or with its maker's; else somebody's badge."""
        if await self._place(text) or self._wristband(text) or await self._labelled(text):
            return
        if not await self._package(text):
            await self._other(text)

    def _badge(self) -> None:
        if self.visit.step == SIGN_ON:
            self.people.badge_read()
        else:
            self.visit.pin = ""
            self.core.say("Badge read. Enter the PIN of the second person.")

    async def _place(self, text: str) -> bool:
        try:
            place = barcodes.place_of(text, self._station)
        except barcodes.OtherStation as error:
            self.core.say(str(error), False)
            return True
        if place is not None:
            await self._at_place(place)
        return place is not None

    async def _at_place(self, place: str) -> None:
        visit = self.visit
        if visit.step == SCAN and visit.asking:
            await self.core.again(label=place)
        elif visit.step == DRAWER:
            visit.label = place
            self.core.say("Label read.")
        elif visit.step == PLACES:
            await self.stock.at(place)
        else:
            self.core.say("This is the label of a pocket. It is needed when the pocket is open.", False)

    def _wristband(self, text: str) -> bool:
        patient = next((row for row in lists.patients(self.core.view) if row.patient == text), None)
        if patient is None or self.core.questioned or self.visit.step == DRAWER:
            return False
        self.removal.choose_patient(patient)
        return True

    async def _labelled(self, text: str) -> bool:
        """The label of a package that the pharmacy has picked (P42)."""
        try:
            parcel = Parcel.read(text)
        except ValueError:
            return False
        if self.visit.step == RESTOCK:
            await self.stock.deliver(parcel)
        else:
            self.core.say("This is the label of a package to put away. Choose Refill first.", False)
        return True

    async def _package(self, text: str) -> bool:
        package = barcodes.package(text)
        directory = self.core.view.directory
        item = barcodes.item_of(package, directory.get("item_codes", {}), directory.get("items", {}))
        if item is None:
            return False
        await self._item(package, item)
        return True

    async def _item(self, package: barcodes.Package, item: str) -> None:
        visit, here = self.visit, lists.item(self.core.view, item)
        wanted = visit.item.item if visit.item else None
        if visit.step == SCAN and visit.asking:
            await self._answer_scan(package, item)
        elif visit.step == QUANTITY and item == wanted:
            self._take(package)
        elif visit.step == QUANTITY:
            name = lists.name_of(self.core.view, item)
            self.core.say(f"This is {name}, not what was chosen. Put it back and scan the right one.", False)
        elif visit.step == RESTOCK and here:
            self.stock.choose_item(here, package)
        elif visit.step == ITEMS and here:
            self.removal.choose_item(here, None, package.code)
        elif here is None:
            self.core.say("This item has no pocket here. Look at another cabinet, or call the pharmacy.", False)
        else:
            self.core.say(f"This is {here.name}. Choose a patient or a task first.")

    def _take(self, package: barcodes.Package) -> None:
        if self.visit.purpose in ("refill", "load"):
            self.stock.take_package(package)
        else:
            self.visit.code = package.code
            self.core.say("Package read.")

    async def _answer_scan(self, package: barcodes.Package, item: str) -> None:
        asking = self.visit.asking
        if asking and asking.args.get("item", self._wanted()) == item:
            await self.core.again(code=package.code)
        else:
            name = lists.name_of(self.core.view, item)
            self.core.say(f"This is {name}, not what was asked for. Scan the right package.", False)

    def _wanted(self) -> str:
        return self.visit.item.item if self.visit.item else ""

    async def _other(self, text: str) -> None:
        """Neither patient, package nor label: a badge, if it can be one."""
        if schema.is_id(text) and not barcodes.package(text).is_gs1:
            await self.people.change_over(text)
        else:
            self.core.say("This code is not known here. Scan it again, or choose from the list.", False)


def _typed(text: str, key: str, limit: int) -> str:
    if key == "back":
        return text[:-1]
    if key == "." and "." in text:
        return text
    return (text + key)[:limit]
