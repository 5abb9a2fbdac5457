"""Raw conversations with a broker: whole frames by hand, messages by kafka-python's generated classes.

In: field values by name (kafka-python's snake case). Out: bytes on a socket, answers as objects.
The message classes come from another project's reading of Kafka's definitions, so that a wrong idea of
ours about a field cannot hide on both sides. Record batches are built here, since tests need broken ones.

W1: an answer belongs to the oldest unanswered request of its connection (its correlation id says so).
W2: decoding an answer uses up every byte of it.
"""

import gzip
import socket
import struct
import time
from dataclasses import dataclass, field

import kafka.codec
import kafka.protocol.admin
import kafka.protocol.consumer
import kafka.protocol.metadata
import kafka.protocol.producer
import kafka.protocol.sasl
from kafka.record.util import calc_crc32c

FRAME_LIMIT = 200_000_000
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
LOG_APPEND_TIME, TRANSACTIONAL, CONTROL = 1 << 3, 1 << 4, 1 << 5
NO_ID = "00000000-0000-0000-0000-000000000000"


class Refused(Exception):
    """The broker closed the connection without an answer."""


def _message(name):
    protocol = kafka.protocol
    for module in (protocol.metadata, protocol.producer, protocol.consumer, protocol.admin, protocol.sasl):
        if hasattr(module, name):
            return getattr(module, name)
    raise KeyError(name)


def _built(shape, cls, version, values):
    """`values` as an object of the message class; dictionaries inside become its nested structs."""
    made = {}
    for name, value in values.items():
        inner = shape.fields[name]
        if value is not None and inner.is_struct_array():
            value = [_built(inner, inner.data_class, version, v) for v in value]
        elif value is not None and inner.is_struct():
            value = _built(inner, inner.data_class, version, value)
        made[name] = value
    return cls(version=version, **made)


def request_body(name, version, **values):
    """The bytes of a request after its header."""
    cls = _message(name + "Request")
    return bytes(_built(cls._struct, cls, version, values).encode(version=version))


def api_key(name):
    return _message(name + "Request").API_KEY


def header(key, version, correlation, client="raw", flexible=False):
    """A request header: version 1, or 2 when flexible."""
    name = b"\xff\xff" if client is None else struct.pack(">h", len(client)) + client.encode()
    return struct.pack(">hhi", key, version, correlation) + name + (b"\0" if flexible else b"")


def framed(payload):
    return struct.pack(">i", len(payload)) + payload


def request_frame(name, version, correlation=1, client="raw", **values):
    """A whole request, length prefix included."""
    cls = _message(name + "Request")
    flexible = cls.flexible_version_q(version)
    return framed(header(cls.API_KEY, version, correlation, client, flexible) + request_body(name, version, **values))


def response(name, version, payload):
    """(correlation id, decoded body) of an answer without its length prefix; W2."""
    cls = _message(name + "Response")
    flexible = cls.flexible_version_q(version)
    position = 4
    if flexible and name != "ApiVersions":
        assert payload[4] == 0, "a response header with tagged fields"
        position = 5
    # kafka-python's public decode does not say where it ended; its compiled decoder does.
    decode = cls._struct.compiled_decode_from(version, compact=flexible, tagged=flexible, data_class=cls)
    body, end = decode(memoryview(payload), position)
    assert end == len(payload), f"{name} v{version}: {len(payload) - end} bytes left over"
    return struct.unpack_from(">i", payload)[0], body


