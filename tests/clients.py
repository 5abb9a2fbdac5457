"""Other people's clients, unmodified: kcat, confluent-kafka, kafka-python, kafkajs and Apache Kafka's Java tools.

In: a broker's address. Out: what the client printed or read; a client that hangs is killed and named.
For the tests that ask the same of all of them each is an object that can `write(broker, topic, records, ..)` and
`read(broker, topic, counts)`. A record is (key, value, headers, timestamp): bytes or None, bytes or None,
[(text, bytes or None)], milliseconds or None for now.

C1: `cannot` names what a client has no way to do, and why; whatever is not named there is tested.
C2: a write with acks other than 0 has been answered for every record when it returns; the offsets that the
    client tells, in order, or None where it tells none.
C3: a read starts at offset 0 and returns {partition: [record]}; `counts` says how many to await of each
    partition, and a client that sees the end of a partition reads up to there. (librdkafka sees it in an empty
    answer, for which it would wait half a second by default.)
"""

import itertools
import json
import re
import shutil
import subprocess
import threading
import time
import zlib
from queue import Empty, Queue

import confluent_kafka
import kafka
import pytest
from kafka.partitioner.default import murmur2

import brokers

JAVA_TOOLS = brokers.ROOT / "tests" / "java"
NODE_TESTS = brokers.ROOT / "tests" / "node"
T = "org.apache.kafka.tools."


def run(command, stdin=None, seconds=60, ok=True, cwd=None):
    """Runs a client to its end; its standard output as bytes."""
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=seconds, cwd=cwd)
    if ok:
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-3000:]}"
    return done


def kcat(broker, *arguments, stdin=None, seconds=60, ok=True):
    """kcat's standard output. `./test foreign` installs it; where only a few tests are wanted it may be missing."""
    if not shutil.which("kcat"):
        pytest.skip("kcat is not installed")
    return run(["kcat", "-b", broker.address, *map(str, arguments)], stdin, seconds, ok).stdout


def kcat_records(broker, topic, partition=0, *arguments):
    """Every record of a partition as kcat's JSON objects, in order."""
    out = kcat(broker, "-C", "-t", topic, "-p", partition, "-o", "beginning", "-e", "-q", "-J", *arguments)
    return [json.loads(line) for line in out.splitlines()]


def kafkajs(broker, job, records=(), seconds=90, **options):
    """Runs one job of node/drive.js; the object it printed."""
    texts = [[_text(k), _text(v), [[name, _text(h)] for name, h in hs], t] for k, v, hs, t in records]
    out = run(["node", "drive.js", broker.address, job, json.dumps(options)], json.dumps(texts).encode(), seconds,
              cwd=NODE_TESTS).stdout
    return json.loads(out.splitlines()[-1])


def _text(data):
    return None if data is None else data.decode()


def _bytes(text):
    return None if text is None else text.encode()


class Tools:
    """Apache Kafka's tools, many calls in one JVM (java/Tools.java)."""

    # Quick to start; whoever measures gives the JVM its head.
    FLAGS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

    def __init__(self, directory, flags=FLAGS):
        self.errors = directory / "tools.log"
        self.process = subprocess.Popen(
            ["java", *flags, f"-Dlog4j2.configurationFile={JAVA_TOOLS / 'log4j2.properties'}",
             "-cp", f"{brokers.JARS}/*", str(JAVA_TOOLS / "Tools.java")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.errors, "wb"))
        self.lines = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def __call__(self, main, *arguments, stdin="", ok=True, seconds=90):
        """Calls `main` (of org.apache.kafka.tools unless it has a dot); what it printed."""
        call = {"main": main if main.startswith(("org.", "kafka.")) else T + main,
                "args": [str(a) for a in arguments], "stdin": stdin}
        self.process.stdin.write(json.dumps(call).encode() + b"\n")
        self.process.stdin.flush()
        try:
            line = self.lines.get(timeout=seconds)
        except Empty:
            self.close()
            raise AssertionError(f"{main} has not ended within {seconds} s") from None
        assert line, f"the JVM ended in {main}: {self.errors.read_text()[-3000:]}"
        answer = json.loads(line)
        if ok:
            assert answer["exit"] == 0, f"{main}: exit {answer['exit']}\n{answer['out'][-2000:]}\n{answer['err'][-3000:]}"
            return answer["out"]
        return answer

    def close(self):
        self.process.kill()
        self.process.wait()


# Each as a writer and a reader


def crc32_of(key, partitions):
    """Where librdkafka puts a key."""
    return zlib.crc32(key) % partitions


