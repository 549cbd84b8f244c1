"""Tables of columns of every kind, from the CSV file to an answer: each cell is accounted for, and means the same.

What the model answers tells what came of a cell: its weights are random, so that any other vector has another answer.
"""

import csv
import datetime
import io
import math
from collections import Counter

import mixed_rows
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from row_ingest import as_dict, taken

from components.contract import FEATURES, LABEL
from components.trainer.mlp.config import MLP
from components.trainer.mlp.export import ServedRows, export_rows
from components.trainer.mlp.model import build_model
from components.trainer.mlp.trained import Network

CLASSES = ("died", "lived")
ROW = "row"
"""A column that isn't learned from, with the row's number: records of several splits aren't in the file's order."""

COLUMNS = (*mixed_rows.TYPES, LABEL, ROW)
LONG = "x" * 10_000

ODD_NUMBERS = {"": None, "1e5": 1e5, " 7 ": 7.0, "+3": 3.0, "-0": 0.0, ".5": 0.5, "1.": 1.0}
BAD_NUMBERS = ("abc", "0x10", "1_000", "1,5", "nan", "-inf", "1e99", "\u0663")
ODD_CODES = {"": None, "2": 2, "2.0": 2, "+3": 3, " 1 ": 1, "-4": -4, "99": 99}
BAD_CODES = ("2.5", "two", "1e3", "9" * 30)
ODD_TEXTS = ("", "Köln", "KÖLN", "Ko\u0308ln", " Cork", "Cork ", "Atlantis", "NA", "nan", "0", LONG, "ü" * 5_000)
BLANKS = (" ", "\t ", "\r", "\n", "\x1c", "\x85", "\u00a0", "\u2003", "\u3000 ", "\x01", "\u200b", "\ufeff")
BAD_DATES = ("2021-02-30", "2021-13-01", "tomorrow", "01/02/2021", "2021-01-01T25:00", "1.5")
NO_DATE = ("",)

