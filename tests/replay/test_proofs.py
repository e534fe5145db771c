import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.notes import Malformed
from replay.proofs import (
    Bundle,
    Consistency,
    Disclosed,
    Inclusion,
    files,
    heads_text,
    read_consistency,
    read_inclusion,
    write_consistency,
    write_inclusion,
)

HASH = b"\1" * 32
LINE = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
NOTE = b"desk\n7\nroot\n\n\xe2\x80\x94 desk sig\n"


def test_a_proof_of_an_entry_is_the_c2sp_text() -> None:
    expected = b"c2sp.org/tlog-proof@v1\nindex 4\n" + LINE.encode() * 2 + b"\n" + NOTE
    assert write_inclusion(Inclusion(4, (HASH, HASH), NOTE)) == expected
    assert read_inclusion(expected) == Inclusion(4, (HASH, HASH), NOTE)


def test_what_nothing_vouches_for_in_a_proof_is_passed_over() -> None:
    assert read_inclusion(b"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n" + NOTE) == Inclusion(0, (), NOTE)


def test_a_proof_of_consistency_is_the_text_a_witness_takes() -> None:
    expected = b"old 3\n" + LINE.encode() + b"\n" + NOTE
    assert write_consistency(Consistency(3, (HASH,), NOTE)) == expected
    assert read_consistency(expected) == Consistency(3, (HASH,), NOTE)


@given(st.integers(0, 10**18 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=60).map(tuple), st.binary())
def test_proofs_are_read_as_they_were_written(number: int, path: tuple[bytes, ...], note: bytes) -> None:
    assert read_inclusion(write_inclusion(Inclusion(number, path, note))) == (number, path, note)
    assert read_consistency(write_consistency(Consistency(number, path, note))) == (number, path, note)


@pytest.mark.parametrize(
    "raw",
    [b"", b"c2sp.org/tlog-proof@v1\n\n", b"c2sp.org/tlog-proof@v2\nindex 1\n\n", b"c2sp.org/tlog-proof@v1\nindex 01\n\n",
     b"c2sp.org/tlog-proof@v1\nindex\n\n", b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n", b"c2sp.org/tlog-proof@v1\nindex 1\n",
     b"\xff\n\n"],
)  # fmt: skip
def test_anything_else_is_no_proof(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_inclusion(raw)


def test_what_is_signed_about_streams_can_not_be_taken_for_a_checkpoint() -> None:
    text = heads_text("example.com/desk", 9, {"ticket:T-2": 3, "desk": 1})
    assert text == "bitacora-streams/1\nexample.com/desk\n9\ndesk 1\nticket:T-2 3\n"


def test_the_same_bundle_has_the_same_files_in_the_same_order_however_it_was_put_together() -> None:
    entries = [Disclosed(2, "desk", 1, b"leaf 2", (HASH,)), Disclosed(1, "ticket:T-1", 1, b"leaf 1", ())]
    one = Bundle(
        "T-1", "key", 2, {2: NOTE, 1: NOTE}, {(1, 2): (HASH,)}, entries, b"heads", [(2, b"b"), (2, b"a")], {"b": 1, "a": 2}
    )
    other = one._replace(entries=entries[::-1], checkpoints={1: NOTE, 2: NOTE}, anchors=[(2, b"a"), (2, b"b")],
                         statement={"a": 2, "b": 1})  # fmt: skip
    assert list(files(one).items()) == list(files(other).items())
    assert next(iter(files(one))) == "manifest.json"
