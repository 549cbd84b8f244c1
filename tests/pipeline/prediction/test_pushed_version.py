import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.prediction.pushed_version import find_pushed


def test_a_push_to_a_bucket_that_died_is_not_used(object_store):
    config = apply_overrides(catalog.load("digits"), ["output_dir=gs://bucket"])
    object_store.put("digits/pushed/10/fingerprint.pb", b"half")
    object_store.put("digits/pushed/.pushing-10", b"a claim")
    with pytest.raises(TransferlineError, match="No model of 'digits' has been pushed yet"):
        find_pushed(config)
    object_store.put("digits/pushed/9/saved_model.pb", b"whole")
    assert find_pushed(config) == "gs://bucket/digits/pushed/9"
    with pytest.raises(TransferlineError, match="There is no pushed model 10"):
        find_pushed(config, 10)
