"""CSV that is damaged or made up: each line is a row or is quarantined, or the file is refused."""

import gzip
from pathlib import Path
from random import Random

from row_ingest import accounted

from components.contract import CLASSIFICATION, REGRESSION
from torture.mutation import HOSTILE_TEXTS, spoiled_bytes
from torture.part import Part

CELLS = (
    "0",
    "1",
    "-1.5",
    "1e3",
    "",
    "NA",
    "a",
    "b c",
    '"a"',
    '"a,b"',
    '"a""b"',
    '5"',
    '"',
    "2020-01-02",
    "nan",
    "+7",
    " 3 ",
)
LONG_CELLS = ("9" * 5_000, "1" * 20_000 + "x", '"' * 2_001, "a" * 200_000, "\r", '"\n"', "-" * 400, ",,,,")


def run(random: Random, folder: Path) -> str:
    """Writes rows, spoils them, and takes them in."""
    sign = random.choice((",", ";", "\t"))
    width = random.randint(1, 5)
    names = ["label", *(f"column {number}" for number in range(1, width))]
    if random.random() < 0.2:
        names[random.randrange(width)] = random.choice(HOSTILE_TEXTS)
    header = random.random() < 0.8
    lines = [sign.join(names)] * header
    lines += [_line(random, width, sign) for _ in range(random.choice((0, 1, 20, 200)))]
    content = random.choice(("\n", "\r\n", "\n\n")).join(lines).encode("utf-8", "surrogatepass")
    if random.random() < 0.5:
        content = spoiled_bytes(random, content)
    name = random.choice(("rows.csv", "rows.csv.gz"))
    if name.endswith(".gz"):
        content = b"".join(gzip.compress(part, compresslevel=1) for part in _parts(random, content))
        if random.random() < 0.2:
            content = spoiled_bytes(random, content)
    path = folder / name
    path.write_bytes(content)
    settings = {
        # Most settings fit the file: what is refused at its first line gets no farther.
        "label": random.choices((names[0] if header else "column_0", "label", "column_0"), (18, 1, 1))[0],
        "delimiter": sign,
        "header": random.choices(("yes" if header else "no", "auto", "yes", "no"), (8, 8, 1, 1))[0],
        "newlines_in_values": random.random() < 0.3,
        "decimal": "," if sign != "," and random.random() < 0.2 else ".",
        "missing": random.choice((("",), ("", "NA"))),
        "keep_places": random.random() < 0.2,
        "split": random.choice(
            ({}, {"by": "hash", "count_conflicts": True}, {"by": "rows", "eval_rows": 2, "test_rows": 2})
        ),
    }
    task = random.choice((CLASSIFICATION, CLASSIFICATION, REGRESSION))
    return "quarantined" if accounted(path, task, **settings)[1] else "taken"


def _line(random: Random, width: int, sign: str) -> str:
    cells = [random.choice(CELLS) for _ in range(width)]
    if random.random() < 0.03:
        cells[random.randrange(width)] = random.choice((*HOSTILE_TEXTS, *LONG_CELLS))
    if random.random() < 0.02:
        cells.append("1")
    return sign.join(cells)


def _parts(random: Random, content: bytes) -> list[bytes]:
    """Of a .gz with several members."""
    cuts = sorted(random.randrange(len(content) + 1) for _ in range(random.choice((0, 0, 1, 3))))
    return [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]


PART = Part(name="csv_rows", cases=20_000, run=run)
