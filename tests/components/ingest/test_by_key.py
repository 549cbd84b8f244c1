from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from unfaithful_runner import ARGUMENTS, FAITHFUL, MIXES, unfaithful

from components.errors import error_in_chain
from components.ingest.by_key import CombineByKey


def sums(folder):
    """What the values of two keys add up to."""
    folder.mkdir()
    with beam.Pipeline(options=PipelineOptions(list(ARGUMENTS))) as pipeline:
        _ = (
            pipeline
            | beam.Create([("a", 1), ("b", 2), ("a", 3)])
            | CombineByKey(sum)
            | beam.MapTuple(lambda key, found: Path(folder, key).write_text(str(found)))
        )
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_no_key_gets_what_is_of_another(tmp_path):
    with unfaithful(FAITHFUL) as seen:
        assert sums(tmp_path / "faithful") == {"a": "4", "b": "2"}
    words = []
    for number in range(seen.seen):
        try:
            with unfaithful(MIXES, number):
                assert sums(tmp_path / str(number)) == {"a": "4", "b": "2"}
        except RuntimeError as error:
            words.append(error_in_chain(error).cause)
    assert "Records were lost or doubled on the way: what came to a was of b." in words
