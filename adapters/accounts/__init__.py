"""Stored accounts: what the entries amount to, kept in tables by a follower, so that reports need not replay."""
