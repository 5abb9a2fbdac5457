"""What survives: SIGKILL under load, and what must be on the disk before an answer leaves.

In the first test several producers of four projects write while the broker is killed again and again; then
two other clients read. In the second the broker runs under strace, since SIGKILL keeps the page cache:
no acks=all answer may leave before a sync that began after its bytes were written.
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
import syscalls
from brokers import wait_until
from clients import kcat_records
from test_clients import python_read
from wire import Connection, batch

KILLS = 6
ACKED_PER_LIFE = 150


def payload(who, number):
    """A value that only this writer's record of this number has."""
    filler = hashlib.blake2b(f"{who} {number}".encode()).hexdigest() * (number % 20)
    return f"{who}:{number}:{filler}".encode()


class Writer(threading.Thread):
    """Writes numbered records until told to stop, at most `window` unanswered; keeps what was acked."""

    window = 100

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
                self.send(self.sent, payload(self.who, self.sent))
                self.sent += 1
            self.turn()
        self.close()

    def turn(self):
        """Lets the client do its work."""


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
    options = {"enable.idempotence": True, "compression.codec": "lz4"}


class ConfluentPlain(Confluent):
    options = {"enable.idempotence": False, "compression.codec": "zstd"}


class Python(Writer):
    idempotent = False

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


class Java:
    """Apache Kafka's VerifiableProducer, idempotent as the Java client is by default, as a process of its own."""

    def __init__(self, who, address, directory):
        self.who = who
        config = directory / "producer.properties"
        config.write_text("delivery.timeout.ms=300000\nretries=2147483647\nretry.backoff.ms=20\n"
                          "reconnect.backoff.ms=20\nreconnect.backoff.max.ms=200\nrequest.timeout.ms=10000\nlinger.ms=2\n")
        self.out = directory / "verifiable-producer"
        self.process = subprocess.Popen(
            ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{brokers.JARS}/*",
             "-Dlog4j2.configurationFile=" + str(brokers.ROOT / "tests" / "java" / "log4j2.properties"),
             "org.apache.kafka.tools.VerifiableProducer", "--bootstrap-server", address, "--topic", who,
             "--throughput", "500", "--acks", "-1", "--command-config", str(config)],
            stdout=open(self.out, "wb"), stderr=open(directory / "verifiable-producer.err", "wb"))

    def answers(self):
        """(acked values by offset, values that failed)."""
        acked, failed = {}, []
        for line in self.out.read_bytes().splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                continue  # the line being written
            if said["name"] == "producer_send_success":
                acked[said["offset"]] = said["value"]
            elif said["name"] == "producer_send_error" and "Producer closed" not in said["message"]:
                # (its shutdown hook closes the producer while the main thread still sends its last record)
                failed.append(said)
        return acked, failed

    @property
    def acked(self):
        return self.answers()[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)


@pytest.fixture
def java_writer(tmp_path):
    made = []

    def make(who, address):
        made.append(Java(who, address, tmp_path))
        return made[-1]

    yield make
    for writer in made:
        writer.process.kill()


def check_idempotent(who, values, acked):
    """Exactly once and in order, at the offsets that were told."""
    assert values == [payload(who, i) for i in range(len(values))], f"{who}: repeated, missing, out of order or damaged"
    assert len(values) == len(acked)
    for number, offset in acked.items():
        assert offset == number, f"{who}: record {number} was said to be at {offset}"


def check_plain(who, values, acked):
    """At least once, nothing damaged, and what was told to be at an offset is there."""
    for value in values:
        assert value == payload(who, int(value.split(b":")[1])), f"{who}: a damaged value"
    for number, offset in acked.items():
        assert values[offset] == payload(who, number), f"{who}: record {number} is not at {offset}"


def test_kill_9_under_load(own, java_writer):
    node = own().start()
    kinds = {"idempotent-librdkafka": ConfluentIdempotent, "idempotent-librdkafka-2": ConfluentIdempotent,
             "plain-librdkafka": ConfluentPlain, "idempotent-python": PythonIdempotent, "plain-python": Python}
    with Connection(node.address) as raw:
        for who in [*kinds, "idempotent-java"]:
            raw.create(who)
    writers = [kind(who, node.address) for who, kind in kinds.items()]
    for writer in writers:
        writer.start()
    java = java_writer("idempotent-java", node.address)
    for _ in range(KILLS):
        before = {w.who: len(w.acked) for w in [*writers, java]}
        for writer in [*writers, java]:
            wait_until(lambda: len(writer.acked) >= before[writer.who] + ACKED_PER_LIFE,
                       f"{writer.who} to be answered", 120, pause=0.02)
        node.kill()
        node.start()
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join(150)
        assert not writer.is_alive(), f"{writer.who} cannot finish"
        assert writer.failed == []
        assert len(writer.acked) == writer.sent
    java.stop()
    acked_by_java, failed = java.answers()
    assert failed == []
    # what is read below has gone through one more crash
    node.kill()
    node.start()
    for writer in writers:
        with_kcat = [r["payload"].encode() for r in kcat_records(node, writer.who)]
        with_python = [v for _, v, _, _ in python_read(node, writer.who, len(with_kcat))]
        assert with_kcat == with_python
        check = check_idempotent if writer.who.startswith("idempotent") else check_plain
        check(writer.who, with_kcat, writer.acked)
    values = [r["payload"] for r in kcat_records(node, java.who)]
    assert values == [str(i) for i in range(len(values))], "exactly once and in order"
    assert len(values) >= len(acked_by_java) >= KILLS * ACKED_PER_LIFE
    assert all(values[offset] == value for offset, value in acked_by_java.items())


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


# ---- Under strace


def produced_under_strace(own, settings, requests=60, connections=4):
    """Runs a broker under strace; sends marked acks=all batches, several in flight on several connections.
    Returns (system calls, {(client port, correlation id): marker}, marker of a created topic's name, its frame key)."""
    record = "strace.txt"
    node = own(settings=settings, wrapper=[*syscalls.STRACE, "-o", record]).start()
    markers = {}
    with Connection(node.address, 60) as raw:
        raw.create("marked", 3)
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
            {"name": "marked", "partition_data": [{"index": number % 3, "records": batch([marker])}]}])
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
