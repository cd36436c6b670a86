"""What a whole cabinet journals, as the centre has it: lots, bins, what stands, overrides, provisional patients."""

import cbor2
import pytest

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from server_stub.fold import rebuild
from server_stub.ledger import schema as ledger
from server_stub.stock import expiry
from server_stub.stock import schema as stock
from server_stub.verify import queries as verdicts
from server_stub.verify import worklists
from server_stub.watch import queries as watch
from server_stub.watch.recall import recall
from tests.stock.stock_site import HOUR_MS, START_MS, Cabinet

MIN = 29_000_000  # minutes since 1970, in 2025


class Ward(Cabinet):
    """A cabinet whose pockets hold lots, with one return bin."""

    BIN = "D08-P01"

    def __init__(self, bench):
        super().__init__(bench)
        self.in_bin = 0

    def fill(self, place, quantity, lot, expiry_min):
        self.move(kinds.REFILL, place, quantity, (0, lot, expiry_min, None, None))
        self.send()

    def take_out(self, place, quantity, patient="P1", override=0, order=""):
        before = self.held[place]
        self.held[place] -= quantity
        seq = len(self.script.pages) + 1
        ext = (0, None, None, None, None, override, "", None)
        about = {"item": self.items[place], "place": place, "stock": (before, before - quantity), "order": order}
        self.append(kinds.REMOVE, ext, txn=seq, patient=patient, **about)
        self.send()
        return seq

    def say(self, kind, ext, **more):
        seq = self.append(kind, ext, **more)
        self.send()
        return seq

    def to_bin(self, item, quantity, removed_txn, patient="P1"):
        before, self.in_bin = self.in_bin, self.in_bin + quantity
        about = {"item": item, "place": self.BIN, "stock": (before, self.in_bin), "patient": patient}
        return self.say(kinds.RETURN_BIN, (0, removed_txn), txn=len(self.script.pages) + 1, **about)

    def lots(self):
        rows = sorted(self.rows(stock.lots), key=lambda row: (row.place, row.number))
        return {place: [(r.lot, r.expiry_min, r.quantity) for r in rows if r.place == place] for place in self.held}

    def in_pockets(self):
        return {row.place: row.quantity for row in self.rows(ledger.inventory)}

    def hospital(self, *events):
        reply = self.bench.ask("hospital_events", events=list(events), key="")
        assert reply["refused"] == []

    def admit(self, patient):
        about = {"event": "A01", "patient": patient, "name": "Dahl, Kim", "ward": "MICU", "from_ward": ""}
        self.hospital({"type": "adt", "id": f"a-{patient}", "utc_ms": self.now, **about})

    def order(self, number, patient, item, **more):
        times = {"utc_ms": self.now, "start_utc_ms": self.now, "stop_utc_ms": None}
        about = {"event": "new", "order": f"O{number}", "patient": patient, "item": item, "dose": 1}
        self.hospital({"type": "order", "id": f"o-{number}-{self.now}", **about, **times, **more})

    def chart(self, number, patient, item, quantity):
        about = {"order": "", "patient": patient, "item": item, "quantity": quantity, "status": "given"}
        times = {"utc_ms": self.now, "administered_utc_ms": self.now}
        self.hospital({"type": "administration", "id": f"g-{number}", **about, **times})

    def verdict(self, seq):
        with self.bench.engine.connect() as conn:
            return verdicts.verdict_of(conn, "ICU1", 1, seq)


@pytest.fixture
def ward(bench):
    """Whatever a test did is the same when the ledger is folded again."""
    made = Ward(bench)
    yield made
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after


@pytest.mark.req("U18", "P12", "P25")
def test_lots_follow_the_first_expired_first_out_and_a_recall_finds_pockets_and_patients(ward):
    ward.fill("D01-P01", 5, "LATE", MIN + 2000)
    ward.fill("D01-P01", 3, "EARLY", MIN + 1000)
    ward.fill("D01-P02", 4, "EARLY", MIN + 1000)
    first = ward.take_out("D01-P01", 4, "P1")
    second = ward.take_out("D01-P01", 1, "P2")
    assert ward.lots()["D01-P01"] == [("LATE", MIN + 2000, 3)]
    found = recall(ward.bench.engine, "EARLY")
    assert [(row.place, row.quantity) for row in found.pockets] == [("D01-P02", 4)]
    assert [(row.seq, row.patient, row.quantity) for row in found.removals] == [(first, "P1", 3)]
    assert {row.seq for row in recall(ward.bench.engine, "LATE").removals} == {first, second}
    ward.to_bin("ACET", 1, first)
    assert [row.place for row in recall(ward.bench.engine, "EARLY").bins] == [Ward.BIN], "a bin may hold some"


