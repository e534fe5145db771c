"""Checkpoints, proofs and the verification of the ledger, over HTTP."""

from base64 import b64encode
from contextlib import closing
from threading import Lock
from typing import Any

from litestar import Request, Response

from adapters.access.tokens import Role
from adapters.accounts.comparing import compare
from adapters.accounts.places import accounts_of
from adapters.asked import Unclear
from adapters.http.answering import tagged
from adapters.http.asking import POSITION, TICKET, Asked, Parameter, number, required
from adapters.http.callers import Caller
from adapters.http.problems import Busy, Missing
from adapters.http.schemas import Found, Proved, Signed, Verified, VerifiedAccounts
from adapters.http.seeing import Seen
from adapters.http.telling import JSON, Answer, asks
from adapters.language import worded
from adapters.ledger import Ledger, utc_now
from adapters.proofs.proved_entries import ProvedEntry, ProvedGrowth, proved, proved_growth
from adapters.proofs.proving import prove
from adapters.proofs.signing import Signer
from adapters.proofs.soundness import Difference
from adapters.proofs.tree import TreeRows
from adapters.proofs.verifying import verify
from adapters.reports.reports import NotFound
from domain.refusal import said
from replay.notes import Key, Malformed, read_checkpoint, read_key, read_note

_READERS: tuple[Role, ...] = ("reader", "auditor", "integrator", "client")
_TEXT = "text/plain"
_SIZE = number("size", "Under the tree over the first so many entries; that of the last checkpoint by default.", 1, 2_971)
_verifying = Lock()


def _key(text: str) -> Key:
    try:
        return read_key(text)
    except Malformed as malformed:
        raise Unclear(said("this is no public key: {problem}"), problem=malformed) from None


def _note(text: str) -> bytes:
    note = text.encode()
    try:
        read_checkpoint(read_note(note).text)
    except Malformed as malformed:
        raise Unclear(said("this is no checkpoint: {problem}"), problem=malformed) from None
    return note


_KEY = Parameter("key", _key, {"type": "string"}, "The public key to hold signatures against, its one line; that of the server "
                 "by default.")  # fmt: skip
_HELD = Parameter("checkpoint", _note, {"type": "string"}, "A checkpoint kept outside the ledger, to be held against it, as "
                  "it was signed; repeatable.", is_many=True)  # fmt: skip


@asks("/v1/checkpoints", "listCheckpoints", "Every signed checkpoint, the smallest first.",
      Answer(JSON, list[Signed], "The checkpoints."),
      roles=_READERS, tag="proofs")  # fmt: skip
def list_checkpoints(ledger: Ledger) -> list[Signed]:
    """Answers the checkpoints that are kept."""
    with ledger.reading(said("reading the checkpoints")) as plain:
        return [Signed(it.size, it.note.decode(), it.made_at) for it in TreeRows.of(plain).checkpoints()]


@asks("/v1/checkpoint", "getCheckpoint", "The last signed checkpoint: a few lines to publish.",
      Answer(_TEXT, str, "The signed note (C2SP)."), roles=_READERS, tag="proofs", problems=(404,))  # fmt: skip
def get_checkpoint(ledger: Ledger) -> Response[str]:
    """Answers what `bitacora checkpoint` printed last."""
    with ledger.reading(said("reading the checkpoints")) as plain:
        last = TreeRows.of(plain).last_checkpoint()
    if last is None:
        raise Missing(said("nothing has been signed yet: make a checkpoint first"))
    return Response(last.note.decode(), media_type=_TEXT)


@asks("/v1/key", "getKey", "The public key that checkpoints are signed with. Whoever checks a proof should have it from "
    "elsewhere.",
      Answer(_TEXT, str, "The key (C2SP)."), roles=_READERS, tag="proofs",
      problems=(404,))  # fmt: skip
def get_key(signer: Signer | None) -> Response[str]:
    """Answers the public half of the server's key."""
    if signer is None:
        raise Missing(said("the server has no key to sign with: see signing_key in its configuration"))
    return Response(signer.key.text().strip() + "\n", media_type=_TEXT)


