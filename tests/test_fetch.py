"""The answers to Fetch, ListOffsets and OffsetForLeaderEpoch.

Asked with raw bytes. Proven against Apache Kafka 4.3.1 (OTTLA_TEST_BROKER=apache); where ours answers otherwise
on purpose, differences.py says so and why.
"""

import uuid

import pytest

from wire import Connection, Record, batches


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


def test_a_reader_of_the_past_is_told_who_leads(own):
    node = own().start()
    with Connection(node.address) as raw:
        topic_id = raw.create("t")
    node.stop()
    node.start()
    with Connection(node.address) as raw:
        epoch = raw.await_topic("t").partitions[0].leader_epoch
        assert epoch > 0
        for version in range(12, 19):
            raw.send_fetch(topic_id if version >= 13 else "t", version=version, leader_epoch=0)
            answer = raw.receive()
            part = answer.responses[0].partitions[0]
            assert part.error_code == 74
            if version >= 16:
                assert (part.current_leader.leader_id, part.current_leader.leader_epoch) == (1, epoch)
                assert [(n.node_id, f"{n.host}:{n.port}") for n in answer.node_endpoints] == [(1, node.address)]
            else:
                assert part.current_leader is None and not answer.node_endpoints


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
