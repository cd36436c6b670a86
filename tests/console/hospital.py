"""A hospital with everything a console can show: the centre's core fed by scripted cabinets, intake, `web`."""

import asyncio
import queue
import socket
import sys
import threading
from contextlib import contextmanager

from firmware.journal import kinds
from server_stub.console.accounts import Accounts
from server_stub.ingest_main import transport_ms
from server_stub.integration import intake
from server_stub.site.config import database_url, read
from server_stub.site.enrol import add_stations
from server_stub.site.make import make_site
from tests.centre.conftest import Bench
from tests.centre.processes import free_port, running, until
from tests.stock.stock_site import DAY_MS, HOUR_MS, START_MS, Cabinet
from tests.supply.packages import Pharmacy

NAMES = [["ACET", "Acetaminophen 500 mg tablet", ""], ["MORP", "Morphine 4 mg/1 mL syringe", ""]]
DAYS = 20
_USE = (6, 4, 7, 5, 8, 3, 2)


def adt(event, number, utc_ms, patient):
    return {
        "type": "adt", "id": f"{event}-{patient}-{number}", "utc_ms": utc_ms, "event": event, "patient": patient,
        "name": "Dahl, Kim", "ward": "MICU", "from_ward": "",
    }  # fmt: skip


def order(utc_ms, patient, item):
    return {
        "type": "order", "id": f"o-{patient}-{item}", "utc_ms": utc_ms, "event": "new", "order": f"O{patient}{item}",
        "patient": patient, "item": item, "dose": 1, "start_utc_ms": utc_ms, "stop_utc_ms": None,
    }  # fmt: skip


def given(name, utc_ms, patient, item, quantity):
    return {
        "type": "administration", "id": name, "utc_ms": utc_ms, "patient": patient, "order": "", "item": item,
        "quantity": quantity, "administered_utc_ms": utc_ms, "status": "given",
    }  # fmt: skip


