"""Where the ledger is kept and who sees it: SQLite, the command line, importers, exporters."""
