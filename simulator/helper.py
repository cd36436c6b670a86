"""Unseen hands at a cabinet whose kiosk a real person uses in a browser: nobody else can pull a virtual drawer."""

from typing import Any

from firmware.journal import kinds
from firmware.wire import messages
from simulator.cabinet.cabinet import Cabinet, drawer_of
from simulator.reach import spot_of, take_all
from simulator.station import Station

# what a confirmed access did to a pocket: into it or out of it
DIRECTION = {kinds.REMOVE: -1, kinds.OUTDATE: -1, kinds.RETURN: 1, kinds.REFILL: 1, kinds.LOAD: 1, kinds.RETURN_BIN: 1}


class Helper:
    """Opens what is released, moves what is confirmed, closes what is done with."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._place, self._item, self._txn = "", "", 0

    async def help(self) -> None:
        """One look at cabinet and panel."""
        cabinet = self._station.cabinet
        state = (await self._station.panel.look()).state
        if state["phase"] != messages.IDLE and state["txn"]:
            self._place, self._item, self._txn = state["place"], state["item"], state["txn"]
        self._open_released(cabinet)
        if state["last"]["txn"] == self._txn and self._place:
            self._finish(cabinet, state["last"])

    def _open_released(self, cabinet: Cabinet) -> None:
        for number, drawer in cabinet.drawers.items():
            if drawer.closed and not drawer.latched and cabinet.energised(number):
                cabinet.pull(number)

    def _finish(self, cabinet: Cabinet, last: dict[str, Any]) -> None:
        drawer = cabinet.drawers[drawer_of(self._place)]
        change = DIRECTION.get(last["kind"], 0) * last["quantity"]
        if last["kind"] == kinds.BIN_EMPTIED:
            take_all(cabinet, self._place)
        elif change:
            spot = spot_of(self._place, self._item) if last["kind"] == kinds.RETURN_BIN else self._place
            cabinet.contents[spot] += change
        if not drawer.closed:
            cabinet.push(drawer_of(self._place))
        self._place = ""
