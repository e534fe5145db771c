"""Where the ledger is kept and who sees it: files, databases, topics; the command line, HTTP, the page; importers, exporters."""
