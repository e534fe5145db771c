"""Where the ledger is kept and who sees it: SQLite, PostgreSQL, Kafka, the command line, HTTP, the page, importers, exporters."""
