"""Classic groups as Apache Kafka 4.3.1 answers for them: scripted requests, valid and invalid, whose recorded answers ours must be.

In: the scripts and answers of tools/conversations, spoken by its tool. Out: a failure that shows every difference that is not
listed in its file `differences`, and everything listed there that differs no more.
With OTTLA_TEST_BROKER=apache the recording itself is tried: Apache Kafka says the same again, with no difference.

`python tests/test_conversations.py [SCRIPT ..]` records all scripts, or those, from Apache Kafka anew.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import brokers

TOOL = brokers.TARGET / "debug" / "ottla-conversations"
SCRIPTS = sorted(path.stem for path in (brokers.ROOT / "tools" / "conversations" / "scripts").glob("*.script"))

# One partition of __consumer_offsets: who has waited for one coordinator has waited for all. No wait for more members than come.
SETTINGS = {"offsets.topic.num.partitions": "1", "group.initial.rebalance.delay.ms": "0"}


def tool(*arguments):
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True)


def settings(script):
    said = tool("settings", script)
    assert said.returncode == 0, said.stderr
    return {**SETTINGS, **dict(line.split("=", 1) for line in said.stdout.splitlines())}


@pytest.mark.parametrize("script", SCRIPTS)
def test_answers_are_those_of_apache_kafka(own, script):
    broker = own(settings=settings(script)).start()
    told = tool("replay", script, broker.address, *["--exactly"] * brokers.APACHE)
    assert told.returncode == 0, told.stdout + told.stderr


def record(scripts):
    for script in scripts:
        with tempfile.TemporaryDirectory() as directory:
            kafka = brokers.Apache(Path(directory), settings=settings(script)).start()
            said = tool("record", script, kafka.address)
            kafka.kill()
            sys.exit(said.stderr) if said.returncode else print(said.stdout, end="", flush=True)


if __name__ == "__main__":
    record(sys.argv[1:] or SCRIPTS)
