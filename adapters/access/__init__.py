"""Who may use a ledger's server: the tokens made for it, and where they are kept beside the ledger."""
