"""What a packet holds: the same files from the same ledger, nothing of another period, no secret."""

import json
import re
import zlib
from pathlib import Path

import cbor2
import pytest
from sqlalchemy import create_engine, text

import verify_apotheca
from firmware.journal import kinds
from server_stub.proof import rows
from server_stub.proof.packet import PacketRefused, make_packet
from server_stub.proof.period import BadPeriod, Period, between
from server_stub.proof.signatory import NoSigner, signatory
from server_stub.site import config
from server_stub.site.home import Home, write_private
from tests.proof.conftest import DAY, MADE_MS, NIGHT_MS

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "packet-dataset.schema.json"


def dataset(folder):
    return [json.loads(line) for line in (folder / "dataset.ndjson").read_text().splitlines()]


def pdf_text(pdf):
    """The strings shown on the pages, one a line."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    pages = b"\n".join(zlib.decompress(s) for s in streams if s[:1] == b"x")
    strings = re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", pages)
    return "\n".join(re.sub(r"\\(.)", r"\1", s.decode("latin-1")) for s in strings)


@pytest.fixture
def report(packet):
    return pdf_text((packet / "report.pdf").read_bytes())


@pytest.mark.req("A14", "A16.b", "A13")
def test_the_dataset_has_every_entry_of_the_period_and_no_other(site, packet):
    for script in site.scripts:
        due = [e[4] for e in script.entries if DAY.holds(e[5])]
        assert [r["seq"] for r in dataset(packet) if r["station"] == script.station] == due
        assert 0 < len(due) < len(script.entries) - 2
    centre = [r for r in dataset(packet) if r["station"] == "centre"]
    assert [r["name"] for r in centre if r["patient"]] == ["hospital_adt"]


def test_a_moment_is_in_one_period_only():
    first, second = between("2023-11-14", "2023-11-15"), between("2023-11-15T00:00:00", "2023-11-16")
    assert first.to_utc_ms == second.from_utc_ms == NIGHT_MS
    assert not first.holds(NIGHT_MS) and second.holds(NIGHT_MS) and not second.holds(second.to_utc_ms)
    assert between("2023-11-15T01:00:00+01:00", "2023-11-16").from_utc_ms == NIGHT_MS
    for start, end in (("2023-11-15", "2023-11-15"), ("yesterday", "2023-11-15"), ("1969-01-01", "2023-01-01")):
        with pytest.raises(BadPeriod):
            between(start, end)


@pytest.mark.req("A14", "A13")
def test_the_report_itemises_controlled_substances_by_schedule(report):
    second = report[report.index("Schedule II (") : report.index("Schedule III (")]
    # of each station: removed, wasted, returned, counted
    assert "Schedule II (8 transactions)" in second
    for what, quantity in (("dispensed", "-1"), ("wasted", "0.25"), ("returned", "0.5"), ("counted", "-0.5")):
        assert len(re.findall(rf"ICU1 +\d+ +{what} +\S* +MORP4I +{quantity} ", second)) == 1, what
    assert "ACET500" not in second
    assert "Schedule IV (0 transactions)" in report
    # an item that no table knows is not taken for a harmless one
    unknown = report[report.index("Unknown (2 transactions)") :]
    assert "GONE" in unknown


@pytest.mark.req("A14")
def test_the_totals_of_a_station_are_those_of_the_period(report):
    totals = report[report.index("Totals by station") :]
    row = next(line for line in totals.splitlines() if re.match(r"ICU1 +MORP4I", line))
    # received the evening before; the removal of the day after is not in the 8 on hand
    assert row.split()[-8:] == ["0", "1", "0.5", "0.25", "-0.5", "0", "0", "8"]
    assert "alarm: drawer forced, drawer 2" in report


@pytest.mark.req("A14", "A15")
def test_made_again_later_everything_but_time_and_signatures_is_the_same(site, pharmacist, packet, tmp_path):
    again = make_packet(site.home, DAY, pharmacist, tmp_path / "again", MADE_MS + 5000).path
    names = sorted(p.relative_to(packet) for p in packet.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    differing = {str(n) for n in names if (packet / n).read_bytes() != (again / n).read_bytes()}
    assert differing == {"manifest.json", "manifest.sig", "report.pdf"}
    first, second = (json.loads((p / "manifest.json").read_text()) for p in (packet, again))
    for manifest in (first, second):
        del manifest["made_utc_ms"], manifest["files"]["report.pdf"]
    assert json.dumps(first) == json.dumps(second)
    before, after = ((p / "report.pdf").read_bytes() for p in (packet, again))
    end = before.index(b"%%EOF")
    assert before[:end] == after[:end], "the pages say when they were made"


@pytest.mark.req("A15")
def test_who_signs_has_a_certificate_for_signing_and_a_private_key_file(site, pharmacist):
    assert pharmacist.key_file.stat().st_mode & 0o777 == 0o600
    assert b"BEGIN PRIVATE KEY" in pharmacist.key_file.read_bytes()
    with pytest.raises(NoSigner, match=r"nobody\.key"):
        signatory(site.home, "nobody")


def test_without_disclosures_no_patient_is_named_and_all_verifies(site, pharmacist, packet, tmp_path):
    keep = site.home.config.read_bytes()
    told = config.read(site.home)
    try:
        config.write(site.home, told.model_copy(update={"packets": config.Packets(disclosures=False)}))
        bare = make_packet(site.home, DAY, pharmacist, tmp_path / "bare", MADE_MS).path
    finally:
        write_private(site.home.config, keep)
    assert {r["patient"] for r in dataset(packet)} == {"", "P1"}
    assert {r["patient"] for r in dataset(bare)} == {""}
    chain = [json.loads(line) for line in (bare / "chains" / "ICU1-1.ndjson").read_text().splitlines()]
    assert all(cbor2.loads(bytes.fromhex(row["page"]))[1] is None for row in chain)
    assert verify_apotheca.check(bare).good


def test_a_period_without_entries_makes_a_packet_that_says_so(site, pharmacist, tmp_path):
    made = make_packet(site.home, Period(0, 1000), pharmacist, tmp_path / "empty", MADE_MS)
    assert made.entries == 0
    assert verify_apotheca.check(made.path).good


def test_a_folder_that_is_there_is_not_touched(site, pharmacist, tmp_path):
    with pytest.raises(PacketRefused, match="is there already"):
        make_packet(site.home, DAY, pharmacist, tmp_path, MADE_MS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.req("A12.b")
def test_of_a_broken_ledger_no_packet_is_made(site, pharmacist, tmp_path):
    home = Home(tmp_path / "home")
    home.root.mkdir()
    for name in ("keys", "site.toml"):
        (home.root / name).symlink_to(site.home.root / name)
    site.core.engine.connect().exec_driver_sql(f"VACUUM INTO '{home.root / 'centre.db'}'")
    engine = create_engine(f"sqlite:///{home.root / 'centre.db'}")
    with engine.begin() as conn:
        conn.execute(text("DELETE FROM entries WHERE station = 'ED1' AND seq = 9"))
    engine.dispose()
    with pytest.raises(PacketRefused, match="ED1-1 is broken"):
        make_packet(home, DAY, pharmacist, tmp_path / "p", MADE_MS)
    assert {p.name for p in tmp_path.iterdir()} == {"home"}


def test_a_packet_holds_no_secret(site, packet):
    everything = b"".join(p.read_bytes() for p in packet.rglob("*") if p.is_file())
    assert b"PRIVATE" not in everything
    for secret in (site.home.mac_key("ICU1"), site.home.keys / "centre-log.key", site.home.keys / "supplier-token.key"):
        assert secret.read_bytes() not in everything and secret.read_bytes().hex().encode() not in everything


JSON_TYPES = {"string": str, "integer": int, "object": dict, "null": type(None)}


@pytest.mark.req("A16.b")
def test_every_row_is_as_the_published_schema_has_it(packet):
    schema = json.loads(SCHEMA.read_text())
    for row in dataset(packet):
        assert set(row) == set(schema["required"]) == set(schema["properties"])
        for name, value in row.items():
            allowed = schema["properties"][name]["type"]
            types = [allowed] if isinstance(allowed, str) else allowed
            assert type(value) in [JSON_TYPES[t] for t in types], (name, value)
    named = {one["if"]["properties"]["kind"]["const"]: one["then"]["properties"] for one in schema["allOf"]}
    assert {k: tuple(v["ext"]["required"]) for k, v in named.items()} == rows.EXT
    assert {k: v["name"]["const"] for k, v in named.items()} == rows.NAMES


def test_both_readers_of_an_entry_know_the_same_names():
    known = {k: (rows.NAMES[k], " ".join(rows.EXT[k])) for k in rows.EXT}
    assert known == verify_apotheca.KINDS
    every = {name: value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, int)}
    assert {value for name, value in every.items() if not name.startswith("PURPOSE_")} == set(rows.EXT)
