"""Consumer groups of other people's clients, unmodified: confluent-kafka, kafka-python, aiokafka, kafkajs, kcat and Apache Kafka's
VerifiableConsumer, each by what it calls its own API.

Every group forms, shares its partitions with a member that joins, gets them back from one that leaves or is killed, goes on over a
`kill -9` of the broker, and is taken up where it was committed by who comes after all have left.
"""

import confluent_kafka
import kafka.admin
import pytest
from confluent_kafka import admin as confluent_admin

from brokers import wait_until
from clients import kafkajs
from groups import (SECONDS, await_commits, await_owners, await_records, committed, described, ends, places, write)
from group_clients import SESSION_MS, AioKafka, Confluent, KafkaJs, KafkaPython, Kcat, Verifiable
from wire import Connection

SETTINGS = {"group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "1000", "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": "1"}
PARTITIONS = 4
CLIENTS = [Confluent, KafkaPython, AioKafka, KafkaJs, Kcat, Verifiable]


@pytest.fixture
def member(broker, tmp_path):
    """Makes members and ends their processes."""
    made = []

    def make(kind, who, topic, group, **more):
        made.append(kind(tmp_path, who, broker.address, topic, group, **more))
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.name)
def test_a_group_lives(broker, member, name, kind):
    with Connection(broker.address) as raw:
        raw.create(name, PARTITIONS)
        write(raw, name, PARTITIONS, 10)
        group = f"group-{name}"
        first = member(kind, "first", name, group)
        await_owners([first], PARTITIONS, "alone")
        await_records([first], places({}, ends(raw, name, PARTITIONS)), "alone")

        second = member(kind, "second", name, group)
        await_owners([first, second], PARTITIONS, "one has joined")
        assert len(first.owns) == len(second.owns) == PARTITIONS / 2
        third = member(kind, "third", name, group)
        await_owners([first, second, third], PARTITIONS, "another has joined")
        third.leave()
        await_owners([first, second], PARTITIONS, "that one has left")
        assert {m.group_instance_id for m in described(raw, group).members} == {None}
        old = ends(raw, name, PARTITIONS)
        write(raw, name, PARTITIONS, 10)
        await_records([first, second], places(old, ends(raw, name, PARTITIONS)), "two")
        await_commits(raw, group, name, PARTITIONS, "two")

        second.kill()
        await_owners([first], PARTITIONS, "the other is dead")
        assert len(described(raw, group).members) == 1
    broker.kill()
    broker.start()
    with Connection(broker.address) as raw:
        old = ends(raw, name, PARTITIONS)
        assert committed(raw, group, name, PARTITIONS) == old, "an acknowledged commit is lost"
        write(raw, name, PARTITIONS, 10)
        await_records([first], places(old, ends(raw, name, PARTITIONS)), "after the broker's kill -9")
        await_commits(raw, group, name, PARTITIONS, "after the broker's kill -9")
        first.leave()
        wait_until(lambda: described(raw, group).group_state == "Empty", "the group to be empty", SECONDS)

        old = ends(raw, name, PARTITIONS)
        write(raw, name, PARTITIONS, 5)
        heir = member(kind, "heir", name, group)
        await_records([heir], places(old, ends(raw, name, PARTITIONS)), "after all had left")
        assert {(p, o) for p, o, _ in heir.records} == places(old, ends(raw, name, PARTITIONS)), "committed records again"
        heir.leave()


@pytest.mark.parametrize("kind", [Confluent, Verifiable], ids=lambda kind: kind.name)
def test_a_static_member_comes_back_without_a_rebalance(raw, member, topic, kind):
    group = f"group-{topic}"
    write(raw, topic, 1, 10)
    first = member(kind, "first", topic, group, instance="one")
    await_records([first], places({}, ends(raw, topic, 1)), "before")
    await_commits(raw, group, topic, 1, "before")
    # A static member that ends does not leave; one that comes back in time gets its place.
    first.leave()
    before = described(raw, group)
    assert [m.group_instance_id for m in before.members] == ["one"]
    again = member(kind, "again", topic, group, instance="one")
    write(raw, topic, 1, 5)
    await_records([again], places({0: 10}, ends(raw, topic, 1)), "after")
    after = described(raw, group)
    assert [m.group_instance_id for m in after.members] == ["one"] and after.members[0].member_id != before.members[0].member_id
    again.kill()


