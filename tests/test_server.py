"""The `ottla` command as an operator meets it: flags, files, environment, locks, signals, metrics, disks.

Only for ours: Apache Kafka has another command line. Every wrong word is answered with exit code 2 and one
sentence that names it.
"""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from contextlib import suppress

import pytest

import brokers
from brokers import Ottla, clean_environment, wait_until
from clients import kcat, kcat_records
from wire import Connection, Refused, batch

pytestmark = pytest.mark.ottla_only


def command(*arguments, directory, environment=None, seconds=30):
    """Runs `ottla ..` to its end."""
    return subprocess.run([str(brokers.BINARY), *map(str, arguments)], cwd=directory, capture_output=True, text=True,
                          timeout=seconds, stdin=subprocess.DEVNULL, env={**clean_environment(), **(environment or {})})


def misuse(*arguments, directory, environment=None):
    """The one sentence of a command that cannot be done."""
    done = command(*arguments, directory=directory, environment=environment)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert "panicked" not in lines[0]
    return lines[0]


class Bare(Ottla):
    """Ours with nothing on the command line but `serve` and what the test gives."""

    def command(self):
        return [str(brokers.BINARY), "serve", *self.arguments]

    def ready(self):
        return bool(self.listeners()) and super().ready()


def works(address, topic="works"):
    with Connection(address) as raw:
        raw.create(topic)
        assert raw.produce(topic, [b"x"]).base_offset == 0
        assert [r.value for r in raw.records(topic)] == [b"x"]


# ---- Where it listens and where its data is


@pytest.mark.smoke
def test_it_says_where_it_listens_and_where_the_data_is(own):
    node = own().start()
    host, port = node.listeners()[0].rsplit(":", 1)
    assert host == "127.0.0.1" and 1024 <= int(port) < 65536
    wait_until(lambda: re.search(r"^data in (.+)$", node.stdout(), re.M), "the data line")
    assert re.search(r"^data in (.+)$", node.stdout(), re.M)[1] == str(node.data)
    works(node.address)
    assert (node.data / "works-0" / "00000000000000000000.log").stat().st_size > 0
    assert node.stderr() == "", "quiet by default"
    assert node.stop() == 0


def test_without_arguments(own):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 9092))
        except OSError:
            pytest.skip("somebody listens on 9092")
    node = own(kind=Bare).start()
    assert node.listeners() == ["127.0.0.1:9092"]
    works("127.0.0.1:9092")
    assert (node.directory / "ottla-data" / "meta.properties").exists()
    assert node.stop() == 0


def test_several_listeners_name_themselves(own):
    node = own(arguments=["--listen", "127.0.0.1:0"]).start()
    first, second = node.listeners()
    assert first != second
    for address in (first, second):
        with Connection(address) as raw:
            (seen,) = raw.ask("Metadata", 12, topics=[]).brokers
            assert f"{seen.host}:{seen.port}" == address
            (seen,) = raw.ask("DescribeCluster", 1, include_cluster_authorized_operations=False).brokers
            assert f"{seen.host}:{seen.port}" == address
    works(second)


def test_each_listener_sends_readers_to_itself(own):
    node = own(arguments=["--listen", "127.0.0.1:0"]).start()
    with Connection(node.address) as raw:
        topic_id = raw.create("moved")
    assert node.stop() == 0
    node.start()
    first, second = node.listeners()
    for address in (first, second):
        with Connection(address) as raw:
            # a leader epoch of the life before
            raw.send_fetch(topic_id, version=16, leader_epoch=0)
            answer = raw.receive()
            assert answer.responses[0].partitions[0].error_code == 74
            assert [f"{n.host}:{n.port}" for n in answer.node_endpoints] == [address]


def test_an_advertised_address(own):
    node = own(arguments=["--advertise", "broker.example:12345"]).start()
    with Connection(node.address) as raw:
        (seen,) = raw.ask("Metadata", 12, topics=[]).brokers
        assert (seen.host, seen.port) == ("broker.example", 12345)


def test_in_memory_leaves_nothing_behind(own):
    node = own(kind=Bare, arguments=["--in-memory", "--listen", "127.0.0.1:0"]).start()
    works(node.address)
    with Connection(node.address) as raw:
        raw.create("big", 4)
        for i in range(20):
            assert raw.produce("big", [b"x" * 500_000], partition=i % 4).error_code == 0
        assert len(raw.records("big", 3)) == 5
    assert {p.name for p in node.directory.iterdir()} <= {"stdout-1", "stderr-1"}
    assert node.stop() == 0
    node.start()
    with Connection(node.address) as raw:
        assert raw.ask("Metadata", 12, topics=None).topics == []


