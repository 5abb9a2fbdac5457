"""What survives: SIGKILL under load, and what must be on the disk before an answer leaves.

In the first test idempotent and plain producers of four projects write while the broker is killed again and again;
then two clients of different projects read what each has written. In the second members of groups read and commit meanwhile. In
the last the broker runs under strace, since SIGKILL keeps the page cache: no acks=all answer may leave before a sync that began after its bytes were written.
"""

import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import threading

import confluent_kafka
import kafka
import pytest

import brokers
import group_clients
import groups
import syscalls
from brokers import wait_until
from clients import JAVA_TOOLS, KAFKA_PYTHON, KCAT, NODE_TESTS
from wire import Connection, batch

KILLS = 6
ACKED_PER_LIFE = 150


def payload(who, number):
    """A value that only this writer's record of this number has."""
    filler = hashlib.blake2b(f"{who} {number}".encode()).hexdigest() * (number % 20)
    return f"{who}:{number}:{filler}".encode()


# Writers have `who` (their topic's name), `idempotent`, `payload` (the value of a number), `acked` (offsets by number) and
# `failed`; they write as fast as they are answered until `stop`, which waits for the rest of the answers.


class Writer(threading.Thread):
    """A Python client in a thread, at most `window` records unanswered."""

    window = 100
    idempotent = False

    def __init__(self, who, address):
        super().__init__(daemon=True)
        self.who, self.address = who, address
        self.sent, self.acked, self.failed = 0, {}, []
        self.stopping = threading.Event()
        self.room = threading.Semaphore(self.window)

    def told(self, number, offset=None, error=None):
        if error is None:
            self.acked[number] = offset
        else:
            self.failed.append((number, error))
        self.room.release()

    def run(self):
        self.open()
        while not self.stopping.is_set():
            if self.room.acquire(timeout=0.05):
                self.send(self.sent, self.payload(self.sent))
                self.sent += 1
            self.turn()
        self.close()

    def turn(self):
        """Lets the client do its work."""

    def payload(self, number):
        return payload(self.who, number)

    def stop(self):
        self.stopping.set()
        self.join(150)
        assert not self.is_alive(), f"{self.who} cannot finish"
        assert len(self.acked) == self.sent


class Confluent(Writer):
    options = {}

    def open(self):
        self.producer = confluent_kafka.Producer({
            "bootstrap.servers": self.address, "acks": "all", "linger.ms": 2, "message.timeout.ms": 300_000,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "retry.backoff.ms": 20,
            "log_level": 0, **self.options})

    def send(self, number, value):
        self.producer.produce(self.who, value, partition=0, on_delivery=lambda error, message: self.told(
            number, None if error else message.offset(), error))

    def turn(self):
        self.producer.poll(0.001)

    def close(self):
        assert self.producer.flush(120) == 0


class ConfluentIdempotent(Confluent):
    idempotent = True
    options = {"enable.idempotence": True, "compression.codec": "lz4"}


class ConfluentPlain(Confluent):
    options = {"enable.idempotence": False, "compression.codec": "zstd"}


class Python(Writer):
    def open(self):
        self.producer = kafka.KafkaProducer(
            bootstrap_servers=self.address, acks="all", enable_idempotence=self.idempotent, retries=10**9,
            delivery_timeout_ms=300_000, request_timeout_ms=10_000, linger_ms=2, retry_backoff_ms=20,
            reconnect_backoff_ms=20, reconnect_backoff_max_ms=200)

    def send(self, number, value):
        future = self.producer.send(self.who, value, partition=0)
        future.add_callback(lambda metadata: self.told(number, metadata.offset))
        future.add_errback(lambda error: self.told(number, error=error))

    def close(self):
        self.producer.flush(120)
        self.producer.close(120)


class PythonIdempotent(Python):
    idempotent = True


