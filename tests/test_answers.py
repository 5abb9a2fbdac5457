"""The answers of the real Kafka that are easily forgotten, each asked with raw bytes.

Run with OTTLA_TEST_BROKER=apache, every test here passes against Apache Kafka 4.3.1; where ours answers
otherwise on purpose, DIFFERENCES says so and why.
"""

import struct
import uuid

import pytest

import brokers
import wire
from wire import Connection, Record, Refused, batch, batches, framed, header, now_ms, request_body

SETTINGS = {"auto.create.topics.enable": "true", "socket.request.max.bytes": "20000000"}

# what: (Apache Kafka 4.3.1, ours, why ours is another)
DIFFERENCES = {
    "Metadata with neither id nor name": ({-1}, {42, 100}, "Kafka's handler fails on it; a refusal names the fault"),
    "Produce null records": ({None}, {87}, "Kafka's handler fails and no answer ever comes; a client would hang"),
    "Produce unknown codec": ({-1}, {76, 87}, "an unknown codec is the client's fault, not an unknown server error"),
    "a torn batch behind a whole one": ({0}, {0, 87}, "Kafka drops the torn part without a word"),
    "group coordinator": ({0, 15}, {15}, "groups are not served yet: retriable, so that clients wait and tell"),
    "transaction coordinator": ({0, 15}, {53}, "transactions are not served yet: 53 is final for clients, 15 is a minute's wait"),
    "InitProducerId with a transactional id": ({0, 14, 15, 16, 51}, {53}, "as for the transaction coordinator"),
}


def answers(what):
    return DIFFERENCES[what][0 if brokers.APACHE else 1]


# ---- Connections


def test_answers_leave_in_the_order_of_the_requests(raw, topic):
    raw.send_fetch(topic, wait=700)
    raw.send("Metadata", 12, topics=[])
    raw.send("ApiVersions", 0)
    assert raw.receive().responses[0].partitions[0].high_watermark == 0
    assert raw.receive().brokers
    assert raw.receive().error_code == 0


def body_with_impossible_count():
    return framed(header(3, 8, 1) + b"\x7f\xff\xff\xff")


CLOSING = {
    "unknown api key": framed(header(999, 0, 1)),
    "api key -1": framed(header(-1, 0, 1)),
    **{f"retired api key {key}": framed(header(key, 0, 1) + bytes(16)) for key in (4, 5, 6, 7)},
    "Produce 2": framed(header(0, 2, 1) + struct.pack(">hii", 1, 1000, 0)),
    "Produce 0": framed(header(0, 0, 1) + struct.pack(">hii", 1, 1000, 0)),
    "Produce 14": framed(header(0, 14, 1, flexible=True) + bytes(16)),
    "Fetch 3": framed(header(1, 3, 1) + struct.pack(">iiiii", -1, 0, 0, 0, 0)),
    "Fetch 19": framed(header(1, 19, 1, flexible=True) + bytes(40)),
    "Metadata 99": framed(header(3, 99, 1) + bytes(8)),
    "a controller's key (Vote)": framed(header(52, 0, 1, flexible=True) + bytes(8)),
    "frame of -1 bytes": b"\xff\xff\xff\xff",
    "frame of 0 bytes": bytes(4),
    "frame of more than socket.request.max.bytes": struct.pack(">i", 20_000_001) + bytes(64),
    "frame of 2 GB": b"\x7f\xff\xff\xff" + bytes(64),
    "a count that cannot fit": body_with_impossible_count(),
    "a frame shorter than a header": framed(b"\0\x03"),
}


@pytest.mark.parametrize("what", CLOSING)
def test_closed_without_an_answer(raw, what):
    raw.send_bytes(CLOSING[what])
    assert raw.ended()


def test_what_a_connection_survives(raw):
    extra = header(3, 12, 1, flexible=True) + request_body("Metadata", 12, topics=[]) + b"junk after the body"
    raw.send_bytes(framed(extra))
    assert wire.response("Metadata", 12, raw.receive_frame())[0] == 1
    assert raw.ask("Metadata", 12, client=None, topics=[]).brokers
    # an unknown tagged field in the header and one in the body
    tag = b"\x01\x63\x03abc"
    plain = request_body("Metadata", 12, topics=[])
    raw.send_bytes(framed(header(3, 12, 8) + tag + plain[:-1] + tag))
    assert wire.response("Metadata", 12, raw.receive_frame())[0] == 8
    raw.send_bytes(framed(header(18, 0, 9) + b"\xff\xff junk body \x7f\xff"))
    assert wire.response("ApiVersions", 0, raw.receive_frame())[1].error_code == 0


def test_silent_connections_are_closed(own):
    node = own(settings={"connections.max.idle.ms": "400"}).start()
    with Connection(node.address) as silent:
        assert silent.ask("Metadata", 12, topics=[]).brokers
        assert silent.ended(30)


# ---- ApiVersions

SERVED = {0: (0, 13), 1: (4, 18), 2: (1, 11), 3: (0, 13), 10: (0, 6), 18: (0, 4), 19: (2, 7), 20: (1, 6),
          22: (0, 5), 23: (2, 4), 32: (1, 4), 55: (0, 2), 60: (0, 2)}


def advertised(connection, version):
    more = {} if version < 3 else {"client_software_name": "raw", "client_software_version": "1"}
    got = connection.ask("ApiVersions", version, **more)
    assert got.error_code == 0 and not getattr(got, "throttle_time_ms", 0)
    return got, {k.api_key: (k.min_version, k.max_version) for k in got.api_keys}


