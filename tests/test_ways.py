"""The data directory is Kafka's: one that Apache Kafka 4.3.1 left is served by Ottla, and one that Ottla left by Apache Kafka,
after a clean stop and after SIGKILL, and nothing that either knew is lost on the way.

Both brokers are asked by the same tools; what they say is compared as text (directories.py).
"""

import json
import re

import confluent_kafka
import pytest
from confluent_kafka import admin as confluent_admin

import brokers
from abilities import CODECS, THEN
from clients import CONFLUENT
from directories import (GROUPS, METADATA, ONLY, RECORDED, complains, described, described_groups, end, expected, group_lines,
                         in_order, kept, listed, records, served, sound, unpack)
from group_clients import Verifiable
from wire import Connection, Record, batch


@pytest.fixture(scope="module")
def before(tools, tmp_path_factory):
    """What Apache Kafka itself says of a recorded directory: (served, kept), by the directory's name."""
    said = {}

    def of(which):
        if which not in said:
            kafka = brokers.Apache(tmp_path_factory.mktemp(f"kafka-{which}"), settings={**RECORDED, **ONLY[brokers.Apache]})
            unpack(which, kafka.directory)
            kafka.start()
            said[which] = served(tools, kafka), kept(tools, kafka)
            kafka.kill()
        return said[which]

    return of


def as_recorded(which, says, keeps):
    """What the brokers say is what was recorded when the directory was made (without today's `RECORDED` retention)."""
    for question in ("earliest", "latest"):
        assert says[question].splitlines() == expected(which, question).splitlines()
    ours, theirs = ([re.sub(r",?(retention\.ms=-1)?(?=,|$)", "", line) for line in text.splitlines()]
                    for text in (says["topics"], described(expected(which, "topics"))))
    assert ours == theirs and len(ours) > 10
    records = [name for name in says if ".read_" in name]
    assert len(records) == 10
    for name in records:
        # the consumer that recorded them went from partition to partition and back
        assert says[name].splitlines() == sorted(expected(which, name).splitlines(), key=lambda line: line.split("\t")[1]), name
    assert in_order(keeps["acls"]) == in_order(expected(which, "acls"))
    assert says["groups"] == group_lines(expected(which, "groups")) and "copier trimmed 0 100" in says["groups"]
    for row in (r"classic-group here - Empty( -){0,2} 0", r"consumer-group here uniform Empty \d+ \d+ 0"):
        assert re.search(f"^{row}$", says["groups described"], re.M), says["groups described"]
    kinds = dict(line.split()[:2] for line in says["kinds of groups"].splitlines())
    assert {kinds[f"{kind}-group"] for kind in ("classic", "consumer", "share")} == {"Classic", "Consumer", "Share"}
    assert in_order(keeps["transactions"]) == in_order(expected(which, "transactions"))


def written(address, topic):
    """An idempotent producer's batches; (its id and epoch, the last batch, the offset it got)."""
    with Connection(address) as raw:
        producer = raw.producer_id()
        for first in range(0, 40, 10):
            last = batch([Record(b"%d" % i * 50, b"key", [("by", b"ottla")]) for i in range(first, first + 10)],
                         producer=(*producer, first))
            answer = raw.produce(topic, last)
            assert answer.error_code == 0, answer
    return producer, last, answer.base_offset


def remembered(address, topic, producer, last, offset):
    """The producer is known: what it sends again is where it was, what leaves something out is refused, the next is taken."""
    with Connection(address) as raw:
        again = raw.produce(topic, last)
        assert (again.error_code, again.base_offset) == (0, offset)
        assert raw.produce(topic, batch([b"a gap"], producer=(*producer, 77))).error_code == 45
        assert raw.produce(topic, batch([b"next"], producer=(*producer, 40))).error_code == 0
        assert raw.producer_id()[0] > producer[0], "an id that somebody has"


