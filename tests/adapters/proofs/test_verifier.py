import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from adapters.ledger import Ledger
from adapters.proofs.anchors import anchor, request
from adapters.proofs.proving import bundle, checkpoint
from adapters.proofs.signing import make_key
from adapters.verifier import bitacora_verify as verifier
from adapters.verifier.bitacora_verify import told, verdict
from replay.notes import read_checkpoint, read_note
from replay.proofs import heads_text
from tests.adapters.bundles import codes, files_of, mutated, re_signed, verified, zipped
from tests.adapters.given import opened, read
from tests.adapters.sealed import FIRST, NOW, ORIGIN, SECOND, Authority, Sealed, authority, seal

PROGRAM = Path(verifier.__file__)


@pytest.fixture(scope="module")
def stamps(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return seal(tmp_path_factory.mktemp("sealed"))


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory, stamps: Authority) -> tuple[Sealed, bytes]:
    """A ledger whose last checkpoint is time stamped, and its bundle for T-2, with the first checkpoint too."""
    made = seal(tmp_path_factory.mktemp("anchored"))
    with Ledger.open(str(made.path)) as ledger:
        trusted = x509.load_pem_x509_certificates(stamps.root.read_bytes())
        anchor(ledger, stamps.stamp(request(made.notes[SECOND])), trusted)
        return made, bundle(ledger, made.signer(), "T-2", NOW, held=[FIRST])


@pytest.fixture(scope="module")
def plain(sealed: Sealed) -> bytes:
    """A bundle for T-2 with both checkpoints and no anchor."""
    with Ledger.open(str(sealed.path)) as ledger:
        return bundle(ledger, sealed.signer(), "T-2", NOW, held=[FIRST])


