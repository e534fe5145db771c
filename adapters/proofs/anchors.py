"""Anchors outside the desk: RFC 3161 time stamps over checkpoints, asked for and brought back as files.

It talks to nobody: the request is a file to send to a time stamping authority, its answer a file to take in. A stamp is kept
only once it is known to be of a checkpoint of this ledger and to lead to a certificate that is trusted.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256, sha384, sha512
from typing import NamedTuple

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import PKIStatus

from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.proofs.tree import TreeRows
from domain.refusal import said

_DIGESTS = {
    "2.16.840.1.101.3.4.2.1": sha256,
    "2.16.840.1.101.3.4.2.2": sha384,
    "2.16.840.1.101.3.4.2.3": sha512,
}
_FAILURES = (VerificationError, ValueError)
_GRANTED = (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)


class Anchored(NamedTuple):
    """A time stamp taken in: the size of the checkpoint it is of, by when that existed (UTC), and who says so."""

    size: int
    when: datetime
    who: str


def request(note: bytes) -> bytes:
    """The question for a time stamping authority about a checkpoint's note (a TimeStampReq, application/timestamp-query)."""
    return TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build().as_bytes()


def anchor(ledger: Ledger, token: bytes, trusted: Sequence[x509.Certificate]) -> Anchored:
    """Takes in a time stamp (a TimeStampResp) over one of the ledger's checkpoints and keeps it; again, it changes nothing.

    LedgerError if it is no time stamp, leads to none of the trusted certificates, or is of none of the checkpoints."""
    response = _read(token)
    with ledger.reading(said("reading the checkpoints")) as plain:
        kept = TreeRows.of(plain).checkpoints()
    found = next((it for it in kept if is_of(response, it.note)), None)
    if found is None:
        raise LedgerError(said("the time stamp is of something else: none of the ledger's checkpoints has its digest"))
    _check(response, found.note, trusted)
    with ledger.writing_beside() as rows:
        TreeRows.of(rows).keep_anchor(found.size, token)
    return Anchored(found.size, response.tst_info.gen_time.astimezone(UTC), _who(response))


def is_of(response: TimeStampResponse, content: bytes) -> bool:
    """Whether a time stamp is of exactly these bytes: its imprint compared with their digest. Any valid stamp would pass
    for an anchor without this."""
    imprint = response.tst_info.message_imprint
    digest = _DIGESTS.get(imprint.hash_algorithm.dotted_string)
    return digest is not None and digest(content).digest() == imprint.message


def _read(token: bytes) -> TimeStampResponse:
    # What the library says of bytes it cannot read is of use to nobody who has the file only.
    no_stamp = LedgerError(
        said("it is no time stamp: the answer of a time stamping authority (RFC 3161) is expected, as it came")
    )
    try:
        response = decode_timestamp_response(token)
    except ValueError:
        raise no_stamp from None
    if response.status not in _GRANTED:
        why = "; ".join(response.status_string) or PKIStatus(response.status).name.lower()
        raise LedgerError(said("it is no time stamp: the authority refused to give one ({problem})"), problem=why)
    try:
        _ = response.tst_info
    except ValueError:
        raise no_stamp from None
    return response


def _check(response: TimeStampResponse, note: bytes, trusted: Sequence[x509.Certificate]) -> None:
    roots = [it for it in trusted if it.issuer == it.subject]
    if not roots:
        raise LedgerError(said("a time stamp is checked against the root certificate of its authority: none was given"))
    between = [it for it in trusted if it.issuer != it.subject]
    try:
        VerifierBuilder(roots=roots, intermediates=between).build().verify_message(response, note)
    except _FAILURES as problem:
        raise _failed(str(problem)) from None


def _failed(problem: str) -> LedgerError:
    """What it means that the library finds a time stamp wrong; the errors of OpenSSL that it lists are left out."""
    if "certificate verify error" in problem:
        return LedgerError(said("the time stamp does not hold: it leads to none of the certificates given"))
    if "ErrorStack" in problem:
        return LedgerError(
            said("the time stamp does not hold: its signature is wrong, so that it was changed since it was made")
        )
    return LedgerError(said("the time stamp does not hold: {problem}"), problem=problem)


def _who(response: TimeStampResponse) -> str:
    signer = next(iter(response.signed_data.signer_infos))
    held = [x509.load_der_x509_certificate(it) for it in response.signed_data.certificates]
    named = (it for it in held if (it.issuer, it.serial_number) == (signer.issuer, signer.serial_number))
    return next((it.subject.rfc4514_string() for it in named), str(signer.serial_number))