class Connection:
    """One socket to a broker."""

    def __init__(self, address, seconds=15):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting = []
        self.next = 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send(self, name, version, client="raw", **values):
        """Sends a request; its answer is the next but `len(waiting)` one."""
        self.waiting.append((name, version, self.next))
        self.send_bytes(request_frame(name, version, self.next, client, **values))
        self.next += 1

    def receive_frame(self):
        """The next answer without its length prefix; Refused at the end of the stream."""
        size = struct.unpack(">i", self._exactly(4))[0]
        assert 4 <= size <= FRAME_LIMIT, f"an answer of {size} bytes"
        return self._exactly(size)

    def receive(self):
        """The decoded answer to the oldest request; W1."""
        name, version, correlation = self.waiting.pop(0)
        got, body = response(name, version, self.receive_frame())
        assert got == correlation, f"answer {got} to request {correlation}"
        return body

    def ask(self, name, version, client="raw", **values):
        self.send(name, version, client, **values)
        return self.receive()

    def ended(self, seconds=15):
        """True when the broker closes without sending a byte; False when nothing happens for `seconds`."""
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        assert data == b"", f"expected the end of the connection, got {data[:60]!r}"
        return True

    def silent(self, seconds):
        """True when neither bytes nor the end come for `seconds`."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        finally:
            self.socket.settimeout(15)
        return False

    # Questions that many tests ask

    def topic(self, name, version=12):
        """The Metadata answer for one topic, which is not created by asking."""
        return self.ask("Metadata", version, topics=[{"name": name}], allow_auto_topic_creation=False).topics[0]

    def create(self, name, partitions=1, **configs):
        """Creates a topic and waits until every partition has a leader; returns its id."""
        configs = [{"name": k.replace("_", "."), "value": str(v)} for k, v in configs.items()]
        made = self.ask("CreateTopics", 7, timeout_ms=10_000, validate_only=False, topics=[
            {"name": name, "num_partitions": partitions, "replication_factor": 1, "assignments": [],
             "configs": configs}]).topics[0]
        assert made.error_code == 0, made
        self.await_topic(name, partitions)
        return made.topic_id

    def await_topic(self, name, partitions=1, seconds=20):
        """Waits until the topic is there with a leader for every partition; its Metadata answer.
        Kafka tells clients of a topic a moment before its partitions are opened (error 6): that, too, is awaited."""
        limit = time.monotonic() + seconds
        while True:
            found = self.topic(name)
            if len(found.partitions) == partitions and all(p.error_code == 0 for p in found.partitions) \
                    and all(self.list_offset(name, -1, i).error_code == 0 for i in range(partitions)):
                return found
            assert time.monotonic() < limit, found
            time.sleep(0.01)

    def produce(self, topic, records, partition=0, acks=-1, version=9, transactional_id=None):
        """Sends one Produce for one partition. `records` is a batch, or values to make one of.
        Returns that partition's answer (none is awaited for acks=0)."""
        blob = records if records is None or isinstance(records, bytes) else batch(records)
        which = {"topic_id": topic} if version >= 13 else {"name": topic}
        message = {"acks": acks, "timeout_ms": 10_000, "topic_data": [
            {**which, "partition_data": [{"index": partition, "records": blob}]}]}
        if version >= 3:
            message["transactional_id"] = transactional_id
        self.send("Produce", version, **message)
        if acks == 0:
            self.waiting.pop()
            return None
        return self.receive().responses[0].partition_responses[0]

    def send_fetch(self, topic, offset=0, partition=0, version=11, wait=0, least=1, most=50_000_000,
                   partition_most=50_000_000, leader_epoch=-1, last_epoch=-1, session=(0, -1), isolation=0):
        """Sends a Fetch of one partition (version 4 to 18; by topic id from 13)."""
        entry = {"partition": partition, "fetch_offset": offset, "partition_max_bytes": partition_most}
        message = {"max_wait_ms": wait, "min_bytes": least, "max_bytes": most, "isolation_level": isolation}
        if version <= 14:
            message["replica_id"] = -1
        if version >= 5:
            entry["log_start_offset"] = -1
        if version >= 7:
            message.update(session_id=session[0], session_epoch=session[1], forgotten_topics_data=[])
        if version >= 9:
            entry["current_leader_epoch"] = leader_epoch
        if version >= 11:
            message["rack_id"] = ""
        if version >= 12:
            entry["last_fetched_epoch"] = last_epoch
        which = {"topic_id": topic} if version >= 13 else {"topic": topic}
        self.send("Fetch", version, topics=[{**which, "partitions": [entry]}], **message)

    def fetch(self, topic, offset=0, **options):
        """The partition's part of the answer to a Fetch of one partition."""
        self.send_fetch(topic, offset, **options)
        return self.receive().responses[0].partitions[0]

    def records(self, topic, partition=0, offset=0):
        """Every record from `offset` to the high watermark."""
        found = []
        while True:
            part = self.fetch(topic, offset, partition=partition)
            assert part.error_code == 0, part
            fresh = [r for b in batches(part.records) for r in b.records if r.offset >= offset]
            found += fresh
            offset = fresh[-1].offset + 1 if fresh else offset
            if offset >= part.high_watermark:
                return found
            assert fresh, f"nothing at {offset} though the high watermark is {part.high_watermark}"

    def list_offset(self, topic, timestamp, partition=0, version=10, isolation=0):
        """ListOffsets for one partition."""
        entry = {"partition_index": partition, "timestamp": timestamp}
        message = {"replica_id": -1}
        if version >= 2:
            message["isolation_level"] = isolation
        if version >= 4:
            entry["current_leader_epoch"] = -1
        if version >= 10:
            message["timeout_ms"] = 5000
        return self.ask("ListOffsets", version, topics=[{"name": topic, "partitions": [entry]}],
                        **message).topics[0].partitions[0]

    def producer_id(self):
        """A fresh producer id and epoch; asked again while the block of ids is being fetched."""
        limit = time.monotonic() + 20
        while True:
            got = self.ask("InitProducerId", 4, transactional_id=None, transaction_timeout_ms=60_000,
                           producer_id=-1, producer_epoch=-1)
            if got.error_code == 0:
                return got.producer_id, got.producer_epoch
            assert got.error_code in (14, 15) and time.monotonic() < limit, got
            time.sleep(0.02)

    def _exactly(self, size):
        parts, missing = [], size
        while missing:
            try:
                data = self.socket.recv(min(missing, 1 << 20))
            except ConnectionError as e:
                raise Refused(str(e)) from None
            if not data:
                raise Refused("the connection was closed")
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)


