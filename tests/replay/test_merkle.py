from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from replay import merkle
from replay.merkle import Frontier, HashAt

# The leaves and roots that implementations of Certificate Transparency publish and check each other with.
LEAVES = [
    bytes.fromhex(it)
    for it in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(it)
    for it in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
_A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
_B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
_C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
_D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
_E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
_F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
_G = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSIONS = {(0, 8): [_A, _B, _C], (5, 8): [_D, _E, _F]}
CONSISTENCIES = {(2, 8): [_B, _C], (6, 8): [_G, _E, _F], (2, 5): [_B, _D]}


@cache
def naive(first: int, end: int, leaves: tuple[bytes, ...]) -> bytes:
    """MTH of RFC 6962 as it is written there."""
    if end == first:
        return sha256(b"").digest()
    if end - first == 1:
        return sha256(b"\0" + leaves[first]).digest()
    k = 1
    while k * 2 < end - first:
        k *= 2
    return sha256(b"\1" + naive(first, first + k, leaves) + naive(first + k, end, leaves)).digest()


def naive_inclusion(m: int, first: int, end: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    """PATH of RFC 6962."""
    if end - first == 1:
        return []
    k = 1
    while k * 2 < end - first:
        k *= 2
    if m < k:
        return [*naive_inclusion(m, first, first + k, leaves), naive(first + k, end, leaves)]
    return [*naive_inclusion(m - k, first + k, end, leaves), naive(first, first + k, leaves)]


def naive_consistency(m: int, first: int, end: int, whole: bool, leaves: tuple[bytes, ...]) -> list[bytes]:
    """SUBPROOF of RFC 6962."""
    if m == end - first:
        return [] if whole else [naive(first, end, leaves)]
    k = 1
    while k * 2 < end - first:
        k *= 2
    if m <= k:
        return [*naive_consistency(m, first, first + k, whole, leaves), naive(first + k, end, leaves)]
    return [*naive_consistency(m - k, first + k, end, False, leaves), naive(first, first + k, leaves)]


def lookup(leaves: list[bytes]) -> HashAt:
    """hash_at over these leaves, by the naive rule."""
    held = tuple(leaves)
    return lambda level, index: naive(index << level, (index + 1) << level, held)


def many(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size: int) -> None:
    frontier = Frontier()
    frontier.extend([merkle.leaf_hash(it) for it in LEAVES[:size]])
    assert frontier.root() == ROOTS[size] == merkle.root(size, lookup(LEAVES))


@pytest.mark.parametrize("index, size", INCLUSIONS)
def test_the_published_inclusion_proofs(index: int, size: int) -> None:
    path = merkle.inclusion(index, size, lookup(LEAVES))
    assert [it.hex() for it in path] == INCLUSIONS[index, size]
    assert merkle.holds_inclusion(merkle.leaf_hash(LEAVES[index]), index, size, path, ROOTS[size])


@pytest.mark.parametrize("old, new", CONSISTENCIES)
def test_the_published_consistency_proofs(old: int, new: int) -> None:
    path = merkle.consistency(old, new, lookup(LEAVES))
    assert [it.hex() for it in path] == CONSISTENCIES[old, new]
    assert merkle.holds_consistency(old, new, ROOTS[old], ROOTS[new], path)


def test_every_root_up_to_300_is_that_of_the_rfc_and_of_pymerkle() -> None:
    leaves = many(300)
    other, frontier = InmemoryTree(algorithm="sha256"), Frontier()
    for size in range(1, 301):
        other.append_entry(leaves[size - 1])
        frontier.extend([merkle.leaf_hash(leaves[size - 1])])
        expected = naive(0, size, tuple(leaves[:size]))
        assert frontier.root() == expected == merkle.root(size, lookup(leaves)) == other.get_root()


@settings(deadline=None)
@given(st.integers(1, 300), st.data())
def test_inclusion_proofs_are_those_of_the_rfc_and_hold(size: int, data: st.DataObject) -> None:
    leaves = tuple(many(size))
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(index, size, lookup(list(leaves)))
    assert path == naive_inclusion(index, 0, size, leaves)
    assert merkle.holds_inclusion(merkle.leaf_hash(leaves[index]), index, size, path, naive(0, size, leaves))


@settings(deadline=None)
@given(st.integers(1, 300), st.data())
def test_consistency_proofs_are_those_of_the_rfc_and_hold(new: int, data: st.DataObject) -> None:
    leaves = tuple(many(new))
    old = data.draw(st.integers(1, new))
    path = merkle.consistency(old, new, lookup(list(leaves)))
    assert path == naive_consistency(old, 0, new, True, leaves)
    assert merkle.holds_consistency(old, new, naive(0, old, leaves), naive(0, new, leaves), path)


@pytest.mark.parametrize("size", range(1, 41))
def test_every_small_proof_holds_and_only_at_its_place(size: int) -> None:
    leaves = tuple(many(size))
    claimed = naive(0, size, leaves)
    for index in range(size):
        path = merkle.inclusion(index, size, lookup(list(leaves)))
        held = [
            (place, total)
            for total in range(size + 3)
            for place in range(total)
            if merkle.holds_inclusion(merkle.leaf_hash(leaves[index]), place, total, path, claimed)
        ]
        # A path says its leaf's place; at the edge of the tree it may fit other sizes, which the signed checkpoint decides.
        assert (index, size) in held
        assert [it for it in held if it[1] == size] == [(index, size)]


def test_pymerkle_accepts_our_proofs_as_its_own() -> None:
    leaves = many(100)
    other = InmemoryTree(algorithm="sha256")
    other.append_entries(leaves)
    for index in (0, 1, 62, 63, 64, 99):
        theirs = other.prove_inclusion(index + 1, 100)
        theirs.path = [theirs.path[0], *merkle.inclusion(index, 100, lookup(leaves))]
        theirs.verify(merkle.leaf_hash(leaves[index]), naive(0, 100, tuple(leaves)), index=index + 1, size=100)


@settings(deadline=None)
@given(st.integers(2, 300), st.data())
def test_a_forged_inclusion_proof_never_holds(size: int, data: st.DataObject) -> None:
    leaves = tuple(many(size))
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion(index, size, lookup(list(leaves)))
    hashed, claimed = merkle.leaf_hash(leaves[index]), naive(0, size, leaves)
    forged = data.draw(forgeries(path))
    assert not merkle.holds_inclusion(hashed, index, size, forged, claimed)
    assert not merkle.holds_inclusion(merkle.leaf_hash(b"another"), index, size, path, claimed)
    other = data.draw(st.integers(-1, size).filter(lambda it: it != index))
    assert not merkle.holds_inclusion(hashed, other, size, path, claimed)


@settings(deadline=None)
@given(st.integers(2, 300), st.data())
def test_a_forged_consistency_proof_never_holds(new: int, data: st.DataObject) -> None:
    leaves = tuple(many(new))
    old = data.draw(st.integers(1, new - 1))
    path = merkle.consistency(old, new, lookup(list(leaves)))
    older, newer = naive(0, old, leaves), naive(0, new, leaves)
    assert not merkle.holds_consistency(old, new, older, newer, data.draw(forgeries(path)))
    rewritten = (*leaves[: old - 1], b"rewritten", *leaves[old:])
    path = merkle.consistency(old, new, lookup(list(rewritten)))
    assert not merkle.holds_consistency(old, new, older, naive(0, new, rewritten), path)


@st.composite
def forgeries(draw: st.DrawFn, path: list[bytes]) -> list[bytes]:
    """The path with one bit flipped, a hash left out, added, cut short, or two of them changed over."""
    forged = list(path)
    way = draw(st.sampled_from(["flip", "drop", "add", "cut", "swap"] if path else ["add"]))
    place = draw(st.integers(0, max(0, len(path) - 1)))
    if way == "flip":
        bit = draw(st.integers(0, 255))
        forged[place] = (int.from_bytes(forged[place]) ^ 1 << bit).to_bytes(32)
    elif way == "drop":
        del forged[place]
    elif way == "add":
        forged.insert(place, draw(st.binary(min_size=32, max_size=32)))
    elif way == "cut":
        forged[place] = forged[place][:-1]
    else:
        forged = forged[place:] + forged[:place] if place else [*forged[::-1], b"\0" * 32]
    return forged if forged != path else [*path, b"\0" * 32]


@given(st.lists(st.integers(1, 70), min_size=1, max_size=6))
def test_a_frontier_grows_alike_in_any_batches_and_tells_every_subtree(batches: list[int]) -> None:
    size = sum(batches)
    leaves = many(size)
    hashed = [merkle.leaf_hash(it) for it in leaves]
    frontier, grown = Frontier(), dict[int, list[bytes]]()
    for count in batches:
        for level, hashes in enumerate(frontier.extend(hashed[frontier.size : frontier.size + count])):
            grown.setdefault(level, []).extend(hashes)
    assert frontier.root() == naive(0, size, tuple(leaves))
    assert all(
        grown[level][index] == naive(index << level, (index + 1) << level, tuple(leaves))
        for level in grown
        for index in range(size >> level)
    )
    again = Frontier.at(size, lookup(leaves))
    more = [merkle.leaf_hash(b"one more")]
    frontier.extend(more)
    again.extend(more)
    assert again.root() == frontier.root()


def test_a_leaf_binds_position_stream_version_and_every_byte() -> None:
    leaves = {
        merkle.leaf(1, "ticket:T-1", 1, b"{}"),
        merkle.leaf(2, "ticket:T-1", 1, b"{}"),
        merkle.leaf(1, "ticket:T-2", 1, b"{}"),
        merkle.leaf(1, "ticket:T-1", 2, b"{}"),
        merkle.leaf(1, "ticket:T-1", 1, b"{ }"),
    }
    assert len(leaves) == 5
    assert b"bitacora-leaf/1\n1\nticket:T-1\n1\n{}" in leaves


def test_a_stream_cannot_hide_lines_of_its_own() -> None:
    with pytest.raises(ValueError, match="line break"):
        merkle.leaf(1, "ticket:T\n2", 1, b"{}")


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion(8, 8, lookup(LEAVES))
    with pytest.raises(ValueError, match="not proved"):
        merkle.consistency(0, 8, lookup(LEAVES))
    with pytest.raises(ValueError, match="not proved"):
        merkle.consistency(9, 8, lookup(LEAVES))
