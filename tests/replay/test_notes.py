import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.proofs.signing import is_right
from replay.notes import Checkpoint, Key, Malformed, is_signed, read_checkpoint, read_key, read_note, write_note

# The note and key that the documentation of signed notes gives as its example.
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ROOT = bytes(range(32))


def test_the_published_note_is_signed_by_the_published_key() -> None:
    key = read_key(PUBLISHED_KEY)
    note = read_note(PUBLISHED_NOTE.encode())
    assert key.text() == PUBLISHED_KEY
    assert is_signed(note, key, is_right)
    assert not is_signed(note._replace(text=note.text.replace("answer", "cause")), key, is_right)
    assert not is_signed(note, Key("PeterNeumann", ROOT), is_right)


def test_a_checkpoint_is_three_lines() -> None:
    text = "example.com/desk\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert Checkpoint("example.com/desk", 7, ROOT).text() == text
    assert read_checkpoint(text) == Checkpoint("example.com/desk", 7, ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "desk\n7\n",
        "desk\n07\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "desk\n-7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "desk\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "desk\n7\nAAEC\n",
        "desk\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nmore\n",
        "\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
    ],
)
def test_anything_else_is_no_checkpoint(text: str) -> None:
    with pytest.raises(Malformed):
        read_checkpoint(text)


@pytest.mark.parametrize(
    "raw",
    [b"", b"text\n", b"text\n\n", b"text\n\nname AAAAAAA=\n", "text\n\n\u2014 name AAAA\n".encode(), b"\xff\n\n",
     "te\txt\n\n\u2014 name AAAAAAA=\n".encode(), "text\n\n\u2014 name AAAAAAA=".encode(), "\n\n\u2014 a+b AAAA\n".encode()],
)  # fmt: skip
def test_anything_else_is_no_note(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_note(raw)


@pytest.mark.parametrize(
    "text",
    ["", "name", "name+00000000+AAAA", PUBLISHED_KEY.replace("c74f20a3", "c74f20a4"), PUBLISHED_KEY.replace("+AR", "+AB")],
)
def test_anything_else_is_no_key(text: str) -> None:
    with pytest.raises(Malformed):
        read_key(text)


def test_signatures_of_keys_nobody_knows_do_no_harm() -> None:
    key = read_key(PUBLISHED_KEY)
    other = "\u2014 witness AAAAAAAA\n"
    assert is_signed(read_note((PUBLISHED_NOTE + other).encode()), key, is_right)


def test_one_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    key = read_key(PUBLISHED_KEY)
    note = read_note(PUBLISHED_NOTE.encode())
    wrong = note.signatures[0]._replace(signed=bytes(64))
    assert not is_signed(note._replace(signatures=(*note.signatures, wrong)), key, is_right)


@given(st.text(st.characters(exclude_categories=("C",)), min_size=1), st.binary(min_size=1, max_size=64))
def test_a_note_is_read_as_it_was_written(text: str, signature: bytes) -> None:
    key = Key("example.com/desk", ROOT)
    note = read_note(write_note(text + "\n", [(key, signature)]))
    assert note.text == text + "\n"
    assert [(it.name, it.id, it.signed) for it in note.signatures] == [(key.name, key.id, signature)]
