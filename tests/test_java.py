"""Apache Kafka's own command line tools, unmodified, on the running broker and on its files.

What produces and consumes does all that it can:
w: it writes, r: it reads, -: it has no way to (why is said by its `cannot` in clients.py). "large" is 900 KiB with every
codec, "partitions" are 50, "acks" are 0, 1 and all, "idempotent" is on 50 partitions.

                    none gzip snappy lz4 zstd keys headers null-headers nulls empties timestamps large partitions acks idempotent
console tools       wr   wr   wr     wr  wr   wr   wr      wr           wr    wr      -r         wr    wr         w-   w-
ProducerPerformance w-   w-   w-     w-  w-   --   --      --           --    --      --         w-    w-         w-   w-
"""

import re

import pytest

import brokers
from abilities import (CODECS, FEATURES, PARTITIONS, THEN, Table, check_read, check_read_partitions, check_write,
                       check_write_partitions, codecs_of, keyed, large, records_of, sample, stored)
from clients import CONFLUENT, KAFKA_PYTHON, Console, ProducerPerformance
from wire import Connection, Record, batch

SETTINGS = {"offsets.topic.num.partitions": "4", "offsets.topic.replication.factor": "1"}
METADATA_LOG = "__cluster_metadata-0/00000000000000000000.log"
TABLE = Table(Console, ProducerPerformance)
OTHERS = [CONFLUENT, KAFKA_PYTHON]


def test_the_table_above_is_what_is_tested():
    TABLE.check(__doc__)


def test_topic_command(tools, at, name):
    made = tools("TopicCommand", *at, "--create", "--topic", name, "--partitions", PARTITIONS, "--replication-factor", 1,
                 "--config", "retention.ms=123456", "--config", "cleanup.policy=compact")
    assert f"Created topic {name}." in made
    assert name in tools("TopicCommand", *at, "--list").split()
    described = tools("TopicCommand", *at, "--describe", "--topic", name)
    assert f"PartitionCount: {PARTITIONS}" in described and "ReplicationFactor: 1" in described
    assert "retention.ms=123456" in described and "cleanup.policy=compact" in described
    assert len(re.findall(r"Leader: 1\s+Replicas: 1\s+Isr: 1", described)) == PARTITIONS
    again = tools("TopicCommand", *at, "--create", "--topic", name, ok=False)
    assert again["exit"] == 1 and "already exists" in again["out"] + again["err"]
    tools("TopicCommand", *at, "--delete", "--topic", name)
    brokers.wait_until(lambda: name not in tools("TopicCommand", *at, "--list").split(), "the topic to be gone")


# ---- ConsoleProducer and ConsoleConsumer


@TABLE.each("write", [Console], CODECS)
def test_writes_with(tools, broker, raw, topic, client, ability):
    check_write(client(tools), broker, raw, topic, sample(), ability)


@TABLE.each("write", [Console], FEATURES)
def test_writes(tools, broker, raw, topic, client, ability):
    check_write(client(tools), broker, raw, topic, FEATURES[ability])


@pytest.mark.parametrize("codec", CODECS)
@TABLE.each("write", [Console], ["large"])
def test_writes_what_is(tools, broker, raw, topic, client, ability, codec):
    check_write(client(tools), broker, raw, topic, large(), codec)


@TABLE.each("write", [Console], ["partitions", "idempotent"])
def test_writes_to_many(tools, broker, raw, many, client, ability):
    check_write_partitions(client(tools), broker, raw, many, idempotent=ability == "idempotent")


@pytest.mark.parametrize("acks", ["0", "1", "all"])
@TABLE.each("write", [Console], ["acks"])
def test_writes_with_every(tools, broker, raw, topic, client, ability, acks):
    check_write(client(tools), broker, raw, topic, keyed(), acks=acks)


@TABLE.each("read", [Console], CODECS)
def test_reads_what_is_packed_with(tools, broker, raw, topic, client, ability):
    check_read(client(tools), broker, raw, topic, sample(), ability)


@TABLE.each("read", [Console], FEATURES)
def test_reads(tools, broker, raw, topic, client, ability):
    check_read(client(tools), broker, raw, topic, FEATURES[ability])


