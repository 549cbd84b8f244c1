import pytest
import tf_keras as keras

from components.report.layers import BLOCK, blocks_of, layers_of
from components.trainer.layers import summary_of, trained_now


@pytest.fixture(scope="module")
def summary():
    """MobileNetV2 with a head, as it is in phase 1 and in phase 2."""
    base = keras.applications.MobileNetV2(input_shape=(32, 32, 3), include_top=False, weights=None)
    base.trainable = False
    photos = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(base(photos, training=False))
    model = keras.Model(photos, keras.layers.Dense(1, name="head")(pooled))
    first = trained_now(model)
    base.trainable = True
    for layer in base.layers[:100]:
        layer.trainable = False
    return summary_of(model, {"feature extraction": first, "fine tuning": trained_now(model)})


def test_the_layers_of_the_base_are_folded_by_block(summary):
    blocks = blocks_of(summary)
    assert len(layers_of(summary)) == len(summary.layers) == 157
    assert [block.name for block in blocks if block.part] == [
        *(blocks[1].name, "expanded_conv"),
        *(f"block_{number}" for number in range(1, 17)),
        "Conv_1 to out_relu",
    ]
    assert blocks[1].name.endswith(" to Conv1_relu")
    assert [block.kinds for block in blocks if not block.part] == ["InputLayer", "GlobalAveragePooling2D", "Dense"]
    one = next(block for block in blocks if block.name == "block_1")
    assert one.layers == 9
    assert one.kinds == "2 Conv2D, 3 BatchNormalization, 2 ReLU, ZeroPadding2D, DepthwiseConv2D"
    assert one.output == "8 x 8 x 24"
    assert one.trained == (0, 0)
    assert sum(block.parameters for block in blocks) == 2_259_265
    assert [sum(counts) for counts in zip(*(block.trained for block in blocks), strict=True)] == [1_281, 1_862_721]


def test_a_few_layers_are_shown_one_by_one(summary):
    few = summary.model_copy(update={"layers": summary.layers[:30]})
    assert blocks_of(few) == layers_of(few)


@pytest.mark.parametrize(
    ("layer", "block"),
    [
        ("block_3_expand_BN", "block_3"),
        ("expanded_conv_project", "expanded_conv"),
        ("expanded_conv_7/squeeze_excite/Conv", "expanded_conv_7"),
        ("block2a_project_conv", "block2a"),
        ("conv2_block1_preact_bn", "conv2_block1"),
        ("conv4_block6_out", "conv4_block6"),
        ("convnext_tiny_stage_0_block_1_depthwise_conv", "convnext_tiny_stage_0_block_1"),
    ],
)
def test_blocks_are_told_by_the_names_of_their_layers(layer, block):
    assert BLOCK.match(layer)[0] == block


@pytest.mark.parametrize("layer", ["Conv1", "bn_Conv1", "out_relu", "stem_conv", "top_activation", "conv1_conv"])
def test_other_layers_are_of_no_block(layer):
    assert BLOCK.match(layer) is None