def test_confluent_cooperative_members_keep_what_they_have(raw, member, name):
    raw.create(name, PARTITIONS)
    group = f"group-{name}"
    first = member(Confluent, "first", name, group, strategy="cooperative-sticky")
    await_owners([first], PARTITIONS, "alone")
    second = member(Confluent, "second", name, group, strategy="cooperative-sticky")
    await_owners([first, second], PARTITIONS, "one has joined")
    revoked = [set(e["revoked"]) for e in first.events() if e.get("revoked")]
    assert revoked == [second.owns], "what stays was never revoked"
    assert described(raw, group).protocol_data == "cooperative-sticky"
    second.leave()
    await_owners([first], PARTITIONS, "that one has left")
    first.leave()


def test_confluent_admin(broker, raw, topic):
    group = f"group-{topic}"
    write(raw, topic, 1, 10)
    part = confluent_kafka.TopicPartition
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": group, "enable.auto.commit": False})
    consumer.commit(offsets=[part(topic, 0, 7)], asynchronous=False)
    assert consumer.committed([part(topic, 0)], timeout=30)[0].offset == 7
    consumer.close()
    admin = confluent_admin.AdminClient({"bootstrap.servers": broker.address})
    listed = admin.list_consumer_groups().result(30)
    assert group in [g.group_id for g in listed.valid] and not listed.errors
    told = admin.describe_consumer_groups([group])[group].result(30)
    assert told.state == confluent_kafka.ConsumerGroupState.EMPTY and told.members == []
    wanted = confluent_kafka.ConsumerGroupTopicPartitions(group, [part(topic, 0, 3)])
    admin.alter_consumer_group_offsets([wanted])[group].result(30)
    asked = confluent_kafka.ConsumerGroupTopicPartitions(group)
    found = admin.list_consumer_group_offsets([asked])[group].result(30).topic_partitions
    assert [(p.topic, p.partition, p.offset) for p in found] == [(topic, 0, 3)]
    admin.delete_consumer_groups([group])[group].result(30)
    assert described(raw, group).group_state == "Dead"


def test_kafka_python_admin(broker, raw, topic):
    group = f"group-{topic}"
    write(raw, topic, 1, 10)
    part = kafka.TopicPartition(topic, 0)
    consumer = kafka.KafkaConsumer(bootstrap_servers=broker.address, group_id=group, enable_auto_commit=False)
    consumer.assign([part])
    consumer.commit({part: kafka.OffsetAndMetadata(7, "some words", -1)})
    assert consumer.committed(part) == 7
    consumer.close()
    admin = kafka.admin.KafkaAdminClient(bootstrap_servers=broker.address)
    found = admin.list_group_offsets({group: None})[group]
    assert {p: (o.offset, o.metadata) for p, o in found.items()} == {part: (7, "some words")}
    assert admin.describe_groups([group])[group]["group_state"] == "Empty"
    assert group in [g["group_id"] for g in admin.list_groups()]
    admin.delete_groups([group])
    admin.close()
    assert described(raw, group).group_state == "Dead"


def test_kafkajs_admin(broker, raw, topic):
    group = f"group-{topic}"
    write(raw, topic, 1, 10)
    told = kafkajs(broker, "groups", topic=topic, group=group)
    assert told == {"fetched": [{"partition": 0, "offset": "7", "metadata": None}], "state": "Empty", "listed": True,
                    "deleted": [{"groupId": group, "errorCode": 0}]}
    assert described(raw, group).group_state == "Dead"


def test_the_settings_of_these_tests_are_taken(raw):
    """A session shorter than group.min.session.timeout.ms is refused, so that the tests above measure what they mean."""
    def join(session):
        return raw.ask("JoinGroup", 2, group_id="sessions", session_timeout_ms=session, rebalance_timeout_ms=1000, member_id="",
                       protocol_type="consumer", protocols=[{"name": "range", "metadata": b""}]).error_code
    wait_until(lambda: raw.ask("FindCoordinator", 3, key="sessions", key_type=0).error_code == 0, "the coordinator", SECONDS)
    assert (join(999), join(SESSION_MS)) == (26, 0)
