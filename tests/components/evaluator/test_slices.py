import numpy as np
import tensorflow as tf

from components.evaluator.slices import RawFeatures, slices


def example(**features):
    def feature(values):
        if isinstance(values[0], bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    found = {name: feature(values) for name, values in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=found)).SerializeToString()


def found_in(examples, raw, **made):
    made = {name: np.array(values) for name, values in made.items()}
    values = raw.read(tf.constant(examples))
    return {key: chosen.tolist() for key, chosen in slices(len(examples), values, made)}


def test_an_example_is_in_a_slice_for_each_of_its_values():
    examples = [example(tag=[b"b", b"a", b"b"]), example(), example(tag=["ü".encode()], number=[-3])]
    assert found_in(examples, RawFeatures(["tag", "number", "nowhere"])) == {
        (): [0, 1, 2],
        (("tag", "a"),): [0],
        (("tag", "b"),): [0],
        (("tag", "ü"),): [2],
        (("number", -3),): [2],
    }


def test_a_feature_that_comes_late_is_found():
    raw = RawFeatures(["tag"])
    assert found_in([example(), example(number=[1])], raw) == {(): [0, 1]}
    assert found_in([example(), example(tag=[b"a"])], raw) == {(): [0, 1], (("tag", "a"),): [1]}
    assert found_in([example(), example()], raw) == {(): [0, 1]}


def test_the_model_makes_columns():
    assert found_in([example(), example()], RawFeatures([]), half=[2, 1]) == {
        (): [0, 1],
        (("half", 1),): [1],
        (("half", 2),): [0],
    }
