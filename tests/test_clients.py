"""Unmodified clients of other projects: kcat, confluent-kafka (librdkafka), kafka-python, kafkajs.

Each does all that it can without consumer groups (those are test_groups.py's): what the table says, and by tests of its own
below admin, offsets by time, following. Consumers are assigned their partitions. What one wrote all others read.
w: it writes, r: it reads, -: it has no way to (why is said by its `cannot` in clients.py). "large" is 900 KiB with every
codec, "partitions" are 50, "acks" are 0, 1 and all, "idempotent" is on 50 partitions.

                none gzip snappy lz4 zstd keys headers null-headers nulls empties timestamps large partitions acks idempotent
kcat            wr   wr   wr     wr  wr   wr   wr      wr           wr    wr      -r         wr    wr         w-   w-
confluent-kafka wr   wr   wr     wr  wr   wr   wr      wr           wr    wr      wr         wr    wr         w-   w-
kafka-python    wr   wr   wr     wr  wr   wr   wr      -r           wr    wr      wr         wr    wr         w-   w-
kafkajs         w-   w-   w-     w-  w-   w-   w-      --           w-    w-      w-         w-    w-         w-   w-
"""

import json

import confluent_kafka
import kafka
import kafka.admin
import kafka.errors
import pytest
from confluent_kafka import admin as confluent_admin

from abilities import (CODECS, FEATURES, PARTITIONS, Table, check_read, check_read_partitions, check_write,
                       check_write_partitions, keyed, large, records_of, sample, stored)
from clients import CONFLUENT, KAFKA_PYTHON, KAFKAJS, KCAT, kafkajs, kcat, kcat_records
from wire import Record, batch

WRITERS = [KCAT, CONFLUENT, KAFKA_PYTHON, KAFKAJS]
READERS = [KCAT, CONFLUENT, KAFKA_PYTHON]
# `./test quick` prepares no node modules
SMOKE = READERS
TABLE = Table(*WRITERS)


def test_the_table_above_is_what_is_tested():
    TABLE.check(__doc__)


# ---- All that write


@TABLE.each("write", WRITERS, CODECS, smoke=SMOKE)
def test_writes_with(broker, raw, topic, client, ability):
    check_write(client, broker, raw, topic, sample(), ability)


@TABLE.each("write", WRITERS, FEATURES)
def test_writes(broker, raw, topic, client, ability):
    check_write(client, broker, raw, topic, FEATURES[ability])


@pytest.mark.parametrize("codec", CODECS)
@TABLE.each("write", WRITERS, ["large"])
def test_writes_what_is(broker, raw, topic, client, ability, codec):
    check_write(client, broker, raw, topic, large(), codec)


@TABLE.each("write", WRITERS, ["partitions", "idempotent"])
def test_writes_to_many(broker, raw, many, client, ability):
    check_write_partitions(client, broker, raw, many, idempotent=ability == "idempotent")


@pytest.mark.parametrize("acks", ["0", "1", "all"])
@TABLE.each("write", WRITERS, ["acks"])
def test_writes_with_every(broker, raw, topic, client, ability, acks):
    check_write(client, broker, raw, topic, keyed(), acks=acks)


# ---- All that read


@TABLE.each("read", READERS, CODECS, smoke=SMOKE)
def test_reads_what_is_packed_with(broker, raw, topic, client, ability):
    check_read(client, broker, raw, topic, sample(), ability)


@TABLE.each("read", READERS, FEATURES)
def test_reads(broker, raw, topic, client, ability):
    check_read(client, broker, raw, topic, FEATURES[ability])


@pytest.mark.parametrize("codec", CODECS)
@TABLE.each("read", READERS, ["large"])
def test_reads_what_is(broker, raw, topic, client, ability, codec):
    check_read(client, broker, raw, topic, large(), codec, per_batch=1)


@TABLE.each("read", READERS, ["partitions"])
def test_reads_many(broker, raw, many, client, ability):
    check_read_partitions(client, broker, raw, many, range(PARTITIONS))


# ---- kcat: an old librdkafka


def test_kcat_lists(broker, many):
    listed = json.loads(kcat(broker, "-L", "-J", "-t", many))
    assert listed["brokers"] == [{"id": 1, "name": broker.address}]
    assert [(p["partition"], p["leader"], p["isrs"]) for p in listed["topics"][0]["partitions"]] == \
        [(i, 1, [{"id": 1}]) for i in range(PARTITIONS)]
    assert many in [t["topic"] for t in json.loads(kcat(broker, "-L", "-J"))["topics"]]


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


# ---- confluent-kafka


