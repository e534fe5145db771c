"""What a ledger answers: reports and replays, as the rows of exchange.md. It words nothing."""
