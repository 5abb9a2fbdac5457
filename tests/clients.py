"""Other people's clients, unmodified: kcat, kafkajs and Apache Kafka's Java tools as processes.

In: a broker's address. Out: what the client printed or read; a client that hangs is killed and named.
"""

import json
import shutil
import subprocess
import threading
from queue import Empty, Queue

import pytest

import brokers

JAVA_TOOLS = brokers.ROOT / "tests" / "java"
NODE_TESTS = brokers.ROOT / "tests" / "node"
T = "org.apache.kafka.tools."


def run(command, stdin=None, seconds=60, ok=True, cwd=None):
    """Runs a client to its end; its standard output as bytes."""
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=seconds, cwd=cwd)
    if ok:
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-3000:]}"
    return done


def kcat(broker, *arguments, stdin=None, seconds=60, ok=True):
    """kcat's standard output. `./test foreign` installs it; where only a few tests are wanted it may be missing."""
    if not shutil.which("kcat"):
        pytest.skip("kcat is not installed")
    return run(["kcat", "-b", broker.address, *map(str, arguments)], stdin, seconds, ok).stdout


def kcat_records(broker, topic, partition=0, *arguments):
    """Every record of a partition as kcat's JSON objects, in order."""
    out = kcat(broker, "-C", "-t", topic, "-p", partition, "-o", "beginning", "-e", "-q", "-J", *arguments)
    return [json.loads(line) for line in out.splitlines()]


def kafkajs(broker, job, seconds=90, **options):
    """Runs one job of node/drive.js; the object it printed."""
    out = run(["node", "drive.js", broker.address, job, json.dumps(options)], seconds=seconds, cwd=NODE_TESTS).stdout
    return json.loads(out.splitlines()[-1])


class Tools:
    """Apache Kafka's tools, many calls in one JVM (java/Tools.java)."""

    # Quick to start; whoever measures gives the JVM its head.
    FLAGS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

    def __init__(self, directory, flags=FLAGS):
        self.errors = directory / "tools.log"
        self.process = subprocess.Popen(
            ["java", *flags, f"-Dlog4j2.configurationFile={JAVA_TOOLS / 'log4j2.properties'}",
             "-cp", f"{brokers.JARS}/*", str(JAVA_TOOLS / "Tools.java")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.errors, "wb"))
        self.lines = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def __call__(self, main, *arguments, stdin="", ok=True, seconds=90):
        """Calls `main` (of org.apache.kafka.tools unless it has a dot); what it printed."""
        call = {"main": main if main.startswith(("org.", "kafka.")) else T + main,
                "args": [str(a) for a in arguments], "stdin": stdin}
        self.process.stdin.write(json.dumps(call).encode() + b"\n")
        self.process.stdin.flush()
        try:
            line = self.lines.get(timeout=seconds)
        except Empty:
            self.close()
            raise AssertionError(f"{main} has not ended within {seconds} s") from None
        assert line, f"the JVM ended in {main}: {self.errors.read_text()[-3000:]}"
        answer = json.loads(line)
        if ok:
            assert answer["exit"] == 0, f"{main}: exit {answer['exit']}\n{answer['out'][-2000:]}\n{answer['err'][-3000:]}"
            return answer["out"]
        return answer

    def close(self):
        self.process.kill()
        self.process.wait()