@pytest.mark.parametrize("codec", CODECS)
@TABLE.each("read", [Console], ["large"])
def test_reads_what_is(tools, broker, raw, topic, client, ability, codec):
    check_read(client(tools), broker, raw, topic, large(), codec, per_batch=1)


@TABLE.each("read", [Console], ["partitions"])
def test_reads_of_many(tools, broker, raw, many, client, ability):
    # one partition a call: the first, the last and one between
    check_read_partitions(client(tools), broker, raw, many, (0, 17, PARTITIONS - 1))


@pytest.mark.parametrize("codec", CODECS)
def test_others_read_what_the_console_wrote_and_it_reads_theirs(tools, broker, raw, topic, codec):
    console, sent = Console(tools), sample()
    for writer in (console, *OTHERS):
        writer.write(broker, topic, sent, codec=codec)
    written = records_of(stored(raw, topic))
    assert [r[:3] for r in written] == [r[:3] for r in sent] * (1 + len(OTHERS))
    for reader in (console, *OTHERS):
        assert reader.read(broker, topic, {0: len(written)})[0] == written, reader.name


def test_console_consumer_from_an_offset(tools, at, raw, topic):
    raw.produce(topic, [b"%d" % i for i in range(10)])
    consume = "consumer.ConsoleConsumer"
    assert tools(consume, *at, "--topic", topic, "--partition", 0, "--offset", 6, "--max-messages", 4).split() == \
        ["6", "7", "8", "9"]
    assert tools(consume, *at, "--topic", topic, "--partition", 0, "--offset", "earliest", "--max-messages", 2,
                 "--isolation-level", "read_committed").split() == ["0", "1"]


def test_get_offset_shell(tools, at, raw, many):
    counts = {0: 5, 2: 1, PARTITIONS - 1: 7}
    for partition, count in counts.items():
        raw.produce(many, [Record(b"x", timestamp=THEN + i) for i in range(count)], partition=partition)

    def offsets(*more):
        return sorted(tools("GetOffsetShell", *at, "--topic", many, *more).split())

    assert offsets() == sorted(f"{many}:{i}:{counts.get(i, 0)}" for i in range(PARTITIONS))
    assert offsets("--time", "earliest") == sorted(f"{many}:{i}:0" for i in range(PARTITIONS))
    assert offsets("--time", "max-timestamp") == sorted(f"{many}:{i}:{count - 1}" for i, count in counts.items())
    assert offsets("--time", THEN + 1, "--partitions", "0,2,49") == [f"{many}:0:1", f"{many}:49:1"]
    assert offsets("--time", THEN + 9) == []


# ---- ProducerPerformance


def payload_file(directory, payloads):
    file = directory / "payloads"
    file.write_bytes(b"\n".join(payloads))
    return ["--payload-file", file]


@TABLE.each("write", [ProducerPerformance], CODECS)
def test_performance_with(tools, broker, raw, topic, tmp_path, client, ability):
    payloads = {value for _, value, _, _ in sample() if value}
    client(tools).write(broker, topic, 500, payload_file(tmp_path, payloads), f"compression.type={ability}")
    found = stored(raw, topic)
    values = [value for _, value, _, _ in records_of(found)]
    assert len(values) == 500 and set(values) <= payloads and len(set(values)) > 1
    assert codecs_of(found) == {ability} - {"none"}


@pytest.mark.parametrize("codec", CODECS)
@TABLE.each("write", [ProducerPerformance], ["large"])
def test_performance_with_what_is(tools, broker, raw, topic, tmp_path, client, ability, codec):
    payloads = {value for _, value, _, _ in large(2)}
    client(tools).write(broker, topic, 4, payload_file(tmp_path, payloads), f"compression.type={codec}")
    found = stored(raw, topic)
    values = [value for _, value, _, _ in records_of(found)]
    assert len(values) == 4 and set(values) <= payloads
    assert codecs_of(found) == {codec} - {"none"}


@TABLE.each("write", [ProducerPerformance], ["partitions", "idempotent"])
def test_performance_on_many(tools, broker, raw, many, client, ability):
    idempotent = ability == "idempotent"
    # a batch per record: the producer draws a partition for every batch
    client(tools).write(broker, many, 5000, ["--payload-monotonic"], "batch.size=1", "acks=all",
                        "partitioner.adaptive.partitioning.enable=false", f"enable.idempotence={str(idempotent).lower()}")
    found = [stored(raw, many, partition) for partition in range(PARTITIONS)]
    assert all(found), "a partition that nobody wrote to"
    values = [[int(value) for _, value, _, _ in records_of(f)] for f in found]
    assert sorted(v for partition in values for v in partition) == list(range(5000))
    if idempotent:
        assert values == [sorted(partition) for partition in values]
    assert all((b.producer[0] >= 0) == idempotent for f in found for b in f)


