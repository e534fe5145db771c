"""The tables of a ledger in PostgreSQL, its guards and its roles, as numbered steps from nothing to what this program needs.

A step that was ever released is never edited: a change is one more step. Nothing here connects to anything: see `migrating`.
"""

from adapters.stores.tables import TOKENS, WEBHOOKS

SCHEMA = "bitacora"
CHANNEL = "bitacora_entries"
WRITER, READER, REPORTING = "bitacora_writer", "bitacora_reader", "bitacora_reporting"
FOLLOWER = "bitacora_follower"
ADMIN = "bitacora_admin"
ROLES = (WRITER, READER, REPORTING, FOLLOWER, ADMIN)
ACCOUNTS = "bitacora_accounts"
"""The schema of the stored accounts: followers make their tables, see `adapters.accounts.postgres`."""

_TABLES = (
    # The column names are those of the eventsourcing library; "C" compares text by its bytes, as SQLite does.
    'CREATE TABLE stored_events (notification_id bigint PRIMARY KEY, originator_id text COLLATE "C" NOT NULL,'
    " originator_version bigint NOT NULL, topic text NOT NULL, state bytea NOT NULL,"
    " UNIQUE (originator_id, originator_version))",
    # One row: the last position. Whoever writes locks it, so positions are dense and in the order of commits.
    "CREATE TABLE ledger_head (position bigint NOT NULL, one boolean PRIMARY KEY DEFAULT true CHECK (one))"
    " WITH (fillfactor = 10)",
    "INSERT INTO ledger_head VALUES (0)",
    'CREATE TABLE entry_keys (key text COLLATE "C" PRIMARY KEY, position bigint NOT NULL)',
    'CREATE TABLE client_streams (client text COLLATE "C", stream text COLLATE "C", PRIMARY KEY (client, stream))',
    'CREATE TABLE contingency_streams (contingency text COLLATE "C" PRIMARY KEY, stream text COLLATE "C" NOT NULL)',
    'CREATE TABLE key_store (id text COLLATE "C" NOT NULL, one boolean PRIMARY KEY DEFAULT true CHECK (one))',
    'CREATE TABLE recordings (path text COLLATE "C" PRIMARY KEY, lines bigint NOT NULL, digest text NOT NULL,'
    " revision bigint NOT NULL)",
    'CREATE TABLE recording_refusals (path text COLLATE "C", line bigint, position bigint, PRIMARY KEY (path, line))',
    'CREATE TABLE recording_marks (path text COLLATE "C", revision bigint, marks bytea NOT NULL, PRIMARY KEY (path, revision))',
    "CREATE TABLE tree_tiles (level bigint, tile bigint, width bigint NOT NULL, hashes bytea NOT NULL,"
    " PRIMARY KEY (level, tile))",
    "CREATE TABLE checkpoints (size bigint PRIMARY KEY, note bytea NOT NULL, made_at text NOT NULL)",
    "CREATE TABLE checkpoint_anchors (size bigint REFERENCES checkpoints, digest text, token bytea NOT NULL,"
    " PRIMARY KEY (size, digest))",
)

_NEVER = "RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'a ledger is never changed: '"
_FUNCTION = "LANGUAGE plpgsql SET search_path = bitacora, pg_temp"
_OWNERS = f"{_FUNCTION} SECURITY DEFINER"

_FUNCTIONS = (
    f"CREATE FUNCTION refuse() RETURNS trigger {_FUNCTION} AS $$ BEGIN"
    f" {_NEVER} || TG_OP || ' on ' || TG_TABLE_NAME || ' is refused'; END $$",
    # Runs as the owner: a writer may neither lock nor move the head by itself.
    f"CREATE FUNCTION lock_head(OUT head bigint, OUT last bigint, OUT transaction text) {_OWNERS} AS $$ BEGIN"
    " SELECT position, pg_current_xact_id()::text INTO head, transaction FROM ledger_head FOR UPDATE;"
    " SELECT coalesce(max(notification_id), 0) INTO last FROM stored_events; END $$",
    # A statement at a time, not a row: COPY brings thousands.
    f"CREATE FUNCTION move_head() RETURNS trigger {_OWNERS} AS $$"
    " DECLARE first bigint; last bigint; n bigint; BEGIN"
    " SELECT min(notification_id), max(notification_id), count(*) INTO first, last, n FROM added;"
    " IF n = 0 THEN RETURN NULL; END IF;"
    " UPDATE ledger_head SET position = last WHERE position = first - 1 AND last - first + 1 = n;"
    f" IF NOT FOUND THEN {_NEVER} || 'an entry goes to the next position'; END IF;"
    f" PERFORM pg_notify('{CHANNEL}', last::text); RETURN NULL; END $$",
    f"CREATE FUNCTION refuse_narrower_tile() RETURNS trigger {_FUNCTION} AS $$ BEGIN"
    " IF NEW.level <> OLD.level OR NEW.tile <> OLD.tile OR NEW.width <= OLD.width OR NEW.width > 256"
    " OR length(NEW.hashes) <> 32 * NEW.width OR substr(NEW.hashes, 1, 32 * OLD.width::int) <> OLD.hashes"
    f" THEN {_NEVER} || 'UPDATE on tree_tiles is refused'; END IF; RETURN NEW; END $$",
    f"CREATE FUNCTION refuse_smaller_checkpoint() RETURNS trigger {_FUNCTION} AS $$ BEGIN"
    " IF NEW.size <= (SELECT max(size) FROM checkpoints)"
    f" THEN {_NEVER} || 'INSERT of an older one on checkpoints is refused'; END IF; RETURN NEW; END $$",
)

