# What is where, packed: lots, bins, who was there last; limits and what a snapshot brings back.
from firmware import holdings, schema
from firmware.holdings import Holdings
from firmware.names import each

REQ = ("F26", "P12", "P25", "U12")

JUNE = 29700000


def copies(dumped):
    return [bytes(part) if isinstance(part, memoryview) else part for part in dumped]


def reloaded(held):
    again = Holdings()
    again.load(copies(held.dump()))
    return again


def test_what_nothing_is_known_of_fills_the_layers_up_to_the_stock():
    held = Holdings()
    held.put_stock("D01-P01", 12, [("b", JUNE, 3), ("x" * 20, 0, 4), ("", 0, 5)])
    held.put_stock("D01-P02", 2, [("", JUNE, 2)])
    for seen in (held, reloaded(held)):
        assert seen.layers("D01-P01") == [("b", JUNE, 3), ("", 0, 5), ("x" * 20, 0, 4)]
        assert seen.layers("D01-P02") == [("", JUNE, 2)] and seen.layers("D01-P03") == []
        assert seen.lots.count == 3
    held.put_stock("D01-P01", 1, [("b", JUNE, 1)])
    assert held.layers("D01-P01") == [("b", JUNE, 1)] and held.lots.count == 2


def test_flags_levels_accessor_do_not_touch_each_other():
    held = Holdings()
    held.put_levels("D01-P01", 1, 9)
    held.put_accessor("D01-P01", 77)
    held.put_flag("D01-P01", holdings.FAILED, True)
    held.put_flag("D01-P01", holdings.MUST_COUNT, True)
    assert held.pocket("D01-P01") == ["D01-P01", 0, 5, 1, 9, 77]
    again = reloaded(held)
    assert again.must_count == again.failed == {"D01-P01"}
    again.put_flag("D01-P01", holdings.FAILED, False)
    assert again.failed == set() and again.must_count == {"D01-P01"}
    again.put_accessor("D01-P01", 78)
    assert again.pocket("D01-P01") == ["D01-P01", 0, 1, 1, 9, 78]


def test_a_place_with_nothing_to_say_has_no_record():
    held = Holdings()
    held.put_flag("D01-P01", holdings.MUST_COUNT, True)
    held.put_flag("D01-P01", holdings.MUST_COUNT, False)
    assert held.stock.count == 0


# places come and go on the planogram; who was last at one that went gives way
def test_a_full_table_forgets_who_was_at_an_empty_place():
    held = Holdings()
    limit = held.stock.limit
    places = ["D%02d-P%02d" % (1 + n // 255, 1 + n % 255) for n in range(limit + 1)]
    for n, place in enumerate(places[:limit]):
        held.put_stock(place, 0 if n in (3, 9) else 1, [])
        held.put_accessor(place, 1000 - n)
    held.put_flag(places[9], holdings.FAILED, True)
    held.put_stock(places[limit], 5, [])
    assert held.stock.count == limit and not held.stock.has(places[3]) and held.failed == {places[9]}
    held.put_stock("D09-P01", 5, [])
    assert not held.stock.has(places[9]) and held.failed == set()


def test_a_drawer_that_works_again_is_counted_pocket_by_pocket():
    held = Holdings()
    for place in ("D01-P01", "D02-P01", "D02-P100"):
        held.put_stock(place, 1, [])
    held.must_count_drawer(2)
    assert held.must_count == {"D02-P01", "D02-P100"}


# what only looks like it across two columns or two records is passed over
def test_records_are_found_where_the_column_is():
    records = bytearray(b"\x07\x01\x00\x00\x01\x00\x09\x00\x01\x08\x01\x00")
    assert list(each(records, b"\x01\x00", 1, 3)) == [0, 1, 3]
    assert list(each(records, b"\x00\x01", 1, 3)) == [2]
    assert list(each(records, b"\x00\x00", 1, 3)) == [] == list(each(bytearray(), b"\x00\x00", 1, 3))


# a bin's place has a record of its own, for who was there last
def test_all_pockets_full_and_every_drawer_with_a_bin():
    held = Holdings()
    for n in range(schema.POCKETS.limit):
        held.put_stock("D%02d-P%02d" % (1 + n // 250, 2 + n % 250), 5, [])
    for drawer in range(1, 17):
        held.put_accessor("D%02d-P01" % drawer, drawer)
    assert held.pocket("D16-P01")[5:] == [16] and held.pocket("D02-P250")[1] == 5


def test_bins_up_to_their_limit():
    held = Holdings()
    for n in range(47):
        held.bin.put("D04-P01", "item%02d" % n, n)
    held.bin.put("D05-P01", "item00", 7)
    assert held.bin.count == 48 and not held.bin.has_room("D04-P01", "more") and held.bin.has_room("D04-P01", "item46")
    held.bin.put("D04-P01", "more", 1)
    assert held.bin.quantity("D04-P01", "more") == 0 and list(held.bin.of("D05-P01")) == [["item00", 7]]
    again = reloaded(held)
    assert len(list(again.bin.of("D04-P01"))) == 47 and list(again.bin.rows())[-1] == ["D05-P01", "item00", 7]
    again.bin.remove("D04-P01", "item00")
    assert again.bin.has_room("D04-P01", "more")


def test_lots_up_to_their_limit():
    held = Holdings()
    limit = 500
    places = ["D%02d-P%02d" % (1 + n // 250, 1 + n % 250) for n in range(limit // 5)]
    for place in places:
        held.put_stock(place, 5, [("lot%d" % n, JUNE + n, 1) for n in range(5)])
    assert held.lots.count == limit and not held.lots.has_room()
    held.put_stock("D09-P01", 2, [("new", JUNE, 2)])
    assert held.layers("D09-P01") == [("", 0, 2)]
    held.put_stock(places[0], 4, [("lot%d" % n, JUNE + n, 1) for n in range(1, 5)])
    held.put_stock("D09-P01", 2, [("new", JUNE, 2)])
    assert held.layers("D09-P01") == [("new", JUNE, 2)] and held.lots.count == limit
