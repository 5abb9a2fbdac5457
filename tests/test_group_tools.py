"""Apache Kafka's own tools in consumer groups, unmodified: ConsoleConsumer, ConsumerPerformance and ConsumerGroupCommand.

What the last one says of groups that have members is said of VerifiableConsumer's.
"""

import base64
import json
import re
import uuid

import confluent_kafka
from confluent_kafka import admin as confluent_admin

import groups
from brokers import wait_until
from group_clients import Verifiable
from wire import Connection

SETTINGS = {"group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "1000", "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": "1"}
GROUPS = "consumer.group.ConsumerGroupCommand"


def table(text):
    """The rows below a heading that begins with GROUP, as dictionaries; of several tables all rows."""
    found, names = [], None
    for line in text.splitlines():
        if line.startswith("GROUP "):
            # a name may have spaces inside, never two
            names = re.split(r"\s{2,}|(?<=[A-Z]) (?=[A-Z#])", line.strip())
        elif names and line.strip():
            found.append(dict(zip(names, line.split())))
    return found


def test_console_consumers_take_turns(tools, at, raw, topic):
    groups.write(raw, topic, 1, 10)

    def consume(count):
        return tools("consumer.ConsoleConsumer", *at, "--topic", topic, "--group", f"group-{topic}", "--max-messages", count,
                     "--command-property", "auto.offset.reset=earliest").split()

    assert consume(6) == [f"0:{i}" for i in range(6)]
    assert groups.committed(raw, f"group-{topic}", topic, 1) == {0: 6}
    assert consume(4) == [f"0:{i}" for i in range(6, 10)]
    assert groups.described(raw, f"group-{topic}").group_state == "Empty"


def test_consumer_performance(tools, at, raw, name):
    raw.create(name, 3)
    groups.write(raw, name, 3, 500)
    out = tools("ConsumerPerformance", *at, "--topic", name, "--group", f"group-{name}", "--num-records", 1500,
                "--timeout", 60_000)
    assert "WARNING" not in out and re.search(r", 1500, ", out), out
    assert groups.committed(raw, f"group-{name}", name, 3) == {0: 500, 1: 500, 2: 500}


def test_consumer_group_command(tools, broker, at, raw, name, tmp_path):
    raw.create(name, 2)
    groups.write(raw, name, 2, 10)
    group = f"group-{name}"
    mine = [*at, "--group", group]
    member = Verifiable(tmp_path, "member", broker.address, name, group)
    try:
        groups.await_owners([member], 2, "alone")
        groups.await_commits(raw, group, name, 2, "alone")
        check_a_group_with_a_member(tools, at, mine, group, name)
        member.leave()
    finally:
        member.kill()
    wait_until(lambda: groups.described(raw, group).group_state == "Empty", "the group to be empty")
    check_an_empty_group(tools, at, mine, group, name)


def check_a_group_with_a_member(tools, at, mine, group, topic):
    assert re.search(rf"^{group}\s+Classic\s+Stable", tools(GROUPS, *at, "--list", "--state", "--type"), re.M)
    assert group in tools(GROUPS, *at, "--list", "--state", "stable")
    assert group not in tools(GROUPS, *at, "--list", "--state", "empty")
    rows = table(tools(GROUPS, *mine, "--describe"))
    assert [(r["TOPIC"], r["PARTITION"], r["CURRENT-OFFSET"], r["LOG-END-OFFSET"], r["LAG"]) for r in rows] == \
        [(topic, "0", "10", "10", "0"), (topic, "1", "10", "10", "0")]
    assert {r["HOST"] for r in rows} == {"/127.0.0.1"}
    who = {r["CONSUMER-ID"] for r in rows}
    members = tools(GROUPS, *mine, "--describe", "--members", "--verbose")
    assert len(who) == 1 and re.search(rf"^{group}\s+{who.pop()}\s+/127\.0\.0\.1\s+\S+\s+2\s.*\b{topic}\(0,1\)|{topic}:0,1",
                                       members, re.M), members
    state = tools(GROUPS, *mine, "--describe", "--state")
    assert re.search(rf"^{group}\s+127\.0\.0\.1:\d+\s+\(1\)\s+range\s+Stable\s+1\s*$", state, re.M), state
    refused = tools(GROUPS, *mine, "--delete", ok=False)
    assert "GroupNotEmptyException" in refused["out"] + refused["err"]
    refused = tools(GROUPS, *mine, "--delete-offsets", "--topic", topic, ok=False)
    assert "GroupSubscribedToTopic" in refused["out"] + refused["err"] or "actively subscribed" in refused["out"], refused
    refused = tools(GROUPS, *mine, "--reset-offsets", "--to-earliest", "--all-topics", "--execute", ok=False)
    assert "inactive, but the current state is Stable" in refused["out"] + refused["err"], refused


def check_an_empty_group(tools, at, mine, group, topic):
    def offsets():
        return {r["PARTITION"]: r["CURRENT-OFFSET"] for r in table(tools(GROUPS, *mine, "--describe"))}

    def reset(*how):
        rows = table(tools(GROUPS, *mine, "--reset-offsets", "--topic", topic, *how))
        return {r["PARTITION"]: r["NEW-OFFSET"] for r in rows}

    assert reset("--to-earliest", "--dry-run") == {"0": "0", "1": "0"} and offsets() == {"0": "10", "1": "10"}
    assert reset("--shift-by", -3, "--execute") == {"0": "7", "1": "7"} == offsets()
    assert reset("--to-offset", 4, "--execute") == {"0": "4", "1": "4"} == offsets()
    assert reset("--to-datetime", "2001-01-01T00:00:00.000", "--execute") == {"0": "0", "1": "0"} == offsets()
    assert reset("--to-latest", "--execute") == {"0": "10", "1": "10"} == offsets()
    deleted = tools(GROUPS, *mine, "--delete-offsets", "--topic", f"{topic}:1")
    assert "Successful" in deleted and offsets() == {"0": "10"}, deleted
    assert re.search(rf"^{group}\s+127\.0\.0\.1:\d+\s+\(1\)\s+-\s+Empty\s+0\s*$", tools(GROUPS, *mine, "--describe", "--state"),
                     re.M)
    assert "was successful" in tools(GROUPS, *mine, "--delete")
    assert group not in tools(GROUPS, *at, "--list").split()
    again = tools(GROUPS, *mine, "--delete", ok=False)
    assert "GroupIdNotFoundException" in again["out"] + again["err"], again


def test_dump_log_segments_decodes_offsets(tools, own, name):
    node = own(settings={**SETTINGS, "offsets.topic.num.partitions": "1"}).start()
    part = confluent_kafka.TopicPartition
    with Connection(node.address) as raw:
        topic_id = raw.create(name, 2)
        groups.write(raw, name, 2, 5)
    member = confluent_kafka.Consumer({"bootstrap.servers": node.address, "group.id": "members", "enable.auto.commit": False,
                                       "client.id": "me", "auto.offset.reset": "earliest"})
    member.subscribe([name])
    wait_until(lambda: member.poll(1), "a record", groups.SECONDS)
    member.commit(offsets=[part(name, 1, 3, "some words")], asynchronous=False)
    member.close()
    admin = confluent_admin.AdminClient({"bootstrap.servers": node.address})
    admin.delete_consumer_groups(["members"])["members"].result(30)
    node.stop()
    shown = tools("DumpLogSegments", "--offsets-decoder", "--files",
                  node.data / "__consumer_offsets-0" / "00000000000000000000.log")
    found = [(json.loads(key), None if value == "<DELETE>" else json.loads(value)) for key, value in
             re.findall(r" key: (\{.*?\}) payload: (.*)$", shown, re.M)]
    commit, metadata = ({"group": "members", "topic": name, "partition": 1}, {"group": "members"})
    commits = [value for key, value in found if (key["type"], key["data"]) == ("1", commit)]
    assert [value and value["version"] for value in commits] == ["4", None], shown
    data = commits[0]["data"]
    # the client sends the end of its text along
    told = base64.urlsafe_b64encode(uuid.UUID(str(topic_id)).bytes).decode().rstrip("=")
    assert (data["offset"], data["metadata"], data["topicId"]) == (3, "some words\0", told), data
    lives = [value for key, value in found if (key["type"], key["data"]) == ("2", metadata)]
    assert lives[-1] is None and {value["version"] for value in lives[:-1]} == {"3"}, shown
    assert [len(value["data"]["members"]) for value in lives[:-1]][-2:] == [1, 0], shown
    one = lives[-3]["data"]
    assert (one["protocolType"], one["protocol"], one["members"][0]["clientId"]) == ("consumer", "range", "me"), one