@pytest.mark.parametrize("version", range(5))
def test_api_versions(raw, version):
    got, keys = advertised(raw, version)
    for key, versions in SERVED.items():
        assert keys[key] == versions, f"key {key}"
    if version >= 3:
        finalized = {f.name: (f.min_version_level, f.max_version_level) for f in got.finalized_features}
        supported = {f.name: (f.min_version, f.max_version) for f in got.supported_features}
        assert finalized["metadata.version"] == (30, 30)
        assert finalized["kraft.version"] == (1, 1)
        assert got.finalized_features_epoch > 0
        assert supported["metadata.version"][1] >= 30
        assert all(low == high for low, high in finalized.values()), "both are the level"
        if version == 3:
            assert all(low > 0 for low, _ in supported.values()), "version 3 cannot say that 0 is supported"
        else:
            assert all(level <= supported[name][1] for name, (_, level) in finalized.items())


def test_api_versions_of_the_future(raw):
    raw.send_bytes(wire.framed(header(18, 9, 77, flexible=True) + b"\x04raw\x021\0"))
    correlation, error, count, key, low, high = struct.unpack(">ihihhh", raw.receive_frame())
    assert (correlation, error, count, key, low, high) == (77, 35, 1, 18, 0, 4)
    assert raw.ask("ApiVersions", 0).error_code == 0, "the connection goes on"


@pytest.mark.parametrize("software", [("", ""), ("no spaces", "1"), ("raw", "")])
@pytest.mark.parametrize("version", [3, 4])
def test_api_versions_with_a_bad_software_name(raw, version, software):
    got = raw.ask("ApiVersions", version, client_software_name=software[0], client_software_version=software[1])
    assert (got.error_code, got.api_keys) == (42, [])


@pytest.mark.ottla_only
def test_what_is_not_advertised_is_not_served(raw, broker):
    keys = advertised(raw, 4)[1]
    for key in set(range(93)) - set(keys):
        with Connection(broker.address) as other:
            other.send_bytes(framed(header(key, 0, 1) + bytes(64)))
            assert other.ended(), f"key {key} is not advertised but was not refused"


# ---- Metadata


@pytest.mark.parametrize("version", range(14))
def test_metadata_of_all_none_and_one(raw, topic, version):
    everything = raw.ask("Metadata", version, topics=[] if version == 0 else None)
    assert topic in [t.name for t in everything.topics]
    if version >= 1:
        assert raw.ask("Metadata", version, topics=[]).topics == []
    one = raw.ask("Metadata", version, topics=[{"name": topic}])
    host, port = raw.socket.getpeername()
    assert [(b.node_id, b.host, b.port) for b in one.brokers] == [(1, host, port)]
    if version >= 1:
        assert one.controller_id == 1 and one.topics[0].is_internal is False
    if version >= 2:
        assert len(one.cluster_id) == 22
    found = one.topics[0]
    assert (found.error_code, found.name) == (0, topic)
    part = found.partitions[0]
    assert (part.error_code, part.partition_index, part.leader_id) == (0, 0, 1)
    assert (part.replica_nodes, part.isr_nodes) == ([1], [1])
    if version >= 7:
        assert part.leader_epoch == 0 and part.offline_replicas == []
    if version >= 10:
        assert found.topic_id == everything.topics[[t.name for t in everything.topics].index(topic)].topic_id


@pytest.mark.parametrize("version", range(14))
def test_auto_creation_first_says_unknown(raw, name, version):
    first = raw.ask("Metadata", version, topics=[{"name": name}]).topics[0]
    assert (first.error_code, first.name, first.partitions) == (3, name, [])
    assert raw.await_topic(name).topic_id


def test_no_auto_creation_when_not_allowed(raw, name):
    for _ in range(3):
        assert raw.topic(name).error_code == 3


@pytest.mark.parametrize("bad", ["a/../b", "", "..", ".", "x" * 250, "with space", "naïve"])
def test_metadata_of_a_bad_name(raw, bad):
    assert raw.ask("Metadata", 9, topics=[{"name": bad}]).topics[0].error_code == 17


def test_metadata_by_id(raw, name):
    first = raw.create(name)
    found = raw.ask("Metadata", 12, topics=[{"topic_id": first, "name": None}]).topics[0]
    assert (found.error_code, found.name, found.topic_id) == (0, name, first)
    unknown = uuid.uuid4()
    lost = raw.ask("Metadata", 12, topics=[{"topic_id": unknown, "name": None}]).topics[0]
    assert (lost.error_code, lost.name, lost.topic_id, lost.partitions) == (100, None, unknown, [])
    other = raw.ask("Metadata", 12, topics=[{"topic_id": first, "name": "another-name"}]).topics[0]
    assert (other.error_code, other.name) == (0, name), "the id wins over the name"
    for version in (10, 11):
        early = raw.ask("Metadata", version, topics=[{"topic_id": first, "name": ""}])
        assert early.topics[0].error_code == 42
        assert early.brokers == [] and early.cluster_id is None


def test_metadata_with_neither_id_nor_name(raw):
    asked = raw.ask("Metadata", 12, topics=[{"topic_id": None, "name": None}])
    codes = {t.error_code for t in asked.topics} or {asked.error_code}
    assert codes <= answers("Metadata with neither id nor name")


def test_authorized_operations(raw, topic):
    def operations(asked):
        frame = wire.request_frame("Metadata", 8, 5, topics=[{"name": topic}],
                                   include_topic_authorized_operations=asked,
                                   include_cluster_authorized_operations=False)
        raw.send_bytes(frame)
        # the last eight bytes of a version 8 answer: the topic's operations and the cluster's
        return struct.unpack(">ii", raw.receive_frame()[-8:])

    assert operations(False) == (-2147483648, -2147483648)
    assert operations(True) == (3576, -2147483648)


# ---- Coordinators and producer ids


