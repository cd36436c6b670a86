"""The page Sync and its calls: every station's word against the tree."""

import pytest

from firmware.journal import kinds
from firmware.wire import note
from server_stub.console.accounts import Accounts
from server_stub.console.pages import sync
from server_stub.console.syncing import tree_state
from server_stub.ledger.cabinets import EVERY_MS, Now
from server_stub.ledger.checkpoint import Key, NoteSigner, add_cosignatures, signed_by
from server_stub.ledger.sign import Signer
from server_stub.ledger.tree import HASH
from server_stub.sequencing import Sequencing, Signers
from server_stub.site import treekey
from server_stub.site.config import database_url, read
from tests.centre.conftest import Bench
from tests.console.visitor import sign_in


@pytest.fixture(scope="module")
def told(web_home):
    """A station that sealed, took a checkpoint and refused another; gives the bench and the core."""
    bench = Bench(web_home, database_url(web_home, read(web_home)))
    keys = web_home.keys
    notes = NoteSigner((keys / treekey.KEY).read_bytes(), "apotheca/1/demo")
    core = Sequencing(bench.engine, bench.register, Signers(notes, Signer((keys / "centre-sign.key").read_bytes())), 0)
    core.start()
    lab = bench.station("LAB1")
    lab.add()
    lab.add(kinds.SEAL, (41, 1), actor="")
    bench.up("LAB1", "batch", lab.batch(1, 2))
    core.step(Now(0, bench.transport_ms))
    made = core.newest
    lab.add(kinds.CHECKPOINT, (made.size, made.root, 1, 1), actor="")
    lab.add(kinds.CHECKPOINT_REFUSED, (3, bytes(32), 2, 1, 2), actor="")
    bench.up("LAB1", "batch", lab.batch(3, 4))
    core.step(Now(0, bench.transport_ms + EVERY_MS))
    with bench.engine.begin() as conn:
        add_cosignatures(conn, core.newest, [("demo/compliance", "\u2014 demo/compliance AAAA")])
    yield bench, core
    bench.engine.dispose()


def bearer(people):
    return {"authorization": f"Bearer {people['biomed']}"}


@pytest.mark.req("A12.c")
def test_every_stations_word_is_shown(client, told, people):
    _, core = told
    rows = {row["station"]: row for row in client.get("/api/v1/sync", headers=bearer(people)).json()}
    lab = rows["LAB1"]
    assert (lab["seq"], lab["in_tree_seq"], lab["seal_seq"], lab["seal_counter"]) == (4, 4, 2, 41)
    assert lab["taken_size"] < core.newest.size and lab["taken_utc_ms"] == lab["last_utc_ms"] - 1000
    assert (lab["refused_seq"], lab["refused_reason"], lab["forked"]) == (4, 2, False)
    assert rows["PHARM"]["taken_size"] is None and rows["PHARM"]["seal_seq"] is None
    tree = client.get("/api/v1/tree", headers=bearer(people)).json()
    assert (tree["origin"], tree["checkpoint_size"]) == ("apotheca/1/demo", core.newest.size)
    assert tree["cosigned_by"] == ["demo/compliance"] and tree["halted"] == ""


def test_a_witness_that_has_not_cosigned_is_told(told):
    bench, core = told
    state = tree_state(bench.engine)
    assert state.cosigned_up_to == {"demo/compliance": core.newest.size}
    assert "tree-late" not in sync.tree(state, ["demo/compliance"])
    assert "demo/away: 0" in sync.tree(state, ["demo/compliance", "demo/away"])
    behind = state._replace(cosigned_by=[], cosigned_up_to={"demo/compliance": 1234})
    assert "demo/compliance: 1,234" in sync.tree(behind, ["demo/compliance"])


@pytest.mark.req("A12.c")
def test_checkpoint_and_tiles_are_served(client, told, people, web_home):
    _, core = told
    served = client.get("/api/v1/tree/checkpoint", headers=bearer(people)).content
    assert signed_by(served, Key.read((web_home.keys / treekey.PUBLIC).read_text()))
    _, size, _ = note.read(served)
    assert size == core.newest.size and served.endswith(b"demo/compliance AAAA\n")
    tile = client.get(f"/api/v1/tree/tile/0/000.p/{size}", headers=bearer(people))
    assert len(tile.content) == size * HASH
    for wrong in (
        "0/000",
        f"0/000.p/{size + 200}",
        "0/1",
        "0/x000",
        "0/000.p/0",
        "0/999.p/1",
        "9/000.p/1",
        "0/000.p/x",
    ):
        assert client.get(f"/api/v1/tree/tile/{wrong}", headers=bearer(people)).status_code == 404, wrong
    assert client.get("/api/v1/tree/checkpoint").status_code == 401


def test_people_see_it_on_a_page(client, told, web_home):
    sign_in(client, Accounts(web_home.accounts), "biomed")
    page = client.get("/sync").text
    for words in (
        "entries in apotheca/1/demo",
        "demo/compliance",
        "41 in entry 2",
        "not what it had seen before: entry 4",
    ):
        assert words in page