@pytest.mark.req("P23", "F26")
def test_what_expires_is_found_with_station_drawer_and_pocket_until_it_is_taken_out(ward):
    ward.fill("D01-P01", 5, "OLD", MIN)
    ward.fill("D01-P02", 5, "NEW", MIN + 90 * 1440)
    rows = expiry.expiring(ward.bench.engine, MIN + 1)
    assert [tuple(row) for row in rows] == [("ICU1", "D01-P01", "ACET", "OLD", MIN, 5)]
    ward.move(kinds.OUTDATE, "D01-P01", -5, (0, "OLD", MIN))
    ward.send()
    assert expiry.expiring(ward.bench.engine, MIN + 1) == []
    assert ward.in_pockets()["D01-P01"] == 0
    assert [(row.removed, row.wasted) for row in ward.rows(ledger.usage) if row.removed or row.wasted] == []


@pytest.mark.req("F10", "F11", "U15")
def test_a_bin_is_no_pocket_and_what_goes_into_it_is_accounted_for(ward):
    ward.admit("P1")
    ward.order(1, "P1", "ACET")
    ward.fill("D01-P01", 5, None, None)
    seq = ward.take_out("D01-P01", 2)
    ward.to_bin("ACET", 2, seq)
    (row,) = expiry.bins(ward.bench.engine)
    assert (row.place, row.item, row.quantity) == (Ward.BIN, "ACET", 2)
    assert Ward.BIN not in ward.in_pockets()
    verdict = ward.verdict(seq)
    assert (verdict.verdict, verdict.back) == ("returned", 2)
    assert sum(row.returned for row in ward.rows(ledger.usage)) == 0, "only what went back into stock"
    about = {"item": "ACET", "place": Ward.BIN, "txn": 90}
    ward.say(kinds.DISCREPANCY, ("u2", 4), stock=(2, 1), **about)
    ward.say(kinds.BIN_EMPTIED, (0,), stock=(1, 0), **about)
    assert expiry.bins(ward.bench.engine) == []
    assert Ward.BIN not in ward.in_pockets()
    assert Ward.BIN not in {row.place for row in ward.rows(stock.lots)} | {
        r.place for r in ward.rows(stock.closing_stock)
    }


@pytest.mark.req("F12", "U12")
def test_a_discrepancy_at_an_access_opens_one_that_names_both_people(ward):
    ward.fill("D01-P01", 5, "A", MIN)
    about = {"item": "ACET", "place": "D01-P01"}
    seq = ward.say(kinds.DISCREPANCY, ("anna", 7), txn=3, stock=(5, 4), **about)
    ward.held["D01-P01"] = 4
    ward.take_out("D01-P01", 1)
    (row,) = watch.discrepancies(ward.bench.engine, resolved=False)
    assert (row.seq, row.change, row.counted_by, row.previous, row.previous_seq) == (seq, -1, "u1", "anna", 7)
    assert ward.lots()["D01-P01"] == [("A", MIN, 3)]
    ward.held["D01-P01"] = 4
    seq = ward.say(kinds.COUNT, (3, "u1", 9), stock=(3, 4), txn=8, **about)
    both = watch.discrepancies(ward.bench.engine, resolved=True)
    assert {(row.seq, row.previous) for row in both} >= {(seq, "u1")}
    assert watch.discrepancies(ward.bench.engine, resolved=False) == [], "the opposite count resolves it"


@pytest.mark.req("F22")
def test_loading_and_unloading_moves_stock_and_puts_a_place_out_of_use(ward):
    ward.move(kinds.LOAD, "D01-P01", 6, (0, "A", MIN, None))
    ward.say(kinds.INTERRUPTED, (1,), item="ACET", place="D01-P01", txn=1)
    assert [(row.quantity, row.must_count) for row in ward.rows(ledger.inventory)] == [(6, 1)]
    ward.move(kinds.UNLOAD, "D01-P01", -6, (0,))
    ward.send()
    assert [(row.quantity, row.must_count) for row in ward.rows(ledger.inventory)] == [(0, 0)]
    assert [(row.what, row.place) for row in watch.conditions(ward.bench.engine)] == [("unloaded", "D01-P01")]
    ward.move(kinds.LOAD, "D01-P01", 2, (0, None, None, None))
    ward.send()
    assert watch.conditions(ward.bench.engine) == []
    assert ward.lots()["D01-P01"] == [("", 0, 2)]


