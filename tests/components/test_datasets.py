import ast
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.datasets import untuned

COMPONENTS = Path(__file__).parents[2] / "components"
MADE = ("TFRecordDataset", "from_tensor_slices")


def test_an_untuned_dataset_is_the_same_and_what_is_made_of_it_is_untuned_too():
    dataset = untuned(tf.data.Dataset.range(10))
    batches = dataset.shuffle(10, seed=1).map(lambda value: value + 1, tf.data.AUTOTUNE).batch(5).prefetch(2)
    assert sorted(np.concatenate(list(batches.as_numpy_iterator()))) == list(range(1, 11))
    assert batches.options().autotune.enabled is False
    assert batches.options().experimental_optimization.apply_default_optimizations is False


@pytest.mark.parametrize("file", sorted(COMPONENTS.rglob("*.py")), ids=lambda file: str(file.relative_to(COMPONENTS)))
def test_no_dataset_is_tuned_while_it_is_read(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    makes = names & set(MADE)
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not makes or "untuned" in calls
