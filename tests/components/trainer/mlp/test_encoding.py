import numpy as np
import pytest
import tensorflow as tf

from components.trainer.mlp.config import MLP
from components.trainer.mlp.encoding import Encoding
from components.trainer.mlp.model import build_model
from components.transform.vector import FIRST, MISSING, UNSEEN, Part, RawColumn, VectorLayout, placed

PARTS = placed(
    [
        Part(column="age", kind="number", begin=0),
        Part(column="sex", kind="boolean", begin=0, coded=True, values=("f", "m"), missing=True),
        Part(column="port", kind="category", begin=0, coded=True, values=("C", "S")),
        Part(
            column="town",
            kind="category",
            begin=0,
            coded=True,
            values=("x", "y"),
            buckets=300,
            missing=True,
            embedding=3,
        ),
    ]
)
LAYOUT = VectorLayout(
    columns={"age": "float", "sex": "string", "port": "string", "town": "string"},
    parts=PARTS,
    raw=tuple(RawColumn(column=part.column) for part in PARTS),
)


def encoded(*vectors, layout=LAYOUT, shared=False):
    layer = Encoding(layout, seed=3, shared=shared)
    return layer(tf.constant(vectors, tf.float32)).numpy(), layer


def test_codes_become_one_number_a_value_and_what_was_not_learned_zeros():
    found, _ = encoded(
        [0.5, FIRST, FIRST + 1, UNSEEN],
        [1.5, FIRST + 1, UNSEEN, UNSEEN],
        [2.5, MISSING, MISSING, UNSEEN],
        [3.5, UNSEEN, FIRST, UNSEEN],
    )
    np.testing.assert_array_equal(
        found[:, :6],
        [
            [0.5, 1, 0, 0, 0, 1],
            [1.5, 0, 1, 0, 0, 0],
            [2.5, 0, 0, 1, 0, 0],
            [3.5, 0, 0, 0, 1, 0],
        ],
    )
    assert not found[:, 6:].any()


def test_codes_become_what_is_learned_for_them():
    codes = [FIRST, FIRST + 1, FIRST + 301, MISSING, UNSEEN]
    found, layer = encoded(*([0, MISSING, MISSING, code] for code in codes))
    (table,) = (variable.numpy() for variable in layer.trainable_variables)
    assert table.shape == (303, 3)
    np.testing.assert_array_equal(found[:4, 6:], table[[0, 1, 301, 302]])
    assert not found[4:, 6:].any()


def test_columns_share_a_table_where_each_value_has_a_row_of_its_own():
    """What is embedded comes last, as wide as the widest; a hole of one column isn't the first value of the next."""
    more = [
        Part(column="street", kind="category", begin=0, coded=True, values=("p", "q", "r"), missing=True, embedding=5),
        Part(column="floor", kind="category", begin=0, coded=True, values=("0", "1")),
        Part(column="door", kind="category", begin=0, coded=True, values=("l", "r"), embedding=2),
    ]
    layout = LAYOUT.model_copy(update={"parts": placed([*PARTS, *more])})
    found, layer = encoded(
        [0, FIRST, FIRST, FIRST, FIRST, FIRST, FIRST],
        [0, FIRST, FIRST, MISSING, MISSING, FIRST, MISSING],
        [0, FIRST, FIRST, FIRST + 301, FIRST + 2, FIRST + 1, FIRST + 1],
        [0, FIRST, FIRST, UNSEEN, UNSEEN, UNSEEN, UNSEEN],
        layout=layout,
        shared=True,
    )
    (table,) = (variable.numpy() for variable in layer.trainable_variables)
    assert table.shape == (303 + 4 + 2, 5)
    nothing = np.zeros(5, np.float32)
    expected = [
        [table[0], table[303], table[307]],
        [table[302], table[306], nothing],
        [table[301], table[305], table[308]],
        [nothing, nothing, nothing],
    ]
    np.testing.assert_array_equal(found[:, 8:].reshape(4, 3, 5), expected)
    np.testing.assert_array_equal(found[:, 6:8], [[1, 0], [1, 0], [0, 1], [0, 0]])


@pytest.mark.parametrize("share", [False, True])
def test_tables_are_shared_only_where_asked_for(share):
    parts = [
        Part(column=f"c{at}", kind="category", begin=0, coded=True, values=("a", "b"), embedding=2 + at // 9)
        for at in range(10)
    ]
    layout = LAYOUT.model_copy(update={"parts": placed(parts)})
    model = build_model(MLP(widths=(8,), share_embeddings=share), layout, 2, seed=0)
    assert len(model.layers[1].trainable_variables) == (1 if share else 10)
    assert model.layers[2].kernel.shape[0] == (30 if share else 21)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_codes_are_told_apart_whatever_the_layers_compute_with(precision):
    model = build_model(MLP(widths=(8,)), LAYOUT, 2, seed=0, precision=precision)
    vectors = [[0.0, FIRST, FIRST, FIRST + code] for code in range(300)]
    assert len(np.unique(model(tf.constant(vectors)).numpy())) > (250 if precision == "float32" else 20)
    assert model.count_params() == 303 * 3 + (1 + 3 + 2 + 3 + 1) * 8 + 9


def test_a_vector_of_numbers_alone_goes_in_as_it_is():
    numbers = LAYOUT.model_copy(update={"parts": PARTS[:1]})
    assert build_model(MLP(widths=(8,)), numbers, 2, seed=0).count_params() == 2 * 8 + 9
