import pytest
from report_samples import curves

from components.report.review import Latency, Review, Sample, TrainingReview
from components.report.training_view import (
    before_the_first_step,
    latency_sentence,
    model_sentence,
    nine_of,
    training_view,
    why_validation_looks_better,
)
from components.trainer.model_summary import LayerSummary, ModelSummary, TreesSummary

DROPPING = ModelSummary(
    phases=("feature extraction", "fine tuning"),
    layers=(
        LayerSummary(name="base", kind="Conv2D", output=(5, 5, 8), parameters=2_000, trained=(0, 1_500)),
        LayerSummary(name="dropout", kind="Dropout", output=(8,), parameters=0, trained=(0, 0), dropped=0.2),
        LayerSummary(name="head", kind="Dense", output=(1,), parameters=9, trained=(9, 9)),
    ),
    export_bytes=9_400_000,
)


def test_a_model_is_told_in_a_sentence():
    assert model_sentence(DROPPING) == (
        "2,009 parameters in 3 layers, of which so many learn: 9 in feature extraction, 1,509 in fine tuning. The "
        "exported model takes 9.4 MB."
    )
    trees = ModelSummary(trees=TreesSummary(trees=63, leaves=1953, depth=9), export_bytes=81_000)
    assert model_sentence(trees) == (
        "63 trees with 1,953 leaves, at most 9 questions deep. The exported model takes 81 KB."
    )


def test_how_long_it_takes_to_answer_is_told():
    latency = Latency(record="photo", alone=0.0314, at_once=32, together=0.9)
    assert latency_sentence(latency) == (
        "Where this page was drawn, it answers for one photo in 31 ms, and 32 at once 900 ms (medians, in TensorFlow, "
        "from the photo as it came)."
    )
    alone = Latency(record="row", alone=0.00123, at_once=1, together=0.00123)
    assert latency_sentence(alone).startswith("Where this page was drawn, it answers for one row in 1.2 ms (medians")


def test_what_there_was_before_the_first_step_is_told():
    found = curves(initial={"val_loss": 0.74, "val_accuracy": 0.52, "loss": 0.75})
    assert before_the_first_step(found) == (
        "Before the first step: validation loss 0.7400, validation accuracy 0.5200, training loss 0.7500."
    )
    assert before_the_first_step(curves()) == ""


def metrics(**changes):
    return {**curves().metrics, **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"val_loss": (0.7, 0.5, 0.4, 0.1)}, "in epoch 4 (loss 0.1000, training 0.2000)"),
        ({"val_accuracy": (0.5, 0.5, 0.5, 0.95)}, "in epoch 4 (accuracy 0.9500, training 0.9000)"),
    ],
)
def test_why_validation_looks_better_is_said_where_it_does(changes, said):
    found = why_validation_looks_better(TrainingReview(curves=curves(metrics=metrics(**changes))))
    assert said in found
    assert bool(found) == bool(said)


def test_it_goes_by_the_epoch_whose_weights_were_kept():
    changes = metrics(val_loss=(0.7, 0.5, 0.2, 0.45))
    assert why_validation_looks_better(TrainingReview(curves=curves(metrics=changes))) == ""
    found = why_validation_looks_better(TrainingReview(curves=curves(metrics=changes, best_epoch=3)))
    assert "in epoch 3 (loss 0.2000, training 0.3000)" in found


def test_what_makes_training_harder_is_named_only_where_it_is_there():
    better = curves(metrics=metrics(val_loss=(0.7, 0.5, 0.4, 0.1)))
    plain = why_validation_looks_better(TrainingReview(curves=better))
    assert "dropout" not in plain
    assert "augmentation" not in plain
    dropping = why_validation_looks_better(TrainingReview(curves=better, summary=DROPPING))
    assert dropping.endswith("measured after it, and dropout makes it harder in training alone.")
    both = why_validation_looks_better(TrainingReview(curves=better, summary=DROPPING, augmented=("data:,",)))
    assert both.endswith("and dropout and augmentation make it harder in training alone.")


def test_trees_are_measured_alike_in_both_splits():
    better = curves(metrics=metrics(val_loss=(0.7, 0.5, 0.4, 0.1)), unit="iteration")
    assert why_validation_looks_better(TrainingReview(curves=better)) == ""


def test_nine_photos_take_turns_by_class_and_none_is_shown_twice():
    samples = {
        label: tuple(Sample(label=label, place=f"{label}{number}", picture="data:,") for number in range(6))
        for label in ("cat", "dog")
    }
    nine, left = nine_of(samples)
    assert [each.place for each in nine] == [
        "cat0", "dog0", "cat1", "dog1", "cat2", "dog2", "cat3", "dog3", "cat4",
    ]  # fmt: skip
    assert {label: [each.place for each in photos] for label, photos in left.items()} == {
        "cat": ["cat5"],
        "dog": ["dog4", "dog5"],
    }
    rows = {"cat": (Sample(label="cat", columns={"a": "1"}),)}
    assert nine_of(rows) == ([], rows)


def test_the_command_of_tensorboard_is_for_a_shell():
    review = Review(pipeline="pets", training=TrainingReview(curves=curves(), logs="/my runs/7"))
    assert training_view(review)["tensorboard"] == "tensorboard --logdir '/my runs/7'"
    assert training_view(Review(pipeline="pets"))["tensorboard"] == ""