@asks("/v1/proof", "proveEntry", "The proof that an entry stands where it does, unchanged.",
      Answer(JSON, ProvedEntry, "The proof."), roles=_READERS, tag="proofs", parameters=(POSITION, _SIZE),
      problems=(304, 404, 409))  # fmt: skip
def prove_entry(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers an inclusion proof."""
    entry, seen = ledger.entry(asked["position"]), Seen(ledger, caller)
    if entry is None or not seen.sees(entry.stream):
        raise NotFound("entry", str(asked["position"]))
    # A client asks under what was signed, which is public: any other size would tell how much others recorded.
    size = None if seen.client is not None else asked["size"]
    headers = tagged(request, ledger, caller, size or 0, is_fixed=size is not None)
    return Response(proved(ledger, asked["position"], size), media_type=JSON, headers=headers)


@asks("/v1/consistency", "proveGrowth", "The proof that a tree continues a smaller one: that nothing was changed in between.",
      Answer(JSON, ProvedGrowth, "The proof."), roles=("reader", "auditor", "integrator"), tag="proofs",
      parameters=(number("first", "The size of the smaller tree.", 1, 1_200)._replace(is_required=True),
                  number("second", "The size of the other; that of the last checkpoint by default.", 1, 2_971)),
      problems=(409,))  # fmt: skip
def prove_growth(asked: Asked, ledger: Ledger) -> ProvedGrowth:
    """Answers a consistency proof."""
    return proved_growth(ledger, asked["first"], asked["second"])


@asks("/v1/prove", "proveTicket", "Every entry of a ticket, and its proof under the last checkpoint; later entries are "
    "left out.",
      Answer(JSON, list[Proved], "The proofs, as C2SP texts."), roles=("reader", "auditor", "client"), tag="proofs",
      parameters=(required(TICKET, "The ticket."),), problems=(404, 409))  # fmt: skip
def prove_ticket(asked: Asked, caller: Caller, ledger: Ledger) -> list[Proved]:
    """Answers what `bitacora prove` writes."""
    Seen(ledger, caller).check(asked)
    found = prove(ledger, asked["ticket"])
    return [Proved(it.position, it.stream, it.version, b64encode(it.leaf).decode(), it.proof.decode()) for it in found]


@asks("/v1/verify", "verifyLedger", "Read every stored byte and tell whether the ledger is whole and what was signed; hold the "
      "stored accounts, if there are any, against a replay. It takes time that grows with the ledger; one at a time.",
      Answer(JSON, Verified, "What was found."), roles=("auditor",), tag="proofs", parameters=(_KEY, _HELD))  # fmt: skip
def verify_ledger(asked: Asked, ledger: Ledger, signer: Signer | None) -> Verified:
    """Answers what `bitacora verify` tells, signatures held against the key given, or that of the server if it has one."""
    if not _verifying.acquire(blocking=False):
        raise Busy(said("the ledger is being verified already"))
    try:
        last = None if signer is None else signer.last()
        key = asked["key"] or (None if signer is None else signer.key)
        found = verify(ledger, key, [*([] if last is None else [last]), *asked["checkpoint"]])
        accounts = _accounts(ledger) if found.difference is None else None
    finally:
        _verifying.release()
    return Verified(found.difference is None, found.entries, found.streams, found.checkpoints, found.signed,
                    _told(found.difference), None if key is None else key.text().strip(), accounts)  # fmt: skip


def _accounts(ledger: Ledger) -> VerifiedAccounts | None:
    """The stored accounts, held against a replay; None if there are none."""
    with closing(accounts_of(ledger.url)) as accounts:
        found = compare(ledger, accounts, utc_now())
    if found is None:
        return None
    return VerifiedAccounts(found.tickets, found.position, found.parked, found.owed, _told(found.difference))


def _told(wrong: Difference | None) -> Found | None:
    return None if wrong is None else Found(wrong.position, worded(wrong))