class Hospital:
    """`home` with weeks of use, verdicts of every kind, discrepancies and levels; `ask` is safe from any thread."""

    def __init__(self, home):
        make_site(home, "demo", web_port=free_port())
        add_stations(home, {"ICU1": ("MICU",), "ED1": ("ED",)})
        add_stations(home, {"PHARM": ("PHARMACY",)}, board="pharmacy")
        self.home = home
        self.bench = Bench(home, database_url(home, read(home)), transport_ms=transport_ms())
        self._lock = threading.Lock()
        self.cabinet = Cabinet(self.bench)
        self.bench.ask("reference", station="ICU1", table="item_names", rows=NAMES)
        self._fill()

    def ask(self, request):
        with self._lock:
            return self.bench.ask(request["do"], **request["args"])

    def _fill(self):
        cabinet, start = self.cabinet, START_MS
        for patient in ("P1", "P2"):
            self._events(adt("A01", 0, start, patient), order(start, patient, "ACET"))
        for day in range(DAYS):
            cabinet.day(day, 8)
            for place in ("D01-P01", "D01-P02"):
                cabinet.refill(place, 10 - cabinet.held[place])
            cabinet.refill("D02-P01", 6000 - cabinet.held["D02-P01"])
            self._doses(day, _USE[day % len(_USE)])
            cabinet.take()
        self._odd_ones(start + DAYS * DAY_MS)
        self._packages()
        self.bench.up("ICU1", "heartbeat", cabinet.script.heartbeat())

    def _doses(self, day, count):
        for number in range(count):
            self.cabinet.day(day, 9 + number)
            self._removal("P1", "D01-P01" if number % 2 else "D01-P02", f"g{day}-{number}", 10)

    def _removal(self, patient, place, charted=None, minutes=0, quantity=1, *, order="", override=0, given_of_it=None):
        """A removal at this moment, charted so many minutes later (all of it, if nothing else is said)."""
        before = self.cabinet.held[place]
        self.cabinet.held[place] -= quantity
        where = {"item": self.cabinet.items[place], "place": place, "stock": (before, before - quantity)}
        seq = len(self.cabinet.script.pages) + 1
        ext = (0, None, None, None, None, override, "", None)
        self.cabinet.append(20, ext, patient=patient, order=order, txn=seq, **where)
        self.cabinet.send()
        if charted:
            self._events(
                given(charted, self.cabinet.now + minutes * 60_000, patient, where["item"], given_of_it or quantity)
            )

    def _odd_ones(self, at):
        cabinet = self.cabinet
        cabinet.to(at + 8 * HOUR_MS)
        self._removal("P1", "D01-P01", "late", 95)
        self._removal("P1", "D01-P02")
        cabinet.to(at + 10 * HOUR_MS)
        self._events(given("late2", cabinet.now, "P1", "ACET", 1))
        self._removal("P1", "D02-P01", quantity=1000)
        self._removal("P9", "D01-P02", quantity=1)
        cabinet.count("D01-P01", cabinet.held["D01-P01"] - 1)
        cabinet.count("D02-P01", cabinet.held["D02-P01"] + 500)
        self._removal("P2", "D01-P02", quantity=cabinet.held["D01-P02"] - 1)
        cabinet.to(at + 12 * HOUR_MS)
        self._removal("P1", "D01-P01")
        cabinet.take()
        self._whole_cabinet(at // 60_000)

    def _whole_cabinet(self, now_min):
        """One of each thing that a whole cabinet tells of."""
        cabinet = self.cabinet
        cabinet.move(kinds.REFILL, "D01-P01", 6, (0, "L0426", now_min + 20 * 1440, None, None))
        cabinet.move(kinds.REFILL, "D01-P02", 6, (0, "L0114", now_min - 1440, None, None))
        cabinet.send()
        self._removal("P1", "D01-P01", "part", order="OP1ACET", quantity=2, given_of_it=1)
        self._removal("P1", "D02-P01", quantity=500, override=1)
        bin_ = {"item": "ACET", "place": "D08-P01", "stock": (0, 2)}
        cabinet.append(kinds.RETURN_BIN, (0, 0), txn=len(cabinet.script.pages) + 1, **bin_)
        cabinet.append(kinds.TEMPERATURE, (1, 1130, 800), place="D05")
        cabinet.append(kinds.QUARANTINE, (1, 1), place="D05")
        cabinet.append(kinds.FAILED, (2,), place="D03-P04")
        cabinet.append(kinds.TEMP_USER, ("B9", "agency1", 7, 1, now_min + 1440, bytes(32)), actor="charge")
        cabinet.append(kinds.BYPASS, (1, 1), item="ACET")
        cabinet.append(kinds.PROVISIONAL_PATIENT, (now_min + 1440,), patient="TEMP7")
        cabinet.send()

    def _packages(self):
        """One for each report of picking."""
        pharmacy = Pharmacy(self.bench, self.cabinet)
        pharmacy.picked("AA01")
        pharmacy.picked("AA02")
        pharmacy.checked("AA02")
        unchecked = pharmacy.picked("AA03", 1)
        pharmacy.delivered("AA03", unchecked, quantity=1)
        for label, result, new in (("AA04", 1, "BB01"), ("AA05", 6, "")):
            pharmacy.picked(label)
            pharmacy.checked(label, result, quantity=5, new=new)
        pharmacy.checked("ZZ01", by="PT001")

    def _events(self, *events):
        reply = self.bench.ask("hospital_events", events=list(events), key="")
        assert reply["refused"] == []

    def removes_without_order(self):
        """A removal that nobody ordered, at this moment."""
        with self._lock:
            self._removal("P2", "D02-P01", quantity=250)

    def accounts(self):
        """The accounts, as another process changes them."""
        return Accounts(self.home.accounts)

    @staticmethod
    def until(true):
        """Wait for what another process does."""
        until(true, "the centre's log")

    @contextmanager
    def console(self):
        """The address of a running `web`."""
        port = read(self.home).web.port
        web = [sys.executable, "-m", "server_stub.web_main", str(self.home.root)]
        with taking_requests(self.home, self.ask), running(web, self.home.run / "web.log"):
            until(lambda: _listening(port), "the console")
            yield f"https://localhost:{port}/"


@contextmanager
def taking_requests(home, ask):
    """The intake socket of `home`, served from a thread of its own; `ask` gives the reply of a request."""
    stop = asyncio.Event()
    ready = queue.Queue()

    async def handle(request):
        return await asyncio.to_thread(ask, request)

    async def serve():
        async with await intake.serve(home.intake, handle):
            ready.put(asyncio.get_running_loop())
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop = ready.get(timeout=30)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _listening(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