@pytest.mark.parametrize("kind, what", [(0, "group coordinator"), (1, "transaction coordinator")])
@pytest.mark.parametrize("version", range(1, 7))
def test_find_coordinator(raw, version, kind, what):
    if version < 4:
        got = [raw.ask("FindCoordinator", version, key="some", key_type=kind)]
    else:
        got = raw.ask("FindCoordinator", version, key_type=kind, coordinator_keys=["some", ""]).coordinators
        assert [c.key for c in got] == ["some", ""]
    assert {c.error_code for c in got} <= answers(what)
    if not brokers.APACHE:
        assert all(c.error_message for c in got), "a refusal says why"
        assert all(c.node_id == -1 for c in got)


def test_find_coordinator_before_it_had_kinds(raw):
    assert raw.ask("FindCoordinator", 0, key="some").error_code in answers("group coordinator")


@pytest.mark.parametrize("kind", [2, 3, 99, -1])
def test_find_coordinator_of_another_kind(raw, kind):
    # kind 2 (share) wants a key of three parts
    assert raw.ask("FindCoordinator", 6, key_type=kind, coordinator_keys=["some"]).coordinators[0].error_code == 42


@pytest.mark.parametrize("version", range(6))
def test_init_producer_id(raw, version):
    first = raw.producer_id()
    more = {} if version < 3 else {"producer_id": -1, "producer_epoch": -1}
    got = raw.ask("InitProducerId", version, transactional_id=None, transaction_timeout_ms=60_000, **more)
    assert (got.error_code, got.producer_epoch) == (0, 0)
    assert got.producer_id > first[0] and first[1] == 0
    empty = raw.ask("InitProducerId", version, transactional_id="", transaction_timeout_ms=60_000, **more)
    assert empty.error_code == 42
    named = raw.ask("InitProducerId", version, transactional_id="tx", transaction_timeout_ms=60_000, **more)
    assert named.error_code in answers("InitProducerId with a transactional id")


# ---- Produce


@pytest.mark.parametrize("version", range(3, 14))
def test_produce_and_fetch_it(raw, name, version):
    topic_id = raw.create(name)
    which = topic_id if version >= 13 else name
    for acks, offset in ((-1, 0), (1, 2)):
        got = raw.produce(which, [b"one", b"two"], acks=acks, version=version)
        assert (got.error_code, got.base_offset, got.log_append_time_ms) == (0, offset, -1)
        if version >= 5:
            assert got.log_start_offset == 0
        if version >= 8:
            assert got.record_errors == [] and got.error_message is None
    assert [r.value for r in raw.records(name)] == [b"one", b"two"] * 2


@pytest.mark.parametrize("acks", [2, -2, 7])
def test_other_acks_are_refused(raw, topic, acks):
    assert raw.produce(topic, [b"x"], acks=acks).error_code == 21


def test_produce_to_nowhere(raw, topic):
    assert raw.produce("no-such-topic", [b"x"]).error_code == 3
    assert raw.produce(topic, [b"x"], partition=1).error_code == 3
    assert raw.produce(topic, [b"x"], partition=-1).error_code == 3
    assert raw.produce(uuid.uuid4(), [b"x"], version=13).error_code == 100


def flipped(blob, at):
    return blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1:]


GOOD = batch([b"one", b"two"])
BAD_BATCHES = {
    "a wrong CRC": (flipped(GOOD, len(GOOD) - 1), {2}),
    "magic 3": (batch([b"x"], magic=3), {2}),
    "magic 1": (batch([b"x"], magic=1), {87}),
    "two batches": (GOOD + GOOD, {87}),
    "no bytes": (b"", {87}),
    "a torn batch": (GOOD[:-5], {87}),
    "only a header": (GOOD[:30], {87}),
    "count more than the records": (batch([b"one", b"two"], count=3), {87}),
    "count less than the records": (batch([b"one", b"two"], count=1), {87}),
    "last offset delta more than the records": (batch([b"one", b"two"], last_offset_delta=7), {87}),
    "last offset delta less than the records": (batch([b"one", b"two"], last_offset_delta=0), {87}),
    "no records": (batch([], last_offset_delta=0), {87}),
    "base offset 5": (batch([b"x"], base_offset=5), {87}),
    "a control batch": (batch([Record(b"\0\0\0\0\0\0", b"\0\0\0\1")], attributes=wire.CONTROL), {87}),
    "codec 5": (batch([b"x"], attributes=5), "Produce unknown codec"),
    "codec 7": (batch([b"x"], attributes=7), "Produce unknown codec"),
}


@pytest.mark.parametrize("what", BAD_BATCHES)
def test_bad_batches_are_refused_and_leave_nothing(raw, topic, what):
    blob, codes = BAD_BATCHES[what]
    got = raw.produce(topic, blob)
    assert got.error_code in (answers(codes) if isinstance(codes, str) else codes), got
    assert (got.base_offset, got.log_append_time_ms) == (-1, -1)
    assert raw.list_offset(topic, -1).offset == 0
    assert raw.produce(topic, [b"good"]).base_offset == 0


@pytest.mark.parametrize("tail", [b"\0\0\0", GOOD[:40], GOOD[:-1]])
def test_a_torn_batch_behind_a_whole_one(raw, topic, tail):
    got = raw.produce(topic, GOOD + tail)
    assert got.error_code in answers("a torn batch behind a whole one")
    kept = raw.fetch(topic).records or b""
    assert len(kept) in (0, len(GOOD)), "what is torn is never stored"


@pytest.mark.ottla_only
def test_null_records_are_refused(raw, topic):
    assert raw.produce(topic, None).error_code in answers("Produce null records")


