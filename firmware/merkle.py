# Proofs of an RFC 6962 tree, checked (RFC 9162 sections 2.1.3.2 and 2.1.4.2). docs/wire.md section 6.
# The leaf hash of an entry is its leaf of the chain, SHA-256(0x00 | entry): one hash serves both.
from firmware.compat import sha256

HASH_BYTES = 32


def node(left, right):
    return sha256(b"\x01", left, right)


# Is `leaf` (its hash) the one at `index` of the tree of `size` leaves with this root?
def included(leaf, index, size, root, proof):
    if not 0 <= index < size or not _hashes(proof):
        return False
    at, last, have = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            have = node(other, have)
            at, last = _even(at, last)
        else:
            have = node(have, other)
        at, last = at >> 1, last >> 1
    return last == 0 and have == root


# Does the tree of size2 begin with all that the tree of size1 has? The empty tree is the beginning of every one.
def consistent(size1, root1, size2, root2, proof):
    if not 0 <= size1 <= size2 or not _hashes(proof):
        return False
    if size1 in (0, size2):
        return not proof and (size1 == 0 or root1 == root2)
    # a whole tree is a node of the larger one: it is not sent
    path = [root1] + list(proof) if size1 & (size1 - 1) == 0 else proof
    return _leads(path, size1 - 1, size2 - 1, root1, root2) if path else False


def _leads(path, at, last, root1, root2):
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(other, old), node(other, new)
            at, last = _even(at, last)
        else:
            new = node(new, other)
        at, last = at >> 1, last >> 1
    return last == 0 and old == root1 and new == root2


# up to where it is a right child, or the root
def _even(at, last):
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _hashes(proof):
    return all(type(one) is bytes and len(one) == HASH_BYTES for one in proof)
