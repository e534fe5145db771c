"""docs/reporting.md, written from the definitions of tables and views: what reporting may rely on, in English and Spanish.

`python -m adapters.accounts.reference > docs/reporting.md` writes it again; a test holds the two together.
"""

from collections.abc import Iterable, Iterator

from adapters.accounts.views import VIEWS, Shown, tables_shown

_PREFACE = """# Stored accounts, for reporting

Written by the program: `python -m adapters.accounts.reference > docs/reporting.md`.

A report is worked out from the entries. When many ask, or other programs want the figures in a database, keep them there:

```text
bitacora follow            keep the accounts up with the ledger and with the clock, until stopped
bitacora follow --once     catch up, and end
bitacora accounts          version, position, how far behind; --parked, --retry
bitacora rebuild           build them anew beside those in use, compare, switch; --workers N
bitacora verify            hold every stored row against a replay, among other things
```

They are tables that any program may read, through views whose names and columns stay. On SQLite they are in a file of
their own, `LEDGER.accounts`, beside the ledger: open it read-only with whatever reads SQLite. It can be deleted at any
time and is made again; no backup, proof or export needs it. On PostgreSQL they are in the schema `bitacora_accounts` of the
ledger's database: give a job a name of its own in the role `bitacora_reporting`, which [reads nothing else](postgresql.md).
`bitacora report` answers from them when they are current, and says so; `--fresh` replays.

```text
sqlite3 -readonly -header bitacora.db.accounts "SELECT * FROM monthly_billing"

CREATE ROLE jobs LOGIN PASSWORD '...' IN ROLE bitacora_reporting;
ALTER ROLE jobs SET search_path = bitacora_accounts;     -- else bitacora_accounts.monthly_billing
```

What each view and column means stands in the database too, in Spanish and English: `\\d+ monthly_billing` in `psql`,
`.schema monthly_billing` in `sqlite3`.

- **They are what a replay says**, to the second and the cent: the same functions judge, and `bitacora verify` checks
  row by row.
- **What runs, grows.** A row that is not `settled` has figures as of its `judged_at`: seconds elapsed, paused, over.
  What is in words (a verdict, a state, whether a ticket is unattended) is right until the follower's next look: it
  wakes when a clock passes its target, a ticket has been left alone for a day, a policy begins or ends, though nothing
  is recorded. `bitacora report` judges unsettled rows afresh.
- **Times** are UTC: text such as `2026-03-02T15:15:00Z` in SQLite (with six decimals of the second in columns of type
  `moment`), `timestamptz` in PostgreSQL. Durations are whole seconds or minutes. **Money** is text as agreed (`600.00`),
  with `amount_cents` as a whole number to add up. Lists and objects are JSON.
- **Nobody is named.** Consultants, and the detail of benefits, are sealed as in the ledger: see [Personal
  data](personal-data.md). The same person is always the same sealed text; `bitacora` shows it in plain to whoever holds
  the keys.
- **A policy, or a contingency of everyone, may touch many tickets.** Up to a thousand are judged in the transaction that
  takes the entry in. Of more, that transaction only marks that their rows do not hold any more, and they are judged a
  thousand at a time in the next ones, while new entries go on being followed: until then the views show them as they
  were before the entry. `bitacora report` heeds the marks and is right all the while, `bitacora verify` says how many
  are still to be judged again.
- **An entry that cannot be processed parks its ticket** (or client): its rows stay as they were, everything else goes
  on, reports replay (and stop at an entry that cannot be read at all) until it is tried again with `bitacora accounts
  --retry`. The follower says when it parks something. Without terms and the desk's own entries
  nobody can be judged: should one of those be unreadable, `terms:…` or `desk` is parked, `bitacora accounts` says that
  nothing is kept up to date, and the follower tries again after longer and longer waits, 30 seconds at most. Accounts
  that are still to be made for the first time cannot show that; the follower says it.
- **One follows, others stand by.** Start `bitacora follow` on as many machines or terminals as you like: one works,
  another takes over within a second when it ends, however it ends.
- **Views may be built upon.** On PostgreSQL, views of your own over these, and grants, outlast `rebuild` and a new
  version. Should the columns of one of these views ever change, it is made anew: what depends on it is named, and has to be
  dropped first.
- **A new version** of this program with other tables builds them beside the old ones and switches in one step: whoever
  reads sees one or the other. A build that is killed is gone on with by the next one, `rebuild` or `follow`, where its
  last transaction ended; one of another definition, or of another history of the ledger, is thrown away. On PostgreSQL,
  while somebody is in the middle of reading the old ones (a long query, `pg_dump`), the switch waits and says so; it asks
  for a fifth of a second at a time, so that others go on reading.
- **On PostgreSQL what is stored here does not wait for the disk** (`synchronous_commit = off`): rows and position are of
  one transaction, so that after a crash of the server the last few may be missing together, and are made again. The
  entries themselves always wait.
- **A clock that steps back** is followed back: what was judged later than now is judged again.

"""


def reference() -> str:
    """The whole document in Markdown."""
    views = "".join(
        f"\n### `{it.name}`\n\n{it.en}\n*{it.es}*\n\n```sql\n{_folded(it.query)};\n```\n\n{_columns(it.columns)}"
        for it in VIEWS
    )
    tables = "".join(
        f"\n### `{it.name}`\n\n{it.en}\n*{it.es}*\n\nOne row for each {', '.join(f'`{name}`' for name in it.key)}.\n\n"
        + _table((f"`{column.name}`", column.kind, column.en, column.es) for column in it.columns)
        for it in tables_shown()
    )
    return f"{_PREFACE}## Views\n{views}\n## Tables\n{tables}"


def _columns(columns: Iterable[Shown]) -> str:
    return _table((f"`{it.name}`", it.en, it.es) for it in columns)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(it)} |" for it in rows]
    width = lines[0].count(" | ") + 1
    heading = ("column", "", "") if width == 3 else ("column", "type", "", "")
    return "\n".join([f"| {' | '.join(heading)} |", f"|{' --- |' * width}", *lines]) + "\n"


def _folded(query: str) -> str:
    """A query with a line for each of its parts."""
    return "\n".join(_parts(query))


def _parts(query: str) -> Iterator[str]:
    for word in (" FROM ", " WHERE ", " ORDER BY "):
        query = query.replace(word, f"\n{word.strip()} ")
    yield from query.split("\n")


if __name__ == "__main__":
    print(reference(), end="")