@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("which", ["clean", "crashed"])
def test_kafkas_directory_is_served_and_given_back(tools, before, node, tmp_path, which, how):
    ottla, kafka = node(brokers.Ottla), node(brokers.Apache)
    unpack(which, tmp_path)
    log = ottla.data / METADATA / "00000000000000000000.log"
    recorded = log.read_bytes()
    ottla.start()
    says, keeps = served(tools, ottla), before(which)[1]
    assert says == before(which)[0]
    as_recorded(which, says, keeps)
    told = written(ottla.address, "rolled")
    with Connection(ottla.address) as raw:
        raw.create("gone", 2)
        raw.produce("gone", [b"x"])
        raw.create("new", 2, retention_ms=-1, cleanup_policy="compact")
        raw.produce("new", [Record(b"v", b"k")], partition=1)
        assert raw.ask("DeleteTopics", 6, timeout_ms=9000, topics=[{"name": "gone", "topic_id": None}]).responses[0].error_code == 0
    says = served(tools, ottla)
    end(ottla, how)
    assert log.read_bytes().startswith(recorded), "the metadata log only grows"
    counts = sound(tools, ottla.data)
    assert counts["log"] > 15 and counts["txnindex"] == 2 and counts["snapshot"] > 5 and counts["index"] > 8, counts
    kafka.start()
    assert served(tools, kafka) == says
    assert kept(tools, kafka) == keeps
    assert complains(kafka, how) == []
    remembered(kafka.address, "rolled", *told)
    kafka.kill()


# ---- From Ottla to Apache Kafka, back, and there again


def filled(ottla):
    """Fills a fresh node of ours with all that it can hold; what `remembered` wants to know of its idempotent producer."""
    with Connection(ottla.address) as raw:
        raw.create("codecs", 3, retention_ms=-1, max_message_bytes=2_000_000)
        for partition in range(3):
            for codec in range(5):
                rows = [Record(b"value %d" % i * 40, b"key", [("codec", b"%d" % codec), ("null", None), ("empty", b"")], THEN + i)
                        for i in range(7)]
                rows += [Record(None, b"gone"), Record(b"", b""), Record(b"last", None, [("twice", b"1"), ("twice", b"2")])]
                assert raw.produce("codecs", batch(rows, codec=codec), partition).error_code == 0
        raw.create("rolled", segment_bytes=1_048_576, index_interval_bytes=512)
        for i in range(300):
            assert raw.produce("rolled", [b"%d" % i * 2500]).error_code == 0
        raw.create("stamped", message_timestamp_type="LogAppendTime")
        raw.create("times")
        for shift in (0, 9_000, 3_000, 9_000, -7_200_000):
            for topic in ("stamped", "times"):
                raw.produce(topic, [Record(b"%d" % shift, timestamp=THEN + shift), Record(b"x", timestamp=THEN)])
        raw.create("compacted", 2, cleanup_policy="compact", min_insync_replicas=1)
        for i in range(20):
            raw.produce("compacted", [Record(b"%d" % i, b"key %d" % (i % 3)), Record(None, b"key 4")], 1)
        raw.create("trimmed")
        for i in range(10):
            raw.produce("trimmed", [b"%d" % i] * 10)
        asked = [{"name": "trimmed", "partitions": [{"partition_index": 0, "offset": 45}]}]
        trimmed = raw.ask("DeleteRecords", 2, timeout_ms=9000, topics=asked).topics[0].partitions[0]
        assert (trimmed.error_code, trimmed.low_watermark) == (0, 45)
        raw.create("cleaned", cleanup_policy="compact", internal_segment_bytes=4096, min_cleanable_dirty_ratio="0.01")
        for i in range(100):
            raw.produce("cleaned", [Record(b"%d" % i * 99, b"key %d" % (i % 7)), Record(None, b"gone %d" % (i % 3))])
        cleaned = [("cleaned", 0)]
        brokers.wait_until(lambda: records(ottla, cleaned, "read_committed")["cleaned"].count("\n") < 100, "the compaction")
        raw.create("empty", 4)
        for life in range(2):
            raw.create("again", 2)
            raw.produce("again", [b"life %d" % life], life)
            if life == 0:
                asked = [{"name": "again", "topic_id": None}]
                assert raw.ask("DeleteTopics", 6, timeout_ms=9000, topics=asked).responses[0].error_code == 0
        raw.create("idempotent")
    grouped(ottla, "ottlas")
    return written(ottla.address, "idempotent")


