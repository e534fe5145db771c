"""What is recorded, and what it amounts to, on topics of Kafka: see docs/streams.md.

What the messages hold is in `adapters.contract`; here they are sent, each once.
"""
