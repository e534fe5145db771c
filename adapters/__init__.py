"""Where the ledger is kept and who sees it: SQLite, PostgreSQL, the command line, importers, exporters."""