def grouped(broker, who):
    """A group that had members, offsets that were committed without any, and a group that is no more."""
    def consumer(group):
        return confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": group, "enable.auto.commit": False,
                                         "auto.offset.reset": "earliest"})

    part = confluent_kafka.TopicPartition
    member = consumer(f"{who}-members")
    member.subscribe(["codecs"])
    message = brokers.wait_until(lambda: member.poll(1), "a record for a member of a group", 60)
    assert message.error() is None
    member.commit(offsets=[part("codecs", i, 11 + i) for i in range(3)], asynchronous=False)
    member.close()
    for group in (f"{who}-offsets", f"{who}-gone"):
        alone = consumer(group)
        for offset in (3, 4):
            alone.commit(offsets=[part("times", 0, offset, "some words"), part("rolled", 0, offset * 10)], asynchronous=False)
        alone.close()
    admin = confluent_admin.AdminClient({"bootstrap.servers": broker.address})
    admin.delete_consumer_groups([f"{who}-gone"])[f"{who}-gone"].result(30)


def transactional(kafka, name):
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.address, "transactional.id": name,
                                         "transaction.timeout.ms": 900_000})
    producer.init_transactions(30)
    return producer


def transactions(kafka, topic):
    """Committed, aborted and unfinished transactions; those that end commit an offset of a group."""
    producer = transactional(kafka, "left-open")
    reader = confluent_kafka.Consumer({"bootstrap.servers": kafka.address, "group.id": "in-transactions"})
    offset = 0
    for finish in (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction, None):
        producer.begin_transaction()
        for i in range(3):
            producer.produce(topic, b"in a transaction %d" % i, b"key")
        assert producer.flush(30) == 0
        if finish:
            offset += 1
            place = confluent_kafka.TopicPartition(topic, 0, offset)
            producer.send_offsets_to_transaction([place], reader.consumer_group_metadata(), 30)
            if finish == producer.abort_transaction:
                offset -= 1
            finish(30)
    reader.close()


def settled(tools, kafka):
    """All that Apache Kafka can be told that Ottla has no word for, and what only Kafka writes."""
    at = ["--bootstrap-server", kafka.address]
    alter = ["kafka.admin.ConfigCommand", *at, "--alter"]
    for feature in ("transaction.version=2", "group.version=1", "share.version=1"):
        tools("FeatureCommand", *at, "upgrade", "--feature", feature)
    tools(*alter, "--entity-type", "users", "--entity-name", "carol", "--add-config", "SCRAM-SHA-512=[iterations=4096,password=x]")
    tools(*alter, "--entity-type", "users", "--entity-name", "carol", "--entity-type", "clients", "--entity-default",
          "--add-config", "consumer_byte_rate=4711,request_percentage=50")
    tools(*alter, "--entity-type", "ips", "--entity-name", "127.0.0.9", "--add-config", "connection_creation_rate=99")
    tools(*alter, "--entity-type", "client-metrics", "--entity-name", "watch", "--add-config", "interval.ms=60000,metrics=*")
    tools(*alter, "--entity-type", "groups", "--entity-name", "readers", "--add-config", "consumer.session.timeout.ms=50000")
    tools(*alter, "--entity-type", "topics", "--entity-name", "times", "--add-config", "retention.bytes=12345678")
    tools("AclCommand", *at, "--add", "--allow-principal", "User:carol", "--operation", "Write", "--topic", "private",
          "--resource-pattern-type", "prefixed")
    tools("TopicCommand", *at, "--alter", "--topic", "empty", "--partitions", 6)
    tools("TopicCommand", *at, "--create", "--topic", "kafkas", "--partitions", 2, "--config", "segment.bytes=1048576")
    for codec in CODECS:
        CONFLUENT.write(kafka, "kafkas", [(b"k", b"%d" % i * 900, [("h", b"1")], THEN + i) for i in range(250)], codec=codec)
    transactions(kafka, "times")
    grouped(kafka, "kafkas")
    consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.address, "group.id": "readers"})
    consumer.commit(offsets=[confluent_kafka.TopicPartition("codecs", 1, 17)], asynchronous=False)
    consumer.close()
    with open(kafka.directory / "trim.json", "w") as file:
        json.dump({"version": 1, "partitions": [{"topic": "codecs", "partition": 2, "offset": 23}]}, file)
    tools("DeleteRecordsCommand", *at, "--offset-json-file", kafka.directory / "trim.json")
    checkpoint = kafka.data / "log-start-offset-checkpoint"
    brokers.wait_until(lambda: "codecs 2 23" in checkpoint.read_text(), "the checkpoint of log starts")


