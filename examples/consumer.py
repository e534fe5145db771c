"""Tells what happens at the desk, from docs/schemas/asyncapi.json alone: no line of bitacora is imported.

    python consumer.py 127.0.0.1:9092

It may be stopped and started as one likes: what a group has finished is remembered by Kafka. Killed in between it tells one
entry again; whoever cannot have that keeps `finished` where what is made of an entry is kept.
"""

import json
import sys

from confluent_kafka import Consumer

brokers, topic, group = [*sys.argv[1:], "bitacora.entries", "example"][:3]
consumer = Consumer({
    "bootstrap.servers": brokers,
    "group.id": group,
    "isolation.level": "read_committed",
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
})  # fmt: skip
finished: dict[tuple[str, str], int] = {}
consumer.subscribe([topic])
try:
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            print(message.error(), file=sys.stderr)
            continue
        told = {name: value.decode() for name, value in message.headers() or [] if value is not None}
        place, sequence = (told["ce_source"], told["ce_subject"]), int(told["ce_sequence"])
        if sequence > finished.get(place, 0):
            entry = json.loads(message.value())
            print(f"{sequence:>6}", told["ce_time"], told["ce_subject"], told["ce_type"], entry["recorded_at"], flush=True)
            finished[place] = sequence
        consumer.commit(message, asynchronous=False)
except KeyboardInterrupt:
    consumer.close()
