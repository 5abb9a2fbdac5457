"""docs/compatibility.md: which version of which API each client has had answered without an error, as the server itself counts them.

In: `ottla_client_answers_total` of the metrics page of every shared broker, noted before it ends, one file for each stage of ./test
in .cache/cells/. Out: `compatibility.py --write` writes the table; without it, an exit code other than 0 when a cell of the committed
table was not seen.

T1: a cell is client, API, version. The client's own version stands above its column and may change without the cell.
T2: a cell that is new is said and no failure: how often a client asks for what may depend on the machine. `--write` keeps it.
"""

import os
import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "compatibility.md"
CELLS = ROOT / ".cache" / "cells"

# What they call themselves, in the order of the columns. Whoever is not among them is a test of ours.
CLIENTS = {
    "Apache Kafka's tools": r"apache-kafka-java (\S+)",
    "confluent-kafka": r"confluent-kafka-python (\S+)",
    "kcat, librdkafka": r"librdkafka (\S+)",
    "kafka-python": r"kafka-python (\S+)",
    "aiokafka": r"aiokafka-(\S+)",
    "kafkajs": r"kafkajs-(\S+)",
}

ABOVE = """# Which clients speak what

Generated from the server's own counters (`ottla_client_answers_total` on the metrics page) while unmodified clients of other
projects ran against it: the versions of each API that were answered without an error. `./test foreign java groups compatibility`
fails when one of them is no longer; after such a run `python3 tests/compatibility.py --write` writes this page.

"""


def note(broker):
    """Adds what the running broker has counted to the file that the stage named."""
    wanted = os.environ.get("OTTLA_CELLS")
    page = re.search(r"^metrics on (\S+)$", broker.stdout(), re.M)
    if not wanted or not page:
        return
    with urllib.request.urlopen(page[1], timeout=30) as answer:
        text = answer.read().decode()
    found = re.findall(r'^ottla_client_answers_total\{client="([^"]*)",api="(\w+)",version="(\d+)"\} ', text, re.M)
    assert found, "a broker that has answered nobody"
    with open(wanted, "a") as lines:
        lines.writelines("\t".join(cell) + "\n" for cell in found)


def seen():
    """({(client, API, version)}, {client: its versions}) of all stages."""
    cells, versions = set(), {}
    for file in sorted(CELLS.glob("*")):
        for line in file.read_text().splitlines():
            said, api, version = line.split("\t")
            for client, pattern in CLIENTS.items():
                if match := re.fullmatch(pattern, said):
                    cells.add((client, api, int(version)))
                    versions.setdefault(client, set()).add(match[1])
    return cells, versions


def promised():
    """The cells of the committed table."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.read_text().splitlines() if line.startswith("|")]
    names = [re.sub(r" [^ ]*\d\S*$", "", name) for name in rows[0][1:]]
    return {(client, row[0], version) for row in rows[2:] for client, said in zip(names, row[1:]) for version in numbers(said)}


def numbers(text):
    """What `ranges` has written."""
    for part in filter(None, text.split(", ")):
        first, _, last = part.partition("–")
        yield from range(int(first), int(last or first) + 1)


def ranges(versions):
    """1, 2, 3, 5 as "1–3, 5"."""
    runs = []
    for version in sorted(versions):
        if runs and runs[-1][1] == version - 1:
            runs[-1][1] = version
        else:
            runs.append([version, version])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def written(cells, versions):
    clients = [client for client in CLIENTS if client in versions]
    heads = [f"{client} {max(versions[client])}" for client in clients]
    lines = [["API", *heads], ["---"] * (1 + len(heads))]
    for api in sorted({api for _, api, _ in cells}):
        lines.append([api, *(ranges({v for c, a, v in cells if (c, a) == (client, api)}) for client in clients)])
    return ABOVE + "".join("|" + "".join(f" {cell} |" for cell in line) + "\n" for line in lines)


def main():
    cells, versions = seen()
    missing = [client for client in CLIENTS if client not in versions]
    if missing:
        sys.exit(f"nothing was counted of {', '.join(missing)}: run ./test foreign java groups first")
    if "--write" in sys.argv[1:]:
        TABLE.write_text(written(cells, versions))
        return
    before = promised()
    for client, api, version in sorted(cells - before):
        print(f"new: {client} {api} {version}")
    lost = sorted(before - cells)
    for client, api, version in lost:
        print(f"lost: {client} {api} {version}")
    print(f"{len(before)} cells in {TABLE.name}, {len(cells)} seen")
    sys.exit(1 if lost or not before else 0)


if __name__ == "__main__":
    main()
