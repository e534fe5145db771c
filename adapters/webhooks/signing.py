"""Signatures of Standard Webhooks (v1, HMAC-SHA256), and the secrets they are made with.

No secret is kept: it is worked out from a salt and the ledger's key store whenever something is signed, so that neither a copy
of the database nor of the subscriptions lets anybody sign.
"""

import base64
import hmac
import secrets

from adapters.ledger import Ledger

_PREFIX = "whsec_"
_SALT_BYTES = 24


def new_salt() -> str:
    """For a new subscription, in hexadecimal."""
    return secrets.token_hex(_SALT_BYTES)


def secret_of(ledger: Ledger, salt: str) -> bytes:
    """The secret that goes with a salt. LedgerError if the ledger is not sealed, or its key store is not there."""
    return ledger.seals.store.webhook_secret(bytes.fromhex(salt))


def secret_text(secret: bytes) -> str:
    """A secret as receivers take it."""
    return _PREFIX + base64.b64encode(secret).decode()


def signed(secret: bytes, id: str, at_seconds: int, body: bytes) -> dict[str, str]:
    """The headers of a message: its id, when it is sent (Unix seconds) and the signature over both and the body."""
    digest = hmac.digest(secret, b"%b.%d.%b" % (id.encode(), at_seconds, body), "sha256")
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at_seconds),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
