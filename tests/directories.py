"""What a data directory holds, as the broker that serves it tells other people's tools: text that two brokers can be compared by.

In: a running broker and the one JVM of Kafka's tools. Out: {question: text}. `served` is what both brokers can be asked,
`kept` what only Apache Kafka answers as yet. What differs between two starts of one broker on one directory is left out:
the order in which topics, settings and groups come, and the metadata offset beside a feature level.
"""

import hashlib
import re
import subprocess
import tarfile
import time

import confluent_kafka

import brokers
from wire import Connection

VECTORS = brokers.ROOT / "vectors" / "kafka-4.3.1"
CONFIG = "kafka.admin.ConfigCommand"
GROUPS = "consumer.group.ConsumerGroupCommand"
# What Kafka's tool asks a broker that cannot tell of eligible leader replicas: a newer API than Metadata has them.
UNKNOWN_ELR = "Elr: N/A\tLastKnownElr: N/A"

# The recorded directories are of one day: nothing in them may expire or be cleaned, whenever they are looked at. The second
# half are the static settings of the node that made them.
RECORDED = {
    "log.retention.ms": "-1", "offsets.retention.minutes": "2147483647", "producer.id.expiration.ms": "2147483647",
    "transactional.id.expiration.ms": "2147483647", "log.cleaner.enable": "false",
    "log.index.interval.bytes": "256", "log.cleaner.min.cleanable.ratio": "0.01", "num.partitions": "4",
    "offsets.topic.num.partitions": "2", "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.num.partitions": "1",
}
# What each kind of broker needs beyond it: the directories hold ACLs. A killed broker's session is not waited out for long, and
# what DeleteRecords has moved is on disk soon: Kafka answers it before.
ONLY = {
    brokers.Ottla: {"authorizer.class.name": ""},
    brokers.Apache: {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true", "super.users": "User:ANONYMOUS",
        "broker.session.timeout.ms": "1500", "broker.heartbeat.interval.ms": "500",
        "log.flush.start.offset.checkpoint.interval.ms": "100", "log.initial.task.delay.ms": "100"},
}


def unpack(which, directory):
    """A copy of a recorded directory, as `data` below `directory`."""
    with tarfile.open(VECTORS / f"datadir-{which}.tar.gz") as archive:
        archive.extractall(directory, filter="tar")


def expected(which, name):
    """What Kafka's tools printed of a recorded directory."""
    return (VECTORS / f"expected-{which}" / f"{name}.txt").read_text()


def in_order(text):
    """Blocks of lines that begin at the margin, each with its indented lines, in alphabetical order."""
    blocks = re.findall(r"^\S.*(?:\n[ \t]+\S.*)*", text, re.M)
    return "\n".join(sorted("\n".join([first, *sorted(rest)]) for first, *rest in (b.split("\n") for b in blocks)))


def described(text):
    """TopicCommand's description, settings in order."""
    def settings(match):
        return "Configs: " + ",".join(sorted(match[1].split(",")))
    return in_order(re.sub(r"Configs: (.*)", settings, text.replace(UNKNOWN_ELR, "Elr: \tLastKnownElr: ")))


def partitions(offsets):
    """(topic, partition) of every line of GetOffsetShell's."""
    return [(topic, int(partition)) for topic, partition, _ in (line.rsplit(":", 2) for line in offsets.split())]


def printed(message):
    """A record as the console consumer shows it when it is asked for everything."""
    def text(data):
        return "<null>" if data is None else data.decode()
    headers = ",".join(f"{name}:{text(value)}" for name, value in message.headers() or []) or "NO_HEADERS"
    kind, stamp = message.timestamp()
    kind = {confluent_kafka.TIMESTAMP_CREATE_TIME: "CreateTime", confluent_kafka.TIMESTAMP_LOG_APPEND_TIME: "LogAppendTime"}[kind]
    return "\t".join([f"{kind}:{stamp}", f"Partition:{message.partition()}", f"Offset:{message.offset()}", headers,
                      text(message.key()), text(message.value())])