def murmur2_of(key, partitions):
    """Where Java's producer and those that follow it put a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


class Kcat:
    """Debian's kcat: one process per run of records that its command line can describe together."""

    name = "kcat"
    cannot = {"write": {"timestamps": "no flag of -P gives one"}, "read": {}}
    partition_of = staticmethod(crc32_of)

    def write(self, broker, topic, records, partition=0, codec="none", acks="all", idempotent=False):
        where = [] if partition is None else ["-p", partition]
        # headers are flags, and -Z makes every empty value of a call a null one
        for (headers, null), group in itertools.groupby(records, lambda r: (tuple(r[2]), r[1] is None)):
            lines = [value if key is None and value is not None else (key or b"") + b"|" + (value or b"")
                     for key, value, _, _ in group]
            flags = [f for name, value in headers for f in ("-H", name if value is None else f"{name}={value.decode()}")]
            kcat(broker, "-P", "-t", topic, *where, "-z", codec, "-K", "|", *flags, *(["-Z"] if null else []),
                 "-X", f"acks={acks}", "-X", f"enable.idempotence={str(idempotent).lower()}", stdin=b"\n".join(lines))

    def read(self, broker, topic, counts):
        where = ["-p", *counts] if len(counts) == 1 else []
        out = kcat(broker, "-C", "-t", topic, *where, "-o", "beginning", "-e", "-q", "-J", "-X", "fetch.wait.max.ms=20")
        found = {partition: [] for partition in counts}
        for record in map(json.loads, out.splitlines()):
            flat = record.get("headers", [])
            headers = [(name, _bytes(value)) for name, value in zip(flat[::2], flat[1::2])]
            found[record["partition"]].append(
                (_bytes(record["key"]), _bytes(record["payload"]), headers, record["ts"]))
        return found


class Confluent:
    """confluent-kafka: the current librdkafka."""

    name = "confluent-kafka"
    cannot = {"write": {}, "read": {}}
    partition_of = staticmethod(crc32_of)

    def write(self, broker, topic, records, partition=0, codec="none", acks="all", idempotent=False):
        producer = confluent_kafka.Producer({
            "bootstrap.servers": broker.address, "linger.ms": 5, "compression.codec": codec, "acks": acks,
            "enable.idempotence": idempotent})
        reports = []
        where = {} if partition is None else {"partition": partition}
        for key, value, headers, timestamp in records:
            producer.produce(topic, value, key, headers=headers or None, timestamp=timestamp or 0,
                             on_delivery=lambda error, message: reports.append((error, message)), **where)
            producer.poll(0)
        assert producer.flush(60) == 0
        assert [e for e, _ in reports if e] == []
        assert len(reports) == len(records)
        return [m.offset() for _, m in reports] if acks != "0" and partition is not None else None

    def read(self, broker, topic, counts, **options):
        consumer = confluent_kafka.Consumer({
            "bootstrap.servers": broker.address, "group.id": "unused", "enable.auto.commit": False,
            "enable.partition.eof": True, "fetch.wait.max.ms": 20, **options})
        consumer.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in counts])
        found, ended, limit = {p: [] for p in counts}, set(), time.monotonic() + 60
        while len(ended) < len(counts):
            assert time.monotonic() < limit, f"only {[len(f) for f in found.values()]} records came"
            message = consumer.poll(1)
            if message is None:
                continue
            mine = found[message.partition()]
            if message.error():
                assert message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, message.error()
                if len(mine) >= counts[message.partition()]:
                    ended.add(message.partition())
                continue
            mine.append((message.key(), message.value(), message.headers() or [], message.timestamp()[1]))
        consumer.close()
        return found


class KafkaPython:
    """kafka-python, which is pure Python: another implementation of everything."""

    name = "kafka-python"
    cannot = {"write": {"null-headers": "it wants bytes for the value of a header"}, "read": {}}
    partition_of = staticmethod(murmur2_of)

    def write(self, broker, topic, records, partition=0, codec="none", acks="all", idempotent=False):
        producer = kafka.KafkaProducer(
            bootstrap_servers=broker.address, acks=acks if acks == "all" else int(acks), enable_idempotence=idempotent,
            compression_type=None if codec == "none" else codec)
        told = [producer.send(topic, value, key, headers or None, partition, timestamp)
                for key, value, headers, timestamp in records]
        producer.flush(60)
        offsets = [future.get(30).offset for future in told]
        producer.close()
        return offsets if acks != "0" and partition is not None else None

    def read(self, broker, topic, counts, **options):
        consumer = kafka.KafkaConsumer(bootstrap_servers=broker.address, group_id=None, auto_offset_reset="earliest",
                                       consumer_timeout_ms=30_000, **options)
        consumer.assign([kafka.TopicPartition(topic, p) for p in counts])
        found = {p: [] for p in counts}
        while any(len(found[p]) < count for p, count in counts.items()):
            record = next(consumer)
            found[record.partition].append((record.key, record.value, record.headers, record.timestamp))
        consumer.close()
        return found