@pytest.mark.parametrize("codec", [wire.GZIP, wire.SNAPPY, wire.LZ4, wire.ZSTD])
@pytest.mark.parametrize("lie", [{"count": 3}, {"last_offset_delta": 5}])
def test_compressed_batches_that_lie(own, codec, lie):
    # `strict` is what Kafka does always; our default trusts the header of a compressed batch
    node = own(settings={} if brokers.APACHE else {"produce.batch.validation": "strict"}).start()
    with Connection(node.address) as raw:
        raw.create("lies")
        assert raw.produce("lies", batch([b"one", b"two"], codec=codec, **lie)).error_code == 87
        assert raw.produce("lies", batch([b"one", b"two"], codec=codec)).error_code == 0


def test_too_large(raw, name):
    raw.create(name, max_message_bytes=1000)
    got = raw.produce(name, [b"x" * 2000])
    assert (got.error_code, got.base_offset) == (10, -1)
    assert raw.produce(name, [b"x" * 900]).error_code == 0


def test_timestamps_of_the_future(raw, topic):
    got = raw.produce(topic, [Record(b"now"), Record(b"later", timestamp=now_ms() + 2 * 3600_000)])
    assert got.error_code == 32
    assert [e.batch_index for e in got.record_errors] == [1] and got.error_message
    assert raw.produce(topic, [Record(b"soon", timestamp=now_ms() + 1800_000)]).error_code == 0
    assert raw.produce(topic, [Record(b"long ago", timestamp=1000)]).error_code == 0


def test_a_compacted_topic_wants_keys(raw, name):
    raw.create(name, cleanup_policy="compact")
    got = raw.produce(name, [Record(b"v", b"k"), Record(b"v", None)])
    assert got.error_code == 87
    assert [e.batch_index for e in got.record_errors] == [1] and got.error_message
    assert raw.produce(name, [Record(b"v", b"k")]).error_code == 0


def test_log_start_offset_of_a_refusal(raw, topic):
    assert raw.produce("no-such-topic", [b"x"]).log_start_offset == -1
    assert raw.produce(topic, flipped(GOOD, len(GOOD) - 1)).log_start_offset in (-1, 0)


def test_transactional_batches(raw, topic):
    producer = (*raw.producer_id(), 0)
    blob = batch([b"x"], attributes=wire.TRANSACTIONAL, producer=producer)
    assert raw.produce(topic, blob).error_code == 53
    # with an id the coordinator does not know: 49; ours knows none at all
    assert raw.produce(topic, blob, transactional_id="nobody", version=11).error_code in (49, 53)
    assert raw.list_offset(topic, -1).offset == 0


def test_several_partitions_in_one_request(raw, name):
    raw.create(name, 5)
    raw.send("Produce", 9, acks=-1, timeout_ms=5000, transactional_id=None, topic_data=[
        {"name": name, "partition_data": [{"index": i, "records": batch([b"p%d" % i])} for i in (3, 0, 4, 9)]},
        {"name": "no-such-topic", "partition_data": [{"index": 0, "records": batch([b"x"])}]}])
    got = {r.name: {p.index: (p.error_code, p.base_offset) for p in r.partition_responses} for r in raw.receive().responses}
    assert got[name] == {3: (0, 0), 0: (0, 0), 4: (0, 0), 9: (3, -1)}
    assert got["no-such-topic"] == {0: (3, -1)}
    assert [r.value for r in raw.records(name, 3)] == [b"p3"]


def test_attribute_bits(raw, topic, name):
    for stray in (wire.LOG_APPEND_TIME, 1 << 8):
        assert raw.produce(topic, batch([b"x"], attributes=stray)).error_code == 0
    cleared, kept = batches(raw.fetch(topic).records)
    assert cleared.attributes == 0, "the timestamp type is the topic's"
    assert kept.attributes == 1 << 8, "an unknown bit is kept"


def test_log_append_time(raw, name):
    raw.create(name, message_timestamp_type="LogAppendTime")
    before = now_ms()
    got = raw.produce(name, [Record(b"a", timestamp=5), Record(b"b", timestamp=now_ms() + 10**9)])
    assert got.error_code == 0 and before <= got.log_append_time_ms <= now_ms()
    kept = batches(raw.fetch(name).records)[0]
    assert kept.attributes == wire.LOG_APPEND_TIME and kept.max_timestamp == got.log_append_time_ms
    assert raw.list_offset(name, got.log_append_time_ms).offset == 0


@pytest.mark.parametrize("codec, number", [("gzip", 1), ("snappy", 2), ("lz4", 3), ("zstd", 4)])
def test_the_topic_chooses_the_codec(raw, name, codec, number):
    raw.create(name, compression_type=codec)
    values = [b"value %d " % i * 50 for i in range(20)]
    assert raw.produce(name, values).error_code == 0
    kept = batches(raw.fetch(name).records)
    assert {b.attributes & 7 for b in kept} == {number}
    assert [r.value for r in raw.records(name)] == values


@pytest.mark.parametrize("codec", range(5))
def test_every_codec_is_kept_as_sent(raw, topic, codec):
    sent = batch([Record(b"v" * 1000, b"k", [("h", b"1"), ("n", None)])] * 10, codec=codec)
    assert raw.produce(topic, sent).error_code == 0
    kept = raw.fetch(topic).records
    # all but base offset and leader epoch, which are not covered by the CRC
    assert bytes(kept)[17:] == sent[17:]


def test_acks_0(raw, topic, broker):
    for i in range(5):
        raw.produce(topic, [b"%d" % i], acks=0)
    # an answer to a Produce would come first, with another correlation id
    assert raw.list_offset(topic, -1).offset == 5
    for blob, where in ((flipped(GOOD, len(GOOD) - 1), topic), (GOOD, "no-such-topic")):
        with Connection(broker.address) as other:
            other.produce(where, blob, acks=0)
            assert other.ended(), "an error closes the connection"
    assert raw.list_offset(topic, -1).offset == 5


