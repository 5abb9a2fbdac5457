"""What a client is asked to do, and the table of who is asked what.

In: the tests that are parametrised by `Table.each`. Out: their cases, and the table as text; what they do with a client.
Records are as in clients.py: (key, value, headers, timestamp). Their bytes are text without tabs, bars and line
ends, for some clients are command lines.

A1: a cell of the table is a case of a test (w: it writes, r: it reads) or has a reason in the client's `cannot` (-);
    a cell that is neither fails the test of the table.
"""

import random
import string

import pytest

from brokers import wait_until
from wire import Record, batch, batches, now_ms

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
CODEC_MASK = 7
PARTITIONS = 50
# The least of the clients' own limits is librdkafka's: 1,000,000 bytes for a record with all that surrounds it.
LARGE = 900 * 1024

# Times of the past, out of order, one of them twice; for what is not about time: now.
THEN = 1_700_000_000_000
FEATURES = {
    "keys": [(b"key %d" % (i % 7), b"value %d" % i, [], None) for i in range(40)],
    "headers": [(b"key", b"value %d" % i, headers, None) for i, headers in enumerate([
        [], [("one", b"1")], [("empty", b"")], [("twice", b"1"), ("twice", b"2")],
        [("many-%d" % n, b"%d" % n) for n in range(30)], []])],
    "null-headers": [(b"key", b"value", [("null", None)], None), (b"key", b"value", [("one", b"1"), ("null", None)], None)],
    "nulls": [(b"key", None, [], None), (None, b"value", [], None), (b"key", b"value", [], None),
              (b"another", None, [("why", b"deleted")], None), (None, b"last", [("h", b"1")], None)],
    "empties": [(b"", b"value", [], None), (b"key", b"", [], None), (b"", b"", [], None), (b"key", b"value", [], None)],
    "timestamps": [(None, b"%d" % i, [], THEN + shift) for i, shift in enumerate((0, 5, 5, -7_200_000, 1, 86_400_000))],
}
ABILITIES = [*CODECS, *FEATURES, "large", "partitions", "acks", "idempotent"]
# What a reader is not asked for: these are a producer's.
WRITING_ONLY = {"acks", "idempotent"}


