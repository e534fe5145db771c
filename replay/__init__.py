"""Under which knowledge and which rules: the questions an auditor asks of the accounts."""
