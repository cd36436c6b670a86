# The list of addresses, and items cut into blocks and put together again; on both interpreters.
from firmware.cradle import addresses, frames
from firmware.cradle.book import AddressBook
from firmware.cradle.transfer import DOWN, UP, Incoming, Outgoing, check_item, file_flag

REQ = ("P54", "P56", "P64", "P87", "P89", "P90", "P94")


def test_2704_addresses_one_after_the_other_and_then_none():
    book = AddressBook()
    given = 0
    while book.next_free():
        if given in (0, 1, 51, 52, 374, 424, 931, 2703):
            expected = {0: "AA", 1: "AB", 51: "Az", 52: "BA", 374: "HK", 424: "II", 931: "Rv", 2703: "zz"}[given]
            assert book.next_free() == expected
        book.assign(book.next_free())
        given += 1
    assert given == 2704
    assert book.knows("AA") and book.knows("zz")


def test_an_address_is_kept_until_it_is_cleared_and_then_used_last():
    book = AddressBook()
    for _ in range(3):
        book.assign(book.next_free())
    book.clear("AC")
    book.clear("AA")
    assert not book.knows("AA") and book.next_free() == "AD"
    for address in ("AA", "zz"):
        try:
            book.clear(address)
        except ValueError as error:
            assert address in str(error)
        else:
            raise AssertionError(address)
    for n in range(3, addresses.ADDRESSES):
        book.assign(addresses.address(n))
    assert book.next_free() == "AC"
    book.assign("AC")
    assert book.next_free() == "AA"
    book.assign("AA")
    assert book.next_free() is None


def test_the_list_outlasts_a_restart():
    book = AddressBook()
    for _ in range(4):
        book.assign(book.next_free())
    book.clear("AD")
    book.clear("AB")
    status = book.status("AC")
    status.seen = "120997143005"
    status.incoming.keep(frames.data("AC", "P", 7, b"x", True))
    status.waiting.append(("block", "D", b"x"))
    status.given()
    again = AddressBook(book.rows())
    assert again.rows() == book.rows() and len(again.rows()) == 4
    assert [again.state(a) for a in ("AA", "AB", "AC", "AD", "AE")] == [1, 2, 1, 2, 0]
    assert again.next_free() == "AE" and again._cleared == ["AD", "AB"]
    assert again.status("AC").incoming.again(frames.data("AC", "P", 7, b"x", True))
    assert again.status("AC").next_block == 2


def test_a_new_owner_of_an_address_has_no_past():
    book = AddressBook()
    book.assign("AA")
    book.status("AA").waiting.append(("block", "D", b"x"))
    book.clear("AA")
    book.assign("AA")
    assert book.status("AA").waiting == [] and book.status("AA").sessions == 0


def test_those_heard_last_come_first_in_the_order_of_time():
    times = ["010170000000", "123199235959", "010100000000", "123125235959", "010126000000", "020126000000"]
    times += ["020226000000", "020226010000", "020226010100", "020226010101", "123169235959"]
    book = AddressBook()
    for n, time in enumerate(times):
        book.status(addresses.address(n)).seen = time
    book.status("zz")
    assert book.recent(99) == [addresses.address(n) for n in reversed(range(len(times)))]
    assert book.recent(2) == ["AK", "AJ"]


def test_addresses_that_look_like_others_may_be_left_out():
    assert AddressBook(skip=("AA", "AB")).next_free() == "AC"


def blocks(item, power, hashed=False):
    out = Outgoing(item, 7, power, hashed)
    while True:
        yield frames.data("AO", out.flag, out.number, out.data, out.last)
        if out.last:
            return
        out.advance()


def test_a_file_is_a_name_and_size_and_then_its_bytes():
    sent = list(blocks(("file", "pick.lst", b"x" * 70), 5))
    assert [(f.flag, f.block, f.data, f.last) for f in sent] == [
        ("A", 0, b"pick.lst|70", False),
        ("A", 1, b"x" * 32, False),
        ("A", 2, b"x" * 32, False),
        ("A", 3, b"x" * 6, True),
    ]
    assert [(f.data, f.last) for f in blocks(("file", "empty", b""), 5)] == [(b"empty|0", True)]
    assert [f.data for f in blocks(("file", "db.bin", b"\x03" * 20), 5)] == [b"db.bin|20|32", b"\x03" * 16, b"\x03" * 4]
    assert next(blocks(("file", "pick.lst", b""), 5, True)).data == b"pick.lst|0|#7611b95b"


def test_no_block_is_larger_than_the_host_said_after_stuffing():
    data = bytes(range(256)) * 8
    for power in range(5, 13):
        sent = list(blocks(("file", "db.bin", data), power))
        assert all(frame.size <= 1 << power for frame in sent)
        assert b"".join(frame.data for frame in sent[1:]) == data


def test_what_comes_is_what_was_sent():
    for data in (b"", b"text\n" * 50, bytes(range(256)) * 3):
        for hashed in (False, True):
            incoming = Incoming(DOWN, hashed)
            got = []
            for frame in blocks(("file", "f", data), 6, hashed):
                item = incoming.offered(frame)
                incoming.keep(frame, item)
                got.append(item)
            assert got == [None] * (len(got) - 1) + [("file", "f", data)]


