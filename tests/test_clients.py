"""Unmodified clients of other projects: kcat, confluent-kafka (librdkafka), kafka-python, kafkajs.

Each does all that it can without consumer groups: every codec, keys, headers, nulls, timestamps, large
records, many partitions, idempotent producing, admin; consumers are assigned their partitions.
What one wrote another reads.
"""

import json
import time

import confluent_kafka
import kafka
import kafka.admin
import kafka.errors
import pytest
from confluent_kafka import admin as confluent_admin

from clients import kafkajs, kcat, kcat_records
from wire import Record, batch, now_ms

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
LARGE = 900 * 1024


def sample(count=40):
    """Records with everything that a record can have: (key, value, headers, timestamp)."""
    start = now_ms() - 1000
    made = []
    for i in range(count):
        key = None if i % 5 == 4 else b"key %d" % i
        value = None if i % 7 == 6 and key else b"value %d " % i * (i % 11 * 10 + 1)
        headers = [("number", b"%d" % i), ("empty", b""), ("twice", b"1"), ("twice", b"2")][:i % 5]
        made.append((key, value, headers, start + i))
    return made


def same(read, sent):
    """Both as lists of (key, value, headers, timestamp)."""
    assert [(k, v, [tuple(h) for h in hs or []], t) for k, v, hs, t in read] == sent


def raw_records(raw, topic, partition=0):
    return [(r.key, r.value, r.headers, r.timestamp) for r in raw.records(topic, partition)]


# ---- kcat: an old librdkafka


@pytest.mark.smoke
@pytest.mark.parametrize("codec", CODECS)
def test_kcat(broker, raw, topic, codec):
    lines = [f"key{i}|value {i}" for i in range(100)] + ["key-null|", "|value without key"]
    kcat(broker, "-P", "-t", topic, "-p", 0, "-z", codec, "-K", "|", "-Z", "-H", "a=1", "-H", "b=2",
         "-X", "acks=all", stdin="\n".join(lines).encode())
    read = kcat_records(broker, topic)
    assert [r["offset"] for r in read] == list(range(102))
    assert [(r["key"], r["payload"]) for r in read[:100]] == [tuple(line.split("|")) for line in lines[:100]]
    assert read[100]["payload"] is None and read[101]["key"] is None
    assert all(r["headers"] == ["a", "1", "b", "2"] for r in read)
    seen = raw.records(topic)
    assert [r.value for r in seen[:100]] == [line.split("|")[1].encode() for line in lines[:100]]


def test_kcat_lists(broker, raw, name):
    raw.create(name, 6)
    listed = json.loads(kcat(broker, "-L", "-J", "-t", name))
    assert listed["brokers"] == [{"id": 1, "name": broker.address}]
    assert [(p["partition"], p["leader"], p["isrs"]) for p in listed["topics"][0]["partitions"]] == \
        [(i, 1, [{"id": 1}]) for i in range(6)]
    assert name in [t["topic"] for t in json.loads(kcat(broker, "-L", "-J"))["topics"]]


def test_kcat_looks_up_offsets_by_time(broker, raw, topic):
    start = 1_700_000_000_000
    raw.produce(topic, [Record(b"%d" % i, timestamp=start + i * 1000) for i in range(10)])
    for time_asked, offset in ((start, 0), (start + 4001, 5), (start + 9000, 9), (start + 9001, -1), (-2, 0), (-1, 10)):
        out = kcat(broker, "-Q", "-t", f"{topic}:0:{time_asked}").decode()
        assert out.split() == [topic, "[0]", "offset", str(offset)]
    got = kcat(broker, "-C", "-t", topic, "-p", 0, "-o", f"s@{start + 3000}", "-e", "-q")
    assert got.split() == [b"3", b"4", b"5", b"6", b"7", b"8", b"9"]


def test_kcat_creates_by_producing_and_follows(broker, raw, name):
    kcat(broker, "-P", "-t", name, stdin=b"first\nsecond\n")
    assert [r["payload"] for r in kcat_records(broker, name)] == ["first", "second"]
    assert kcat(broker, "-C", "-t", name, "-p", 0, "-o", -1, "-c", 1, "-q") == b"second\n"


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_kcat_with_every_acks(broker, raw, topic, acks):
    kcat(broker, "-P", "-t", topic, "-X", f"acks={acks}", stdin=b"\n".join(b"%d" % i for i in range(5000)))
    assert [r["payload"] for r in kcat_records(broker, topic)] == [str(i) for i in range(5000)]


