"""What a person does at the kiosk, touch by touch; each step waits until the kiosk shows the next."""

from playwright.sync_api import Page, expect

from simulator.plan import Person


def still(page: Page) -> None:
    """Wait until nothing on the page moves any more: neither begins to, nor is about to."""
    page.wait_for_function(
        '!document.querySelector(\'[class*="-enter-"], [class*="-leave-"]\')'
        " && document.getAnimations().every(one => one.playState !== 'running')"
    )


class Kiosk:
    """A kiosk page in a browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.see = page.get_by_test_id
        page.goto(url)

    def type(self, digits: str) -> None:
        for digit in digits:
            self.see(f"key-{digit}").click()

    def try_badge(self, badge: str, pin: str) -> None:
        self.see("badge").fill(badge)
        self.type(pin)
        expect(self.see("pin")).to_have_text("●" * len(pin))
        self.see("sign-on").click()

    def sign_on(self, person: Person) -> None:
        self.try_badge(person.badge, person.pin)
        expect(self.see("user")).to_contain_text(person.user)

    def witness(self, person: Person) -> None:
        """The second person at the question for her."""
        self.see("badge").fill(person.badge)
        self.type(person.pin)
        expect(self.see("pin")).to_have_text("●" * len(person.pin))
        self.see("witness").click()

    def choose(self, patient: str, search: str, item: str) -> None:
        self.see(f"patient-{patient}").click()
        self.see("search").fill(search)
        expect(self.page.locator("[data-testid^=item-]")).to_have_count(1)
        self.see(f"item-{item}").click()

    def release(self, quantity: int) -> None:
        """From the quantity to the open drawer (unseen hands pull it)."""
        self.type(str(quantity))
        expect(self.see("quantity")).to_have_text(str(quantity))
        self.see("release").click()
        expect(self.see("drawer-state")).to_contain_text("Open")

    def confirm(self) -> None:
        """Confirm what was asked for; the drawer is closed by unseen hands, then the items are back."""
        self.see("confirm").click()
        expect(self.see("message")).to_contain_text("Recorded")
        expect(self.see("search")).to_be_visible()

    def sign_off(self) -> None:
        self.see("sign-off").click()
        expect(self.see("badge")).to_be_visible()
