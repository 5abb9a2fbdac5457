"""One member of a consumer group in a process of its own, so that it can be killed: confluent-kafka, kafka-python or aiokafka.

In: member.py CLIENT HOST:PORT OPTIONS, a JSON object: topic, group, session_ms, beat_ms (a heartbeat so often), instance (a
static id or null), strategy (of confluent-kafka's, or null). SIGTERM makes it leave.
Out: a line of JSON for each thing that happens: {"assigned": [partition, ..]}, {"revoked": [partition, ..]},
{"record": [partition, offset, value]}, {"committed": [[partition, next offset], ..]} for a commit that was acknowledged,
{"refused": why} for one that was not, {"failed": why} for a poll, {"closed": true} at the end. What confluent-kafka does in its group
stands in standard error.

M1: records are said before they are committed, each batch before the next is asked for.
"""

import asyncio
import json
import signal
import sys
import time

import aiokafka
import confluent_kafka
import kafka
from aiokafka.errors import KafkaError as AioError
from kafka.errors import KafkaError as PythonError

stopping = False


def stop(*_):
    global stopping
    stopping = True


def say(**what):
    print(json.dumps(what), flush=True)


def confluent(address, options):
    def numbers(parts):
        return sorted(p.partition for p in parts)

    settings = {
        "bootstrap.servers": address, "group.id": options["group"], "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "session.timeout.ms": options["session_ms"], "fetch.wait.max.ms": 50,
        "heartbeat.interval.ms": options["beat_ms"], "topic.metadata.refresh.interval.ms": 1000,
        "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "retry.backoff.ms": 20, "debug": "cgrp", "log_level": 7}
    if options.get("instance"):
        settings["group.instance.id"] = options["instance"]
    if options.get("strategy"):
        settings["partition.assignment.strategy"] = options["strategy"]
    consumer = confluent_kafka.Consumer(settings)
    consumer.subscribe([options["topic"]], on_assign=lambda _, parts: say(assigned=numbers(parts)),
                       on_revoke=lambda _, parts: say(revoked=numbers(parts)),
                       on_lost=lambda _, parts: say(revoked=numbers(parts)))
    while not stopping:
        batch = [m for m in consumer.consume(200, 0.1) if not m.error()]
        ends = {}
        for message in batch:
            say(record=[message.partition(), message.offset(), message.value().decode()])
            ends[message.partition()] = message.offset() + 1
        if ends:
            part = confluent_kafka.TopicPartition
            try:
                done = consumer.commit(offsets=[part(options["topic"], p, o) for p, o in ends.items()], asynchronous=False)
                say(committed=[[p.partition, p.offset] for p in done if not p.error])
            except confluent_kafka.KafkaException as error:
                say(refused=str(error))
    consumer.close()


def kafka_python(address, options):
    class Listener(kafka.ConsumerRebalanceListener):
        def on_partitions_revoked(self, revoked):
            say(revoked=sorted(p.partition for p in revoked))

        def on_partitions_assigned(self, assigned):
            say(assigned=sorted(p.partition for p in assigned))

    consumer = kafka.KafkaConsumer(
        bootstrap_servers=address, group_id=options["group"], auto_offset_reset="earliest", enable_auto_commit=False,
        session_timeout_ms=options["session_ms"], heartbeat_interval_ms=options["beat_ms"],
        fetch_max_wait_ms=50, retry_backoff_ms=20, reconnect_backoff_ms=20, reconnect_backoff_max_ms=200)
    consumer.subscribe([options["topic"]], listener=Listener())
    while not stopping:
        ends = {}
        try:
            # An assignment that is answered when the time of a poll is up is never taken up (3.0.12): it waits for records instead.
            polled = consumer.poll(3000)
        except PythonError as error:
            # a broker that is down, which other clients keep to themselves
            say(failed=repr(error))
            time.sleep(0.05)
            continue
        for part, records in polled.items():
            for record in records:
                say(record=[record.partition, record.offset, record.value.decode()])
                ends[part] = kafka.OffsetAndMetadata(record.offset + 1, "", -1)
        if ends:
            try:
                consumer.commit(ends)
                say(committed=[[p.partition, o.offset] for p, o in ends.items()])
            except PythonError as error:
                say(refused=repr(error))
    consumer.close()


async def aio(address, options):
    class Listener(aiokafka.ConsumerRebalanceListener):
        def on_partitions_revoked(self, revoked):
            say(revoked=sorted(p.partition for p in revoked))

        def on_partitions_assigned(self, assigned):
            say(assigned=sorted(p.partition for p in assigned))

    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=address, group_id=options["group"], auto_offset_reset="earliest", enable_auto_commit=False,
        session_timeout_ms=options["session_ms"], heartbeat_interval_ms=options["beat_ms"],
        fetch_max_wait_ms=50, retry_backoff_ms=20, metadata_max_age_ms=1000)
    consumer.subscribe([options["topic"]], listener=Listener())
    await consumer.start()
    while not stopping:
        ends = {}
        for part, records in (await consumer.getmany(timeout_ms=100)).items():
            for record in records:
                say(record=[record.partition, record.offset, record.value.decode()])
                ends[part] = record.offset + 1
        if ends:
            try:
                await consumer.commit(ends)
                say(committed=[[p.partition, o] for p, o in ends.items()])
            except AioError as error:
                say(refused=repr(error))
    await consumer.stop()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    client, address, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    if client == "aiokafka":
        asyncio.run(aio(address, options))
    else:
        {"confluent-kafka": confluent, "kafka-python": kafka_python}[client](address, options)
    say(closed=True)
