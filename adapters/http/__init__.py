"""The server: the ledger's questions and recordings over HTTP, for programs (`/v1`) and for the page.

It judges nothing: every answer comes from the function that the command line calls.
"""
