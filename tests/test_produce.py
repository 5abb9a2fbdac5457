"""The answers to Produce: what is accepted, refused, rewritten, and told twice.

Asked with raw bytes. Proven against Apache Kafka 4.3.1 (OTTLA_TEST_BROKER=apache); where ours answers otherwise
on purpose, differences.py says so and why.
"""

import uuid

import pytest

import brokers
import wire
from differences import answers
from wire import Connection, Record, batch, batches, now_ms


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
    known = raw.produce(topic, blob, transactional_id="nobody", version=11)
    assert known.error_code in answers("Produce in an unknown transaction")
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
