"""What a broker did to files and sockets, read from strace's record.

In: a file written by `strace -f -ttt -T -yy -xx`. Out: calls with the time they began and ended, the bytes
they carried, and the file or the peer they went to.

S1: a call that strace shows in two halves (unfinished, resumed) is one call from its first half's time to
    its second half's.
"""

import re
from dataclasses import dataclass

STRACE = ["strace", "-D", "-f", "-ttt", "-T", "-yy", "-xx", "-s", "1000000", "-e", "signal=none", "-e",
          "trace=write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendfile,fsync,fdatasync,syncfs,sync,"
          "sync_file_range,io_uring_enter"]
WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg"}
SYNCS = {"fsync", "fdatasync"}

LINE = re.compile(r"^(\d+) +([\d.]+) (.*)$")
RESUMED = re.compile(r"^<\.\.\. \w+ resumed>(.*)$")
CALL = re.compile(r"^(\w+)\((.*)$", re.S)
ENDED = re.compile(r"\) += (-?\d+)[^<]*<([\d.]+)>$")
PLACE = re.compile(r"^\d+<(.*?)>(?:,|\)|>| |$)", re.S)
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
HEX = re.compile(r"\\x([0-9a-f]{2})")


@dataclass
class Call:
    """One system call: `start` and `end` in seconds, `place` a path or "TCP:[us->peer]"."""
    name: str
    place: str
    start: float
    end: float
    result: int
    data: bytes

    @property
    def peer(self):
        """The peer's port where the place is a TCP connection."""
        found = re.search(r"->.*:(\d+)\]", self.place)
        return int(found[1]) if found and self.place.startswith("TCP") else None


def _plain(text):
    return HEX.sub(lambda m: chr(int(m[1], 16)), text)


def _call(text, start, second_half_at):
    named, ended = CALL.match(text), ENDED.search(text)
    if not named or not ended:
        return None
    place = PLACE.match(named[2])
    carried = b"".join(bytes.fromhex(t.replace("\\x", "")) for t in TEXT.findall(named[2]))
    result = int(ended[1])
    data = carried[:max(result, 0)] if named[1] in WRITES else b""
    end = second_half_at if second_half_at else start + float(ended[2])
    return Call(named[1], _plain(place[1]) if place else "", start, end, result, data)


def read(path):
    """Every finished call in the order of their starts."""
    halves, calls = {}, []
    with open(path, errors="replace") as lines:
        for line in lines:
            parts = LINE.match(line.rstrip("\n"))
            if not parts:
                continue
            thread, at, text = parts[1], float(parts[2]), parts[3]
            resumed = RESUMED.match(text)
            if text.endswith("<unfinished ...>"):
                halves[thread] = (at, text[:-len("<unfinished ...>")])
                continue
            if resumed and thread in halves:
                start, before = halves.pop(thread)
                made = _call(before + resumed[1], start, at)
            else:
                made = _call(text, at, None)
            if made:
                calls.append(made)
    return sorted(calls, key=lambda c: c.start)


def frames_sent(calls, peer):
    """(time its first byte left, frame) for every whole frame sent to a peer's port."""
    stream, starts = b"", []
    for call in calls:
        if call.peer == peer and call.data:
            starts.append((len(stream), call.start))
            stream += call.data
    found, at = [], 0
    while at + 4 <= len(stream):
        size = int.from_bytes(stream[at:at + 4], "big")
        left = max(start for offset, start in starts if offset <= at)
        found.append((left, stream[at + 4:at + 4 + size]))
        at += 4 + size
    return found


def synced_at(calls, marker, suffix=".log"):
    """When the first sync ended that began after the bytes holding `marker` were written to a file.
    None when there was no such write or no such sync."""
    for written in calls:
        if marker in written.data and written.place.endswith(suffix):
            ends = [c.end for c in calls if c.start >= written.end and c.result == 0 and (
                c.name in SYNCS and c.place == written.place or c.name in ("syncfs", "sync"))]
            return min(ends, default=None)
    return None
