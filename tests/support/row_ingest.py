"""Takes a file of rows through all that CsvExampleGen does but Beam."""

import gzip
import json

import tensorflow as tf

from components.contract import CLASSIFICATION
from components.csv_example_gen.beam_pipeline import Plan, finish, number_rows
from components.csv_example_gen.blocks import ranges_of
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.splits import make_rule


def as_dict(record):
    """A serialized example as {name: value}; a feature without a value isn't there."""
    values = {}
    for name, feature in tf.train.Example.FromString(record).features.feature.items():
        if feature.WhichOneof("kind"):
            (values[name],) = getattr(feature, feature.WhichOneof("kind")).value
    return values


def accounted(path, task=None, **settings):
    """Takes files through the same, and checks that nothing is lost; returns how many were written and quarantined."""
    data = CsvData(path=str(path), **settings)
    layout = find_layout(list_files(data.path), data, {}, task or CLASSIFICATION)
    plan = Plan(layout, data, make_rule(data.split, layout, data.label, data.no_inputs))
    parts = plan.reader.parts()
    numbering = number_rows([(part, plan.reader.count(part)) for part in parts])
    done = [finish(piece, part, plan, numbering) for part in parts for piece in plan.reader.pieces(part)]
    written = sum(count for each in done for count in each.counts.values())
    quarantined = sum(len(each.faults) for each in done)
    assert sum(each.found for each in done) == written + quarantined + sum(each.unused for each in done)
    for each in done:
        assert all(gzip.decompress(records) for records in each.records.values())
        assert json.dumps([fault.model_dump() for fault in each.faults]).encode()
    return written, quarantined


def taken(path, target, range_bytes=10**6, **settings):
    """Writes the records of all splits into one file; returns them serialized, the number found, and the faults."""
    data = CsvData(path=str(path), **settings)
    layout = find_layout(list_files(data.path), data, {})
    plan = Plan(layout, data, make_rule(data.split, layout, data.label, data.no_inputs))
    (file,) = layout.files
    newlines = data.newlines_in_values
    parts = ranges_of(0, file, whole=newlines, range_bytes=range_bytes)
    numbering = number_rows([(part, plan.reader.count(part)) for part in parts])
    pieces = ((part, piece) for part in parts for piece in plan.reader.pieces(part))
    finished = [finish(piece, part, plan, numbering) for part, piece in pieces]
    found = sum(done.found for done in finished)
    assert found == numbering.total
    target.write_bytes(b"".join(each for done in finished for each in done.records.values()))
    records = tf.data.TFRecordDataset(str(target), compression_type="GZIP")
    return [record.numpy() for record in records], found, [fault for done in finished for fault in done.faults]
