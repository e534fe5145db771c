import stat
from pathlib import Path

import pytest

from adapters.mapper import LedgerError
from adapters.proofs.signing import is_right, make_key, open_key, open_public_key, public_path
from replay.notes import is_signed, read_note


def test_a_key_is_its_owners_only_and_its_public_half_everybodys_to_read(tmp_path: Path) -> None:
    made = make_key(tmp_path / "desk.key", "example.com/desk")
    assert stat.S_IMODE((tmp_path / "desk.key").stat().st_mode) == 0o600
    assert open_public_key(public_path(tmp_path / "desk.key")) == made.key
    assert (tmp_path / "desk.key").read_text().startswith("PRIVATE+KEY+example.com/desk+" + made.key.id.hex() + "+")


def test_a_key_opened_again_signs_as_the_one_that_was_made(tmp_path: Path) -> None:
    made = make_key(tmp_path / "desk.key", "example.com/desk")
    opened = open_key(tmp_path / "desk.key")
    assert opened.sign("text\n") == made.sign("text\n")
    assert is_signed(read_note(opened.sign("text\n")), made.key, is_right)


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    make_key(tmp_path / "desk.key", "example.com/desk")
    with pytest.raises(LedgerError, match="never replaced"):
        make_key(tmp_path / "desk.key", "example.com/desk")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "desk.key", "example.com/desk")
    (tmp_path / "desk.key").chmod(0o644)
    with pytest.raises(LedgerError, match="chmod 600"):
        open_key(tmp_path / "desk.key")


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_an_origin_that_could_not_stand_in_a_note_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(LedgerError, match="cannot be used"):
        make_key(tmp_path / "desk.key", origin)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", ["", "PRIVATE+KEY+desk", "PRIVATE+KEY+desk+00000000+AAAA", "PRIVATE+KEY+d+0+" + "A" * 43 + "="]
)
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "desk.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(LedgerError, match="cannot be used"):
        open_key(path)
    with pytest.raises(LedgerError, match="cannot be used"):
        open_public_key(path)


def test_a_missing_key_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="No such file"):
        open_key(tmp_path / "none.key")
    with pytest.raises(LedgerError, match="No such file"):
        open_public_key(tmp_path / "none.vkey")


def test_what_a_key_signed_last_is_remembered_beside_it(tmp_path: Path) -> None:
    made = make_key(tmp_path / "desk.key", "example.com/desk")
    assert made.last() is None
    made.remember(b"first")
    made.remember(b"second")
    assert open_key(tmp_path / "desk.key").last() == b"second"
    assert sorted(it.name for it in tmp_path.iterdir()) == ["desk.key", "desk.key.last", "desk.key.vkey"]