@pytest.mark.parametrize("acks", ["all", "1", "0"])
@TABLE.each("write", [ProducerPerformance], ["acks"])
def test_performance_with_every(tools, broker, raw, name, client, ability, acks):
    raw.create(name, 4)
    client(tools).write(broker, name, 20_000, ["--record-size", 1000], f"acks={acks}", "linger.ms=5", "batch.size=100000")
    brokers.wait_until(lambda: sum(raw.list_offset(name, -1, i).offset for i in range(4)) == 20_000, "all records")
    assert sum(len(raw.records(name, i)) for i in range(4)) == 20_000


# ---- The other tools


@pytest.mark.parametrize("codec, flags, headers", [
    ("none", [], 0),
    ("zstd", ["--record-key-size", 20, "--num-headers", 3, "--record-header-key-size", 6, "--record-header-size", 9], 3)],
    ids=["values", "keys-headers-zstd"])
def test_end_to_end_latency(tools, at, raw, topic, tmp_path, codec, flags, headers):
    # The tool compares what it reads with what it sent, record by record, prints its figures and then commits in a group of its own.
    config = tmp_path / "client.properties"
    config.write_text(f"compression.type={codec}\n")
    out = tools("EndToEndLatency", *at, "--topic", topic, "--num-records", 500, "--producer-acks", "all",
                "--record-size", 100, *flags, "--command-config", config)
    assert re.search(r"^Avg latency: [\d.]+ ms$", out, re.M) and re.search(r"99\.9th = \d+$", out, re.M), out
    found = stored(raw, topic)
    records = records_of(found)
    assert len(records) == 500 and codecs_of(found) == {codec} - {"none"}
    assert all((len(k or b""), len(v), len(hs)) == (20 if flags else 0, 100, headers) for k, v, hs, _ in records)


def test_metadata_quorum_command(tools, at):
    status = tools("MetadataQuorumCommand", *at, "describe", "--status")
    assert re.search(r"LeaderId:\s+1$", status, re.M) and re.search(r"LeaderEpoch:\s+[1-9]", status)
    assert re.search(r"CurrentVoters:.*\"id\": 1\b", status) and re.search(r"HighWatermark:\s+[1-9]", status)
    replication = tools("MetadataQuorumCommand", *at, "describe", "--replication")
    assert re.search(r"^1\s+\S{22}\s+\d+\s+0\s+.*Leader", replication, re.M), replication


def test_cluster_tool_and_api_versions(tools, at, raw):
    assert raw.ask("Metadata", 12, topics=[]).cluster_id in tools("ClusterTool", "cluster-id", *at)
    listed = tools("BrokerApiVersionsCommand", *at)
    assert "Produce(0): 0 to 13" in listed and "Fetch(1): 4 to 18" in listed


@pytest.mark.ottla_only
def test_a_transactional_producer_is_refused_at_once(tools, broker, name):
    got = tools("ProducerPerformance", "--bootstrap-server", broker.address, "--topic", name, "--num-records", 10,
                "--record-size", 10, "--throughput", -1, "--transactional-id", "tx", "--command-property",
                "max.block.ms=60000", ok=False, seconds=30)
    assert got["exit"] != 0 and "TransactionalIdAuthorization" in got["err"] + got["out"]


