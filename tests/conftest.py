"""Fixtures: a broker shared by a module's tests, brokers of one's own, Kafka's tools, connections, fresh topic names.

A broker that a test leaves behind is ended by its pid; the end of its log is shown with a failure.
Every broker must still be alive at its end and leave with the exit code of a clean stop.
"""

import itertools
import os
import re

import pytest

# They assert for the tests that call them: what differs is to be shown. Said before anybody loads them.
pytest.register_assert_rewrite("abilities", "clients", "directories", "groups", "group_clients")

import brokers  # noqa: E402
from abilities import PARTITIONS  # noqa: E402
from clients import Tools  # noqa: E402
from directories import ONLY, RECORDED  # noqa: E402
from wire import Connection  # noqa: E402

_names = itertools.count(1)
_open = []


def pytest_collection_modifyitems(items):
    if brokers.APACHE:
        for item in items:
            if item.get_closest_marker("ottla_only"):
                item.add_marker(pytest.mark.skip(reason="not a promise of Apache Kafka"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for broker in _open:
            if broker.starts:
                report.sections.append((f"broker in {broker.directory.name}", broker.log()))


def pytest_runtest_logreport(report):
    # ./test puts it into its ledger: what was skipped has not passed
    if report.skipped and (ledger := os.environ.get("OTTLA_SKIPPED")):
        with open(ledger, "a") as lines:
            lines.write(f"{report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ')}\n")


def _ended(broker):
    """Stops a broker that a test has left running; it must go cleanly and must not have panicked."""
    _open.remove(broker)
    if broker.process is None:
        return
    if broker.process.returncode is None:
        assert broker.alive(), f"the broker has died with {broker.process.returncode}:\n{broker.log()}"
        assert broker.stop() == broker.CLEAN_EXIT, broker.log()
    for start in range(1, broker.starts + 1):
        said = (broker.directory / f"stderr-{start}").read_text(errors="replace")
        assert "panicked" not in said, said[-3000:]


@pytest.fixture(scope="module")
def broker(tmp_path_factory, request):
    """A broker with default settings (or the module's SETTINGS) for all tests of a module."""
    node = brokers.broker_in(tmp_path_factory.mktemp("broker"), settings=getattr(request.module, "SETTINGS", {}))
    if os.environ.get("OTTLA_CELLS") and not brokers.APACHE:
        # what its clients were answered goes into docs/compatibility.md
        node.arguments += ["--metrics", "127.0.0.1:0"]
    _open.append(node)
    node.start()
    yield node
    _ended(node)


@pytest.fixture
def own(tmp_path):
    """Makes brokers of a test's own, not yet started: own(settings={..}, ..)."""
    made = []

    def make(name="broker", kind=brokers.broker_in, **options):
        node = kind(tmp_path / name, **options)
        made.append(node)
        _open.append(node)
        return node

    yield make
    for node in made:
        _ended(node)


@pytest.fixture
def node(own, tmp_path):
    """Makes nodes of either kind, not yet started, that have one data directory, each with settings for the recorded ones."""
    def make(kind, **settings):
        made = own(name=kind.__name__, kind=kind, settings={**RECORDED, **ONLY[kind], **settings})
        made.data = tmp_path / "data"
        return made
    return make


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """Apache Kafka's tools, in one JVM for all tests of a module."""
    jvm = Tools(tmp_path_factory.mktemp("tools"))
    yield jvm
    jvm.close()


@pytest.fixture(scope="module")
def at(broker):
    """How a tool is told of the shared broker."""
    return ["--bootstrap-server", broker.address]


@pytest.fixture
def raw(broker):
    """A raw connection to the shared broker."""
    with Connection(broker.address) as connection:
        yield connection


@pytest.fixture
def name(request):
    """A topic name nobody else uses."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:60].strip("-")
    return f"{word}-{next(_names)}"


@pytest.fixture
def many(raw, name):
    """A fresh topic of 50 partitions, gone afterwards: a broker that stops syncs the files of every partition it has."""
    raw.create(name, PARTITIONS)
    yield name
    raw.ask("DeleteTopics", 6, timeout_ms=30_000, topics=[{"name": name, "topic_id": None}])


@pytest.fixture
def topic(raw, name):
    """A fresh topic of one partition."""
    raw.create(name)
    return name
