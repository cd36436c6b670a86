# How a host asks: a question, its answer, and what is done about silence and damage. Exchanges are generators: `yield
# FRAME` gives the next frame, or None when the time for it is over, `yield ANSWER` what the application says.
from firmware.compat import const
from firmware.cradle import frames

FRAME = const(1)
ANSWER = const(2)

# why there is no answer
SILENT = "silent"
DAMAGED = "damaged"


# A question and its answer; None, with the reason in host.why. After silence or damage `again` makes the next question,
# a block with a wrong check is asked for with NAK (P95). impatient: one silence is enough.
def ask(host, question, again, wanted, impatient=False):
    late = False
    for _ in range(host.tries):
        host.send(question)
        frame = yield from _wanted(wanted)
        if frame is not None and frames.sound(frame):
            if late:
                # the first question may have an answer too, which is not one to the next
                yield from settle(host)
            return frame
        host.why = SILENT if frame is None else DAMAGED
        if frame is None and impatient:
            break
        late = late or frame is None
        question = frames.nak() if frame is not None and frame.kind == "data" else again()
    return None


def _wanted(wanted):
    while True:
        frame = yield FRAME
        if frame is None or not frames.sound(frame) or wanted(frame):
            return frame


def settle(host):
    host.pause()
    while (yield FRAME) is not None:
        pass


# Tells the application, and waits for what it says.
def put(host, event):
    host.events.append(event)
    return (yield ANSWER)