@pytest.mark.req("F30", "F31", "U28", "U30")
def test_what_stands_at_a_cabinet_stands_until_it_is_over(ward):
    steps = [
        (kinds.FAILED, "D01-P02", (2,), ("failed", "D01-P02", 2)),
        (kinds.TEMPERATURE, "D05", (1, 950, 800), ("temperature", "D05", 950)),
        (kinds.QUARANTINE, "D05", (1, 11), ("quarantine", "D05", 11)),
        (kinds.POWER, None, (0, 80), ("power", "", 80)),
        (kinds.POWER, None, (2, 9), ("battery", "", 9)),
        (kinds.CLOCK, None, (-3_600_000,), ("clock", "", -3_600_000)),
    ]
    for kind, place, ext, row in steps:
        ward.say(kind, ext, place=place)
        assert row in [(c.what, c.place, c.value) for c in watch.conditions(ward.bench.engine, "ICU1")]
    over = [(kinds.RECOVERED, "D01-P02", (0,)), (kinds.TEMPERATURE, "D05", (0, 500, 800))]
    for kind, place, ext in (*over, (kinds.QUARANTINE, "D05", (0, 0)), (kinds.POWER, None, (1, 80))):
        ward.say(kind, ext, place=place)
    assert [row.what for row in watch.conditions(ward.bench.engine)] == ["clock"]


@pytest.mark.req("F17", "F42", "U8", "U9")
def test_people_let_in_prompts_answered_and_scans_passed_by(ward):
    ward.say(kinds.TEMP_USER, ("B9", "agency1", 7, 1, MIN, bytes(32)), actor="charge")
    ward.say(kinds.ATTESTATION, (7, 2), item="MORP")
    for _ in range(2):
        ward.say(kinds.BYPASS, (1, 3), item="MORP")
    (user,) = watch.temporary_users(ward.bench.engine)
    assert (user.user, user.roles, user.until_min, user.granted_by) == ("agency1", 7, MIN, "charge")
    (answer,) = watch.attestations(ward.bench.engine)
    assert (answer.user, answer.item, answer.prompt, answer.answer) == ("u1", "MORP", 7, 2)
    ward.say(kinds.BYPASS, (1, 3), item="MORP")
    (bypass,) = watch.bypasses(ward.bench.engine)
    assert (bypass.user, bypass.what, bypass.reason, bypass.times) == ("u1", 1, 3, 3)


@pytest.mark.req("F5", "U6")
def test_an_override_is_authority_until_an_order_that_comes_later_covers_it(ward):
    ward.admit("P1")
    ward.fill("D01-P01", 9, None, None)
    seq = ward.take_out("D01-P01", 1, override=2)
    plain = ward.take_out("D01-P01", 1)
    assert ward.verdict(seq).authority == codes.NONE
    assert ward.verdict(plain).authority == codes.NO_ACTIVE_ORDER
    (row,) = worklists.overrides(ward.bench.engine, matched=False)
    assert (row.seq, row.reason, row.matched_order) == (seq, 2, "")
    ward.to(START_MS + HOUR_MS)
    ward.order(7, "P1", "ACET", verified=False)
    assert len(worklists.overrides(ward.bench.engine, matched=False)) == 1, "unverified counts as no order"
    said_ms = START_MS + 2 * HOUR_MS
    ward.to(said_ms)
    ward.order(7, "P1", "ACET", event="change")
    assert worklists.overrides(ward.bench.engine, matched=False) == []
    (row,) = worklists.overrides(ward.bench.engine, matched=True)
    assert (row.matched_order, row.matched_ms) == ("O7", said_ms)
    verdict = ward.verdict(seq)
    assert (verdict.override, verdict.matched_order) == (2, "O7")


@pytest.mark.req("F5")
def test_an_override_covers_no_missing_admission_and_a_later_days_order_does_not_match(ward):
    ward.fill("D01-P01", 9, None, None)
    seq = ward.take_out("D01-P01", 1, patient="P9", override=1)
    assert ward.verdict(seq).authority == codes.NOT_ADMITTED
    ward.to(START_MS + 25 * HOUR_MS)
    ward.order(8, "P9", "ACET")
    assert len(worklists.overrides(ward.bench.engine, matched=False)) == 1


@pytest.mark.req("U14", "U15")
def test_the_rest_of_a_dose_is_open_until_it_is_wasted_exactly(ward):
    ward.admit("P1")
    ward.order(1, "P1", "MORP", dose=400)
    ward.fill("D02-P01", 6000, None, None)
    seq = ward.take_out("D02-P01", 1000, order="O1")
    (row,) = worklists.open_wastes(ward.bench.engine)
    assert (row.seq, row.open) == (seq, 600), "removed beyond the dose"
    ward.chart(1, "P1", "MORP", 400)
    assert [row.open for row in worklists.open_wastes(ward.bench.engine)] == [600]
    ward.say(kinds.WASTE, (1, seq, 500), item="MORP", txn=99, patient="P1")
    assert [row.open for row in worklists.open_wastes(ward.bench.engine)] == [100]
    (sums,) = worklists.conservation(ward.bench.engine)
    assert (sums.removed, sums.given, sums.back, sums.missing) == (1000, 400, 500, 100)
    ward.say(kinds.WASTE, (1, seq, 100), item="MORP", txn=101, patient="P1")
    assert worklists.open_wastes(ward.bench.engine) == worklists.conservation(ward.bench.engine) == []