def confluent_consumer(broker, topic, **options):
    """Assigned partition 0 from its start. Without a commit at the end, which would wait for a group."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": "unused",
                                         "enable.auto.commit": False, **options})
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    return consumer


def test_confluent_a_record_that_is_too_large(broker, raw, topic):
    errors = []
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "message.max.bytes": 3_000_000})
    producer.produce(topic, b"x" * 2_000_000, partition=0, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0
    assert errors[0].code() == confluent_kafka.KafkaError.MSG_SIZE_TOO_LARGE
    assert raw.list_offset(topic, -1).offset == 0


def test_confluent_read_committed_and_offsets(broker, raw, topic):
    raw.produce(topic, [Record(b"%d" % i, timestamp=1_700_000_000_000 + i) for i in range(10)])
    assert len(CONFLUENT.read(broker, topic, {0: 10}, **{"isolation.level": "read_committed"})[0]) == 10
    consumer = confluent_consumer(broker, topic)
    part = confluent_kafka.TopicPartition
    assert consumer.get_watermark_offsets(part(topic, 0), timeout=10) == (0, 10)
    assert consumer.offsets_for_times([part(topic, 0, 1_700_000_000_004)], timeout=10)[0].offset == 4
    consumer.close()


def test_confluent_tails_while_another_writes(broker, topic):
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "linger.ms": 0})
    consumer = confluent_consumer(broker, topic)
    for i in range(50):
        producer.produce(topic, b"%d" % i, partition=0)
        message = consumer.poll(20)
        assert message is not None and message.error() is None and message.value() == b"%d" % i
    consumer.close()
    assert producer.flush(30) == 0


def test_confluent_admin(broker, raw, name):
    admin = confluent_admin.AdminClient({"bootstrap.servers": broker.address})
    new = confluent_admin.NewTopic(name, PARTITIONS, 1, config={"retention.ms": "99000"})
    admin.create_topics([new])[name].result(15)
    with pytest.raises(confluent_kafka.KafkaException) as refused:
        admin.create_topics([new])[name].result(15)
    assert refused.value.args[0].code() == confluent_kafka.KafkaError.TOPIC_ALREADY_EXISTS
    raw.await_topic(name, PARTITIONS)
    assert len(admin.list_topics(name, timeout=15).topics[name].partitions) == PARTITIONS
    described = admin.describe_topics(confluent_kafka.TopicCollection([name]))[name].result(15)
    assert [(p.id, p.leader.id) for p in described.partitions] == [(i, 1) for i in range(PARTITIONS)]
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


# ---- kafka-python


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
    new = kafka.admin.NewTopic(name, PARTITIONS, 1, topic_configs={"max.message.bytes": "2000"})
    admin.create_topics([new])
    with pytest.raises(kafka.errors.TopicAlreadyExistsError):
        admin.create_topics([new])
    raw.await_topic(name, PARTITIONS)
    assert name in admin.list_topics()
    assert len(admin.describe_topics([name])[0]["partitions"]) == PARTITIONS
    assert [b["node_id"] if "node_id" in b else b["broker_id"] for b in admin.describe_cluster()["brokers"]] == [1]
    admin.delete_topics([name])
    assert raw.topic(name).error_code == 3
    admin.close()


# ---- kafkajs: producer and admin; it has no consumer without groups


def test_kafkajs_admin(broker, raw, name):
    host, port = broker.address.split(":")
    assert kafkajs(broker, "create", topic=name, partitions=PARTITIONS) == [True, False]
    raw.await_topic(name, PARTITIONS)
    got = kafkajs(broker, "describe", topic=name)
    assert sorted(got["partitions"]) == [[i, 1] for i in range(PARTITIONS)]
    assert got["retention"] == "1234567"
    assert got["brokers"] == [{"nodeId": 1, "host": host, "port": int(port)}]
    assert (got["listed"], got["controller"]) == (True, 1)
    assert sorted((o["partition"], o["high"], o["low"]) for o in got["offsets"]) == \
        [(i, "0", "0") for i in range(PARTITIONS)]
    assert raw.topic(name).error_code == 3


@pytest.mark.ottla_only
def test_kafkajs_transactions_are_refused_at_once(broker, topic):
    # kafkajs says only that it found no coordinator, whatever it was told; what counts is that it says so soon.
    assert kafkajs(broker, "transaction", topic=topic, seconds=30) in (
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "KafkaJSGroupCoordinatorNotFound")


# ---- One writes, all read


@pytest.mark.parametrize("codec", CODECS)
def test_what_everyone_wrote_everyone_reads(broker, raw, topic, codec):
    sent = sample()
    for writer in WRITERS:
        writer.write(broker, topic, sent, codec=codec)
    written = records_of(stored(raw, topic))
    assert [r[:3] for r in written] == [r[:3] for r in sent] * len(WRITERS)
    for reader in READERS:
        assert reader.read(broker, topic, {0: len(written)})[0] == written, reader.name


def test_everyone_reads_a_partition_of_all_codecs(broker, raw, topic):
    sent = sample(30)
    for codec in range(5):
        raw.produce(topic, batch([Record(v, k, h, t) for k, v, h, t in sent], codec=codec))
    for reader in READERS:
        assert reader.read(broker, topic, {0: len(sent) * 5})[0] == sent * 5, reader.name