def sample(count=40):
    """Records with everything that a record can have. Neighbours share their headers, which kcat gives per call."""
    start = now_ms() - 1000
    made = []
    for i in range(count):
        key = None if i % 5 == 4 else b"key %d" % i
        value = None if i % 7 == 6 and key else b"value %d " % i * (i % 11 * 10 + 1)
        headers = [("number", b"%d" % (i // 8)), ("empty", b""), ("twice", b"1"), ("twice", b"2")][:i // 8 % 5]
        made.append((key, value, headers, start + i))
    return made


def large(count=3):
    """Large records of text that every codec makes smaller, but none small."""
    chance = random.Random(7)
    made = []
    for i in range(count):
        noise = "".join(chance.choices(string.ascii_letters + string.digits, k=LARGE // 2))
        words = [noise[n * 24:n * 24 + 24] for n in range(500)]
        made.append((b"large %d" % i, (noise + "".join(chance.choices(words, k=LARGE // 48))).encode(), [], now_ms()))
    return made


def keyed(count=1000):
    """Small records, each with a key of its own, for many partitions."""
    return [(b"key %d" % i, b"value %d" % i, [], None) for i in range(count)]


def same(read, sent, since, timed=True):
    """What was read is what was sent. Records without a time, or all of them when the client is not `timed`, have
    the time of their sending, which began at `since`."""
    assert [(k, v, [tuple(h) for h in hs]) for k, v, hs, _ in read] == [r[:3] for r in sent]
    for (*_, got), (*_, wanted) in zip(read, sent):
        if timed and wanted is not None:
            assert got == wanted
        else:
            assert since <= got <= now_ms()


def stored(raw, topic, partition=0):
    """The partition's batches as the broker hands them out, whole and in order."""
    found, offset, end = [], 0, raw.list_offset(topic, -1, partition).offset
    while offset < end:
        found += batches(raw.fetch(topic, offset, partition=partition).records)
        assert found[-1].base_offset + found[-1].last_offset_delta >= offset
        offset = found[-1].base_offset + found[-1].last_offset_delta + 1
    return found


def records_of(found):
    """The records of batches as the tuples that the clients speak."""
    return [(r.key, r.value, r.headers, r.timestamp) for b in found for r in b.records]


def codecs_of(found):
    """The codecs of batches. Some clients leave a batch alone that its codec would not make smaller."""
    return {CODECS[b.attributes & CODEC_MASK] for b in found} - {"none"}


# What the tests do with a client


def check_write(client, broker, raw, topic, sent, codec="none", acks="all"):
    """The client writes, raw bytes are read; it told the right offsets if it told any."""
    since = now_ms()
    told = client.write(broker, topic, sent, codec=codec, acks=acks)
    # nobody is answered with acks=0
    wait_until(lambda: raw.list_offset(topic, -1).offset >= len(sent), "the records to arrive")
    found = stored(raw, topic)
    same(records_of(found), sent, since, "timestamps" not in client.cannot["write"])
    assert codecs_of(found) == {codec} - {"none"}
    assert told is None or told == list(range(len(sent)))


def check_write_partitions(client, broker, raw, topic, idempotent):
    """The client spreads keys over the partitions of `topic` in its own way, each partition in order."""
    sent, since = keyed(), now_ms()
    client.write(broker, topic, sent, partition=None, idempotent=idempotent)
    for partition in range(PARTITIONS):
        found = stored(raw, topic, partition)
        mine = [r for r in sent if client.partition_of(r[0], PARTITIONS) == partition]
        assert mine, "a partition that nobody writes to"
        same(records_of(found), mine, since)
        for b in found:
            producer, epoch, sequence = b.producer
            assert producer >= 0 and (epoch, sequence) == (0, b.base_offset) if idempotent else producer == -1


def check_read(client, broker, raw, topic, sent, codec="none", per_batch=10):
    """Raw batches are written, the client reads."""
    since = now_ms()
    for start in range(0, len(sent), per_batch):
        records = [Record(v, k, h, t) for k, v, h, t in sent[start:start + per_batch]]
        assert raw.produce(topic, batch(records, codec=CODECS.index(codec))).error_code == 0
    same(client.read(broker, topic, {0: len(sent)})[0], sent, since)


def check_read_partitions(client, broker, raw, topic, partitions):
    """Raw batches are written to all partitions of `topic`, the client reads some of them."""
    sent, since = keyed(), now_ms()
    mine = {p: sent[p::PARTITIONS] for p in range(PARTITIONS)}
    for p, records in mine.items():
        assert raw.produce(topic, batch([Record(v, k) for k, v, _, _ in records]), partition=p).error_code == 0
    found = client.read(broker, topic, {p: len(mine[p]) for p in partitions})
    assert list(found) == list(partitions)
    for p in partitions:
        same(found[p], mine[p], since)


class Table:
    """Client x ability, filled in by the decorators of the tests."""

    def __init__(self, *clients):
        self.clients = clients
        self.cells = set()

    def each(self, verb, clients, abilities, smoke=()):
        """A case for each of the clients with each of the abilities that it does not disclaim."""
        cases = [(c, a) for c in clients for a in abilities if self.disclaimed(c, verb, a) is None]

        def mark(test):
            assert test.__name__.startswith("test_")
            self.cells.update((c.name, verb, a) for c, a in cases)
            return pytest.mark.parametrize("client, ability", [
                pytest.param(c, a, id=f"{c.name}-{a}", marks=[pytest.mark.smoke] if c in smoke else [])
                for c, a in cases])(test)

        return mark

    @staticmethod
    def disclaimed(client, verb, ability):
        """Why the client cannot do it; None when it can."""
        if verb == "read" and ability in WRITING_ONLY:
            return "a producer's"
        reasons = client.cannot[verb]
        return reasons if isinstance(reasons, str) else reasons.get(ability)

    def _letter(self, client, verb, ability):
        if (client.name, verb, ability) in self.cells:
            return verb[0]
        return "?" if self.disclaimed(client, verb, ability) is None else "-"

    def text(self):
        """The table; a ? is what nobody has tested (A1)."""
        first = max(len(c.name) for c in self.clients)
        lines = [" ".join([" " * first, *ABILITIES])]
        for c in self.clients:
            cells = [self._letter(c, "write", a) + self._letter(c, "read", a) for a in ABILITIES]
            lines.append(" ".join([c.name.ljust(first), *(x.ljust(len(a)) for a, x in zip(ABILITIES, cells))]).rstrip())
        return "\n".join(lines)

    def check(self, docstring):
        """The docstring shows this very table, and it has no hole."""
        text = self.text()
        assert "?" not in text, f"nobody tests what is marked so:\n{text}"
        shown = "\n".join(line.strip() for line in docstring.splitlines())
        assert "\n".join(line.strip() for line in text.splitlines()) in shown, f"the table at the top should be:\n{text}"
