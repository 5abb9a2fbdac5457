"""Members of groups live through a change of brokers: Ottla is ended, Apache Kafka starts on its directory at its address, and
the other way, while unmodified clients are in their groups, with a static id and without one.

H1: nobody notices. A group keeps its generation, its members and what they own; no commit goes back, every record is
    delivered, and none twice: whoever goes on in a generation knows its place by itself.
"""

import time
from collections import Counter

import pytest

import brokers
import groups
from directories import complains, end
from group_clients import Confluent, KafkaPython, Verifiable
from wire import Connection

TOPIC, PARTITIONS = "read", 4
# Longer than two starts of Apache Kafka may take on a busy machine: who is missed is tried elsewhere.
SESSION_MS = 2 * brokers.START_SECONDS * 1000
BEAT_MS = 3_000
# A Java client that finds no broker for a while forgets all topics, and if it leads its group and looks at them before it has asked
# again, it has the group rebalance.
ALONE = {Verifiable: {"recovery": "none"}}
SETTINGS = {"group.initial.rebalance.delay.ms": "0"}


@pytest.fixture
def member(tmp_path):
    """Makes members of groups and ends their processes."""
    made = []

    def make(kind, who, node, group, **more):
        made.append(kind(tmp_path, who, node.address, TOPIC, group, session_ms=SESSION_MS, beat_ms=BEAT_MS, **more))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def told(raw, group):
    """Who the coordinator says is in a stable group, once it has loaded it."""
    def stable():
        described = groups.described(raw, group)
        return described if described.error_code == 0 and described.group_state == "Stable" else None

    described = brokers.wait_until(stable, f"{group} to be stable", groups.SECONDS, pause=0.02)
    return described.protocol_type, described.protocol_data, sorted(
        (m.member_id, m.group_instance_id, m.client_id, m.client_host, bytes(m.member_metadata), bytes(m.member_assignment))
        for m in described.members)


def last_said(members):
    """What members say of their group, for the one who looks for why it has changed."""
    return "\n".join(f"{one.who}:\n{one.said()[-4000:]}" for one in members)


def acknowledged(members):
    """The highest acknowledged commit of each partition."""
    highest = {}
    for partition, offset in (commit for one in members for commit in one.committed):
        highest[partition] = max(offset, highest.get(partition, 0))
    return highest


def read_on(raw, each, what):
    """More is written, read by whose it is, and committed."""
    old = groups.ends(raw, TOPIC, PARTITIONS)
    groups.write(raw, TOPIC, PARTITIONS, 20)
    written = groups.places(old, groups.ends(raw, TOPIC, PARTITIONS))
    for group, members in each.items():
        groups.await_records(members, written, f"{what}: {group}")
        groups.await_commits(raw, group, TOPIC, PARTITIONS, f"{what}: {group}")


def hand_over(one, other, each, how):
    """Ends one broker in the midst of work, and starts the other in its place; H1."""
    with Connection(one.address) as raw:
        before = {group: told(raw, group) for group in each}
        groups.write(raw, TOPIC, PARTITIONS, 200)
    end(one, how)
    said = {group: acknowledged(members) for group, members in each.items()}
    other.start()
    assert other.address == one.address
    began = time.monotonic()
    with Connection(other.address) as raw:
        for group, highest in said.items():
            kept = groups.committed(raw, group, TOPIC, PARTITIONS)
            back = {p: (offset, kept.get(p)) for p, offset in highest.items() if kept.get(p, -1) < offset}
            assert not back, f"{group}: (acknowledged, kept): {back}"
            assert told(raw, group) == before[group], f"{group} has been loaded\n{last_said(each[group])}"
        everything = groups.places({}, groups.ends(raw, TOPIC, PARTITIONS))
        for group, members in each.items():
            groups.await_records(members, everything, group)
        # a commit that was refused is not tried again by all: the next one has what it had
        read_on(raw, each, "in its place")
        for group, members in each.items():
            changed = f"{group} has changed {time.monotonic() - began:.0f} s after the start of its coordinator"
            assert told(raw, group) == before[group], f"{changed}\n{last_said(members)}"
    for members in each.values():
        delivered = Counter(record for one in members for record in one.records)
        assert [record for record, times in delivered.items() if times > 1] == []


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_members_live_through_apache_kafka_in_between(node, member, how):
    ottla, kafka = node(brokers.Ottla, **SETTINGS), node(brokers.Apache, **SETTINGS)
    ottla.start()
    kafka.port, kafka.controller_port = ottla.port, brokers.free_port()
    with Connection(ottla.address) as raw:
        raw.create(TOPIC, PARTITIONS)
        each = {kind.name: [member(kind, f"{kind.name}-dynamic", ottla, kind.name, **ALONE.get(kind, {})),
                            member(kind, f"{kind.name}-static", ottla, kind.name, instance="one", **ALONE.get(kind, {}))]
                for kind in (Verifiable, Confluent)}
        each[KafkaPython.name] = [member(KafkaPython, KafkaPython.name, ottla, KafkaPython.name)]
        for group, members in each.items():
            groups.await_owners(members, PARTITIONS, group)
        read_on(raw, each, "before")
    hand_over(ottla, kafka, each, how)
    assert complains(kafka, how) == []
    # the groups are not only kept: who joins on one broker leaves on the other
    confluent = each[Confluent.name]
    confluent.append(member(Confluent, "third", kafka, Confluent.name))
    groups.await_owners(confluent, PARTITIONS, "on Apache Kafka")
    hand_over(kafka, ottla, each, how)
    confluent.pop().leave()
    groups.await_owners(confluent, PARTITIONS, "on Ottla again")