def test_producing_to_an_internal_topic_is_refused(raw):
    # 17 where it exists; as long as nobody has asked for a group there is none
    assert raw.produce("__consumer_offsets", [b"x"]).error_code in (3, 17)


# ---- Idempotence


def test_idempotence(raw, topic):
    id, epoch = raw.producer_id()

    def send(sequence, values=(b"x",), epoch=epoch, timestamp=None):
        records = [Record(v, timestamp=timestamp) for v in values]
        return raw.produce(topic, batch(records, producer=(id, epoch, sequence)))

    times = [now_ms() - 1000 + i for i in range(7)]
    for i in range(6):
        assert send(i, timestamp=times[i]).base_offset == i
    # a duplicate of one of the last five is answered with its first offset and its own timestamp
    for i in (1, 3, 5):
        again = send(i, timestamp=times[i])
        assert (again.error_code, again.base_offset, again.log_append_time_ms) == (0, i, times[i])
    assert send(0, timestamp=times[0]).error_code in (45, 46), "older than the last five"
    assert send(8).error_code == 45, "a gap"
    assert send(6).base_offset == 6
    assert send(3, epoch=epoch + 1).error_code == 45, "a new epoch starts at 0"
    assert send(0, epoch=epoch + 1).base_offset == 7
    assert send(7).error_code == 47, "the old epoch is fenced"
    assert raw.list_offset(topic, -1).offset == 8


def test_a_new_producer_may_start_anywhere(raw, topic):
    id, epoch = raw.producer_id()
    assert raw.produce(topic, batch([b"x"], producer=(id, epoch, 7))).error_code == 0
    assert raw.produce(topic, batch([b"x"], producer=(id, epoch, 8))).base_offset == 1


def test_sequence_numbers_wrap(raw, topic):
    id, epoch = raw.producer_id()
    last = 2**31 - 1
    assert raw.produce(topic, batch([b"a", b"b"], producer=(id, epoch, last - 1))).error_code == 0
    assert raw.produce(topic, batch([b"c"], producer=(id, epoch, 0))).base_offset == 2
    assert raw.produce(topic, batch([b"d"], producer=(id, epoch, 1))).base_offset == 3


def test_five_in_flight_on_one_connection(raw, topic):
    id, epoch = raw.producer_id()
    for i in range(5):
        raw.send("Produce", 9, acks=-1, timeout_ms=5000, transactional_id=None, topic_data=[
            {"name": topic, "partition_data": [
                {"index": 0, "records": batch([b"%d" % i], producer=(id, epoch, i))}]}])
    offsets = [raw.receive().responses[0].partition_responses[0].base_offset for _ in range(5)]
    assert offsets == [0, 1, 2, 3, 4]


# ---- Fetch


@pytest.mark.parametrize("version", range(4, 19))
def test_fetch_every_version(raw, name, version):
    topic_id = raw.create(name)
    raw.produce(name, [b"a", b"b"])
    got = raw.fetch(topic_id if version >= 13 else name, version=version)
    assert (got.error_code, got.high_watermark, got.last_stable_offset) == (0, 2, 2)
    assert got.aborted_transactions is None, "null for read_uncommitted"
    if version >= 5:
        assert got.log_start_offset == 0
    if version >= 11:
        assert got.preferred_read_replica == -1
    assert [r.value for b in batches(got.records) for r in b.records] == [b"a", b"b"]
    committed = raw.fetch(topic_id if version >= 13 else name, version=version, isolation=1)
    assert committed.aborted_transactions == []


def test_fetch_out_of_range(raw, topic):
    raw.produce(topic, [b"a"])
    for offset in (2, 10**9, -1):
        got = raw.fetch(topic, offset)
        assert (got.error_code, got.high_watermark, got.last_stable_offset, got.log_start_offset) == (1, -1, -1, -1)
        assert not got.records
    assert raw.fetch(topic, 1).error_code == 0


def test_fetch_fenced_by_epoch(raw, topic):
    raw.produce(topic, [b"a"])
    assert raw.fetch(topic, leader_epoch=0).error_code == 0
    assert raw.fetch(topic, leader_epoch=5).error_code == 75
    assert raw.fetch(topic, version=12, last_epoch=9).error_code == 1


def test_fetch_of_the_unknown(raw, topic):
    lost = raw.fetch("no-such-topic")
    assert (lost.error_code, lost.high_watermark, lost.aborted_transactions) == (3, -1, [])
    assert raw.fetch(topic, partition=7).error_code == 3
    assert raw.fetch(uuid.uuid4(), version=13).error_code == 100


def test_the_first_batch_is_given_whole(raw, topic):
    for i in range(3):
        raw.produce(topic, [b"%d" % i * 5000])
    for limits in ({"most": 1}, {"partition_most": 1}, {"most": 1, "partition_most": 1}):
        got = batches(raw.fetch(topic, **limits).records)
        assert [b.base_offset for b in got] == [0]
    assert [b.base_offset for b in batches(raw.fetch(topic, partition_most=6000).records)] == [0]
    assert [b.base_offset for b in batches(raw.fetch(topic).records)] == [0, 1, 2]


def test_a_fetch_inside_a_batch_returns_the_batch(raw, topic):
    raw.produce(topic, [b"a", b"b", b"c"])
    assert batches(raw.fetch(topic, 2).records)[0].base_offset == 0


