"""The browser that the other tests here rely on runs scripts, takes clicks and goes nowhere by itself."""

import pytest
from playwright.sync_api import Page, expect

PAGE = "<h1>Drawer</h1><button onclick=\"this.textContent = 'open'\">closed</button>"


@pytest.mark.browser
def test_a_click_reaches_the_page(page: Page) -> None:
    page.set_content(PAGE)
    page.get_by_role("button", name="closed").click()
    expect(page.get_by_role("button")).to_have_text("open")
