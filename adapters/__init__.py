"""Where the ledger is kept and who sees it: files, databases, topics; command line, HTTP, the page; importers, exporters."""