class Process:
    """A client in a process of its own, which says what was answered line by line in JSON; SIGTERM ends it."""

    idempotent = False

    def __init__(self, who, address, directory):
        self.who = who
        self.out = directory / f"{who}.out"
        self.errors = directory / f"{who}.err"
        command = self.command(address, directory)
        self.process = subprocess.Popen(command, stdout=open(self.out, "wb"), stderr=open(self.errors, "wb"),
                                        cwd=NODE_TESTS)

    def start(self):
        """It runs since it was made."""

    def is_alive(self):
        return self.process.poll() is None

    def said(self):
        """Whole lines only: the last may be being written."""
        return [json.loads(line) for line in self.out.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(150) in self.ends, f"{self.who}: {self.errors.read_text()[-3000:]}"


class Java(Process):
    """Apache Kafka's VerifiableProducer. The values are the numbers."""

    ends = (0, 128 + signal.SIGTERM)

    def command(self, address, directory):
        config = directory / f"{self.who}.properties"
        config.write_text("delivery.timeout.ms=300000\nmax.block.ms=300000\nretries=2147483647\nretry.backoff.ms=20\n"
                          "reconnect.backoff.ms=20\nreconnect.backoff.max.ms=200\nrequest.timeout.ms=10000\nlinger.ms=2\n"
                          f"enable.idempotence={str(self.idempotent).lower()}\n")
        return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{brokers.JARS}/*",
                f"-Dlog4j2.configurationFile={JAVA_TOOLS / 'log4j2.properties'}",
                "org.apache.kafka.tools.VerifiableProducer", "--bootstrap-server", address, "--topic", self.who,
                "--throughput", "500", "--acks", "-1", "--command-config", str(config)]

    def payload(self, number):
        return b"%d" % number

    @property
    def acked(self):
        return {int(s["value"]): s["offset"] for s in self.said() if s["name"] == "producer_send_success"}

    # Its shutdown hook closes the producer while the main thread still sends: nothing was sent then.
    LAST_WORDS = ("Producer closed while send in progress", "Cannot perform operation after producer has been closed")

    @property
    def failed(self):
        return [s for s in self.said() if s["name"] == "producer_send_error" and s["message"] not in self.LAST_WORDS]


class JavaIdempotent(Java):
    idempotent = True


class KafkaJs(Process):
    """kafkajs: see node/drive.js, which makes the same payloads."""

    ends = (0,)
    failed = ()

    def command(self, address, _):
        options = {"topic": self.who, "idempotent": self.idempotent, "codec": "gzip"}
        return ["node", "drive.js", address, "endless", json.dumps(options)]

    def payload(self, number):
        return payload(self.who, number)

    @property
    def acked(self):
        return {first + i: offset + i for first, count, offset in self.said() for i in range(count)}


class KafkaJsIdempotent(KafkaJs):
    idempotent = True


@pytest.fixture
def write_to(tmp_path):
    """Makes writers and ends their processes."""
    made = []

    def make(kind, who, address):
        made.append(kind(who, address, tmp_path) if issubclass(kind, Process) else kind(who, address))
        return made[-1]

    yield make
    for writer in made:
        if isinstance(writer, Process):
            writer.process.kill()


def check_idempotent(writer, values):
    """Exactly once and in order, at the offsets that were told."""
    assert values == [writer.payload(i) for i in range(len(values))], \
        f"{writer.who}: repeated, missing, out of order or damaged"
    for number, offset in writer.acked.items():
        assert offset == number < len(values), f"{writer.who}: record {number} was said to be at {offset}"


def check_plain(writer, values):
    """At least once, nothing damaged, and what was told to be at an offset is there."""
    acked = writer.acked
    written = {writer.payload(i) for i in range(max(acked) + 1 + Writer.window)}
    for value in values:
        assert value in written, f"{writer.who}: a damaged value"
    for number, offset in acked.items():
        assert values[offset] == writer.payload(number), f"{writer.who}: record {number} is not at {offset}"


WRITERS = {
    "idempotent-librdkafka": ConfluentIdempotent, "idempotent-librdkafka-2": ConfluentIdempotent,
    "plain-librdkafka": ConfluentPlain, "idempotent-python": PythonIdempotent, "plain-python": Python,
    "idempotent-java": JavaIdempotent, "plain-java": Java, "idempotent-kafkajs": KafkaJsIdempotent, "plain-kafkajs": KafkaJs}


def answered(writer, count):
    assert writer.is_alive(), f"{writer.who} has ended"
    return len(writer.acked) >= count


def test_kill_9_under_load(own, write_to):
    node = own().start()
    with Connection(node.address) as raw:
        for who in WRITERS:
            raw.create(who)
    writers = [write_to(kind, who, node.address) for who, kind in WRITERS.items()]
    for writer in writers:
        writer.start()
    for _ in range(KILLS):
        before = {w.who: len(w.acked) for w in writers}
        for writer in writers:
            wait_until(lambda: answered(writer, before[writer.who] + ACKED_PER_LIFE), f"{writer.who} to be answered", 120,
                       pause=0.02)
        node.kill()
        node.start()
    for writer in writers:
        writer.stop()
        assert not writer.failed, f"{writer.who}: {writer.failed[:3]}"
        assert len(writer.acked) >= KILLS * ACKED_PER_LIFE
    # what is read below has gone through one more crash
    node.kill()
    node.start()
    for writer in writers:
        with Connection(node.address) as raw:
            ends = {0: raw.list_offset(writer.who, -1).offset}
        for reader in (KCAT, KAFKA_PYTHON):
            values = [value for _, value, _, _ in reader.read(node, writer.who, ends)[0]]
            assert len(values) == ends[0] >= len(writer.acked)
            (check_idempotent if writer.idempotent else check_plain)(writer, values)


def test_kill_9_keeps_topics_and_their_ids(own):
    node = own().start()
    with Connection(node.address) as raw:
        ids = {f"topic-{i}": raw.create(f"topic-{i}", 3, retention_ms=1000 * i + 5000) for i in range(5)}
        raw.ask("DeleteTopics", 6, timeout_ms=10_000, topics=[{"name": "topic-3", "topic_id": None}])
        wait_until(lambda: raw.topic("topic-3").error_code == 3, "the deletion")
        first = raw.producer_id()
        raw.produce("topic-1", batch([b"a"], producer=(*first, 0)))
    node.kill()
    node.start()
    with Connection(node.address) as raw:
        for name, topic_id in ids.items():
            if name != "topic-3":
                assert raw.await_topic(name, 3).topic_id == topic_id
        assert raw.topic("topic-3").error_code == 3
        assert raw.producer_id()[0] > first[0], "no producer id is given twice"
        # the producer's state was rebuilt from the log
        again = raw.produce("topic-1", batch([b"a"], producer=(*first, 0)))
        assert (again.error_code, again.base_offset) == (0, 0)
        assert raw.produce("topic-1", batch([b"c"], producer=(*first, 2))).error_code == 45
        assert raw.produce("topic-1", batch([b"b"], producer=(*first, 1))).base_offset == 1


# ---- Groups


def committed_to(member):
    """The highest acknowledged commit of each partition."""
    highest = {}
    for partition, offset in member.committed:
        highest[partition] = max(offset, highest.get(partition, 0))
    return highest


class GroupWriter(ConfluentIdempotent):
    """Each record has its own place as value, partition after partition."""

    # kafkajs reads no lz4
    options = {"enable.idempotence": True}

    def send(self, number, value):
        partition = number % GROUP_PARTITIONS
        self.producer.produce(self.who, value, partition=partition, on_delivery=lambda error, message: self.told(
            number, None if error else message.offset(), error))

    def payload(self, number):
        return b"%d:%d" % (number % GROUP_PARTITIONS, number // GROUP_PARTITIONS)

    def turn(self):
        super().turn()
        # slower than the slowest of the groups
        self.stopping.wait(0.005)


GROUP_PARTITIONS = 4
GROUP_KILLS = 5
COMMITS_PER_LIFE = 3
GROUP_SETTINGS = {"group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "1000", "offsets.topic.num.partitions": "4",
                  "offsets.topic.replication.factor": "1"}


@pytest.fixture
def member(tmp_path):
    """Makes members of groups and ends their processes."""
    made = []

    def make(kind, who, node, topic, group):
        made.append(kind(tmp_path, who, node.address, topic, group))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def test_kill_9_under_committing_groups(own, write_to, member):
    """No acknowledged commit goes back and no record is skipped, for a group of two members of each client."""
    node = own(settings=GROUP_SETTINGS).start()
    with Connection(node.address) as raw:
        raw.create("read", GROUP_PARTITIONS)
    kinds = [group_clients.Confluent, group_clients.KafkaPython, group_clients.AioKafka, group_clients.KafkaJs,
             group_clients.Verifiable]
    members = {kind.name: [member(kind, f"{kind.name}-{i}", node, "read", kind.name) for i in range(2)] for kind in kinds}
    writer = write_to(GroupWriter, "read", node.address)
    writer.start()
    before = {}
    for life in range(GROUP_KILLS + 1):
        for group, two in members.items():
            so_far = sum(len(m.committed) for m in two)
            wait_until(lambda: all(m.alive() for m in two) and sum(len(m.committed) for m in two) >= so_far + COMMITS_PER_LIFE,
                       f"{group} to commit in life {life}", 120, pause=0.02)
        said = {group: [committed_to(m) for m in two] for group, two in members.items()}
        if life < GROUP_KILLS:
            node.kill()
            node.start()
        with Connection(node.address) as raw:
            for group, each in said.items():
                now = groups.committed(raw, group, "read", GROUP_PARTITIONS)
                for acknowledged in [*each, before.get(group, {})]:
                    back = {p: (offset, now.get(p)) for p, offset in acknowledged.items() if now.get(p, -1) < offset}
                    assert not back, f"{group}: (acknowledged, kept) in life {life}: {back}"
                before[group] = now
    writer.stop()
    assert not writer.failed, writer.failed[:3]
    with Connection(node.address) as raw:
        everything = groups.places({}, groups.ends(raw, "read", GROUP_PARTITIONS))
        assert len(everything) == writer.sent > 0
        for group, two in members.items():
            groups.await_records(two, everything, group)
            groups.await_commits(raw, group, "read", GROUP_PARTITIONS, group)
    for two in members.values():
        for one in two:
            one.leave()


# ---- Under strace

# Enough that their syncs wait for one another, and are made together where that can be.
MARKED_PARTITIONS = 12


def produced_under_strace(own, settings, requests=60, connections=4):
    """Runs a broker under strace; sends marked acks=all batches, several in flight on several connections.
    Returns (system calls, {(client port, correlation id): marker}, marker of a created topic's name, its frame key)."""
    record = "strace.txt"
    node = own(settings=settings, wrapper=[*syscalls.STRACE, "-o", record]).start()
    markers = {}
    with Connection(node.address, 60) as raw:
        raw.create("marked", MARKED_PARTITIONS)
        port = raw.socket.getsockname()[1]
        created = b"created-under-strace"
        raw.ask("CreateTopics", 7, timeout_ms=30_000, validate_only=False, topics=[
            {"name": created.decode(), "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}])
        creation = (port, raw.next - 1)
    clients = [Connection(node.address, 60) for _ in range(connections)]
    for number in range(requests):
        client = clients[number % connections]
        marker = b"marker %06d %s" % (number, os.urandom(8).hex().encode())
        markers[client.socket.getsockname()[1], client.next] = marker
        client.send("Produce", 9, acks=-1, timeout_ms=30_000, transactional_id=None, topic_data=[
            {"name": "marked", "partition_data": [{"index": number % MARKED_PARTITIONS, "records": batch([marker])}]}])
    for client in clients:
        while client.waiting:
            assert client.receive().responses[0].partition_responses[0].error_code == 0
        client.close()
    # -D: the tracer is a grandchild; it has written everything when it is gone
    node.stop()
    path = node.directory / record
    size = -1

    def settled():
        nonlocal size
        before, size = size, path.stat().st_size
        return before == size and b"+++ exited with" in path.read_bytes()[-200:]

    wait_until(settled, "strace to end", 60, pause=0.1)
    return syscalls.read(path), markers, created, creation


def answered_too_early(calls, markers):
    """The markers whose answers left before a sync covered their bytes."""
    early = []
    left = {}
    for port in {port for port, _ in markers}:
        for start, frame in syscalls.frames_sent(calls, port):
            left[port, struct.unpack_from(">i", frame)[0]] = start
    for key, marker in markers.items():
        assert key in left, "an answer the trace does not show"
        synced = syscalls.synced_at(calls, marker)
        if synced is None or synced > left[key]:
            early.append(marker)
    return early


needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
# Apache Kafka syncs before it answers only when it is told to sync every message.
SYNCING = {"log.flush.interval.messages": "1"} if brokers.APACHE else {}
NOT_SYNCING = {} if brokers.APACHE else {"log.flush.on.ack": "false"}


@needs_strace
def test_no_answer_before_the_sync_that_covers_it(own):
    calls, markers, created, creation = produced_under_strace(own, SYNCING)
    assert answered_too_early(calls, markers) == []
    if not brokers.APACHE:
        # Kafka's controller answers when its log is synced, too, but writes from memory maps
        assert answered_too_early(calls, {creation: created}) == []


@needs_strace
def test_the_check_above_sees_a_missing_sync(own):
    calls, markers, _, _ = produced_under_strace(own, NOT_SYNCING)
    assert answered_too_early(calls, markers) != [], "page-cache answers must be noticed"
