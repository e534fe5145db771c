"""Where a ledger is kept, SQLite or PostgreSQL, and the transactions that write it. What entries amount to is unknown here."""