def refused(incoming, frame):
    try:
        incoming.offered(frame)
    except ValueError as error:
        return str(error)
    return None


def test_a_file_that_is_not_what_its_block_0_says_is_refused():
    def block(number, data, last=False, flag="A"):
        return frames.data("AO", flag, number, data, last)

    for head in (b"name", b"name|x", b"|3", b"a|1|2|3", b"na me|3", b"f|2000000", b"\xff\xfe|1"):
        assert refused(Incoming(DOWN, False), block(0, head, flag="B")), head
    assert refused(Incoming(DOWN, True), block(0, b"f|3"))
    assert refused(Incoming(DOWN, False), block(1, b"abc", True))
    for after in (block(2, b"abc", True), block(1, b"ab", True), block(1, b"abcd"), block(1, b"abc", True, "B")):
        incoming = Incoming(DOWN, False)
        incoming.keep(block(0, b"f|3"))
        assert refused(incoming, after)
        assert incoming.offered(block(1, b"abc", True)) == ("file", "f", b"abc")
    wrong = Incoming(DOWN, True)
    wrong.keep(block(0, b"f|3|#00000000"))
    assert refused(wrong, block(1, b"abc", True))


def test_each_end_sends_its_own_flags_alone():
    for flags, foreign in ((DOWN, "CILPR"), (UP, "RS")):
        incoming = Incoming(flags, False)
        for flag in "CDILPRS":
            frame = frames.data("AO", flag, 1, b"", True)
            assert bool(refused(incoming, frame)) == (flag in foreign), flag
    assert refused(Incoming(UP, False), frames.data("AO", "L", 1, b"103|ENTER", True))


def test_a_file_that_came_before_is_no_news_and_a_changed_one_is():
    incoming = Incoming(DOWN, False)
    got = []
    for data in (b"one", b"one", b"two", b"one"):
        for frame in blocks(("file", "f", data), 5):
            item = incoming.offered(frame)
            incoming.keep(frame, item)
        got.append(item and item[2])
    assert got == [b"one", None, b"two", b"one"]


def came(incoming, item):
    for frame in blocks(item, 5, True):
        whole = incoming.offered(frame)
        incoming.keep(frame, whole)
    return whole


def test_so_many_names_are_remembered_and_then_all_is_news_again():
    for names, news in ((16, False), (17, True)):
        incoming = Incoming(DOWN, True)
        files = [("file", "f%d" % n, b"x") for n in range(names)]
        assert all(came(incoming, file) for file in files)
        assert bool(came(incoming, files[-1])) is False
        assert bool(came(incoming, files[0])) is news


def test_a_session_that_begins_keeps_half_a_file_only_if_a_hash_ends_it():
    for hashed in (False, True):
        incoming = Incoming(DOWN, hashed)
        head, rest = blocks(("file", "f", b"abc"), 5, hashed)
        incoming.keep(head)
        incoming.begin()
        assert incoming.again(head) is hashed
        assert bool(refused(incoming, rest)) is not hashed


def test_text_goes_as_text_and_all_else_as_binary():
    for data in (b"", b" ~\x7f", b"\t\r\n"):
        assert file_flag(data) == "A"
    for data in (b"\x1f", b"\x80", b"x\x03", b"\x00"):
        assert file_flag(data) == "B"


def test_names_are_short_and_visible():
    for name in ("!", "~" * 32):
        check_item(("file", name, b""), 12, DOWN)
        assert came(Incoming(DOWN, True), ("file", name, b"")) == ("file", name, b"")
    for name in ("a b", "a\x7f", "\xe9", "~" * 33):
        try:
            check_item(("file", name, b""), 12, DOWN)
        except ValueError as error:
            assert str(error) == "a file's name is up to 32 visible characters without a pipe"
        else:
            raise AssertionError(name)


def test_a_file_may_not_outgrow_its_size_in_several_blocks():
    incoming = Incoming(DOWN, False)
    incoming.keep(frames.data("AO", "A", 0, b"f|3", False))
    incoming.keep(frames.data("AO", "A", 1, b"ab", False))
    assert refused(incoming, frames.data("AO", "A", 2, b"cd", False))
    assert incoming.offered(frames.data("AO", "A", 2, b"c", True)) == ("file", "f", b"abc")


def test_after_a_restart_a_record_is_known_again_and_half_a_file_is_not():
    for flag, known in (("P", True), ("D", True), ("A", False), ("B", False)):
        frame = frames.data("AO", flag, 0 if flag in "AB" else 5, b"f|3|#00000000", False)
        before = Incoming(UP, True)
        before.keep(frame)
        assert Incoming(UP, True, before.taken).again(frame) is known


def test_items_that_no_blocks_can_carry_are_refused():
    for item in (
        ("file", "x" * 33, b""),
        ("file", "", b""),
        ("block", "Z", b""),
        ("block", "S", b"\x03"),
        ("block", "P", b"x"),
    ):
        try:
            check_item(item, 12, DOWN)
        except ValueError as error:
            assert str(error)
        else:
            raise AssertionError(item)
    check_item(("block", "S", b"x" * 64), 6, DOWN)
    try:
        check_item(("block", "S", b"x" * 65), 6, DOWN)
    except ValueError as error:
        assert str(error) == "65 bytes, and blocks have 64"
    else:
        raise AssertionError
