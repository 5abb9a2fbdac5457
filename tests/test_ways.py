"""The data directory is Kafka's: one that Apache Kafka 4.3.1 left is served by Ottla, and one that Ottla left by Apache Kafka,
after a clean stop and after SIGKILL, and nothing that either knew is lost on the way.

Both brokers are asked by the same tools; what they say is compared as text (directories.py).
"""

import re

import pytest

import brokers
from clients import Tools
from directories import ONLY, RECORDED, described, expected, group_lines, in_order, kept, served, unpack
from wire import Connection, Record, batch

METADATA_LOG = "__cluster_metadata-0/00000000000000000000.log"


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    jvm = Tools(tmp_path_factory.mktemp("tools"))
    yield jvm
    jvm.close()


@pytest.fixture
def node(own, tmp_path):
    """Makes nodes of either kind, not yet started, that have one data directory, each with settings for the recorded ones."""
    def make(kind, **settings):
        made = own(name=kind.__name__, kind=kind, settings={**RECORDED, **ONLY[kind], **settings})
        made.data = tmp_path / "data"
        return made
    return make


@pytest.fixture(scope="module")
def before(tools, tmp_path_factory):
    """What Apache Kafka itself says of a recorded directory: (served, kept), by the directory's name."""
    said = {}

    def of(which):
        if which not in said:
            kafka = brokers.Apache(tmp_path_factory.mktemp(f"kafka-{which}"), settings={**RECORDED, **ONLY[brokers.Apache]})
            unpack(which, kafka.directory)
            kafka.start()
            said[which] = served(tools, kafka), kept(tools, kafka)
            kafka.kill()
        return said[which]

    return of


def end(broker, how):
    """Ends a broker as the test says; a clean stop has its exit code."""
    if how == "kill":
        broker.kill()
    else:
        assert broker.stop() == broker.CLEAN_EXIT, broker.log()


def complains(kafka):
    """What Apache Kafka warned of since its start, but for what it says in any directory."""
    usual = ("Performing controller activation.", "`log.cleaner.enable` is deprecated")
    lines = [line for line in kafka.stderr().splitlines() if not re.search("|".join(map(re.escape, usual)), line)]
    return [line for line in lines if re.match(r"\S+ (WARN|ERROR|FATAL) ", line)]


def as_recorded(which, says, keeps):
    """What the brokers say is what was recorded when the directory was made (without today's `RECORDED` retention)."""
    for question in ("earliest", "latest"):
        assert says[question].splitlines() == expected(which, question).splitlines()
    ours, theirs = ([re.sub(r",?(retention\.ms=-1)?(?=,|$)", "", line) for line in text.splitlines()]
                    for text in (says["topics"], described(expected(which, "topics"))))
    assert ours == theirs and len(ours) > 10
    records = [name for name in says if ".read_" in name]
    assert len(records) == 10
    for name in records:
        # the consumer that recorded them went from partition to partition and back
        assert says[name].splitlines() == sorted(expected(which, name).splitlines(), key=lambda line: line.split("\t")[1]), name
    assert in_order(keeps["acls"]) == in_order(expected(which, "acls"))
    assert keeps["groups"] == group_lines(expected(which, "groups")) and "copier trimmed 0 100" in keeps["groups"]
    assert in_order(keeps["transactions"]) == in_order(expected(which, "transactions"))


def written(address, topic):
    """An idempotent producer's batches; (its id and epoch, the last batch, the offset it got)."""
    with Connection(address) as raw:
        producer = raw.producer_id()
        for first in range(0, 40, 10):
            last = batch([Record(b"%d" % i * 50, b"key", [("by", b"ottla")]) for i in range(first, first + 10)],
                         producer=(*producer, first))
            answer = raw.produce(topic, last)
            assert answer.error_code == 0, answer
    return producer, last, answer.base_offset


def remembered(address, topic, producer, last, offset):
    """The producer is known: what it sends again is where it was, what leaves something out is refused, the next is taken."""
    with Connection(address) as raw:
        again = raw.produce(topic, last)
        assert (again.error_code, again.base_offset) == (0, offset)
        assert raw.produce(topic, batch([b"a gap"], producer=(*producer, 77))).error_code == 45
        assert raw.produce(topic, batch([b"next"], producer=(*producer, 40))).error_code == 0
        assert raw.producer_id()[0] > producer[0], "an id that somebody has"


@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("which", ["clean", "crashed"])
def test_kafkas_directory_is_served_and_given_back(tools, before, node, tmp_path, which, how):
    ottla, kafka = node(brokers.Ottla), node(brokers.Apache)
    unpack(which, tmp_path)
    log = ottla.data / METADATA_LOG
    recorded = log.read_bytes()
    ottla.start()
    says, keeps = served(tools, ottla), before(which)[1]
    assert says == before(which)[0]
    as_recorded(which, says, keeps)
    told = written(ottla.address, "rolled")
    with Connection(ottla.address) as raw:
        raw.create("gone", 2)
        raw.produce("gone", [b"x"])
        raw.create("new", 2, retention_ms=-1, cleanup_policy="compact")
        raw.produce("new", [Record(b"v", b"k")], partition=1)
        assert raw.ask("DeleteTopics", 6, timeout_ms=9000, topics=[{"name": "gone", "topic_id": None}]).responses[0].error_code == 0
    says = served(tools, ottla)
    end(ottla, how)
    assert log.read_bytes().startswith(recorded), "the metadata log only grows"
    kafka.start()
    assert served(tools, kafka) == says
    assert kept(tools, kafka) == keeps
    assert complains(kafka) == []
    remembered(kafka.address, "rolled", *told)
    kafka.kill()
