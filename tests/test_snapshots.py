"""The metadata log of a node that has taken snapshots begins in them: what lay below is gone from the disk, and nothing of it from the
cluster. Apache Kafka 4.3.1 starts from such a directory, its tool reads it, and what Ottla does not serve is there as it was.
"""

import pytest

import brokers
from directories import METADATA, kept, served, sound, unpack
from wire import Connection

# Snapshots are taken by the megabyte and the hour, segments begun by the gigabyte and the week; here by the kilobyte.
OFTEN = {"metadata.log.max.record.bytes.between.snapshots": 1000, "internal.metadata.log.segment.bytes": 2000}


def begins(data):
    """The first offset of the metadata log."""
    return int(min((data / METADATA).glob("*.log")).stem)


def snapshots(data):
    """The ends of the snapshots, in order."""
    return sorted(int(path.name[:20]) for path in (data / METADATA).glob("*.checkpoint"))


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_kafka_starts_from_ottlas_snapshot_of_what_kafka_left(tools, node, tmp_path, how):
    ottla, kafka = node(brokers.Ottla, **OFTEN), node(brokers.Apache)
    unpack("clean", tmp_path)
    kafka.start()
    keeps = kept(tools, kafka)
    assert "carol" in str(keeps) or "alice" in str(keeps), keeps
    kafka.stop()
    recorded = max(int(path.stem) for path in (ottla.data / METADATA).glob("*.log"))
    assert recorded == 0 and snapshots(ottla.data) == [0]

    ottla.start()
    with Connection(ottla.address) as raw:
        for nth in range(20):
            raw.create(f"made-{nth}", 3, retention_ms=86_400_000 + nth)
            raw.produce(f"made-{nth}", [b"of ours"], 2)
        producer = raw.producer_id()
    brokers.wait_until(lambda: begins(ottla.data) > 0 and len(snapshots(ottla.data)) == 2, "the log is cut short")
    says = served(tools, ottla)
    if how == "kill":
        ottla.kill()
    else:
        assert ottla.stop() == ottla.CLEAN_EXIT, ottla.log()
    older, newest = snapshots(ottla.data)
    assert 0 < begins(ottla.data) <= older < newest
    sound(tools, ottla.data)

    # Ottla itself begins with it, and takes more.
    ottla.start()
    assert served(tools, ottla) == says
    brokers.wait_until(lambda: snapshots(ottla.data)[-1] > newest, "another snapshot")
    with Connection(ottla.address) as raw:
        another = raw.producer_id()
        assert another[0] > producer[0], "an id that somebody has"
    assert ottla.stop() == ottla.CLEAN_EXIT, ottla.log()

    kafka.start()
    assert served(tools, kafka) == says
    assert kept(tools, kafka) == keeps
    assert "orphaned" not in kafka.stderr(), kafka.stderr()
    with Connection(kafka.address) as raw:
        assert raw.producer_id()[0] > another[0], "an id that somebody has"
    kafka.kill()


def test_a_damaged_snapshot_is_passed_over_or_refused(own):
    ottla = own(settings=OFTEN).start()
    with Connection(ottla.address) as raw:
        for nth in range(20):
            raw.create(f"made-{nth}", 3)
    brokers.wait_until(lambda: begins(ottla.data) > 0 and len(snapshots(ottla.data)) == 2, "the log is cut short")
    ottla.kill()
    older, newest = sorted((ottla.data / METADATA).glob("*.checkpoint"))
    newest.chmod(0o600)
    newest.write_bytes(newest.read_bytes()[:-80])
    ottla.start()
    assert f"{newest.name} is damaged" in ottla.stderr() and "older one" in ottla.stderr()
    with Connection(ottla.address) as raw:
        topics = raw.ask("Metadata", 12, topics=None, allow_auto_topic_creation=False,
                         include_topic_authorized_operations=False).topics
        assert len(topics) == 20
    brokers.wait_until(lambda: not newest.exists(), "a whole one in its place")
    ottla.kill()
    for path in (ottla.data / METADATA).glob("*.checkpoint"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-80])
    ottla.launch()
    assert ottla.process.wait(30) != 0
    ottla.process = None
    said = ottla.stderr()
    assert ".checkpoint is damaged" in said and "restore that file from a backup" in said and "panicked" not in said, said