class TestWhole:
    def test_an_untouched_bundle_is_valid_and_nobody_else_vouches_for_it(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        result = verified(tmp_path, plain, sealed)
        assert result.word == "VALID-UNANCHORED"
        assert codes(result, "good") == ["consistency good", "entries good", "streams good", "figures good"]
        assert [it.code for it in result.unproved] == ["not truth", "not later", "not alone"]

    def test_without_the_desks_key_it_says_whose_key_it_took(self, plain: bytes, tmp_path: Path) -> None:
        result = verified(tmp_path, plain)
        assert "not key" in [it.code for it in result.unproved]
        assert ORIGIN in told(result, "es") and "No prueba:" in told(result, "es")

    def test_a_time_stamp_of_a_trusted_authority_anchors_it(
        self, anchored: tuple[Sealed, bytes], stamps: Authority, tmp_path: Path
    ) -> None:
        result = verified(tmp_path, anchored[1], anchored[0], root=stamps.root)
        assert result.word == "VALID-ANCHORED"
        assert verdict(result, "en").startswith("VALID-ANCHORED(20") and "CN=Clock" in verdict(result, "en")
        assert "not created" in [it.code for it in result.unproved]

    def test_a_checkpoint_the_client_held_anchors_it(self, plain: bytes, sealed: Sealed, tmp_path: Path) -> None:
        result = verified(tmp_path, plain, sealed, held=[sealed.notes[SECOND]])
        assert verdict(result, "es") == f"VALID-ANCHORED(punto de control de {SECOND} asientos, guardado por usted)"

    def test_an_anchor_in_the_middle_is_told_but_does_not_anchor_what_came_after(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        files = files_of(plain)
        last = max(int(it.split("/")[1].split(".")[0]) for it in files if it.endswith(".leaf"))
        result = verified(tmp_path, plain, sealed, held=[sealed.notes[FIRST]])
        assert ("held good" in codes(result, "good")) and (result.word == "VALID-ANCHORED") == (last <= FIRST)
        with Ledger.open(str(sealed.path)) as ledger:
            later = bundle(ledger, sealed.signer(), "T-3", NOW, held=[FIRST])
        result = verified(tmp_path, later, sealed, held=[sealed.notes[FIRST]])
        assert result.word == "VALID-UNANCHORED" and "partly" in codes(result, "note")

    def test_it_runs_alone_on_its_one_file(self, plain: bytes, sealed: Sealed, tmp_path: Path) -> None:
        (tmp_path / "bundle.zip").write_bytes(plain)
        program = tmp_path / "bitacora_verify.py"
        program.write_bytes(PROGRAM.read_bytes())
        vkey = sealed.key.with_name(sealed.key.name + ".vkey")
        (tmp_path / "held.note").write_bytes(sealed.notes[SECOND])
        run = [sys.executable, "-I", str(program), str(tmp_path / "bundle.zip"), "--key", str(vkey)]
        alone = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert alone.returncode == 3 and alone.stdout.startswith("VALID-UNANCHORED\n")
        held = subprocess.run([*run, "--checkpoint", str(tmp_path / "held.note")], capture_output=True, text=True, check=False)
        assert held.returncode == 0 and held.stdout.startswith("VALID-ANCHORED(")

    def test_a_reader_who_has_enough_does_not_make_it_fail(self, plain: bytes, tmp_path: Path) -> None:
        (tmp_path / "bundle.zip").write_bytes(plain)
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "wb") as nobody:
            run = [sys.executable, "-I", str(PROGRAM), str(tmp_path / "bundle.zip")]
            ran = subprocess.run(run, stdout=nobody, stderr=subprocess.PIPE, check=False)
        assert (ran.returncode, ran.stderr) == (3, b"")

    def test_what_cannot_be_opened_is_misuse(self, plain: bytes, tmp_path: Path) -> None:
        (tmp_path / "bundle.zip").write_bytes(plain)
        assert verifier.main([str(tmp_path / "none.zip")]) == 2
        assert verifier.main([str(tmp_path / "bundle.zip"), "--key", os.devnull]) == 2

    @pytest.mark.parametrize(
        ("option", "says"),
        [
            ("--checkpoint", "is no checkpoint, which is a note that the desk signed"),
            ("--key", "is no public key of a desk"),
            ("--tsa-cert", "holds no certificate in PEM"),
        ],
    )
    @pytest.mark.parametrize("content", [b"", b"a letter\n", b"\xff\xfe\n\n\n"])
    def test_a_file_named_that_is_something_else_is_misuse_and_decides_nothing(
        self, plain: bytes, tmp_path: Path, option: str, says: str, content: bytes, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "bundle.zip").write_bytes(plain)
        (tmp_path / "held").write_bytes(content)
        assert verifier.main([str(tmp_path / "bundle.zip"), option, str(tmp_path / "held"), "--lang", "en"]) == 2
        told = capsys.readouterr()
        assert (told.out, told.err) == ("", f"bitacora_verify: {tmp_path / 'held'} {says}\n")

    def test_without_what_it_needs_it_says_so_and_calls_no_bundle_invalid(self, plain: bytes, tmp_path: Path) -> None:
        (tmp_path / "bundle.zip").write_bytes(plain)
        run = [sys.executable, "-I", "-S", str(PROGRAM), str(tmp_path / "bundle.zip")]
        ran = subprocess.run(run, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert "cryptography" in ran.stderr and "Traceback" not in ran.stderr

    def test_it_speaks_the_language_of_the_reader_unless_told(self, plain: bytes, tmp_path: Path) -> None:
        (tmp_path / "bundle.zip").write_bytes(plain)
        run = [sys.executable, "-I", str(PROGRAM), str(tmp_path / "bundle.zip")]
        for locale, asked, word in (
            ("es_MX.UTF-8", [], "No prueba"),
            ("es_MX.UTF-8", ["--lang", "en"], "Not proved"),
            ("C", [], "Not proved"),
        ):
            environment = {**os.environ, "LC_ALL": locale}
            ran = subprocess.run([*run, *asked], capture_output=True, env=environment, check=False)
            assert word in ran.stdout.decode(), locale

    def test_everything_is_said_in_both_languages(self) -> None:
        for code, (english, spanish) in verifier.SAID.items():
            assert english and spanish and set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", spanish)), code


class TestMissing:
    @pytest.mark.parametrize("kind", [".leaf", ".tlog-proof"])
    def test_an_entry_left_out_is_incomplete_whatever_the_manifest_says(
        self, plain: bytes, sealed: Sealed, tmp_path: Path, kind: str
    ) -> None:
        files = files_of(plain)
        for name in [it for it in files if it.endswith(kind)][::20]:
            result = verified(tmp_path, zipped({key: it for key, it in files.items() if key != name}, sealed.signer()), sealed)
            assert result.word == "INCOMPLETE", name

    def test_an_entry_and_its_proof_left_out_are_missed_by_version(self, plain: bytes, sealed: Sealed, tmp_path: Path) -> None:
        files = files_of(plain)
        gone = next(it for it in files if it.endswith(".leaf") and b"\nticket:T-2\n7\n" in files[it][:60]).removesuffix(".leaf")
        result = verified(
            tmp_path,
            zipped({name: it for name, it in files.items() if not name.startswith(gone + ".")}, sealed.signer()),
            sealed,
        )
        assert result.word == "INCOMPLETE"
        assert [it.values["missing"] for it in result.lines if it.code == "versions"] == ["7"]

    def test_a_stream_said_to_be_endless_is_incomplete_and_said_so_at_once(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        files = files_of(plain)
        files["streams.note"] = sealed.signer().sign(heads_text(ORIGIN, SECOND, {"ticket:T-2": 10**17}))
        result = verified(tmp_path, zipped(files, sealed.signer()), sealed)
        assert [it.values["missing"] for it in result.lines if it.code == "versions"] == ["110, 111, 112, 113, 114 …"]

    @pytest.mark.parametrize("name", ["key.vkey", "streams.note", "statement.json", f"checkpoints/{SECOND}.note",
                                      f"checkpoints/{FIRST}.note", f"consistency/{FIRST}-{SECOND}.txt"])  # fmt: skip
    def test_a_part_left_out_is_told_by_name(self, plain: bytes, tmp_path: Path, name: str) -> None:
        files = files_of(plain)
        del files[name]
        result = verified(tmp_path, zipped(files))
        assert result.word == "INCOMPLETE"
        assert any(it.values.get("file") == name for it in result.lines if it.kind == "missing")

    def test_a_held_checkpoint_the_bundle_does_not_lead_to_is_asked_for(self, sealed: Sealed, tmp_path: Path) -> None:
        with Ledger.open(str(sealed.path)) as ledger:
            raw = bundle(ledger, sealed.signer(), "T-2", NOW)
        result = verified(tmp_path, raw, sealed, held=[sealed.notes[FIRST]])
        assert result.word == "INCOMPLETE" and codes(result, "missing") == ["held apart"]


class TestWrong:
    @pytest.mark.parametrize("seed", range(10))
    def test_a_bit_flipped_in_any_part_is_invalid_even_under_a_new_manifest(
        self, plain: bytes, sealed: Sealed, tmp_path: Path, seed: int
    ) -> None:
        rng = random.Random(seed)
        files = files_of(plain)
        # The statement is the desk's claim: a change there is told by working it out again, see below.
        names = [it for it in files if it not in ("manifest.json", "manifest.note", "statement.json")]
        for _ in range(30):
            name = rng.choice(names)
            content = bytearray(files[name])
            content[rng.randrange(len(content) - 1)] ^= 1 << rng.randrange(8)
            result = verified(tmp_path, zipped({**files, name: bytes(content)}, sealed.signer()), sealed)
            assert result.word == "INVALID", (name, bytes(content))

    def test_a_bit_flipped_anywhere_in_the_zip_is_never_called_valid_with_other_contents(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        rng = random.Random(3)
        expected = files_of(plain)
        for _ in range(200):
            raw = bytearray(plain)
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            result = verified(tmp_path, bytes(raw), sealed)
            assert result.word in ("INVALID", "INCOMPLETE") or files_of(bytes(raw)) == expected

    @pytest.mark.parametrize("batch", range(10))
    def test_no_change_of_its_files_by_anybody_but_the_desk_leaves_a_bundle_valid(
        self, plain: bytes, sealed: Sealed, tmp_path: Path, batch: int
    ) -> None:
        rng, files = random.Random(batch), files_of(plain)
        for _ in range(50):
            changed = mutated(files, rng)
            word = verified(tmp_path, zipped(changed), sealed).word
            assert word in ("INVALID", "INCOMPLETE") or changed == files

    @pytest.mark.parametrize("raw", [b"", b"PK\3\4", b"not a zip at all"])
    def test_what_is_no_bundle_is_invalid(self, tmp_path: Path, raw: bytes) -> None:
        assert verified(tmp_path, raw).word == "INVALID"

    def test_a_bundle_signed_anew_with_another_key_is_invalid(self, plain: bytes, sealed: Sealed, tmp_path: Path) -> None:
        other = make_key(tmp_path / "other.key", ORIGIN)
        files = re_signed(files_of(plain), other)
        assert verified(tmp_path, zipped(files, other)).word == "VALID-UNANCHORED"
        assert codes(verified(tmp_path, zipped(files, other), sealed), "wrong")[0] == "other key"
        held = verified(tmp_path, zipped(files, other), held=[sealed.notes[SECOND]])
        assert held.word == "INVALID" and "signature" in codes(held, "wrong")

    def test_an_old_checkpoint_replayed_as_the_last_is_invalid(self, plain: bytes, sealed: Sealed, tmp_path: Path) -> None:
        files = files_of(plain)
        files[f"checkpoints/{SECOND}.note"] = files[f"checkpoints/{FIRST}.note"]
        result = verified(tmp_path, zipped(files, sealed.signer()), sealed)
        assert result.word == "INVALID" and "size" in codes(result, "wrong")

    def test_two_histories_signed_for_two_clients_are_called_what_they_are(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        text = read_checkpoint(read_note(sealed.notes[SECOND]).text)._replace(root=b"\1" * 32).text()
        result = verified(tmp_path, plain, sealed, held=[sealed.signer().sign(text)])
        assert result.word == "INVALID" and codes(result, "wrong") == ["split"]

    def test_a_rewritten_history_does_not_continue_the_one_signed_before(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        files = files_of(plain)
        text = read_checkpoint(read_note(sealed.notes[FIRST]).text)._replace(root=b"\1" * 32).text()
        files[f"checkpoints/{FIRST}.note"] = sealed.signer().sign(text)
        assert codes(verified(tmp_path, zipped(files, sealed.signer()), sealed), "wrong") == ["inconsistent"]

    def test_an_entry_shown_beyond_the_length_the_desk_signed_disproves_the_desk(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        files = files_of(plain)
        lines = read_note(files["streams.note"]).text.split("\n")[3:-1]
        heads = {name: int(version) for name, version in (it.split(" ") for it in lines)}
        heads["ticket:T-2"] -= 1
        files["streams.note"] = sealed.signer().sign(heads_text(ORIGIN, SECOND, heads))
        assert codes(verified(tmp_path, zipped(files, sealed.signer()), sealed), "wrong") == ["more"]

    def test_the_proof_of_another_entry_proves_nothing(self, plain: bytes, sealed: Sealed, tmp_path: Path) -> None:
        files = files_of(plain)
        one, other = [it for it in files if it.endswith(".tlog-proof")][5:7]
        files[one] = files[other]
        assert "root" in codes(verified(tmp_path, zipped(files, sealed.signer()), sealed), "wrong")

    def test_a_file_nobody_listed_is_invalid(self, plain: bytes, tmp_path: Path) -> None:
        files = files_of(plain) | {"notes.txt": b"trust me"}
        assert codes(verified(tmp_path, zipped(files)), "wrong") == ["unlisted"]


class TestFigures:
    @pytest.mark.parametrize("change", [
        lambda it: it["explain"]["resolution"].update(elapsed_seconds=1),
        lambda it: it["explain"]["response"].update(verdict="met!"),
        lambda it: it["explain"].update(billing=[]),
        lambda it: it["explain"]["entries"][3].update(note="something else"),
    ])  # fmt: skip
    def test_a_figure_that_does_not_follow_from_the_entries_is_named(
        self, plain: bytes, sealed: Sealed, tmp_path: Path, change: Callable[[dict[str, dict[str, object]]], None]
    ) -> None:
        files = files_of(plain)
        statement = json.loads(files["statement.json"])
        change(statement)
        files["statement.json"] = json.dumps(statement).encode()
        result = verified(tmp_path, zipped(files, sealed.signer()), sealed)
        assert result.word == "INVALID" and codes(result, "wrong") == ["figures"]

    def test_figures_of_an_entry_without_its_terms_cannot_be_worked_out(
        self, plain: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        files = files_of(plain)
        statement = json.loads(files["statement.json"])
        del statement["question"]["known_at"]
        files["statement.json"] = json.dumps(statement).encode()
        assert codes(verified(tmp_path, zipped(files, sealed.signer()), sealed), "missing") == ["not worked out"]

    def test_a_ticket_under_a_quota_is_disclosed_with_those_that_share_it(self, tmp_path: Path) -> None:
        base = {"at": "2026-01-05T08:00:00-06:00"}
        lines = [
            {"type": "ClientRegistered", **base, "client": "beta", "name": "Beta", "local": True},
            {"type": "RequesterAuthorized", **base, "client": "beta", "person": "ana"},
            {"type": "PolicyContracted", **base, "policy": "P-2", "client": "beta", "terms": "customsoft", "tier": "basic",
             "starts": "2026-01-05"},
            *(opened(f"B-{number}", client="beta", priority="P2", channel="portal") for number in range(1, 4)),
        ]  # fmt: skip
        signer = make_key(tmp_path / "desk.key", ORIGIN)
        with Ledger.open(str(tmp_path / "ledger.db"), create=True) as ledger:
            ledger.record(read(*lines))
            checkpoint(ledger, signer, NOW)
            raw = bundle(ledger, signer, "B-2", NOW)
        leaves = b"".join(it for name, it in files_of(raw).items() if name.endswith(".leaf"))
        assert all(f"\nticket:B-{number}\n1\n".encode() in leaves for number in range(1, 4))
        assert json.loads(files_of(raw)["statement.json"])["explain"]["consumption"]["covered"] == ["B-1", "B-2"]
        result = verified(tmp_path, raw)
        assert result.word == "VALID-UNANCHORED" and "figures good" in codes(result, "good")


class TestStamps:
    def test_a_valid_time_stamp_of_something_else_is_invalid(
        self, anchored: tuple[Sealed, bytes], stamps: Authority, tmp_path: Path
    ) -> None:
        files = files_of(anchored[1])
        name = next(it for it in files if it.startswith("anchors/"))
        files[name] = stamps.stamp(request(b"another checkpoint"))
        result = verified(tmp_path, zipped(files, anchored[0].signer()), anchored[0], root=stamps.root)
        assert result.word == "INVALID" and codes(result, "wrong") == ["imprint"]

    def test_a_time_stamp_nobody_can_check_anchors_nothing(self, anchored: tuple[Sealed, bytes], tmp_path: Path) -> None:
        result = verified(tmp_path, anchored[1], anchored[0])
        assert result.word == "VALID-UNANCHORED" and codes(result, "note") == ["stamp unchecked"]

    def test_a_time_stamp_of_an_authority_that_is_not_trusted_anchors_nothing(
        self, anchored: tuple[Sealed, bytes], tmp_path: Path
    ) -> None:
        other = authority(tmp_path, "Somebody Else")
        result = verified(tmp_path, anchored[1], anchored[0], root=other.root)
        assert result.word == "VALID-UNANCHORED" and codes(result, "note") == ["stamp unchecked"]

    def test_a_flipped_bit_never_makes_a_time_stamp_say_something_else(
        self, anchored: tuple[Sealed, bytes], stamps: Authority, tmp_path: Path
    ) -> None:
        files = files_of(anchored[1])
        name = next(it for it in files if it.startswith("anchors/"))
        untouched = verdict(verified(tmp_path, anchored[1], anchored[0], root=stamps.root), "en")
        rng, signer = random.Random(5), anchored[0].signer()
        for _ in range(300):
            token = bytearray(files[name])
            token[rng.randrange(len(token))] ^= 1 << rng.randrange(8)
            result = verified(tmp_path, zipped({**files, name: bytes(token)}, signer), anchored[0], root=stamps.root)
            assert result.word != "VALID-ANCHORED" or verdict(result, "en") == untouched
