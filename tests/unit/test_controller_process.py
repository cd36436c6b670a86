"""The controller as the process it is: MicroPython, 384 KB of heap, bus, pty, files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware import codes, issue, levels, schema
from firmware.compat import derive
from firmware.journal import chain, entry, kinds
from firmware.journal.flash import FileFlash
from firmware.journal.ring import Ring
from firmware.session import pin_hash
from firmware.wire import cbor, messages, sealed
from tests.unit.controller_process import Controller, parts_of

STATION, LOG, KEY = "ICU1", 1, bytes(range(32))
SALT = b"saltsalt"
TIMINGS = [10000, 60000, 60000, 120000, 500]
ITEMS = [[f"item-{n:011d}", n % 6, 1000, 0, 0, 0] for n in range(300)]
POCKETS = [
    [schema.place_name(n % 16 + 1, n // 16 + 1), n % 16 + 1, n // 16 + 1, ITEMS[n % 300][0], 2000, 10000, 12000]
    for n in range(500)
]
HASH = pin_hash(SALT, "1234", 10)
USERS = [[f"badge-{n:010d}", f"user-{n:011d}", SALT, HASH, 10, 31, 0xFFFFFFFF] for n in range(300)]
PATIENTS = [[f"patient-{n:08d}", 1] for n in range(60)]
ORDERS = [
    [f"order-{n:010d}", PATIENTS[n % 60][0], ITEMS[n % 300][0], 1000, 30000000, 30009999, 0, 0] for n in range(720)
]
FULL = {
    "items": ITEMS,
    "pockets": POCKETS,
    "users": USERS,
    "patients": PATIENTS,
    "orders": ORDERS,
    "overrides": [[item[0], 0] for item in ITEMS],
    "kits": [[f"line-{n:011d}", "kit", ITEMS[n][0], 1] for n in range(120)],
    "policy": [[f"policy-{n}", n] for n in range(16)],
}
# where the pockets of the table's last rows, in the order of their places, stand in POCKETS
LAST_PLACES = sorted(range(500), key=lambda n: (len(POCKETS[n][0]), POCKETS[n][0]))[480:]
ITEM, BADGE, PATIENT, ORDER = ITEMS[0][0], USERS[7][0], PATIENTS[3][0], ORDERS[3][0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drawers = [[n, n - 1, n - 1, n - 1] for n in range(1, 17)]
    config = cbor.encode([2, STATION, LOG, issue.keys_of(KEY), "0.1.0", 64, drawers, TIMINGS])
    (tmp_path / "controller.cbor").write_bytes(config)
    (tmp_path / "ring.bin").write_bytes(issue.ring_start(KEY))
    return tmp_path


@pytest.fixture
def controller(folder: Path) -> Iterator[Controller]:
    running = Controller(folder)
    yield running
    running.close()


def load(controller: Controller, table: str, rows: list[list[Any]], version: int = 1) -> int:
    parts = parts_of(rows)
    for number, part in enumerate(parts, 1):
        fields = [1, STATION, table, version, 0, number, len(parts), part]
        controller.send([messages.REFERENCE, sealed.seal(fields, derive(KEY, "reference"))])
    return int(controller.receive(messages.RESULT)[2])


def load_all(controller: Controller) -> None:
    for table, rows in FULL.items():
        assert load(controller, table, rows) == 0, table


def refill(controller: Controller, quantity: int) -> int:
    assert controller.ask(messages.SIGN_ON, BADGE, "1234")[0] == 0
    code, (_, _, drawer, _, _, _) = controller.ask(messages.REFILL, ITEM, quantity, "lot1", None, None, None, 0)
    assert code == 0
    controller.bus.pull(drawer)
    controller.bus.settled()
    assert controller.ask(messages.CONFIRM, quantity, None, None)[0] == 0
    controller.bus.push(drawer)
    controller.bus.settled()
    return int(drawer)


def entries(folder: Path) -> list[list[Any]]:
    """What is on flash, read without the controller."""
    flash = FileFlash(str(folder / "ring.bin"), 64)
    ring = Ring(flash)
    ring.scan()
    pages = [ring.read(seq) for seq in range(ring.first, ring.last + 1)]
    flash.close()
    return [entry.decode(chain.parse_page(page)[0]) for page in pages if page is not None]


@pytest.mark.req("A1", "A1.a", "P130")
def test_one_removal_with_full_tables(controller: Controller, folder: Path) -> None:
    load_all(controller)
    drawer = refill(controller, 8000)
    code, (txn, place, opened, pocket, held, _) = controller.ask(
        messages.REMOVE, PATIENT, ORDER, ITEM, 2000, None, None, 0, "", 0
    )
    assert (code, opened, held) == (0, drawer, 8000)
    assert controller.bus.locks() == 1 << (drawer - 1) and controller.bus.lit[-1] == (drawer, pocket)
    controller.bus.pull(drawer)
    controller.bus.settled()
    assert controller.bus.locks() == 0
    assert controller.ask(messages.CONFIRM, 2000, None, None) == (0, [txn, 8000, 6000])
    controller.bus.push(drawer)
    controller.bus.settled()
    assert controller.bus.lit[-1] == (0, 0)
    controller.stop()
    written = [fields for fields in entries(folder) if fields[entry.F_TXN] == txn]
    order = [kinds.ACCESS, kinds.OPENED, kinds.REMOVE, kinds.CLOSED]
    assert [fields[entry.F_KIND] for fields in written] == order
    assert written[2][entry.F_PLACE] == place and written[2][entry.F_CHANGE] == -2000


@pytest.mark.req("A1.d", "A21.c")
def test_par_of_every_pocket_with_full_tables(controller: Controller, folder: Path) -> None:
    load_all(controller)
    for number, at in enumerate(range(0, len(POCKETS), levels.PLACES), 1):
        body = [part for row in POCKETS[at : at + levels.PLACES] for part in (row[0], 1000 + at, 9000)]
        fields = [1, STATION, LOG, number, 1 << 50, messages.COMMAND_PAR, body]
        controller.send([messages.COMMAND, sealed.seal(fields, derive(KEY, "command"))])
        assert controller.receive(messages.RESULT) == [messages.RESULT, messages.COMMAND, 0, [number]]
    refill(controller, 8000)
    for version in (2, 3):  # snapshots of all this are taken meanwhile
        for table, rows in FULL.items():
            assert load(controller, table, rows, version) == 0, table
        for _ in range(130):
            assert controller.ask(messages.SIGN_OFF)[0] == 0
            assert controller.ask(messages.SIGN_ON, BADGE, "1234")[0] == 0
    controller.stop()
    again = Controller(folder)
    try:
        again.send([messages.GET_INVENTORY, 488])
        rows = again.receive(messages.INVENTORY)[3]
        assert [row[3:5] for row in rows] == [[1000 + at // 5 * 5, 9000] for at in LAST_PLACES[-len(rows) :]]
        again.ask(messages.SIGN_ON, BADGE, "1234")
        code, reply = again.ask(messages.REMOVE, PATIENT, ORDER, ITEM, 2000, None, None, 0, "", 0)
        assert (code, reply[4]) == (0, 8000)
    finally:
        again.close()


@pytest.mark.req("A12.b")
def test_power_lost_with_a_drawer_open(controller: Controller, folder: Path) -> None:
    load_all(controller)
    drawer = refill(controller, 8000)
    _, (txn, place, *_rest) = controller.ask(messages.REMOVE, PATIENT, "", ITEM, 2000, None, None, 0, "", 0)
    controller.bus.pull(drawer)
    controller.bus.settled()
    controller.stop()
    again = Controller(folder)
    try:
        info = again.receive(messages.INFO)
        assert info[3] == 2 and info[10][0] == ["items", 1, info[10][0][2]]
        state = again.receive(messages.STATE)
        assert state[1] == messages.IDLE and state[14] == [place]
        assert [fields[entry.F_KIND] for fields in entries(folder) if fields[entry.F_TXN] == txn][
            -1
        ] == kinds.INTERRUPTED
        assert again.ask(messages.SIGN_ON, BADGE, "1234")[0] == 0
        assert again.ask(messages.REMOVE, PATIENT, "", ITEM, 2000, None, None, 0, "", 0)[0] == codes.MUST_COUNT
    finally:
        again.close()


def test_pages_answers_and_bad_bytes(controller: Controller) -> None:
    load_all(controller)
    refill(controller, 8000)
    controller.send([messages.STREAM, 1], raw=b"\x07garbage\x00\x00\xff\x00")
    first = controller.receive(messages.PAGE)
    assert first[1] == 1 and entry.decode(chain.parse_page(first[2])[0])[entry.F_KIND] == kinds.BOOT
    answer = sealed.seal([1, STATION, LOG, messages.ACCEPT, 3, bytes(32), 0], derive(KEY, "answer"))
    controller.send([messages.ANSWER, answer])
    assert controller.receive(messages.RESULT) == [messages.RESULT, 4, 0, [3]]
    controller.send([messages.HELLO, 1])
    info = controller.receive(messages.INFO)
    assert info[9] == 3 and info[12] == 2
    controller.send([messages.GET_INVENTORY, 480])
    assert controller.receive(messages.INVENTORY)[1:3] == [480, 500]


def test_drawer_left_open_by_the_clock(controller: Controller) -> None:
    load_all(controller)
    drawer = refill(controller, 8000)
    controller.ask(messages.REMOVE, PATIENT, "", ITEM, 2000, None, None, 0, "", 0)
    controller.bus.pull(drawer)
    controller.bus.advance(60000)
    controller.bus.settled()
    controller.ask(messages.GET_STATE)
    controller.send([messages.HELLO, 1])
    assert controller.receive(messages.STATE)[10] == [[codes.ALARM_LEFT_OPEN, drawer]]


def test_lock_chip_gone(controller: Controller) -> None:
    load_all(controller)
    refill(controller, 8000)
    controller.bus.absent.add(0x20)
    assert controller.ask(messages.REMOVE, PATIENT, "", ITEM, 2000, None, None, 0, "", 0) == (codes.DRAWER_FAILED, [])
    assert controller.bus.locks() == 0
