"""The broker under test as a real process: ours, or Apache Kafka 4.3.1 to calibrate the tests.

In: the release binary (OTTLA_BIN, default target/release/ottla), or Apache Kafka's jars in .cache/.
Out: a process with a data directory of its own, found by what it prints, ended by its pid.
`OTTLA_TEST_BROKER=apache` chooses Apache Kafka: a test that fails there is wrong, not the broker.
"""

import atexit
import base64
import os
import re
import signal
import socket
import subprocess
import time
import uuid
from pathlib import Path

import compatibility

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
JARS = CACHE / "kafka-4.3.1"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = Path(os.environ.get("OTTLA_BIN", TARGET / "release" / "ottla"))
APACHE = os.environ.get("OTTLA_TEST_BROKER", "ottla") == "apache"

# A bound on waiting, never a pace: whoever waits looks again every few milliseconds.
START_SECONDS = 60
STOP_SECONDS = 60

_running = []


@atexit.register
def _end_what_is_left():
    for process in _running:
        if process.poll() is None:
            process.kill()


def wait_until(condition, what, seconds=30.0, pause=0.005):
    """The first true value of `condition()`; an AssertionError naming `what` when the time is up."""
    limit = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < limit, f"waited {seconds} s in vain for {what}"
        time.sleep(pause)


def free_port():
    """A port nobody listens on now (only for Apache Kafka, which cannot say which port 0 became)."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """One node. `address` is "host:port"; start and stop may be repeated on the same directory and port."""

    # What a process ends with that was asked to stop.
    CLEAN_EXIT = 0

    def __init__(self, directory, settings=None, arguments=(), environment=None, wrapper=()):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = self.directory / "data"
        self.settings = dict(settings or {})
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.wrapper = list(wrapper)
        self.process = None
        self.port = 0
        self.starts = 0

    # What the two kinds of broker differ in

    def command(self):
        """The command line of the next start."""
        raise NotImplementedError

    def ready(self):
        """True once the running process serves; fills in `port`."""
        raise NotImplementedError

    # What they share

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def stdout(self):
        return (self.directory / f"stdout-{self.starts}").read_text(errors="replace")

    def stderr(self):
        return (self.directory / f"stderr-{self.starts}").read_text(errors="replace")

    def log(self, lines=60):
        """The end of what the process of the last start said."""
        return "\n".join((self.stdout() + self.stderr()).splitlines()[-lines:])

    def launch(self):
        """Starts the process without waiting for it."""
        assert self.process is None or self.process.poll() is not None, "already running"
        command = self.wrapper + self.command()
        self.starts += 1
        with open(self.directory / f"stdout-{self.starts}", "wb") as out, \
                open(self.directory / f"stderr-{self.starts}", "wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=self.directory, env={**clean_environment(), **self.environment})
        _running.append(self.process)

    def start(self, pause=0.005):
        self.launch()

        def up():
            assert self.process.poll() is None, \
                f"the broker ended with {self.process.returncode} instead of starting:\n{self.log()}"
            return self.ready()

        wait_until(up, f"the broker to serve; it said:\n{self.log()}", START_SECONDS, pause)
        return self

    def kill(self):
        """SIGKILL: no warning, no cleaning up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return self

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end within {STOP_SECONDS} s of SIGTERM:\n{self.log()}") from None

    def alive(self):
        return self.process.poll() is None

    def resident(self):
        """Resident memory of the process in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def processor_seconds(self):
        """User and system time the process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def clean_environment():
    """This process's environment without anything that would configure the broker."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("OTTLA_", "KAFKA_"))}


class Ottla(Broker):
    """Our server, by its command line. Settings become `--override KEY=VALUE`."""

    def command(self):
        command = [str(BINARY), "serve", "--data-dir", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        for key, value in self.settings.items():
            command += ["--override", f"{key}={value}"]
        return command + self.arguments

    def kill(self):
        self._note()
        return super().kill()

    def stop(self):
        self._note()
        return super().stop()

    def _note(self):
        if self.alive():
            compatibility.note(self)

    def listeners(self):
        """Every "host:port" it has said it listens on, in order."""
        return re.findall(r"^listening on (\S+)$", self.stdout(), re.M)

    def ready(self):
        # A listener is named once it serves; all of the command line are awaited, or the one that it has by itself.
        if len(self.listeners()) < max(1, self.command().count("--listen")):
            return False
        self.port = int(self.listeners()[0].rsplit(":", 1)[1])
        return True


class Apache(Broker):
    """Apache Kafka 4.3.1: one combined node with the values of its own sample file."""

    CLEAN_EXIT = 143

    VOTER_SETTINGS = {
        "process.roles": "broker,controller", "node.id": "1",
        "inter.broker.listener.name": "PLAINTEXT", "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "num.partitions": "1", "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1", "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
    }

    # Quick to start; scripts/figures has the shipped ones.
    FLAGS = ["-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]

    def java(self, main, *arguments):
        return ["java", *self.FLAGS, f"-Dlog4j2.configurationFile={ROOT / 'tests' / 'java' / 'log4j2.properties'}",
                "-cp", f"{JARS}/*", main, *arguments]

    def command(self):
        if not self.port:
            self.port, self.controller_port = free_port(), free_port()
        properties = self.directory / "server.properties"
        listeners = f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}"
        values = {**self.VOTER_SETTINGS, "listeners": listeners, "advertised.listeners": listeners,
                  "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.controller_port}",
                  "log.dirs": str(self.data), **self.settings}
        properties.write_text("".join(f"{k}={v}\n" for k, v in values.items()))
        if not (self.data / "meta.properties").exists():
            name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
            done = subprocess.run(
                self.java("kafka.tools.StorageTool", "format", "-t", name, "-c", str(properties), "--standalone"),
                capture_output=True, text=True, cwd=self.directory)
            assert done.returncode == 0, done.stdout + done.stderr
        return self.java("kafka.Kafka", str(properties))

    def ready(self):
        # The port opens before the broker is unfenced; a metadata answer that names a broker is the sign.
        from wire import Connection, Refused
        try:
            with Connection(self.address, seconds=2) as c:
                return bool(c.ask("Metadata", 12, topics=[]).brokers)
        except (OSError, Refused):
            return False


def broker_in(directory, **options):
    """A broker of the kind this run is about, not yet started."""
    return (Apache if APACHE else Ottla)(directory, **options)