def test_bytes_are_shared_among_partitions(raw, name):
    raw.create(name, 3)
    for i in range(3):
        raw.produce(name, [b"%d" % i * 4000], partition=i)
    raw.send("Fetch", 11, replica_id=-1, max_wait_ms=0, min_bytes=1, max_bytes=5000, isolation_level=0, session_id=0,
             session_epoch=-1, forgotten_topics_data=[], rack_id="", topics=[{"topic": name, "partitions": [
                 {"partition": i, "current_leader_epoch": -1, "fetch_offset": 0, "log_start_offset": -1,
                  "partition_max_bytes": 5000} for i in range(3)]}])
    parts = raw.receive().responses[0].partitions
    assert [p.error_code for p in parts] == [0, 0, 0]
    whole = [p.partition_index for p in parts if batches(p.records)]
    assert whole == [0], "the first whole, the others find the limit used up"


def test_a_long_poll_is_woken_by_a_produce(raw, topic, broker):
    raw.send_fetch(topic, wait=30_000)
    with Connection(broker.address) as other:
        assert other.produce(topic, [b"wake"]).error_code == 0
    got = raw.receive().responses[0].partitions[0]
    assert [r.value for b in batches(got.records) for r in b.records] == [b"wake"]


def test_a_long_poll_waits_for_min_bytes(raw, topic, broker):
    raw.send_fetch(topic, wait=30_000, least=3000)
    with Connection(broker.address) as other:
        other.produce(topic, [b"x" * 1000])
        assert raw.silent(0.3), "less than min_bytes is no answer yet"
        other.produce(topic, [b"x" * 3000])
    got = raw.receive().responses[0].partitions[0]
    assert [b.base_offset for b in batches(got.records)] == [0, 1]


def test_a_long_poll_ends_with_nothing(raw, topic):
    got = raw.fetch(topic, wait=200)
    assert (got.error_code, got.high_watermark) == (0, 0) and not got.records


def test_an_error_is_answered_at_once(raw, topic):
    raw.socket.settimeout(10)
    raw.send_fetch(topic, 99, wait=60_000)
    assert raw.receive().responses[0].partitions[0].error_code == 1


def test_fetch_sessions(raw, topic):
    def ask(session, topics=(), forget=(), version=11):
        raw.send("Fetch", version, replica_id=-1, max_wait_ms=0, min_bytes=0, max_bytes=10**6, isolation_level=0,
                 session_id=session[0], session_epoch=session[1], rack_id="", forgotten_topics_data=[
                     {"topic": t, "partitions": [0]} for t in forget], topics=[{"topic": t, "partitions": [
                         {"partition": 0, "current_leader_epoch": -1, "fetch_offset": offset, "log_start_offset": -1,
                          "partition_max_bytes": 10**6}]} for t, offset in topics])
        return raw.receive()

    other = topic + "-other"
    raw.create(other)
    first = ask((0, 0), [(topic, 0), (other, 0)])
    assert first.error_code == 0 and first.session_id > 0
    assert len(first.responses) == 2, "a full fetch answers for every partition"
    session = first.session_id
    assert ask((session, 1)).responses == [], "an incremental one only for what has news"
    raw.produce(topic, [b"news"])
    news = ask((session, 2))
    assert [r.topic for r in news.responses] == [topic]
    assert [b.base_offset for b in batches(news.responses[0].partitions[0].records)] == [0]
    assert ask((session, 3), [(topic, 1)]).responses == [], "it reads on from where it is told"
    assert ask((session, 4), forget=[topic]).responses == []
    raw.produce(topic, [b"not watched"])
    raw.produce(other, [b"watched"])
    assert [r.topic for r in ask((session, 5)).responses] == [other]
    # out of step, unknown, without an id
    for wrong, code in (((session, 9), 71), ((session % 0x7fffffff + 1, 1), 70), ((0, 1), 70)):
        got = ask(wrong)
        assert (got.error_code, got.session_id, got.responses) == (code, 0, [])
    assert ask((session, 6), forget=[other]).session_id == 0, "a session without partitions ends"
    assert ask((session, 7)).error_code == 70
    session = ask((0, 0), [(topic, 0)]).session_id
    renewed = ask((session, 0), [(topic, 0)]).session_id
    assert renewed not in (0, session), "epoch 0 with an id opens another in its place"
    assert ask((session, 1)).error_code == 70
    assert ask((renewed, -1), [(topic, 0)]).session_id == 0, "epoch -1 closes it"
    assert ask((renewed, 1)).error_code == 70
    assert ask((0, -1), [(topic, 0)]).session_id == 0, "no session was asked for"


# ---- ListOffsets and OffsetForLeaderEpoch


@pytest.mark.parametrize("version", range(1, 12))
def test_list_offsets(raw, topic, version):
    for i in range(4):
        raw.produce(topic, [Record(b"x", timestamp=1_700_000_000_000 + (1000, 3000, 2000, 2500)[i])])
    base = 1_700_000_000_000

    def at(timestamp):
        got = raw.list_offset(topic, timestamp, version=version)
        assert got.error_code == 0
        return got.timestamp, got.offset

    assert at(-2) == (-1, 0)
    assert at(-1) == (-1, 4)
    assert at(base) == (base + 1000, 0)
    assert at(base + 1000) == (base + 1000, 0)
    assert at(base + 1001) == (base + 3000, 1)
    assert at(base + 3001) == (-1, -1)
    if version >= 7:
        assert at(-3) == (base + 3000, 1), "the newest timestamp"
    if version >= 8:
        assert at(-4) == (-1, 0)
    if version >= 9:
        assert at(-5)[1] == -1


def test_list_offsets_of_an_empty_log(raw, topic):
    got = raw.list_offset(topic, -3)
    assert (got.error_code, got.timestamp, got.offset) == (0, -1, -1)
    assert raw.list_offset(topic, -1).offset == 0
    assert raw.list_offset(topic, 5).offset == -1
    assert raw.list_offset(topic, -1, isolation=1).offset == 0


