"""Beginning and ending maintenance through the cabinet's panel."""

from agent.cabinet.panel import PanelClient, told_service
from agent.settings import Settings
from firmware.requests import service

WHAT = {"end": service.END, "begin": service.BEGIN, "repl": service.HAND_OVER, "tell": service.TELL}
REASONS = {"flash": 1, "selftest": 2, "repair": 3, "other": 4}


def maintain(settings: Settings, what: str, reason: str, badge: str, pin: str) -> str:
    """Do it, signed on as `badge` if one is given; what to tell the person. CabinetError says why not."""
    if what != "tell":
        with PanelClient(settings.panel_socket) as panel:
            if badge:
                panel.ask("sign_on", badge=badge, pin=pin)
            panel.ask("maintenance", what=WHAT[what], reason=REASONS[reason])
    if what == "repl":
        return f"{settings.station} is in maintenance; its REPL is open until it restarts"
    serviced, turned, version = told_service(settings.panel_socket)
    state = "is in maintenance" if serviced else "works"
    return f"{settings.station} {state}, service key {'turned' if turned else 'not turned'}, firmware {version}"
