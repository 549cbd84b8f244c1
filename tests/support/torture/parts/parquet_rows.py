"""Parquet that is damaged or made up: each row is taken or quarantined, or the file is refused."""

import datetime
import decimal
from pathlib import Path
from random import Random

from row_ingest import accounted

from components.arrow import pa, parquet
from components.contract import CLASSIFICATION, REGRESSION
from torture.data import with_extreme
from torture.mutation import HOSTILE_NUMBERS, HOSTILE_TEXTS, spoiled_bytes
from torture.part import Part

VALUES = {
    "text": (pa.string(), ("a", "b", "", *(text for text in HOSTILE_TEXTS if text.isprintable()))),
    "float": (pa.float64(), (0.0, 1.5, -1e300, float("nan"), float("inf"))),
    "half": (pa.float32(), (0.0, 1.5)),
    "int": (pa.int64(), (0, 1, -1, 2**63 - 1, -(2**63))),
    "small": (pa.int8(), (0, 1, -1)),
    "large": (pa.uint64(), (0, 1, 2**64 - 1)),
    "truth": (pa.bool_(), (True, False)),
    "day": (pa.date32(), (datetime.date(1, 1, 1), datetime.date(2020, 2, 29), datetime.date(9999, 12, 31))),
    "time": (pa.timestamp("us", "UTC"), (datetime.datetime(1970, 1, 1), datetime.datetime(2262, 1, 1))),
    "exact": (pa.decimal128(12, 2), (decimal.Decimal("1.50"), decimal.Decimal("-9999999999.99"))),
    "bytes": (pa.binary(), (b"a", b"\xff")),
    "list": (pa.list_(pa.int64()), ([1], [])),
    "nothing": (pa.null(), (None,)),
}


def run(random: Random, folder: Path) -> str:
    """Writes rows, spoils them, and takes them in."""
    rows = random.choice((0, 1, 50))
    names = random.sample([name for name in VALUES if name not in ("bytes", "list")], random.randint(1, 4))
    names += random.sample(("bytes", "list"), 1) * (random.random() < 0.05)
    columns = {name: _column(random, name, rows) for name in names}
    columns["label"] = _column(random, random.choice(("text", "int", "truth", "float")), rows)
    table = pa.table(columns)
    if random.random() < 0.1:
        table = table.rename_columns([random.choice(("a", "é", "", "label", "a b")) for _ in table.column_names])
    path = folder / "rows.parquet"
    compression = random.choice(("none", "snappy", "gzip", "zstd"))
    group = random.choice((7, 1000))
    parquet.write_table(
        table, path, compression=compression, row_group_size=group, use_dictionary=random.random() < 0.5
    )
    if random.random() < 0.6:
        path.write_bytes(random.choice((spoiled_bytes, with_extreme))(random, path.read_bytes()))
    settings = {
        "types": random.choice(({}, {}, {"text": "float"}, {"int": "string"}, {"float": "int"})),
        "dates": random.choice(({}, {}, {"day": "iso"}, {"text": "%Y"}, {"time": "iso"})),
        "split": random.choice(({}, {"by": "hash", "count_conflicts": True})),
    }
    settings["types"] = {name: kind for name, kind in settings["types"].items() if name in columns}
    settings["dates"] = {
        name: form for name, form in settings["dates"].items() if name in columns and name not in settings["types"]
    }
    task = random.choice((CLASSIFICATION, CLASSIFICATION, REGRESSION))
    return "quarantined" if accounted(path, task, **settings)[1] else "taken"


def _column(random: Random, name: str, rows: int) -> pa.Array:
    kind, values = VALUES[name]
    if name == "float" and random.random() < 0.2:
        values = tuple(map(float, HOSTILE_NUMBERS))
    return pa.array([random.choice((None, *values)) for _ in range(rows)], kind)


PART = Part(name="parquet_rows", cases=20_000, run=run)