@pytest.mark.req("F16", "U17")
def test_a_provisional_patients_removals_become_the_patients(ward):
    ward.say(kinds.PROVISIONAL_PATIENT, (MIN,), patient="TEMP1")
    ward.fill("D01-P01", 9, None, None)
    early = ward.take_out("D01-P01", 1, patient="TEMP1")
    assert ward.verdict(early).authority == codes.NO_ORDER_NOT_ADMITTED
    wanted = {"station": "ICU1", "patient": "TEMP1", "into": "P1", "person": "rph1"}
    unknown = ward.bench.ask("merge_provisional", **wanted)
    assert (unknown["code"], "P1" in unknown["message"]) == (codes.BAD_CABINET_ORDER, True)
    ward.admit("P1")
    ward.order(1, "P1", "ACET", start_utc_ms=START_MS, utc_ms=START_MS)
    ward.commands()
    reply = ward.bench.ask("merge_provisional", **wanted)
    assert reply["number"] > 0
    assert [body for *_, body, _ in ward.commands()] == [["TEMP1"]]
    late = ward.take_out("D01-P01", 1, patient="TEMP1")
    for seq in (early, late):
        verdict = ward.verdict(seq)
        assert (verdict.patient, verdict.user) == ("P1", "u1")
    assert ward.verdict(early).authority in (codes.NONE, codes.NOT_ADMITTED)
    (row,) = worklists.provisional(ward.bench.engine)
    assert (row.patient, row.into) == ("TEMP1", "P1")
    assert ward.bench.ask("merge_provisional", **wanted)["code"] == codes.BAD_CABINET_ORDER
    ward.say(kinds.PROVISIONAL_ENDED, (2,), patient="TEMP1")
    ward.say(kinds.PROVISIONAL_PATIENT, (MIN + 9,), patient="TEMP1")
    other = ward.take_out("D01-P01", 1, patient="TEMP1")
    assert ward.verdict(other).patient == "TEMP1", "the wristband is another person's now"


@pytest.mark.req("F4")
def test_a_critical_override_is_boxed_in_time_and_names_who_ordered_it(ward):
    ward.commands()
    wanted = {"station": "ICU1", "person": "rph1", "reason": "mass casualty"}
    for hours in (0, 13):
        assert ward.bench.ask("critical_override", hours=hours, **wanted)["code"] == codes.MALFORMED_EVENT
    assert (
        ward.bench.ask("critical_override", hours=1, **{**wanted, "station": "NONE"})["code"] == codes.BAD_CABINET_ORDER
    )
    reply = ward.bench.ask("critical_override", hours=2, **wanted)
    until_ms = START_MS + 2 * HOUR_MS
    assert reply["until_utc_ms"] == until_ms
    ((number, _, body, payload),) = ward.commands()
    assert body == [until_ms]
    assert cbor2.loads(payload)[5] == messages.COMMAND_CRITICAL_OVERRIDE
    (row,) = (row for row in ward.rows(stock.commands) if row.number == number)
    assert (row.person, row.reason, row.state) == ("rph1", "mass casualty", "sent")
    ward.say(kinds.COMMAND, (number, messages.COMMAND_CRITICAL_OVERRIDE, 0, body), actor="")
    assert [(c.what, c.value) for c in watch.conditions(ward.bench.engine)] == [("critical", until_ms)]
    assert {row.state for row in ward.rows(stock.commands) if row.number == number} == {"applied"}


@pytest.mark.req("U28", "F30")
def test_only_a_drawer_in_quarantine_is_released_and_what_was_passed_by_is_ordered_again(ward):
    ward.commands()
    wanted = {"station": "ICU1", "drawer": 5, "person": "rph1", "reason": "stability data seen"}
    assert ward.bench.ask("release_quarantine", **wanted)["code"] == codes.BAD_CABINET_ORDER
    ward.say(kinds.QUARANTINE, (1, 11), place="D05")
    first = ward.bench.ask("release_quarantine", **wanted)["number"]
    later = ward.bench.ask("critical_override", station="ICU1", hours=1, person="rph1", reason="x")["number"]
    ward.commands()
    ward.say(kinds.COMMAND, (later, messages.COMMAND_CRITICAL_OVERRIDE, 0, [1]), actor="")
    for _ in range(3):
        ward.bench.sent += ward.bench.centre.tick()
    (again,) = {number for number, _, body, _ in ward.commands() if body == [5]}
    assert again > later > first
    assert {row.person for row in ward.rows(stock.commands) if row.number == again} == {"rph1"}