def test_dump_log_segments(tools, own, name):
    node = own(settings={"log.index.interval.bytes": "1000"}).start()
    with Connection(node.address) as raw:
        raw.create(name, segment_bytes=1_048_576)
        for i in range(300):
            assert raw.produce(name, [b"%d" % i * 2000, b"y" * 2000]).error_code == 0
        raw.create("codecs")
        for codec in range(5):
            raw.produce("codecs", batch([b"v" * 100] * 3, codec=codec))
    node.stop()
    directory = node.data / f"{name}-0"
    logs = sorted(directory.glob("*.log"))
    assert len(logs) > 1, "the topic rolled"
    for log in logs:
        out = tools("DumpLogSegments", "--files", log, "--deep-iteration", "--skip-record-metadata")
        assert "isvalid: true" in out and "isvalid: false" not in out
    total = sum(len(re.findall(r"^baseOffset:", tools("DumpLogSegments", "--files", log), re.M)) for log in logs)
    assert total == 300
    indexes = [p for suffix in ("index", "timeindex") for p in sorted(directory.glob(f"*.{suffix}"))]
    for index in indexes:
        checked = tools("DumpLogSegments", "--files", index, "--index-sanity-check")
        assert "passed sanity check" in checked, checked
        verified = tools("DumpLogSegments", "--files", index, "--verify-index-only")
        assert "Mismatches" not in verified and "Found" not in verified, verified
        assert re.search(r"^offset: \d+ position: \d+|^timestamp: \d+ offset: \d+",
                         tools("DumpLogSegments", "--files", index), re.M), "an index with entries"
    snapshot = sorted(directory.glob("*.snapshot"))
    assert snapshot and "producerId" not in tools("DumpLogSegments", "--files", snapshot[-1])
    codecs = tools("DumpLogSegments", "--files", node.data / "codecs-0" / "00000000000000000000.log", "--print-data-log")
    assert re.findall(r"compresscodec: (\w+)", codecs) == CODECS
    assert codecs.count("payload: " + "v" * 100) == 15


def test_dump_log_segments_shows_whole_records(tools, own):
    rows = [(b"key", b"value", [("one", b"1"), ("null", None), ("empty", b"")], THEN), (None, None, [], THEN + 5),
            (b"", b"", [], THEN - 5), large(1)[0][:3] + (THEN + 6,)]
    node = own().start()
    with Connection(node.address) as raw:
        raw.create("whole")
        for codec in range(5):
            made = batch([Record(v, k, h, t) for k, v, h, t in rows], codec=codec)
            assert raw.produce("whole", made).error_code == 0
    node.stop()
    out = tools("DumpLogSegments", "--files", node.data / "whole-0" / "00000000000000000000.log", "--print-data-log")
    shown = re.findall(r"^\| offset: (\d+) CreateTime: (\d+) keySize: (-?\d+) valueSize: (-?\d+) sequence: -1 "
                       r"headerKeys: \[(.*?)\](?: key: (.*?))?(?: payload: (.*))?$", out, re.M)
    want = [(str(time), str(-1 if key is None else len(key)), str(-1 if value is None else len(value)),
             ",".join(name for name, _ in headers), (key or b"").decode(), (value or b"").decode())
            for key, value, headers, time in rows]
    assert [row[1:] for row in shown] == want * 5
    assert [int(row[0]) for row in shown] == list(range(len(want) * 5))
    assert out.count("isvalid: true") == 5


def test_dump_metadata_log(tools, own, name):
    node = own().start()
    with Connection(node.address) as raw:
        topic_id = raw.create(name, 3, retention_ms=777)
        raw.producer_id()
    node.stop()
    out = tools("DumpLogSegments", "--files", node.data / METADATA_LOG, "--cluster-metadata-decoder", "--deep-iteration")
    assert "isvalid: false" not in out and "Could not" not in out, out
    kinds = re.findall(r'payload: \{"type":"(\w+)"', out)
    for kind in ("FEATURE_LEVEL_RECORD", "REGISTER_CONTROLLER_RECORD", "REGISTER_BROKER_RECORD",
                 "BROKER_REGISTRATION_CHANGE_RECORD", "TOPIC_RECORD", "CONFIG_RECORD", "PRODUCER_IDS_RECORD"):
        assert kind in kinds, f"no {kind}"
    assert kinds.count("PARTITION_RECORD") == 3
    assert out.count('"retention.ms"') == 1 and '"metadata.version","featureLevel":30' in out
    assert topic_id is not None and "LeaderChange" in out and "KRaftVoters" in out
    checkpoint = node.data / "__cluster_metadata-0" / "00000000000000000000-0000000000.checkpoint"
    shown = tools("DumpLogSegments", "--files", checkpoint, "--cluster-metadata-decoder")
    assert "SnapshotHeader" in shown and "KRaftVersion" in shown and "KRaftVoters" in shown and "SnapshotFooter" in shown
