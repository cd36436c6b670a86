"""Numbers of roles in the documents: who follows them gives the right to do what they say."""

from pathlib import Path

import pytest

from firmware.wire import messages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "words", "role"),
    [
        ("picking.md", "`may_pick` role {} (refill)", messages.ROLE_REFILL),
        ("picking.md", "`may_check` role {};", messages.ROLE_CHECK),
        ("operations.md", "Who maintains needs the role {} in", messages.ROLE_MAINTAIN),
    ],
)
def test_the_page_names_the_role_that_the_software_asks_for(page, words, role):
    assert words.format(role) in (DOCS / page).read_text(encoding="utf-8")