# While the directory is filled, compacted topics are compacted at once.
COMPACTION = {"log.cleaner.enable": "true", "log.cleaner.backoff.ms": 50}
# Snapshots of the metadata are written by the megabyte and the hour; here by the kilobyte and the second.
SNAPSHOTS = {"metadata.log.max.record.bytes.between.snapshots": 1000, "metadata.log.max.snapshot.interval.ms": 500,
             "metadata.log.segment.ms": 1000}


def snapshots(data):
    return sorted((data / METADATA).glob("*.checkpoint"))


def snapshotted(data):
    """Waits until Kafka has written a snapshot of all that it knows now."""
    known = len(snapshots(data))
    brokers.wait_until(lambda: len(snapshots(data)) >= known + 2, "two more snapshots of the metadata")


def forget_before_snapshot(data):
    """Removes of the metadata log what the newest snapshot holds, as Kafka does a minute later; which that is."""
    *older, newest = snapshots(data)
    end = int(newest.name[:20])
    segments = sorted((data / METADATA).glob("*.log"))
    for log, following in zip(segments, segments[1:]):
        if int(following.stem) <= end:
            for suffix in ("log", "index", "timeindex", "snapshot"):
                log.with_suffix("." + suffix).unlink(missing_ok=True)
    for snapshot in older:
        snapshot.unlink()
    assert int(min((data / METADATA).glob("*.log")).stem) > 0, "the log begins in the snapshot"
    return newest


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_ottlas_directory_is_taken_over_by_kafka_and_comes_back(tools, node, how):
    ottla, kafka = node(brokers.Ottla, **COMPACTION, **SNAPSHOTS), node(brokers.Apache, **SNAPSHOTS)
    ottla.start()
    producer, last, offset = filled(ottla)
    end(ottla, how)
    # nobody compacts any more what is compared
    ottla.settings.update(RECORDED)
    ottla.start()
    says = served(tools, ottla)
    end(ottla, how)
    counts = sound(tools, ottla.data)
    assert {"ottlas-members codecs 2 13", "ottlas-offsets times 0 4"} <= set(says["groups"].splitlines())
    assert "ottlas-gone" not in says["kinds of groups"]
    assert "trimmed:0:45" in says["earliest"] and says["cleaned.read_committed"].count("\n") < 100
    assert counts["log"] >= 12 and (how == "kill" or counts["index"] > 8 and counts["snapshot"] > 8), counts
    kafka.start()
    assert served(tools, kafka) == says
    assert complains(kafka, how) == []
    remembered(kafka.address, "idempotent", producer, last, offset)
    settled(tools, kafka)
    says, keeps = served(tools, kafka), kept(tools, kafka)
    assert "codecs:2:23" in says["earliest"] and "Ongoing" in keeps["transactions"]
    assert {"ottlas-members codecs 2 13", "kafkas-members codecs 2 13", "in-transactions times 0 2"} <= set(says["groups"].splitlines())
    assert says["times.read_committed"].count("in a transaction") == 6
    assert says["times.read_uncommitted"].count("in a transaction") == 12
    snapshotted(kafka.data)
    end(kafka, how)
    newest = forget_before_snapshot(kafka.data)

    ottla.start()
    assert served(tools, ottla) == says
    told = [line for line in ottla.stderr().splitlines() if "transaction was never finished" in line]
    assert len(told) == 1 and "in 1 of the partitions (times-0 from offset 22)" in told[0], ottla.stderr()
    another = written(ottla.address, "idempotent")
    assert another[0][0] > producer[0]
    with Connection(ottla.address) as raw:
        raw.produce("times", [b"behind the transaction"])
        raw.create("ottlas")
        raw.produce("kafkas", [b"of ours"], 1)
    brokers.wait_until(lambda: snapshots(ottla.data)[-1] > newest, "a snapshot of ours, with what only Kafka knows in it")
    says = served(tools, ottla)
    end(ottla, how)
    counts = sound(tools, ottla.data)
    assert counts["txnindex"] == 2, counts
    kafka.start()
    assert served(tools, kafka) == says
    assert kept(tools, kafka) == keeps
    assert complains(kafka, how) == []
    remembered(kafka.address, "idempotent", *another)
    transactional(kafka, "left-open")
    with Connection(kafka.address) as raw:
        stable, newest = (raw.list_offset("times", -1, isolation=i).offset for i in (1, 0))
    assert stable == newest, "the unfinished transaction is over"
    kafka.kill()


