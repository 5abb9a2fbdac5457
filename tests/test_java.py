"""Apache Kafka's own command line tools, unmodified, on the running broker and on its files."""

import re

import pytest

import brokers
from clients import Tools
from wire import Connection, batch

METADATA_LOG = "__cluster_metadata-0/00000000000000000000.log"


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    jvm = Tools(tmp_path_factory.mktemp("tools"))
    yield jvm
    jvm.close()


@pytest.fixture(scope="module")
def at(broker):
    return ["--bootstrap-server", broker.address]


def test_topic_command(tools, at, name):
    made = tools("TopicCommand", *at, "--create", "--topic", name, "--partitions", 7, "--replication-factor", 1,
                 "--config", "retention.ms=123456", "--config", "cleanup.policy=compact")
    assert f"Created topic {name}." in made
    assert name in tools("TopicCommand", *at, "--list").split()
    described = tools("TopicCommand", *at, "--describe", "--topic", name)
    assert "PartitionCount: 7" in described and "ReplicationFactor: 1" in described
    assert "retention.ms=123456" in described and "cleanup.policy=compact" in described
    assert len(re.findall(r"Leader: 1\s+Replicas: 1\s+Isr: 1", described)) == 7
    again = tools("TopicCommand", *at, "--create", "--topic", name, ok=False)
    assert again["exit"] == 1 and "already exists" in again["out"] + again["err"]
    tools("TopicCommand", *at, "--delete", "--topic", name)
    brokers.wait_until(lambda: name not in tools("TopicCommand", *at, "--list").split(), "the topic to be gone")


CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


@pytest.mark.parametrize("codec", CODECS)
def test_console_producer_and_consumer(tools, at, topic, codec):
    lines = [f"h1:a{i},h2:b\tkey{i}\tvalue {i} {'x' * i}" for i in range(200)]
    lines[7] = "NULL\tkey7\tNULL"
    tools("ConsoleProducer", *at, "--topic", topic, "--compression-codec", codec, "--reader-property", "parse.key=true",
          "--reader-property", "parse.headers=true", "--reader-property", "null.marker=NULL", stdin="\n".join(lines))
    out = tools("consumer.ConsoleConsumer", *at,
                "--topic", topic, "--partition", 0, "--offset", "earliest", "--max-messages", 200,
                "--formatter-property", "print.key=true", "--formatter-property", "print.headers=true",
                "--formatter-property", "print.offset=true", "--formatter-property", "null.literal=NULL")
    want = [f"Offset:{i}\t" + line.replace("NULL\tkey7", "NO_HEADERS\tkey7") for i, line in enumerate(lines)]
    assert out.splitlines() == want


def test_console_consumer_from_an_offset(tools, at, raw, topic):
    raw.produce(topic, [b"%d" % i for i in range(10)])
    consume = "consumer.ConsoleConsumer"
    assert tools(consume, *at, "--topic", topic, "--partition", 0, "--offset", 6, "--max-messages", 4).split() == \
        ["6", "7", "8", "9"]
    assert tools(consume, *at, "--topic", topic, "--partition", 0, "--offset", "earliest", "--max-messages", 2,
                 "--isolation-level", "read_committed").split() == ["0", "1"]


def test_get_offset_shell(tools, at, raw, name):
    raw.create(name, 3)
    for partition, count in ((0, 5), (2, 1)):
        raw.produce(name, [b"x"] * count, partition=partition)

    def offsets(*more):
        return sorted(tools("GetOffsetShell", *at, "--topic", name, *more).split())

    assert offsets() == [f"{name}:0:5", f"{name}:1:0", f"{name}:2:1"]
    assert offsets("--time", "earliest") == [f"{name}:{i}:0" for i in range(3)]
    assert offsets("--time", "max-timestamp") == [f"{name}:0:0", f"{name}:2:0"]
    assert offsets("--time", "1000", "--partitions", "0") == [f"{name}:0:0"]


@pytest.mark.parametrize("acks", ["all", "1", "0"])
def test_producer_performance(tools, at, raw, name, acks):
    raw.create(name, 4)
    out = tools("ProducerPerformance", *at, "--topic", name, "--num-records", 20_000, "--record-size", 1000,
                "--throughput", -1, "--command-property", f"acks={acks}", "linger.ms=5", "batch.size=100000")
    assert re.search(r"^20000 records sent, .* records/sec", out, re.M), out
    brokers.wait_until(lambda: sum(raw.list_offset(name, -1, i).offset for i in range(4)) == 20_000, "all records")
    assert sum(len(raw.records(name, i)) for i in range(4)) == 20_000


def test_end_to_end_latency(tools, at, raw, topic, tmp_path):
    # When all is measured and printed, the tool commits offsets: without groups that can only time out, and soon.
    hasty = tmp_path / "hasty.properties"
    hasty.write_text("default.api.timeout.ms=3000\n")
    told = tools("EndToEndLatency", *at, "--topic", topic, "--num-records", 500, "--producer-acks", "all",
                 "--record-size", 100, "--command-config", hasty, ok=False)
    out, err = told["out"], told["err"]
    assert "Avg latency" in out and "99.9th" in out, out + err
    if told["exit"] != 0:
        assert not brokers.APACHE and "before successfully committing offsets" in out + err, out + err
    # it warms up with some records of its own
    assert raw.list_offset(topic, -1).offset >= 500


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