def records(broker, wanted, isolation, seconds=60):
    """Every record of these partitions that a consumer may see, by topic, a line each, partition after partition."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": broker.address, "group.id": "unused", "enable.auto.commit": False, "enable.partition.eof": True,
        "auto.offset.reset": "earliest", "fetch.wait.max.ms": 20, "check.crcs": True, "isolation.level": isolation})
    consumer.assign([confluent_kafka.TopicPartition(t, p, confluent_kafka.OFFSET_BEGINNING) for t, p in wanted])
    found, ended, limit = {place: [] for place in wanted}, set(), time.monotonic() + seconds
    while len(ended) < len(found):
        assert time.monotonic() < limit, f"{broker.address}: no end of {found.keys() - ended} within {seconds} s"
        message = consumer.poll(1)
        if message is None:
            continue
        place = message.topic(), message.partition()
        if message.error():
            assert message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, message.error()
            ended.add(place)
        else:
            found[place].append(printed(message))
    consumer.close()
    return {topic: "".join(line + "\n" for place in sorted(found) if place[0] == topic for line in found[place])
            for topic in sorted({t for t, _ in wanted})}


def batches_of(raw, topic, partition):
    """The very bytes of a partition, as a digest: what the records do not show (epochs, producers, markers) is in there."""
    digest, length = hashlib.sha256(), 0
    offset = raw.list_offset(topic, -2, partition).offset
    end = raw.list_offset(topic, -1, partition).offset
    while offset < end:
        part = raw.fetch(topic, offset, partition=partition)
        assert part.error_code == 0 and part.records, (topic, partition, offset, part)
        blob, at = bytes(part.records), 0
        while at + 61 <= len(blob) and at + 12 + int.from_bytes(blob[at + 8:at + 12]) <= len(blob):
            size = 12 + int.from_bytes(blob[at + 8:at + 12])
            digest.update(blob[at:at + size])
            length += size
            offset = int.from_bytes(blob[at:at + 8]) + int.from_bytes(blob[at + 23:at + 27]) + 1
            at += size
    return f"{topic}:{partition} {length} {digest.hexdigest()}\n"


def served(tools, broker):
    """What any broker says of what it serves."""
    at = ["--bootstrap-server", broker.address]
    says = {time: tools("GetOffsetShell", *at, "--time", time).strip() for time in ("earliest", "latest", "max-timestamp")}
    places = partitions(says["earliest"])
    topics = sorted({topic for topic, _ in places})
    says["kinds of groups"] = listed(tools, broker)
    says["groups described"] = described_groups(tools, broker)
    says["groups"] = group_lines(tools(GROUPS, *at, "--describe", "--all-groups", "--offsets"))
    says["cluster"] = tools("ClusterTool", "cluster-id", *at)
    says["topics"] = described(tools("TopicCommand", *at, "--describe"))
    for kind in ("topics", "brokers"):
        says[f"{kind} configured"] = in_order(tools(CONFIG, *at, "--describe", "--entity-type", kind))
    for topic in topics:
        says[f"{topic} configured"] = in_order(
            tools(CONFIG, *at, "--describe", "--all", "--entity-type", "topics", "--entity-name", topic))
    for isolation in ("read_uncommitted", "read_committed"):
        mine = [(topic, partition) for topic, partition in places if not topic.startswith("__")]
        for topic, lines in records(broker, mine, isolation).items():
            says[f"{topic}.{isolation}"] = lines
    with Connection(broker.address) as raw:
        says["batches"] = "".join(batches_of(raw, *place) for place in places)
    return says


def kept(tools, broker):
    """What Apache Kafka says of what Ottla does not serve."""
    at = ["--bootstrap-server", broker.address]
    says = {f"{kind} configured": in_order(tools(CONFIG, *at, "--describe", "--entity-type", kind))
            for kind in ("users", "clients", "ips", "client-metrics")}
    # it names all groups that there are; those without members and commits expire at the next occasion
    says["groups configured"] = in_order("".join(re.findall(r"^\S.*\n(?:[ \t]+\S.*\n?)+", tools(
        CONFIG, *at, "--describe", "--entity-type", "groups"), re.M)))
    says["acls"] = tools("AclCommand", *at, "--list")
    says["features"] = re.sub(r"\s+Epoch: \d+", "", tools("FeatureCommand", *at, "describe"))
    says["transactions"] = in_order(tools("TransactionsCommand", *at, "list"))
    says["share groups"] = group_lines(tools("consumer.group.ShareGroupCommand", *at, "--describe", "--all-groups", "--offsets"))
    return says


def listed(tools, broker):
    """All groups, of what kind each is and where it is."""
    at = ["--bootstrap-server", broker.address]
    return in_order(tools("GroupsCommand", *at, "--list") + tools(GROUPS, *at, "--list", "--state", "--type"))


def described_groups(tools, broker):
    """What the broker says of the state and the members of its groups, a line each; the coordinator is this broker."""
    lines = []
    for what in ("--state", "--members"):
        told = tools(GROUPS, "--bootstrap-server", broker.address, "--describe", "--all-groups", what, "--verbose")
        rows = [re.sub(r"\S+:\d+ \(\d+\)", "here", " ".join(line.split())) for line in told.splitlines()]
        lines += sorted(row for row in rows if row and not row.startswith(("GROUP ", "Consumer group")))
    return "".join(line + "\n" for line in lines)


def group_lines(text):
    """The rows of the tables of offsets, without the log's own end and the distance to it, which writers move."""
    rows = [line.split() for line in text.splitlines() if len(line.split()) > 4 and not line.startswith(("GROUP ", "Consumer group"))]
    return "\n".join(sorted(" ".join(row[:4]) for row in rows))


