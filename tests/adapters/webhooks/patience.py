"""Little patience, so that tests need none."""

from adapters.webhooks.progress import Patience

QUICK = Patience(first_seconds=0.02, times=2, longest_seconds=0.2, most_attempts=4, request_seconds=1.0)
PATIENT = Patience(first_seconds=0.02, times=2, longest_seconds=0.1, most_attempts=1_000, request_seconds=1.0)
"""Gives nothing up."""