class KafkaJs:
    """kafkajs with the codecs that its users register: see node/drive.js."""

    name = "kafkajs"
    cannot = {"write": {"null-headers": "it measures the value of a header as text"}, "read": "its consumer needs a group"}
    partition_of = staticmethod(murmur2_of)

    def write(self, broker, topic, records, partition=0, codec="none", acks="all", idempotent=False):
        told = kafkajs(broker, "produce", records, topic=topic, partition=partition, codec=codec, idempotent=idempotent,
                       acks=-1 if acks == "all" else int(acks))
        return told if acks != "0" and partition is not None else None


class Console:
    """Apache Kafka's ConsoleProducer and ConsoleConsumer (by partition)."""

    name = "console tools"
    cannot = {"write": {"timestamps": "ConsoleProducer's line reader has no field for one"}, "read": {}}
    partition_of = staticmethod(murmur2_of)

    def __init__(self, tools):
        self.tools = tools

    def write(self, broker, topic, records, partition=None, codec="none", acks="all", idempotent=False):
        def field(data):
            return "NULL" if data is None else data.decode()

        lines = ["\t".join((",".join(f"{name}:{field(h)}" for name, h in headers) or "NULL", field(key), field(value)))
                 for key, value, headers, _ in records]
        options = {"parse.key": "true", "parse.headers": "true", "null.marker": "NULL"}
        self.tools(
            "ConsoleProducer", "--bootstrap-server", broker.address, "--topic", topic, "--compression-codec", codec,
            "--request-required-acks", acks, "--command-property", f"enable.idempotence={str(idempotent).lower()}",
            # its default of 1.5 s is less than a busy disk may take, and a plain producer that tries again repeats itself
            "--request-timeout-ms", 30_000,
            *(a for k, v in options.items() for a in ("--reader-property", f"{k}={v}")), stdin="\n".join(lines))

    def read(self, broker, topic, counts):
        return {p: self._read(broker, topic, p, count) for p, count in counts.items()}

    def _read(self, broker, topic, partition, count):
        options = {"print.timestamp": "true", "print.key": "true", "print.headers": "true", "null.literal": "NULL",
                   "key.separator": "\x1f", "headers.separator": "\x1e"}
        out = self.tools(
            "consumer.ConsoleConsumer", "--bootstrap-server", broker.address, "--topic", topic, "--partition", partition,
            "--offset", "earliest", "--max-messages", count, "--command-property", "fetch.max.wait.ms=20",
            *(a for k, v in options.items() for a in ("--formatter-property", f"{k}={v}")))

        def field(text):
            return None if text == "NULL" else text.encode()

        found = []
        for line in out.removesuffix("\n").split("\n"):
            stamp, headers, key, value = line.split("\x1f")
            pairs = [] if headers == "NO_HEADERS" else [h.split(":", 1) for h in headers.split("\x1e")]
            found.append((field(key), field(value), [(name, field(h)) for name, h in pairs], int(stamp.split(":")[1])))
        return found


class ProducerPerformance:
    """Apache Kafka's ProducerPerformance: it sends payloads of its own making or lines of a file, in no order."""

    name = "ProducerPerformance"
    _no_field = "a record of its is a payload and nothing else"
    cannot = {"write": dict.fromkeys(("keys", "headers", "null-headers", "nulls", "empties", "timestamps"), _no_field),
              "read": "it only writes"}

    def __init__(self, tools):
        self.tools = tools

    def write(self, broker, topic, count, payloads, *properties):
        """Writes `count` records; `payloads` are the flags that say which. What it printed."""
        out = self.tools("ProducerPerformance", "--bootstrap-server", broker.address, "--topic", topic, "--num-records",
                         count, "--throughput", -1, *payloads, "--command-property", *properties)
        assert re.search(rf"^{count} records sent, .* records/sec", out, re.M), out
        return out


KCAT, CONFLUENT, KAFKA_PYTHON, KAFKAJS = Kcat(), Confluent(), KafkaPython(), KafkaJs()