# ---- Stopping and starting again


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_stop(own, sign):
    node = own().start()
    with Connection(node.address) as raw:
        first = raw.create("kept", 2, retention_ms=-1)
        raw.produce("kept", [b"one", b"two"], partition=1)
        producer = raw.producer_id()
        raw.produce("kept", batch([b"three"], producer=(*producer, 0)), partition=1)
        raw.send_fetch("kept", 3, partition=1, wait=60_000)
        node.process.send_signal(sign)
        assert node.process.wait(30) == 0, "a waiting fetch does not hold it up"
    assert (node.data / ".kafka_cleanshutdown").exists()
    node.start()
    assert not (node.data / ".kafka_cleanshutdown").exists()
    with Connection(node.address) as raw:
        assert raw.await_topic("kept", 2).topic_id == first
        assert [r.value for r in raw.records("kept", 1)] == [b"one", b"two", b"three"]
        again = raw.produce("kept", batch([b"three"], producer=(*producer, 0)), partition=1)
        assert (again.error_code, again.base_offset) == (0, 2), "the producer's state has survived"
        assert raw.produce("kept", [b"four"], partition=1).base_offset == 3


def test_a_clean_stop_answers_what_it_keeps(own):
    node = own().start()
    answered = [0] * 8
    with Connection(node.address) as raw:
        raw.create("kept", len(answered))
        for i in range(800):
            raw.send("Produce", 9, acks=-1, timeout_ms=30_000, transactional_id=None, topic_data=[
                {"name": "kept", "partition_data": [{"index": i % len(answered), "records": batch([b"%d" % i])}]}])
        with suppress(Refused):
            while raw.waiting:
                said = raw.receive().responses[0].partition_responses[0]
                assert said.error_code == 0
                if not any(answered):
                    node.process.send_signal(signal.SIGTERM)
                answered[said.index] += 1
    assert node.process.wait(30) == 0
    node.start()
    with Connection(node.address) as raw:
        raw.await_topic("kept", len(answered))
        assert [raw.list_offset("kept", -1, i).offset for i in range(len(answered))] == answered


def test_many_restarts(own):
    node = own().start()
    for life in range(8):
        with Connection(node.address) as raw:
            if life == 0:
                raw.create("lives")
            assert raw.produce("lives", [b"%d" % life]).base_offset == life
            assert [r.value for r in raw.records("lives")] == [b"%d" % i for i in range(life + 1)]
        if life % 2:
            node.kill()
        else:
            assert node.stop() == 0
        node.start()


def test_the_second_on_a_directory_is_told_who_holds_it(own, tmp_path):
    node = own().start()
    said = misuse("serve", "--data-dir", node.data, "--listen", "127.0.0.1:0", directory=tmp_path)
    assert str(node.pid) in said and str(node.data) in said
    works(node.address)
    # Kafka's lock is a POSIX record lock: it must be kept out, too
    with open(node.data / ".lock", "r+b") as lock, pytest.raises(OSError):
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert node.stop() == 0
    node.start()