# Record batches


@dataclass
class Record:
    """A record as a test means it, or as it was read."""
    value: bytes | None = b"v"
    key: bytes | None = None
    headers: list = field(default_factory=list)
    timestamp: int = None
    offset: int = None


def varint(n):
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def _sized(data):
    return varint(-1) if data is None else varint(len(data)) + data


def record_bytes(record, offset_delta, timestamp_delta):
    body = b"\0" + varint(timestamp_delta) + varint(offset_delta) + _sized(record.key) + _sized(record.value)
    body += varint(len(record.headers)) + b"".join(_sized(k.encode()) + _sized(v) for k, v in record.headers)
    return varint(len(body)) + body


def _lz4(data):
    return kafka.codec.lz4_encode(data)


COMPRESS = {0: bytes, GZIP: gzip.compress, SNAPPY: kafka.codec.snappy_encode, LZ4: _lz4, ZSTD: kafka.codec.zstd_encode}
EXPAND = {0: bytes, GZIP: gzip.decompress, SNAPPY: kafka.codec.snappy_decode, LZ4: kafka.codec.lz4_decode,
          ZSTD: kafka.codec.zstd_decode}


def now_ms():
    return time.time_ns() // 1_000_000


def batch(records, *, attributes=0, codec=0, producer=(-1, -1, -1), base_offset=0, leader_epoch=-1, magic=2,
          count=None, last_offset_delta=None, crc=None, max_timestamp=None):
    """One record batch. `records` are Records or plain values; the keyword arguments after `producer` lie."""
    records = [r if isinstance(r, Record) else Record(value=r) for r in records]
    times = [now_ms() if r.timestamp is None else r.timestamp for r in records] or [now_ms()]
    body = b"".join(record_bytes(r, i, times[i] - times[0]) for i, r in enumerate(records))
    last = len(records) - 1 if last_offset_delta is None else last_offset_delta
    covered = struct.pack(
        ">hiqqqhii", attributes | codec, last, times[0], max(times) if max_timestamp is None else max_timestamp,
        *producer, len(records) if count is None else count)
    covered += COMPRESS.get(codec, bytes)(body)
    crc = calc_crc32c(covered) if crc is None else crc
    return struct.pack(">qiibI", base_offset, 9 + len(covered), leader_epoch, magic, crc) + covered


@dataclass
class Batch:
    """A batch as read from a fetch answer, its CRC checked."""
    base_offset: int
    leader_epoch: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer: tuple
    records: list


def batches(blob):
    """The whole batches in `blob`; a torn last one is left out, as a consumer does."""
    found, at, blob = [], 0, bytes(blob or b"")
    while at + 12 <= len(blob):
        base, size = struct.unpack_from(">qi", blob, at)
        if at + 12 + size > len(blob):
            break
        epoch, magic, crc = struct.unpack_from(">ibI", blob, at + 12)
        covered = blob[at + 21:at + 12 + size]
        assert magic == 2 and calc_crc32c(covered) == crc, f"a damaged batch at offset {base}"
        attributes, last, first_time, max_time, *producer, count = struct.unpack_from(">hiqqqhii", covered)
        body = EXPAND[attributes & 7](covered[40:])
        found.append(Batch(base, epoch, attributes, last, first_time, max_time, tuple(producer),
                           list(_records(body, count, base, first_time))))
        at += 12 + size
    return found


def _records(body, count, base, first_time):
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = body[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)

    def data():
        nonlocal at
        size = number()
        if size < 0:
            return None
        at += size
        return body[at - size:at]

    for _ in range(count):
        number()
        at += 1
        time_delta, offset_delta = number(), number()
        key, value = data(), data()
        headers = [(data().decode(), data()) for _ in range(number())]
        yield Record(value, key, headers, first_time + time_delta, base + offset_delta)
    assert at == len(body), "bytes after the last record of a batch"