@pytest.mark.parametrize("version, timestamp", [(6, -3), (7, -4), (8, -5), (10, -7), (11, -7), (1, -3)])
def test_list_offsets_special_values_of_other_versions(raw, topic, version, timestamp):
    assert raw.list_offset(topic, timestamp, version=version).error_code == 35


def test_list_offsets_of_the_unknown(raw, topic):
    got = raw.list_offset("no-such-topic", -1)
    assert (got.error_code, got.offset) == (3, -1)
    assert raw.list_offset(topic, -1, partition=4).error_code == 3


@pytest.mark.parametrize("version", [2, 3, 4])
def test_offset_for_leader_epoch(raw, topic, version):
    raw.produce(topic, [b"a", b"b"])

    def ask(epoch, current=-1, topic=topic):
        more = {"replica_id": -1} if version >= 3 else {}
        return raw.ask("OffsetForLeaderEpoch", version, topics=[{"topic": topic, "partitions": [
            {"partition": 0, "current_leader_epoch": current, "leader_epoch": epoch}]}], **more).topics[0].partitions[0]

    now = ask(0)
    assert (now.error_code, now.leader_epoch, now.end_offset) == (0, 0, 2)
    later = ask(5)
    assert (later.error_code, later.leader_epoch, later.end_offset) == (0, -1, -1)
    assert ask(0, current=3).error_code == 75
    assert ask(0, topic="no-such-topic").error_code == 3


# ---- Topics and configurations


def create(raw, topics, version=7, validate_only=False):
    full = [{"num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": [], **t} for t in topics]
    got = raw.ask("CreateTopics", version, topics=full, timeout_ms=10_000, validate_only=validate_only).topics
    return {t.name: t for t in got}


@pytest.mark.parametrize("version", range(2, 8))
def test_create_topics(raw, name, version):
    made = create(raw, [{"name": name, "num_partitions": 3, "configs": [
        {"name": "retention.ms", "value": "5000"}]}], version)[name]
    assert made.error_code == 0
    if version >= 5:
        assert (made.num_partitions, made.replication_factor) == (3, 1)
        configs = {c.name: (c.value, c.config_source) for c in made.configs}
        assert configs["retention.ms"] == ("5000", 1)
        assert configs["cleanup.policy"] == ("delete", 5)
        assert len(configs) > 25, "all of a topic's configs"
    found = raw.await_topic(name, 3)
    if version >= 7:
        assert made.topic_id == found.topic_id
    assert create(raw, [{"name": name}], version)[name].error_code == 36


def test_create_topics_with_defaults(raw, name):
    made = create(raw, [{"name": name, "num_partitions": -1, "replication_factor": -1}])[name]
    assert (made.error_code, made.num_partitions, made.replication_factor) == (0, 1, 1)


REFUSED_TOPICS = {
    "no partitions": ({"num_partitions": 0}, 37),
    "minus two partitions": ({"num_partitions": -2}, 37),
    "three replicas on one node": ({"replication_factor": 3}, 38),
    "no replicas": ({"replication_factor": 0}, 38),
    "an unknown config": ({"configs": [{"name": "no.such.config", "value": "1"}]}, 40),
    "a bad value": ({"configs": [{"name": "retention.ms", "value": "abc"}]}, 40),
    "a value out of range": ({"configs": [{"name": "segment.bytes", "value": "1"}]}, 40),
    "a null value": ({"configs": [{"name": "retention.ms", "value": None}]}, 40),
    "an assignment to another node": ({"num_partitions": -1, "replication_factor": -1, "assignments": [
        {"partition_index": 0, "broker_ids": [7]}]}, 39),
    "an assignment with a hole": ({"num_partitions": -1, "replication_factor": -1, "assignments": [
        {"partition_index": 1, "broker_ids": [1]}]}, 39),
}


@pytest.mark.parametrize("what", REFUSED_TOPICS)
def test_create_topics_refused(raw, name, what):
    change, code = REFUSED_TOPICS[what]
    got = create(raw, [{"name": name, **change}])[name]
    assert got.error_code == code and got.error_message, got
    assert raw.topic(name).error_code == 3


@pytest.mark.parametrize("bad", ["a/../b", "", ".", "..", "x" * 250, "with space"])
def test_create_topics_with_a_bad_name(raw, bad):
    assert create(raw, [{"name": bad}])[bad].error_code == 17


def test_create_topics_names_that_collide(raw, name):
    dotted = name.replace("-", ".")
    assert create(raw, [{"name": dotted}])[dotted].error_code == 0
    scored = name.replace("-", "_")
    assert create(raw, [{"name": scored}])[scored].error_code == 17


def test_create_topics_the_same_name_twice(raw, name):
    got = raw.ask("CreateTopics", 7, timeout_ms=5000, validate_only=False, topics=[
        {"name": name, "num_partitions": n, "replication_factor": 1, "assignments": [], "configs": []}
        for n in (1, 2)]).topics
    assert [(t.name, t.error_code) for t in got] == [(name, 42)]


def test_create_topics_only_validated(raw, name):
    got = create(raw, [{"name": name}, {"name": name + "-x", "num_partitions": 0}], validate_only=True)
    assert (got[name].error_code, got[name + "-x"].error_code) == (0, 37)
    assert raw.topic(name).error_code == 3


def test_create_topics_by_assignment(raw, name):
    got = create(raw, [{"name": name, "num_partitions": -1, "replication_factor": -1, "assignments": [
        {"partition_index": i, "broker_ids": [1]} for i in range(2)]}])[name]
    assert got.error_code == 0
    raw.await_topic(name, 2)


