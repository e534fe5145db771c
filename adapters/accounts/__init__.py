"""Stored accounts: what the entries amount to, kept in tables by a follower so that reports and other programs need not replay."""
