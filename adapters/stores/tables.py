"""The tables that a server keeps beside a ledger's entries, the same on both stores: those of tokens and of webhooks.

In PostgreSQL they are steps of its schema, and those that were released are never edited. Nothing here opens anything.
"""

TOKENS = (
    "CREATE TABLE access_tokens (id text PRIMARY KEY, name text NOT NULL, role text NOT NULL, client text,"
    " made_at text NOT NULL, expires_at text, revoked_at text, digest text NOT NULL)",
)
"""Nothing in it opens anything: of a token only the digest is kept."""

WEBHOOKS = (
    "CREATE TABLE webhooks (id text PRIMARY KEY, url text NOT NULL, owner text, wanted text NOT NULL,"
    " is_private bigint NOT NULL, salt text NOT NULL, state text NOT NULL, position bigint NOT NULL, made_at text NOT NULL)",
    "CREATE TABLE webhook_queues (webhook text NOT NULL REFERENCES webhooks ON DELETE CASCADE, stream text NOT NULL,"
    " after bigint NOT NULL, state text NOT NULL, attempts bigint NOT NULL, position bigint, since text, due_at text,"
    " problem text, PRIMARY KEY (webhook, stream))",
)
"""Neither entries nor secrets are in them."""