def test_apaches_lock_keeps_us_out(own, tmp_path):
    node = own().start()
    assert node.stop() == 0
    with open(node.data / ".lock", "w+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert str(node.data) in misuse("serve", "--data-dir", node.data, "--listen", "127.0.0.1:0", directory=tmp_path)
    node.start()


# ---- What can be asked for wrongly

WRONG = {
    "no such command": (["srve"], "srve"),
    "no such flag": (["serve", "--no-such-flag"], "--no-such-flag"),
    "a listener without a port": (["serve", "--listen", "localhost"], "localhost"),
    "a port too high": (["serve", "--listen", "127.0.0.1:70000"], "127.0.0.1:70000"),
    "a setting without a value": (["serve", "--override", "num.partitions"], "num.partitions"),
    "a bad value": (["serve", "--override", "num.partitions=many"], "num.partitions=many"),
    "a value out of range": (["serve", "--override", "num.partitions=0"], "num.partitions=0"),
    "an unknown setting": (["serve", "--override", "num.partitons=3"], "num.partitions"),
    "several directories": (["serve", "--override", "log.dirs=one,two"], "log.dirs=one,two"),
    "a file that is not there": (["serve", "--config", "nowhere.properties"], "nowhere.properties"),
    "a directory that is a file": (["serve", "--data-dir", "/dev/null", "--listen", "127.0.0.1:0"], "/dev/null"),
    "a security setting": (["serve", "--override", "ssl.keystore.location=x"], "ssl.keystore.location"),
    "an authorizer": (["serve", "--override", "authorizer.class.name=some.Authorizer"], "authorizer.class.name"),
}


@pytest.mark.parametrize("what", WRONG)
def test_misuse_is_one_sentence(tmp_path, what):
    arguments, named = WRONG[what]
    if what.startswith("no such"):
        # clap's own page: the wrong word and the usage
        done = command(*arguments, directory=tmp_path)
        assert done.returncode == 2 and named in done.stderr
    else:
        assert named in misuse(*arguments, directory=tmp_path)
    assert list(tmp_path.iterdir()) == [], "nothing was made before it was refused"


def test_a_taken_port(own, tmp_path):
    node = own().start()
    done = command("serve", "--in-memory", "--listen", node.address, directory=tmp_path)
    assert done.returncode in (1, 2) and node.address in done.stderr and "panicked" not in done.stderr


def test_a_directory_of_another_node(own, tmp_path):
    node = own().start()
    assert node.stop() == 0
    said = misuse("serve", "--data-dir", node.data, "--listen", "127.0.0.1:0", "--override", "node.id=7", directory=tmp_path)
    assert "node.id" in said
    node.start()


def test_security_given_up_in_so_many_words(own):
    node = own(settings={"ssl.keystore.location": "x", "authorizer.class.name": ""}).start()
    works(node.address)
    assert "ssl.keystore.location" in node.stderr()


def test_version_and_help(tmp_path):
    assert re.match(r"ottla \d+\.\d+", command("--version", directory=tmp_path).stdout)
    assert "serve" in command("--help", directory=tmp_path).stdout
    help_page = command("serve", "--help", directory=tmp_path).stdout
    for flag in ("--data-dir", "--listen", "--advertise", "--in-memory", "--config", "--override", "--metrics"):
        assert flag in help_page


# ---- Files and environment


def broker_config(address, *names):
    with Connection(address) as raw:
        got = raw.ask("DescribeConfigs", 4, include_synonyms=True, include_documentation=False, resources=[
            {"resource_type": 4, "resource_name": "1", "configuration_keys": list(names)}]).results[0]
        assert got.error_code == 0
        return {c.name: c.value for c in got.configs}


def test_a_properties_file(own, tmp_path):
    config = tmp_path / "server.properties"
    config.write_text("# Kafka's own\nprocess.roles=broker,controller\nnode.id=1\nnum.partitions = 3\n"
                      f"log.dirs={tmp_path / 'from-file'}\nlisteners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0\n"
                      "controller.listener.names=CONTROLLER\nlog.retention.hours=5\n"
                      "controller.quorum.bootstrap.servers=127.0.0.1:9093\ncompression.type=gzip\n")
    node = own(kind=Bare, arguments=["--config", str(config)]).start()
    assert (tmp_path / "from-file" / "meta.properties").exists()
    assert broker_config(node.address, "num.partitions", "compression.type") == \
        {"num.partitions": "3", "compression.type": "gzip"}
    kcat(node, "-P", "-t", "auto", stdin=b"x")
    with Connection(node.address) as raw:
        assert len(raw.await_topic("auto", 3).partitions) == 3


def test_a_toml_file(own, tmp_path):
    config = tmp_path / "ottla.toml"
    config.write_text(f'listen = "127.0.0.1:0"\ndata-dir = "{tmp_path / "from-toml"}"\n'
                      "[num]\npartitions = 5\n[log.flush.on]\nack = false\n")
    node = own(kind=Bare, arguments=["--config", str(config)]).start()
    assert (tmp_path / "from-toml" / "meta.properties").exists()
    assert broker_config(node.address, "num.partitions", "log.flush.on.ack") == \
        {"num.partitions": "5", "log.flush.on.ack": "false"}


def test_who_wins(own, tmp_path):
    config = tmp_path / "server.properties"
    config.write_text("num.partitions=2\nlog.retention.hours=2\nlog.segment.bytes=20000000\n")
    node = own(arguments=["--config", str(config)], settings={"num.partitions": "4"},
               environment={"OTTLA_NUM_PARTITIONS": "3", "OTTLA_LOG_RETENTION_HOURS": "3"}).start()
    assert broker_config(node.address, "num.partitions", "log.retention.hours", "log.segment.bytes") == \
        {"num.partitions": "4", "log.retention.hours": "3", "log.segment.bytes": "20000000"}


def test_the_environment_alone(own, tmp_path):
    node = own(kind=Bare, environment={"OTTLA_LISTEN": "127.0.0.1:0", "OTTLA_DATA_DIR": str(tmp_path / "env")}).start()
    works(node.address)
    assert (tmp_path / "env" / "meta.properties").exists()
    said = misuse("serve", directory=tmp_path, environment={"OTTLA_NUM_PARTITIONS": "none"})
    assert "num.partitions" in said and "OTTLA_NUM_PARTITIONS" in said


def test_a_variable_that_is_no_setting_is_only_warned_of(own):
    # Kubernetes sets the second for every pod beside a service named ottla
    node = own(environment={"OTTLA_NUM_PARTITONS": "3", "OTTLA_SERVICE_PORT": "9092", "OTTLA_LOG_DIRS_": ""}).start()
    works(node.address)
    lines = [line for line in node.stderr().splitlines() if "OTTLA_" in line]
    assert len(lines) == 3 and all("WARN" in line and "ignored" in line for line in lines), node.stderr()
    assert "num.partitions" in next(line for line in lines if "OTTLA_NUM_PARTITONS" in line)


def test_a_wrong_file_names_the_line(tmp_path):
    (tmp_path / "server.properties").write_text("\n\nnum.partitions=x\n")
    said = misuse("serve", "--config", "server.properties", directory=tmp_path)
    assert "num.partitions=x" in said and "line 3" in said
    (tmp_path / "broken.toml").write_text("a = 1\nb = = 2\n")
    assert "line 2" in misuse("serve", "--config", "broken.toml", directory=tmp_path)


def test_settings_that_do_nothing_yet_are_listed_once(own):
    idle = {"num.replica.fetchers": "3", "log.segment.delete.delay.ms": "1"}
    node = own(settings={**idle, "remote.log.storage.system.enable": "false"}).start()
    lines = [line for line in node.stderr().splitlines() if any(key in line for key in idle)]
    assert len(lines) == 1 and all(key in lines[0] for key in idle) and node.alive()


# ---- Metrics and health


def get(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers.get_content_type()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(), e.headers.get_content_type()


def test_metrics_and_health(own):
    address = f"127.0.0.1:{brokers.free_port()}"
    node = own(arguments=["--metrics", address]).start()
    works(node.address)
    assert get(address, "/healthz")[0] == 200
    assert get(address, "/readyz")[0] == 200
    status, text, kind = get(address, "/metrics")
    assert status == 200 and kind == "text/plain"
    samples = 0
    for line in text.splitlines():
        if line and not line.startswith("#"):
            assert re.match(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="[^"\n]*",?)*\})? [-+0-9.eE]+(Inf|NaN)?( \d+)?$', line), line
            samples += 1
    assert samples > 5
    assert re.search(r"^# TYPE \w+ (counter|gauge|histogram)$", text, re.M)
    assert get(address, "/nothing")[0] == 404
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as rude:
        rude.sendall(b"\0" * 5000 + b"\r\n\r\n")
    assert get(address, "/healthz")[0] == 200
    works(node.address, "after")


# ---- Disks


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own of 64 MiB; skipped where it cannot be mounted."""
    where = tmp_path / "small"
    where.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(where)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a full disk needs a file system of its own, and mounting one was refused: {mounted.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_full_disk_is_refused_and_heals(own, small_disk):
    node = own(kind=Bare, arguments=["--listen", "127.0.0.1:0", "--data-dir", str(small_disk / "data")]).start()
    with Connection(node.address, 60) as raw:
        raw.create("filler")
        raw.create("other")
        assert raw.produce("other", [b"before"]).error_code == 0
        kept = 0
        while (got := raw.produce("filler", [os.urandom(500_000)])).error_code == 0:
            assert got.base_offset == kept
            kept += 1
            assert kept < 200, "64 MiB cannot hold this"
        assert got.error_code == 56
        assert len(raw.records("filler")) == kept, "what was acknowledged is readable"
        raw.ask("DeleteTopics", 6, timeout_ms=10_000, topics=[{"name": "filler", "topic_id": None}])

        def heals():
            return raw.produce("other", [b"after"]).error_code == 0

        wait_until(heals, "room after the deletion", 120, pause=0.1)
        assert [r.value for r in raw.records("other")][0] == b"before"
    node.kill()
    node.start()
    with Connection(node.address) as raw:
        raw.await_topic("other")
        assert [r.value for r in raw.records("other")] == [b"before", b"after"]


# ---- Records come out as they went in, also for a reader of files


def test_kcat_after_a_restart(own):
    node = own().start()
    kcat(node, "-P", "-t", "t", "-z", "zstd", stdin="\n".join(f"line {i}" for i in range(1000)).encode())
    assert node.stop() == 0
    node.start()
    assert [r["payload"] for r in kcat_records(node, "t")] == [f"line {i}" for i in range(1000)]
    assert json.loads(kcat(node, "-L", "-J"))["topics"][0]["topic"] == "t"
