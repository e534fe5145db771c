"""What stands, wherever entries are shown, for a personal text that can not be read."""

from domain.refusal import said

FORGOTTEN = said("[forgotten]")
"""Its key was destroyed, and the ledger says so."""
UNREADABLE = said("[sealed]")
"""Its key is not here."""
MARKS = (FORGOTTEN, UNREADABLE)