TEXTS = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.sampled_from(["Cork", "Oslo", "town 1", "town 7", "yes", "no"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(',"\n; '), max_size=9),
)
NUMBERS = st.one_of(
    st.floats(-1e6, 1e6, width=32).map(repr), st.sampled_from([*ODD_NUMBERS]), st.sampled_from(BAD_NUMBERS)
)
CODES = st.one_of(st.integers(0, 4).map(str), st.sampled_from([*ODD_CODES]), st.sampled_from(BAD_CODES))
MOMENTS = st.datetimes(datetime.datetime(1600, 1, 1), datetime.datetime(2400, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
DATES = st.one_of(
    MOMENTS.map(lambda moment: moment.isoformat()),
    MOMENTS.map(lambda moment: f" {moment:%Y-%m-%d} "),
    st.tuples(MOMENTS, st.sampled_from(["Z", "+02:00", "-0530", " +01", ".25Z"])).map(
        lambda pair: f"{pair[0]}{pair[1]}"
    ),
    st.sampled_from([*NO_DATE, *BAD_DATES]),
)
CELLS = {"float": NUMBERS, "int": CODES, "string": TEXTS, "date": DATES}
LABELS = st.sampled_from([*CLASSES, *CLASSES, *CLASSES, "", " died ", "sank"])
ROWS = st.tuples(*(CELLS[kind] for kind in mixed_rows.TYPES.values()), LABELS)


def value_of(kind, cell):
    """What a cell holds, None for a hole; NaN for one whose row is to be quarantined."""
    match kind:
        case "float":
            known = math.nan if cell in BAD_NUMBERS else ODD_NUMBERS[cell] if cell in ODD_NUMBERS else float(cell)
            return known if known is None else float(np.float32(known))
        case "int":
            return math.nan if cell in BAD_CODES else ODD_CODES[cell] if cell in ODD_CODES else int(cell)
        case "date":
            return math.nan if cell in BAD_DATES else None if cell in NO_DATE else seconds_of(cell.strip())
        case _:
            return cell.encode() if cell.strip() else None


def seconds_of(text):
    """By Python's own reading, which wants a colon and minutes in a zone."""
    zone = {"0530": "05:30", " +01": "+01:00"}
    for written, plain in zone.items():
        text = text[: -len(written)] + plain if text.endswith(written) else text
    moment = datetime.datetime.fromisoformat(text.replace(".25Z", "Z").replace("Z", "+00:00"))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(seconds=1)


def expected(row):
    """The features of a row's record, and the columns for which it is to be quarantined instead."""
    values = {name: value_of(kind, cell) for (name, kind), cell in zip(mixed_rows.TYPES.items(), row, strict=False)}
    bad = [name for name, value in values.items() if isinstance(value, float) and math.isnan(value)]
    label = row[-1].strip()
    bad += [LABEL] if label not in CLASSES else []
    return {name: value for name, value in values.items() if value is not None} | {LABEL: label.encode()}, bad


def sent(rows):
    """Rows as a request has them, column by column."""
    found = {}
    for at, (name, kind) in enumerate(mixed_rows.TYPES.items()):
        cells = [row[at] for row in rows]
        if kind in ("float", "int"):
            values = [math.nan if (value := value_of(kind, cell)) is None else value for cell in cells]
            found[name] = tf.constant(values, tf.float32 if kind == "float" else tf.float64)
        else:
            found[name] = tf.constant(cells, tf.string)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(what training makes of records, the signatures of the exported model, and the network itself)."""
    folder = tmp_path_factory.mktemp("mixed")
    layout = mixed_rows.analysed(mixed_rows.table(600), folder / "transform")
    output = tft.TFTransformOutput(str(folder / "transform"))
    network = build_model(MLP(widths=(32,)), layout, len(CLASSES), seed=1)
    rows = ServedRows(Network(network), output, layout, CLASSES, ())
    export_rows(rows, str(folder / "model"))
    transform, spec = output.transform_features_layer(), output.raw_feature_spec()

    def vectors(records):
        return transform(tf.io.parse_example(tf.constant(records), spec))[FEATURES]

    return vectors, tf.saved_model.load(str(folder / "model")).signatures, network


@pytest.fixture(scope="module")
def ingest(tmp_path_factory):
    """Takes rows through a CSV file; returns the serialized records in the file's order, what is found, the faults."""
    folder = tmp_path_factory.mktemp("ingested")

    def run(rows):
        text = io.StringIO()
        # csv itself quotes a carriage return only where it ends lines.
        quoting = csv.QUOTE_ALL if any("\r" in cell for row in rows for cell in row) else csv.QUOTE_MINIMAL
        writer = csv.writer(text, lineterminator="\n", quoting=quoting)
        writer.writerows([COLUMNS, *((*row, at) for at, row in enumerate(rows))])
        (folder / "rows.csv").write_bytes(text.getvalue().encode())
        types = {**{name: kind for name, kind in mixed_rows.TYPES.items() if kind != "date"}, ROW: "int"}
        records, found, faults = taken(
            folder / "rows.csv",
            folder / "records.gz",
            label=LABEL,
            header="yes",
            types=types,
            dates={"day": "iso"},
            classes=CLASSES,
            newlines_in_values=True,
        )
        return sorted(records, key=lambda record: as_dict(record)[ROW]), found, faults

    return run


GOOD = ("30", "7.25", "12", "2", "Cork", "town 7", "yes", "1971-06-01T12:00:00", "sea Deck", "died")


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
@example(rows=[GOOD, ("",) * 9 + ("lived",), (*GOOD[:4], LONG, LONG, LONG, "", LONG, "lived")])
@example(rows=[(*GOOD[:7], "1999-12-31 23:45:00-0530", *GOOD[8:]), (*GOOD[:5], "a\rb", *GOOD[6:])])
@example(rows=[(*GOOD[:7], "2021-02-30", *GOOD[8:]), (*GOOD[:9], ""), ("abc", *GOOD[1:])])
@example(rows=[(*GOOD[:4], *[blank] * 3, GOOD[7], blank, "died") for blank in BLANKS])
def test_each_cell_is_accounted_for_and_is_served_as_it_is_trained_on(ingest, served, rows):
    vectors, signatures, network = served
    made = [expected(row) for row in rows]
    records, found, faults = ingest(rows)
    assert found == len(rows) == len(records) + len(faults)
    kept = [{**record, ROW: at} for at, (record, bad) in enumerate(made) if not bad]
    assert list(map(as_dict, records)) == kept
    for fault, bad in zip(faults, [bad for _, bad in made if bad], strict=True):
        assert any(name in fault.reason for name in bad), (fault, bad)
    if not records:
        return
    answers = signatures["columns"](**sent([rows[record[ROW]] for record in kept]))["scores"].numpy()
    assert np.isfinite(answers).all()
    by_example = signatures["serving_default"](examples=tf.constant(records))["scores"].numpy()
    np.testing.assert_allclose(answers, by_example, atol=1e-6)
    # Training has no record that lacks what no training row lacked.
    whole = [at for at, record in enumerate(kept) if all(name in record for name in mixed_rows.FIXED)]
    if whole:
        trained = tf.sigmoid(network(vectors([records[at] for at in whole])))[:, 0].numpy()
        np.testing.assert_allclose(answers[whole, 1], trained, atol=1e-6)


def test_the_answer_tells_what_came_of_each_column(served):
    _, signatures, _ = served
    others = ("31", "8.25", "500", "3", "Oslo", "town 8", "no", "1972-06-01T12:00:00", "ship")
    changed = [GOOD, *((*GOOD[:at], other, *GOOD[at + 1 :]) for at, other in enumerate(others))]
    answers = signatures["columns"](**sent(changed))["scores"].numpy()[:, 1]
    assert all(count == 1 for count in Counter(answers.round(5)).values())