# ---- Groups of the newer protocols


def test_groups_that_only_kafka_has_members_in_are_described(tools, node, tmp_path):
    ottla, kafka = node(brokers.Ottla), node(brokers.Apache)
    kafka.start()
    with Connection(kafka.address) as raw:
        raw.create("read", 4)
        raw.create("written", 2)

    def consumer(group, **more):
        return confluent_kafka.Consumer({"bootstrap.servers": kafka.address, "group.id": group, "group.protocol": "consumer", **more})

    members = [consumer("newer", **{"group.instance.id": "one", "client.rack": "here", "client.id": "first"}),
               consumer("newer", **{"client.id": "second", "group.remote.assignor": "range"}), consumer("gone")]
    members[0].subscribe(["read", "written", "unheard"])
    members[1].subscribe(["^rea.*"])
    members[2].subscribe(["read"])
    java = Verifiable(tmp_path, "java", kafka.address, "read", "javas", group_protocol="consumer")
    try:
        def shared():
            for member in members:
                member.poll(0.01)
            return [len(member.assignment()) for member in members] == [4, 2, 4] and len(java.owns) == 4

        brokers.wait_until(shared, "the members to have shared the partitions", 60)
        members[2].close()
        with Connection(kafka.address) as raw:
            raw.ask("DeleteTopics", 6, timeout_ms=9000, topics=[{"name": "written", "topic_id": None}])

        def rows():
            for member in members[:2]:
                member.poll(0.01)
            lines = described_groups(tools, kafka)
            return lines if lines.count("Stable") == 2 and "written" not in lines else None

        says, kinds = brokers.wait_until(rows, "the groups to be stable", 60), listed(tools, kafka)
        kafka.kill()
    finally:
        java.kill()
        for member in members[:2]:
            member.close()
    for row in (r"gone here uniform Empty \d+ \d+ 0", r"newer here range Stable (\d+) \1 2", r"javas here uniform Stable (\d+) \1 1"):
        assert re.search(f"^{row}$", says, re.M), says
    assert len(re.findall("^newer ", says, re.M)) == 3 and " one " in says, says
    ottla.start()
    assert described_groups(tools, ottla) == says
    assert listed(tools, ottla) == kinds
    at = ["--bootstrap-server", ottla.address, "--group"]
    refused = tools(GROUPS, *at, "newer", "--delete", ok=False)
    assert "GroupNotEmptyException" in refused["out"] + refused["err"], refused
    assert "was successful" in tools(GROUPS, *at, "gone", "--delete")
    admin = confluent_admin.AdminClient({"bootstrap.servers": ottla.address})
    told = admin.describe_consumer_groups(["javas"])["javas"].result(30)
    assert len(told.members) == 1 and len(told.members[0].assignment.topic_partitions) == 4
    assert "gone" not in described_groups(tools, ottla)
