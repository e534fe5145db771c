"""What the entries amount to: clocks and verdicts, consumption, billing, timelines."""
