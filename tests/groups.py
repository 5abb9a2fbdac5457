"""What the tests of consumer groups ask and await of a broker.

In: a raw connection, a group, its members (members.py). Out: an assertion that names what was waited for in vain.
"""

from brokers import wait_until

# A bound on waiting, never a pace: a busy machine may take long to start a JVM.
SECONDS = 60


def described(raw, group):
    """The group as DescribeGroups tells it."""
    return raw.ask("DescribeGroups", 5, groups=[group], include_authorized_operations=False).groups[0]


def committed(raw, group, topic, partitions):
    """{partition: committed offset}, of those that have one. Not while the coordinator loads."""
    wanted = [{"name": topic, "partition_indexes": list(range(partitions))}]

    def ask():
        answer = raw.ask("OffsetFetch", 7, group_id=group, topics=wanted, require_stable=False)
        return answer if answer.error_code == 0 else None

    answer = wait_until(ask, f"the offsets of {group}", SECONDS, pause=0.02)
    found = answer.topics[0].partitions
    assert all(p.error_code == 0 for p in found), answer
    return {p.partition_index: p.committed_offset for p in found if p.committed_offset >= 0}


def ends(raw, topic, partitions):
    """{partition: its end}, once all have a leader: a broker that has just started may not lead them yet."""
    def ask():
        found = [raw.list_offset(topic, -1, p) for p in range(partitions)]
        return found if all(p.error_code == 0 for p in found) else None

    return {p: it.offset for p, it in enumerate(wait_until(ask, f"the ends of {topic}", SECONDS, pause=0.02))}


def write(raw, topic, partitions, count):
    """`count` more records in each partition, each with its own place as value."""
    for partition in range(partitions):
        first = raw.list_offset(topic, -1, partition).offset
        answer = raw.produce(topic, [b"%d:%d" % (partition, first + i) for i in range(count)], partition)
        assert (answer.error_code, answer.base_offset) == (0, first)


def await_owners(members, partitions, what):
    """Until these members, alive, have the partitions among them: each of them some, none two of them."""
    def shared():
        owned = [m.owns for m in members if m.alive()]
        return all(owned) and sum(map(len, owned)) == partitions and set().union(*owned) == set(range(partitions))

    wait_until(shared, f"{what}: {[m.who for m in members]} to own all partitions", SECONDS, pause=0.02)


def await_records(members, wanted, what):
    """Until these places have been delivered to one of the members, each as it was written."""
    def delivered():
        got = {place for m in members if m.alive() for place in m.records}
        assert all(value == f"{p}:{o}" for p, o, value in got), "a record that nobody wrote"
        return {(p, o) for p, o, _ in got} >= wanted

    wait_until(delivered, f"{what}: every record to reach {[m.who for m in members]}", SECONDS, pause=0.02)


def await_commits(raw, group, topic, partitions, what):
    """Until all that is written is committed."""
    wait_until(lambda: committed(raw, group, topic, partitions) == ends(raw, topic, partitions),
               f"{what}: all to be committed", SECONDS, pause=0.02)


def places(before, after):
    """The places that were written between two `ends`."""
    return {(p, o) for p, end in after.items() for o in range(before.get(p, 0), end)}
