"""The slow, obvious second implementation of the arithmetic, written from the documents alone.

It imports nothing of the product. It works on plain dicts in the exchange format and plain lists of
[from, to) seconds, so that a reader can hold each line against a sentence of the rules.
"""
