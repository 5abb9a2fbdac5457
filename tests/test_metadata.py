"""The answers about the cluster: Metadata, coordinators, producer ids, topics, configurations, the quorum.

Asked with raw bytes. Proven against Apache Kafka 4.3.1 (OTTLA_TEST_BROKER=apache); where ours answers otherwise
on purpose, differences.py says so and why.
"""

import struct
import uuid

import pytest

import brokers
import wire
from differences import answers
from wire import Connection

SETTINGS = {"socket.request.max.bytes": "20000000"}


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


def test_internal_topics_are_called_so(own):
    with Connection(own().start().address) as raw:
        # Kafka lets anybody make them by name, as its own coordinators do
        internal = {"__consumer_offsets", "__transaction_state", "__share_group_state"}
        for name in (*internal, "__mine"):
            raw.create(name)
        for version in range(1, 14):
            found = raw.ask("Metadata", version, topics=None).topics
            assert {t.name for t in found if t.is_internal} == internal and len(found) == 4
        for name in internal:
            assert raw.produce(name, [b"x"]).error_code == 17


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


def coordinators(raw, version, kind):
    if version < 4:
        more = {"key_type": kind} if version else {}
        return [raw.ask("FindCoordinator", version, key="some", **more)]
    got = raw.ask("FindCoordinator", version, key_type=kind, coordinator_keys=["some", ""]).coordinators
    assert [c.key for c in got] == ["some", ""]
    return got


@pytest.mark.parametrize("version", range(7))
def test_find_coordinator_of_a_group(broker, raw, version):
    # 15 while the topic of the groups is being created
    def found():
        got = coordinators(raw, version, 0)
        assert {c.error_code for c in got} <= {0, 15}
        return got if all(c.error_code == 0 for c in got) else None

    got = brokers.wait_until(found, "the coordinators")
    assert {(c.node_id, f"{c.host}:{c.port}") for c in got} == {(1, broker.address)}


@pytest.mark.parametrize("version", range(1, 7))
def test_find_coordinator_of_a_transaction(raw, version):
    got = coordinators(raw, version, 1)
    assert {c.error_code for c in got} <= answers("transaction coordinator")
    if not brokers.APACHE:
        assert all(c.error_message for c in got), "a refusal says why"
        assert all(c.node_id == -1 for c in got)


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


# ---- Topics and configurations


def create(raw, topics, version=7, validate_only=False):
    full = [{"num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": [], **t} for t in topics]
    got = raw.ask("CreateTopics", version, topics=full, timeout_ms=10_000, validate_only=validate_only).topics
    return {t.name: t for t in got}


@pytest.mark.parametrize("version", range(2, 8))
def test_create_topics(raw, name, version):
    made = create(raw, [{"name": name, "num_partitions": 3, "configs": [
        {"name": "retention.ms", "value": "5000"}]}], version)[name]
    assert (made.error_code, made.error_message) == (0, None)
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