def test_kcat_idempotent(broker, raw, topic):
    kcat(broker, "-P", "-t", topic, "-X", "enable.idempotence=true", stdin=b"\n".join(b"%d" % i for i in range(5000)))
    assert [r["payload"] for r in kcat_records(broker, topic)] == [str(i) for i in range(5000)]


# ---- confluent-kafka


@pytest.fixture
def confluent_producer(broker):
    made = []

    def make(**options):
        made.append(confluent_kafka.Producer({"bootstrap.servers": broker.address, "linger.ms": 5,
                                              **{k.replace("_", "."): v for k, v in options.items()}}))
        return made[-1]

    yield make
    for producer in made:
        assert producer.flush(30) == 0


def deliver(producer, topic, records, partition=0):
    """Produces and waits; the offsets told in the delivery reports."""
    reports = []
    for key, value, headers, timestamp in records:
        producer.produce(topic, value, key, partition, headers=headers or None, timestamp=timestamp,
                         on_delivery=lambda error, message: reports.append((error, message)))
        producer.poll(0)
    assert producer.flush(60) == 0
    assert [e for e, _ in reports if e] == []
    return [m.offset() for _, m in reports]


def confluent_read(broker, topic, partition=0, count=None, **options):
    """The partition from its start: up to `count` records, or to its end."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": broker.address, "group.id": "unused", "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "enable.partition.eof": True, **options})
    consumer.assign([confluent_kafka.TopicPartition(topic, partition, 0)])
    read, limit = [], time.monotonic() + 60
    while True:
        assert time.monotonic() < limit, f"only {len(read)} records came"
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            assert message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, message.error()
            if count is None or len(read) >= count:
                break
            continue
        read.append((message.key(), message.value(), message.headers(), message.timestamp()[1]))
        if len(read) == count:
            break
    consumer.close()
    return read


@pytest.mark.smoke
@pytest.mark.parametrize("codec", CODECS)
def test_confluent(broker, raw, topic, confluent_producer, codec):
    sent = sample()
    offsets = deliver(confluent_producer(compression_codec=codec, acks="all"), topic, sent)
    assert offsets == list(range(len(sent)))
    same(confluent_read(broker, topic), sent)
    same(raw_records(raw, topic), sent)


def test_confluent_idempotent_many_partitions(broker, raw, name, confluent_producer):
    raw.create(name, 50)
    producer = confluent_producer(enable_idempotence=True, compression_codec="lz4")
    for i in range(5000):
        producer.produce(name, b"%d" % i, partition=i % 50)
    assert producer.flush(60) == 0
    for partition in (0, 17, 49):
        assert [v for _, v, _, _ in confluent_read(broker, name, partition)] == \
            [b"%d" % i for i in range(partition, 5000, 50)]
    assert sum(raw.list_offset(name, -1, i).offset for i in range(50)) == 5000


@pytest.mark.parametrize("codec", CODECS)
def test_confluent_large_records(broker, raw, topic, confluent_producer, codec):
    sent = [(None, bytes([65 + i]) * LARGE, [], now_ms()) for i in range(5)]
    deliver(confluent_producer(compression_codec=codec), topic, sent)
    same(confluent_read(broker, topic), sent)


def test_confluent_a_record_that_is_too_large(raw, topic, confluent_producer):
    errors = []
    producer = confluent_producer(message_max_bytes=3_000_000)
    producer.produce(topic, b"x" * 2_000_000, partition=0, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0
    assert errors[0].code() == confluent_kafka.KafkaError.MSG_SIZE_TOO_LARGE
    assert raw.list_offset(topic, -1).offset == 0


def test_confluent_read_committed_and_offsets(broker, raw, topic):
    raw.produce(topic, [Record(b"%d" % i, timestamp=1_700_000_000_000 + i) for i in range(10)])
    assert len(confluent_read(broker, topic, **{"isolation.level": "read_committed"})) == 10
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": "unused"})
    part = confluent_kafka.TopicPartition
    assert consumer.get_watermark_offsets(part(topic, 0), timeout=10) == (0, 10)
    assert consumer.offsets_for_times([part(topic, 0, 1_700_000_000_004)], timeout=10)[0].offset == 4
    consumer.close()


def test_confluent_tails_while_another_writes(broker, raw, topic, confluent_producer):
    producer = confluent_producer(linger_ms=0)
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": "unused"})
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    for i in range(50):
        producer.produce(topic, b"%d" % i, partition=0)
        message = consumer.poll(20)
        assert message is not None and message.error() is None and message.value() == b"%d" % i
    consumer.close()


def test_confluent_admin(broker, raw, name):
    admin = confluent_admin.AdminClient({"bootstrap.servers": broker.address})
    new = confluent_admin.NewTopic(name, num_partitions=4, replication_factor=1, config={"retention.ms": "99000"})
    admin.create_topics([new])[name].result(15)
    with pytest.raises(confluent_kafka.KafkaException) as refused:
        admin.create_topics([new])[name].result(15)
    assert refused.value.args[0].code() == confluent_kafka.KafkaError.TOPIC_ALREADY_EXISTS
    raw.await_topic(name, 4)
    assert len(admin.list_topics(name, timeout=15).topics[name].partitions) == 4
    described = admin.describe_topics(confluent_kafka.TopicCollection([name]))[name].result(15)
    assert [(p.id, p.leader.id) for p in described.partitions] == [(i, 1) for i in range(4)]
    resource = confluent_admin.ConfigResource(confluent_admin.ResourceType.TOPIC, name)
    configs = admin.describe_configs([resource])[resource].result(15)
    assert configs["retention.ms"].value == "99000" and not configs["retention.ms"].is_default
    cluster = admin.describe_cluster().result(15)
    assert [n.id for n in cluster.nodes] == [1] and cluster.controller.id == 1
    latest = confluent_admin.OffsetSpec.latest()
    part = confluent_kafka.TopicPartition(name, 0)
    assert admin.list_offsets({part: latest})[part].result(15).offset == 0
    admin.delete_topics([name])[name].result(15)
    assert raw.topic(name).error_code == 3


@pytest.mark.ottla_only
def test_confluent_transactions_are_refused_at_once(broker):
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "transactional.id": "tx"})
    with pytest.raises(confluent_kafka.KafkaException) as refused:
        producer.init_transactions(30)
    assert refused.value.args[0].code() == confluent_kafka.KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


@pytest.mark.ottla_only
def test_confluent_groups_do_not_hang(broker, topic):
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": "some"})
    with pytest.raises(confluent_kafka.KafkaException):
        consumer.committed([confluent_kafka.TopicPartition(topic, 0)], timeout=2)
    consumer.close()


# ---- kafka-python


def python_read(broker, topic, count, partition=0, **options):
    consumer = kafka.KafkaConsumer(bootstrap_servers=broker.address, group_id=None, auto_offset_reset="earliest",
                                   consumer_timeout_ms=30_000, **options)
    consumer.assign([kafka.TopicPartition(topic, partition)])
    read = []
    while len(read) < count:
        record = next(consumer)
        read.append((record.key, record.value, record.headers, record.timestamp))
    consumer.close()
    return read


@pytest.mark.smoke
@pytest.mark.parametrize("codec", CODECS)
def test_kafka_python(broker, raw, topic, codec):
    sent = sample()
    producer = kafka.KafkaProducer(bootstrap_servers=broker.address, acks="all", enable_idempotence=False,
                                   compression_type=None if codec == "none" else codec)
    futures = [producer.send(topic, value, key, headers or None, 0, timestamp) for key, value, headers, timestamp in sent]
    assert [f.get(30).offset for f in futures] == list(range(len(sent)))
    producer.close()
    same(python_read(broker, topic, len(sent)), sent)
    same(raw_records(raw, topic), sent)


def test_kafka_python_idempotent_many_partitions(broker, raw, name):
    raw.create(name, 50)
    producer = kafka.KafkaProducer(bootstrap_servers=broker.address, enable_idempotence=True)
    futures = [producer.send(name, b"%d" % i, partition=i % 50) for i in range(2000)]
    producer.flush(60)
    assert all(f.succeeded() for f in futures)
    producer.close()
    for partition in (0, 31, 49):
        assert [v for _, v, _, _ in python_read(broker, name, 40, partition)] == \
            [b"%d" % i for i in range(partition, 2000, 50)]


def test_kafka_python_large_records(broker, raw, topic):
    producer = kafka.KafkaProducer(bootstrap_servers=broker.address, compression_type="gzip")
    sent = [(None, bytes([65 + i]) * LARGE, [], now_ms()) for i in range(3)]
    for _, value, _, timestamp in sent:
        producer.send(topic, value, partition=0, timestamp_ms=timestamp).get(30)
    producer.close()
    same(python_read(broker, topic, 3), sent)


def test_kafka_python_offsets(broker, raw, topic):
    raw.produce(topic, [Record(b"%d" % i, timestamp=1_700_000_000_000 + i) for i in range(10)])
    consumer = kafka.KafkaConsumer(bootstrap_servers=broker.address, group_id=None)
    part = kafka.TopicPartition(topic, 0)
    assert consumer.beginning_offsets([part])[part] == 0
    assert consumer.end_offsets([part])[part] == 10
    assert consumer.offsets_for_times({part: 1_700_000_000_007})[part].offset == 7
    consumer.assign([part])
    consumer.seek(part, 8)
    assert [next(consumer).value for _ in range(2)] == [b"8", b"9"]
    consumer.close()


def test_kafka_python_admin(broker, raw, name):
    admin = kafka.admin.KafkaAdminClient(bootstrap_servers=broker.address)
    new = kafka.admin.NewTopic(name, 3, 1, topic_configs={"max.message.bytes": "2000"})
    admin.create_topics([new])
    with pytest.raises(kafka.errors.TopicAlreadyExistsError):
        admin.create_topics([new])
    raw.await_topic(name, 3)
    assert name in admin.list_topics()
    assert len(admin.describe_topics([name])[0]["partitions"]) == 3
    assert [b["node_id"] if "node_id" in b else b["broker_id"] for b in admin.describe_cluster()["brokers"]] == [1]
    admin.delete_topics([name])
    assert raw.topic(name).error_code == 3
    admin.close()


# ---- kafkajs: producer and admin; it has no consumer without groups


def test_kafkajs_admin(broker, name):
    host, port = broker.address.split(":")
    got = kafkajs(broker, "admin", topic=name)
    assert (got["created"], got["again"], got["listed"], got["controller"]) == (True, False, True, 1)
    assert sorted(got["partitions"]) == [[0, 1], [1, 1], [2, 1]]
    assert got["retention"] == "1234567"
    assert got["brokers"] == [{"nodeId": 1, "host": host, "port": int(port)}]
    assert sorted((o["partition"], o["high"], o["low"]) for o in got["offsets"]) == [(i, "0", "0") for i in range(3)]


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("idempotent", [False, True])
def test_kafkajs_produces(broker, raw, name, gzip, idempotent):
    raw.create(name, 2)
    told = kafkajs(broker, "produce", topic=name, partition=1, count=120, gzip=gzip, idempotent=idempotent)
    assert told == [[1, 0, 0], [1, 0, 50], [1, 0, 100]]
    want = [(None if i % 5 == 4 else b"key %d" % i, None if i % 7 == 6 else b"value %d" % i,
             [("number", b"%d" % i), ("language", b"javascript")], 1_700_000_000_000 + i) for i in range(120)]
    same(raw_records(raw, name, 1), want)
    assert [r["payload"] for r in kcat_records(broker, name, 1)][:3] == ["value 0", "value 1", "value 2"]


@pytest.mark.ottla_only
def test_kafkajs_transactions_are_refused_at_once(broker, topic):
    # kafkajs says only that it found no coordinator, whatever it was told; what counts is that it says so soon.
    assert kafkajs(broker, "transaction", topic=topic, seconds=30) in (
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "KafkaJSGroupCoordinatorNotFound")


# ---- One writes, all read


def test_everyone_reads_the_same(broker, raw, topic):
    sent = sample(30)
    for codec in range(5):
        raw.produce(topic, batch([Record(v, k, h, t) for k, v, h, t in sent], codec=codec))
    same(confluent_read(broker, topic), sent * 5)
    same(python_read(broker, topic, len(sent) * 5), sent * 5)
    assert [r["payload"] for r in kcat_records(broker, topic)] == \
        [None if v is None else v.decode() for _, v, _, _ in sent] * 5
