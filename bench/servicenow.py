"""The whole ServiceNow log through the program itself: the import, then each account, every one a process measured alone.

Nothing is measured where the log is not at hand; the log never becomes part of the project.
"""

import os
from pathlib import Path
from time import perf_counter

from bench.measuring import Row, alone, left_out

LOG = Path(__file__).resolve().parents[2] / "shared" / "data" / "servicenow.csv.gz"
LOG_ROWS = 141_712
ZONE = "Etc/GMT+3"
MOST_MB = 600
_ACCOUNTS = ("sla", "consumption", "billing")
_NAME = "the whole ServiceNow log"


def run(folder: Path) -> list[Row]:
    """Two rows: seconds from the log to the three accounts, and the largest peak memory of the four processes."""
    goal = f"≤ {MOST_MB} MB"
    if not LOG.exists():
        return [left_out(_NAME, "../shared/data is not here", goal)]
    if hasattr(os, "sched_setaffinity"):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            return _measured(folder, goal)
        finally:
            os.sched_setaffinity(0, before)
    return _measured(folder, goal)


def _peak(*arguments: str) -> float:
    """Peak memory of one command. Refused rows end the import with 1: they are explained in a file, which is no failure."""
    return float(alone("adapters.cli", *arguments, accepted=(0, 1))["peak_mb"])


def _measured(folder: Path, goal: str) -> list[Row]:
    at = ("--ledger", str(folder / "servicenow.db"))
    begun = perf_counter()
    peaks = [_peak("import", "servicenow", str(LOG), "--client", "servicenow", "--tier", "advanced", "--time-zone", ZONE,
                   "--refused", str(folder / "servicenow.refused.jsonl"), *at)]  # fmt: skip
    imported_seconds = perf_counter() - begun
    peaks += [_peak("report", account, "--format", "json", *at) for account in _ACCOUNTS]
    seconds = perf_counter() - begun
    return [
        Row(name=f"{_NAME}: import", value=LOG_ROWS / imported_seconds, unit="rows/s", spread=None, floor=None, ratio=None,
            goal="-", met=None),
        Row(name=f"{_NAME}: import and three accounts, one core", value=seconds, unit="s", spread=None, floor=None, ratio=None,
            goal="-", met=None),
        Row(name=f"{_NAME}: largest peak memory", value=max(peaks), unit="MB", spread=None, floor=MOST_MB,
            ratio=max(peaks) / MOST_MB, goal=goal, met=max(peaks) <= MOST_MB),
    ]  # fmt: skip
