# Proofs are checked against the definitions of RFC 6962, written down as they stand there.
from binascii import hexlify, unhexlify
from json import loads

from tree_rig import path, proof, root

from firmware import merkle
from firmware.compat import sha256
from firmware.wire import note

REQ = ("A12.c", "A13")
VECTORS = __file__.rsplit("/", 2)[0] + "/vectors/tree/merkle.json"

LEAVES = [sha256(b"\0", b"leaf %d" % n) for n in range(34)]


SIZES = list(range(1, 18)) + [31, 32, 33, 34]
ROOTS = {n: root(LEAVES[:n]) for n in range(len(LEAVES) + 1)}


def test_every_leaf_of_every_tree_is_found_where_it_is():
    for size in SIZES:
        for index in range(size):
            way = path(index, LEAVES[:size])
            assert merkle.included(LEAVES[index], index, size, ROOTS[size], way)
            assert not merkle.included(LEAVES[index], index + 1, size, ROOTS[size], way)
            assert not merkle.included(LEAVES[(index + 1) % 34], index, size, ROOTS[size], way)
            assert not merkle.included(LEAVES[index], index, size, ROOTS[size], way + [LEAVES[0]])
            if way:
                assert not merkle.included(LEAVES[index], index, size, ROOTS[size], way[:-1])


def test_every_tree_is_the_beginning_of_every_larger_one():
    for size in SIZES:
        for old in range(1, size + 1):
            way = proof(old, LEAVES[:size])
            assert merkle.consistent(old, ROOTS[old], size, ROOTS[size], way)
            if old < size:
                assert not merkle.consistent(old, LEAVES[33], size, ROOTS[size], way)
                assert not merkle.consistent(old, ROOTS[old], size, LEAVES[33], way)
                assert not merkle.consistent(old, ROOTS[old], size, ROOTS[size], way[:-1])
                assert not merkle.consistent(old, ROOTS[old], size, ROOTS[size], way + [LEAVES[0]])
                assert not merkle.consistent(old + 1, ROOTS[old], size, ROOTS[size], way)


def test_nothing_smaller_and_nothing_else_of_the_same_size_is_consistent():
    assert merkle.consistent(5, ROOTS[5], 5, ROOTS[5], [])
    assert not merkle.consistent(5, ROOTS[5], 5, ROOTS[6], [])
    assert not merkle.consistent(6, ROOTS[6], 5, ROOTS[5], proof(5, LEAVES[:6]))
    assert merkle.consistent(0, b"", 5, ROOTS[5], [])
    assert not merkle.consistent(0, b"", 5, ROOTS[5], [ROOTS[5]])
    assert not merkle.consistent(3, ROOTS[3], 5, ROOTS[5], [ROOTS[1][:31]] * 3)


def test_vectors():
    with open(VECTORS) as file:
        vectors = loads(file.read())
    raw = [unhexlify(text) for text in vectors["entries"]]
    leaves = [sha256(b"\0", data) for data in raw]
    assert [hexlify(root(leaves[:n])).decode() for n in range(len(leaves) + 1)] == vectors["roots"]
    for case in vectors["inclusion"]:
        way = [unhexlify(text) for text in case["proof"]]
        found = merkle.included(leaves[case["leaf"]], case["index"], case["size"], unhexlify(case["root"]), way)
        assert found == case["good"], case
    for case in vectors["consistency"]:
        way = [unhexlify(text) for text in case["proof"]]
        roots = unhexlify(case["root1"]), unhexlify(case["root2"])
        assert merkle.consistent(case["size1"], roots[0], case["size2"], roots[1], way) == case["good"], case


def test_a_checkpoint_reads_as_it_was_written():
    signed = note.text(note.origin("mercy", 2), 34, ROOTS[34])
    raw = (signed + "\n\u2014 apotheca/1/mercy/2 AAAA\n").encode()
    assert note.read(raw) == ("apotheca/1/mercy/2", 34, ROOTS[34])
    assert note.number_of("apotheca/1/mercy/2") == 2 and note.number_of("apotheca/1/mercy") == 1
    assert note.split(raw) == (signed, ["\u2014 apotheca/1/mercy/2 AAAA"])


def refused(raw):
    try:
        note.read(raw)
    except ValueError:
        return True
    return False


def test_what_is_no_checkpoint_is_refused():
    good = note.text(note.origin("mercy", 1), 34, ROOTS[34])
    assert not refused((good + "\n\u2014 a b\n").encode())
    for bad in (
        good,
        good + "\n\u2014 a b",
        good.replace("34\n", "034\n", 1) + "\n\u2014 a b\n",
        good.replace("34\n", "-4\n", 1) + "\n\u2014 a b\n",
        good.replace("=\n", "\n", 1) + "\n\u2014 a b\n",
        "apotheca/1/mercy\n34\n\n\u2014 a b\n",
    ):
        assert refused(bad.encode()), bad
    for bad in ("apotheca/1/", "apotheca/1/mercy/1", "apotheca/1/mercy/02", "apotheca/2/mercy", "apotheca/1/a/2/3"):
        try:
            number = note.number_of(bad)
        except ValueError:
            number = None
        assert number is None, bad
