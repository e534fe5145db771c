"""Webhooks: entries posted to addresses of integrators who have no Kafka, signed, in order per ticket, until they are taken.

What waits is never copied: beside the ledger stands how far each subscription, and each of its tickets, has come.
"""
