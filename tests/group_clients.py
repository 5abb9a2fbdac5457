"""Members of consumer groups, each an unmodified client in a process of its own that can be killed.

In: a broker's address, a topic, a group. Out: what the member owns, what it was given and what it was told to be committed, from
the lines that it prints (member.py and node/drive.js say what those are; kcat and VerifiableConsumer have words of their own).

G1: `owns` is what the member believes; after SIGKILL nobody asks it.
G2: `committed` has acknowledged commits only, (partition, next offset) in order. kcat says nothing of its commits.
"""

import json
import re
import signal
import subprocess
import sys

import brokers
from clients import JAVA_TOOLS, NODE_TESTS

# A member that is killed is missed after this long. One that lives beats ten times as often.
SESSION_MS = 3000


class Member:
    """A client as a member of a group, running since it was made."""

    name = None
    # What the process ends with that was asked to leave.
    ends = (0,)
    cwd = None

    def __init__(self, directory, who, address, topic, group, **more):
        self.who, self.address, self.topic, self.group = who, address, topic, group
        self.session_ms = more.pop("session_ms", SESSION_MS)
        self.beat_ms = more.pop("beat_ms", self.session_ms // 10)
        self.more = more
        self.directory = directory
        self.out, self.errors = directory / f"{who}.out", directory / f"{who}.err"
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=open(self.out, "wb"),
                                        stderr=open(self.errors, "wb"), cwd=self.cwd)

    def command(self):
        options = {"topic": self.topic, "group": self.group, "session_ms": self.session_ms, "beat_ms": self.beat_ms, **self.more}
        return [sys.executable, brokers.ROOT / "tests" / "member.py", self.name, self.address, json.dumps(options)]

    def events(self):
        """Whole lines only: the last may be being written."""
        text = self.out.read_bytes()
        return [json.loads(line) for line in text[:text.rfind(b"\n") + 1].splitlines()]

    @property
    def owns(self):
        mine = set()
        for event in self.events():
            mine |= set(event.get("assigned", ()))
            mine -= set(event.get("revoked", ()))
        return mine

    @property
    def records(self):
        """[(partition, offset, value)] in the order in which they came."""
        return [tuple(event["record"]) for event in self.events() if "record" in event]

    @property
    def committed(self):
        return [tuple(pair) for event in self.events() for pair in event.get("committed", ())]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def leave(self):
        """Asks it to leave, and waits until it has."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert code in self.ends, f"{self.who} ended with {code}:\n{self.said()[-3000:]}"

    def alive(self):
        code = self.process.poll()
        assert code is None, f"{self.who} has ended with {code}:\n{self.said()[-3000:]}"
        return True

    def said(self):
        return self.errors.read_text(errors="replace")


class Confluent(Member):
    name = "confluent-kafka"


class KafkaPython(Member):
    name = "kafka-python"


class AioKafka(Member):
    name = "aiokafka"


class KafkaJs(Member):
    name = "kafkajs"
    cwd = NODE_TESTS

    def command(self):
        options = {"topic": self.topic, "group": self.group, "session": self.session_ms, **self.more}
        return ["node", "drive.js", self.address, "member", json.dumps(options)]


class Kcat(Member):
    """kcat -G, which says on standard error what it is assigned and commits by itself."""

    name = "kcat"

    def command(self):
        settings = {"auto.offset.reset": "earliest", "auto.commit.interval.ms": 100, "session.timeout.ms": self.session_ms,
                    "heartbeat.interval.ms": self.beat_ms, "fetch.wait.max.ms": 50, "reconnect.backoff.max.ms": 200}
        return ["kcat", "-b", self.address, *(f for k, v in settings.items() for f in ("-X", f"{k}={v}")),
                "-E", "-u", "-J", "-G", self.group, self.topic]

    @property
    def owns(self):
        mine = set()
        for kind, places in re.findall(r"^% Group .* rebalanced .*?: (assigned|revoked): (.*)$", self.said(), re.M):
            parts = {int(p) for p in re.findall(r"\[(\d+)\]", places)}
            mine = mine | parts if kind == "assigned" else mine - parts
        return mine

    @property
    def records(self):
        return [(e["partition"], e["offset"], e["payload"]) for e in self.events() if "payload" in e]

    @property
    def committed(self):
        raise NotImplementedError("it commits and does not say so")


class Verifiable(Member):
    """Apache Kafka's VerifiableConsumer, which commits what it has been given before it asks for more."""

    name = "VerifiableConsumer"
    ends = (0, 128 + signal.SIGTERM)

    def command(self):
        config = self.directory / f"{self.who}.properties"
        instance, protocol = self.more.get("instance"), self.more.get("group_protocol", "classic")
        # in the newer protocol the broker says how often a member beats and when it is missed
        settings = [("heartbeat.interval.ms", self.beat_ms)] if protocol == "classic" else []
        settings += [("fetch.max.wait.ms", 50), ("retry.backoff.ms", 20), ("reconnect.backoff.ms", 20),
                     ("reconnect.backoff.max.ms", 200), ("metadata.max.age.ms", 1000)]
        settings += [("metadata.recovery.strategy", self.more["recovery"])] if "recovery" in self.more else []
        config.write_text("".join(f"{name}={value}\n" for name, value in settings))
        return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{brokers.JARS}/*",
                f"-Dlog4j2.configurationFile={JAVA_TOOLS / 'log4j2.properties'}",
                "org.apache.kafka.tools.VerifiableConsumer", "--bootstrap-server", self.address, "--topic", self.topic,
                "--group-id", self.group, "--group-protocol", protocol, "--verbose", "--reset-policy", "earliest",
                *(["--session-timeout", str(self.session_ms)] if protocol == "classic" else []),
                "--command-config", str(config), *(["--group-instance-id", instance] if instance else [])]

    @property
    def owns(self):
        mine = set()
        for event in self.events():
            parts = {p["partition"] for p in event.get("partitions", ())}
            if event["name"] == "partitions_assigned":
                mine |= parts
            elif event["name"] == "partitions_revoked":
                mine -= parts
        return mine

    @property
    def records(self):
        return [(e["partition"], e["offset"], e["value"]) for e in self.events() if e["name"] == "record_data"]

    @property
    def committed(self):
        return [(o["partition"], o["offset"]) for e in self.events() if e["name"] == "offsets_committed" and e["success"]
                for o in e["offsets"]]
