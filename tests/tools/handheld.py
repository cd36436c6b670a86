"""Makes docs/img/handheld.svg, the unit in a terminal while a line of the list is picked: `make screenshots`, or
`python -m tests.tools.handheld`.
"""

import asyncio
import re
from pathlib import Path

from agent.handheld.app import Handheld
from agent.handheld.clock import Age
from agent.handheld.memory import Memory
from agent.handheld.store import now_ms
from agent.handheld.unit import Unit
from tests.agent.handheld_rig import AS_OF, FILES

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "img" / "handheld.svg"
KEYS = ("1", "2", "f1", "1", "1")


def unit() -> Unit:
    """One that is loaded, in anna's hands."""
    one = Unit(Memory(address="Rv"), Age(), lambda: 1, now_ms())
    one.clock.tell(AS_OF, one.now_ms)
    for name, text in FILES.items():
        one._on_file(name, text.encode())
    one.log_on("anna")
    return one


async def picture() -> str:
    """The terminal as SVG, without fonts from elsewhere."""
    app = Handheld(Path("no-port"), None, None, 9600, wedge=False)
    async with app.run_test(size=(46, 27)) as pilot:
        app.shell.unit = unit()
        await pilot.press(*KEYS)
        svg = app.export_screenshot(title="apotheca handheld")
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    # ids that change with every run
    return "".join(f"{line.rstrip()}\n" for line in re.sub(r"terminal-\d+", "terminal", svg).splitlines())


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(asyncio.run(picture()), encoding="utf-8")
    print(f"wrote {PICTURE.name}")


if __name__ == "__main__":
    main()