# What Kafka's tool says of a file that is not as it should be.
COMPLAINTS = ("isvalid: false", "Mismatches in", "Found ", "not found in", "Could not", "orrupt", "Exception", "rror")
# .. though it also says so of a batch that compaction left empty, Apache Kafka's own compaction too: only records have times for it.
EMPTY_BATCH = re.compile(r"Found timestamp mismatch in :\S+\n(  Index timestamp: \d+, log timestamp: -1\n)+")
METADATA = "__cluster_metadata-0"


def sound(tools, data):
    """Apache Kafka's tool reads every file of a data directory and complains of none; how many of each kind it was given."""
    def dump(files, *flags):
        told = tools("DumpLogSegments", "--files", ",".join(map(str, files)), *flags, ok=False)
        said = EMPTY_BATCH.sub("", told["out"] + told["err"])
        bad = [line for line in said.splitlines() if any(word in line for word in COMPLAINTS)]
        assert told["exit"] == 0 and bad == [], (flags, bad[:5], told["err"][-2000:])
        missing = [str(file) for file in files if f"Dumping {file}" not in told["out"]]
        assert missing == [], (flags, missing)
        return told["out"]

    # An index of a small segment is empty. One that Kafka was killed over is as long as it may become, and no work of ours.
    kinds = {kind: sorted(p for p in data.glob(f"*/*.{kind}") if p.parent.name != METADATA and 0 < p.stat().st_size < 10_000_000)
             for kind in ("log", "index", "timeindex", "txnindex", "snapshot")}
    dump(kinds["log"], "--deep-iteration", "--print-data-log")
    for kind in ("index", "timeindex"):
        if kinds[kind]:
            out = dump(kinds[kind], "--index-sanity-check")
            assert out.count("passed sanity check") == len(kinds[kind]), out
            dump(kinds[kind], "--verify-index-only")
            dump(kinds[kind])
    for kind in ("txnindex", "snapshot"):
        if kinds[kind]:
            dump(kinds[kind])
    kinds["checkpoint"] = [data / "bootstrap.checkpoint", *sorted((data / METADATA).glob("*.checkpoint"))]
    kinds["metadata"] = sorted((data / METADATA).glob("*.log"))
    out = dump(kinds["checkpoint"] + kinds["metadata"], "--cluster-metadata-decoder", "--deep-iteration")
    assert "SnapshotFooter" in out and '"type":"FEATURE_LEVEL_RECORD"' in out
    return {kind: len(files) for kind, files in kinds.items()}


# ---- From one broker to the other


def end(broker, how):
    """Ends a broker as the test says; a clean stop has its exit code. What either leaves is sound."""
    if how == "kill":
        broker.kill()
    else:
        assert broker.stop() == broker.CLEAN_EXIT, broker.log()
    told = subprocess.run([brokers.BINARY, "check", broker.data], capture_output=True, text=True)
    assert told.returncode == 0 and "damage" not in told.stdout, told.stdout + told.stderr


# Who in Apache Kafka speaks of files and of what is in them; others speak of their own start.
SPEAK_OF_FILES = re.compile(r"\S+ (WARN|ERROR|FATAL) (Log|\w*Index|\w*Snapshot|\w*Metadata|Producer|\w*Checkpoint|\w*Fault|\w*Coordinator"
                            r"|UnifiedLog|LocalLog|Kafka\w*Log|ReplicaManager|LeaderEpoch|MetaProperties|Snapshot)\w*:")


def complains(kafka, how):
    """What Apache Kafka warned of since its start in files and their contents. After a kill: a node of ours leaves segments without an
    index, which Kafka makes anew; and Kafka elects every leader twice, so that its coordinators begin to load twice."""
    usual = ["`log.cleaner.enable` is deprecated"]
    if how == "kill":
        usual += ["Could not find offset index file corresponding to log file",
                  "because the partition is not online or is no longer the leader"]
    lines = [line for line in kafka.stderr().splitlines() if SPEAK_OF_FILES.match(line)]
    return [line for line in lines if not any(words in line for words in usual)]
