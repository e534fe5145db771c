"""A ledger in a PostgreSQL database: its schema, its connections and transactions, and what a failure of them means."""