@pytest.mark.parametrize("version", range(1, 7))
def test_delete_topics_and_recreate(raw, name, version):
    old = raw.create(name, 2)
    raw.produce(name, [b"old"])
    asked = {"topic_names": [name]} if version < 6 else {"topics": [{"name": name, "topic_id": None}]}
    got = raw.ask("DeleteTopics", version, timeout_ms=10_000, **asked).responses[0]
    assert (got.error_code, got.name) == (0, name)
    brokers.wait_until(lambda: raw.topic(name).error_code == 3, "the topic to be gone")
    assert raw.fetch(old, version=13).error_code == 100
    again = raw.ask("DeleteTopics", version, timeout_ms=10_000, **asked).responses[0]
    assert again.error_code == 3
    new = raw.create(name, 2)
    assert new != old
    assert raw.fetch(old, version=13).error_code == 100
    assert raw.records(name) == []
    assert raw.produce(name, [b"new"]).base_offset == 0


def test_delete_topics_by_id(raw, name):
    topic_id = raw.create(name)
    got = raw.ask("DeleteTopics", 6, timeout_ms=10_000, topics=[
        {"name": None, "topic_id": topic_id}, {"name": None, "topic_id": uuid.UUID(int=77 << 64)}]).responses
    assert {r.error_code for r in got if r.topic_id == topic_id} == {0}
    assert {r.error_code for r in got if r.topic_id != topic_id} == {100}


@pytest.mark.parametrize("version", range(3))
def test_describe_cluster(raw, version):
    got = raw.ask("DescribeCluster", version, include_cluster_authorized_operations=False)
    assert (got.error_code, got.controller_id) == (0, 1)
    host, port = raw.socket.getpeername()
    assert [(b.broker_id, b.host, b.port) for b in got.brokers] == [(1, host, port)]
    assert got.cluster_id == raw.ask("Metadata", 12, topics=[]).cluster_id
    if version >= 1:
        refused = raw.ask("DescribeCluster", version, include_cluster_authorized_operations=False, endpoint_type=2)
        assert refused.error_code == 114


def describe(raw, kind, name, keys=None, version=4, synonyms=True):
    more = {"include_documentation": False} if version >= 3 else {}
    return raw.ask("DescribeConfigs", version, include_synonyms=synonyms, resources=[
        {"resource_type": kind, "resource_name": name, "configuration_keys": keys}], **more).results[0]


@pytest.mark.parametrize("version", range(1, 5))
def test_describe_configs_of_a_topic(raw, name, version):
    raw.create(name, retention_ms=5000)
    got = describe(raw, 2, name, version=version)
    configs = {c.name: c for c in got.configs}
    changed = configs["retention.ms"]
    assert (got.error_code, changed.value, changed.config_source, changed.read_only) == (0, "5000", 1, False)
    # the node's log.retention.* values are shipped defaults, so the chain may end with one of them
    assert [(s.name, s.source) for s in changed.synonyms][0] == ("retention.ms", 1)
    plain = configs["cleanup.policy"]
    assert (plain.value, plain.config_source) == ("delete", 5)
    assert [(s.name, s.value, s.source) for s in plain.synonyms] == [("log.cleanup.policy", "delete", 5)]
    only = describe(raw, 2, name, ["segment.bytes"], version, synonyms=False)
    assert [c.name for c in only.configs] == ["segment.bytes"] and only.configs[0].synonyms == []
    if version >= 3:
        assert configs["segment.bytes"].config_type == 3 and configs["cleanup.policy"].config_type == 7


def test_describe_configs_of_the_broker(raw):
    got = describe(raw, 4, "1")
    configs = {c.name: c for c in got.configs}
    assert got.error_code == 0 and len(configs) > 100
    assert configs["node.id"].value == "1" and configs["node.id"].read_only
    assert (configs["socket.request.max.bytes"].value, configs["socket.request.max.bytes"].config_source) == ("20000000", 4)
    assert configs["offsets.topic.replication.factor"].value == "1"


def test_describe_configs_of_others(raw):
    assert describe(raw, 4, "99").error_code == 42
    assert describe(raw, 4, "x").error_code == 42
    assert describe(raw, 2, "no-such-topic").error_code == 3
    assert describe(raw, 2, "a/../b").error_code == 17


@pytest.mark.parametrize("version", range(3))
def test_describe_quorum(raw, version):
    got = raw.ask("DescribeQuorum", version, topics=[
        {"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}])
    part = got.topics[0].partitions[0]
    assert (got.error_code, part.error_code, part.leader_id) == (0, 0, 1)
    assert part.leader_epoch >= 1 and part.high_watermark > 0
    assert [(v.replica_id, v.log_end_offset >= part.high_watermark) for v in part.current_voters] == [(1, True)]
    if version >= 2:
        assert [n.node_id for n in got.nodes] == [1]
    lost = raw.ask("DescribeQuorum", version, topics=[
        {"topic_name": "other", "partitions": [{"partition_index": 0}]}]).topics[0].partitions[0]
    assert lost.error_code == 3


def test_refusals_keep_the_connection(raw, topic):
    for ask in (lambda: raw.produce("no-such-topic", [b"x"]), lambda: raw.fetch(topic, 99),
                lambda: raw.list_offset(topic, -7)):
        assert ask().error_code != 0
    assert raw.produce(topic, [b"x"]).error_code == 0


def test_a_closed_connection_ends_no_other(broker, raw, topic):
    with Connection(broker.address) as other:
        other.send_bytes(CLOSING["frame of 2 GB"])
        with pytest.raises(Refused):
            other.receive_frame()
    assert raw.produce(topic, [b"x"]).error_code == 0