_FIXED = ("stored_events", "entry_keys", "client_streams", "key_store", "checkpoints", "checkpoint_anchors")
_GUARDED = dict.fromkeys(_FIXED, "UPDATE OR DELETE OR TRUNCATE") | {
    "contingency_streams": "DELETE OR TRUNCATE",
    "tree_tiles": "DELETE OR TRUNCATE",
    "ledger_head": "DELETE OR TRUNCATE",
}


def _always(trigger: str, table: str, what: str) -> tuple[str, str]:
    """A trigger that fires whatever a session says it replicates."""
    return f"CREATE TRIGGER {trigger} {what}", f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"


_TRIGGERS = (
    *(
        statement
        for table, verbs in _GUARDED.items()
        for statement in _always(f"{table}_refuse", table, f"BEFORE {verbs} ON {table} EXECUTE FUNCTION refuse()")
    ),
    *_always("stored_events_next", "stored_events",
             "AFTER INSERT ON stored_events REFERENCING NEW TABLE AS added EXECUTE FUNCTION move_head()"),
    *_always("tree_tiles_only_grow", "tree_tiles",
             "BEFORE UPDATE ON tree_tiles FOR EACH ROW EXECUTE FUNCTION refuse_narrower_tile()"),
    *_always("checkpoints_refuse_smaller", "checkpoints",
             "BEFORE INSERT ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_smaller_checkpoint()"),
)  # fmt: skip

_GRANTS = (
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bitacora FROM PUBLIC",
    f"GRANT USAGE ON SCHEMA bitacora TO {WRITER}, {READER}, {REPORTING}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA bitacora TO {WRITER}, {READER}",
    f"GRANT INSERT ON {', '.join(_FIXED)} TO {WRITER}",
    f"GRANT EXECUTE ON FUNCTION lock_head() TO {WRITER}",
    # What is only remembered beside the entries may be brought up to date: where a contingency was declared last, how far
    # a file is recorded, a tile that grows.
    f"GRANT INSERT, UPDATE ON contingency_streams, tree_tiles, recordings TO {WRITER}",
    f"GRANT INSERT, UPDATE, DELETE ON recording_refusals, recording_marks TO {WRITER}",
)

_STORED_ACCOUNTS = (
    f"CREATE SCHEMA IF NOT EXISTS {ACCOUNTS}",
    f"CREATE TABLE {ACCOUNTS}.account_versions (number bigint PRIMARY KEY, definition bigint NOT NULL, state text NOT NULL,"
    " position bigint NOT NULL, entry_id text NOT NULL, begun_at text NOT NULL)",
    f"GRANT USAGE ON SCHEMA {ACCOUNTS} TO {WRITER}, {READER}, {REPORTING}, {FOLLOWER}",
    # What followers make belongs to their role, not to whoever ran one: another can take over.
    f"GRANT CREATE ON SCHEMA {ACCOUNTS} TO {FOLLOWER}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {ACCOUNTS}.account_versions TO {FOLLOWER}",
    f"GRANT SELECT ON {ACCOUNTS}.account_versions TO {WRITER}, {READER}",
    f"GRANT USAGE ON SCHEMA bitacora TO {FOLLOWER}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA bitacora TO {FOLLOWER}",
)

_TOKENS = (
    *TOKENS,
    f"GRANT USAGE ON SCHEMA bitacora TO {ADMIN}",
    # A token is checked by whatever serves the ledger, and made only by who may.
    f"GRANT SELECT ON access_tokens TO {WRITER}, {READER}",
    f"GRANT SELECT, INSERT, UPDATE ON access_tokens TO {ADMIN}",
)

_WEBHOOKS = (
    *WEBHOOKS,
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks, webhook_queues TO {WRITER}, {FOLLOWER}",
    # Whoever sends sees whether a subscription's owner still has a token.
    f"GRANT SELECT ON access_tokens TO {FOLLOWER}",
)

STEPS: tuple[tuple[str, ...], ...] = (
    (*_TABLES, *_FUNCTIONS, *_TRIGGERS, *_GRANTS, *_STORED_ACCOUNTS),
    _TOKENS,
    _WEBHOOKS,
)
"""What brings a schema from each form to the next: the first from none to 1."""

FORM = len(STEPS)
