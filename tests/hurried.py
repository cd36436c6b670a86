"""Stories in a loop whose clock runs faster."""

import asyncio

from simulator.hurry import HurriedLoop


def hurrying(speed):
    """Runs a story, which sees `speed` seconds in each real one that it waits; gives what it gives."""

    def hurried(story):
        with asyncio.Runner(loop_factory=lambda: HurriedLoop(speed)) as runner:
            return runner.run(story)

    return hurried
