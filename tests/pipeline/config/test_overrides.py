from typing import Annotated, Literal

import pytest
from pydantic import Field

from components.errors import TransferlineError
from components.settings import Settings
from pipeline import catalog
from pipeline.config import Number
from pipeline.config.overrides import apply_overrides, with_settings


class Inner(Settings):
    epochs: Annotated[int, Field(ge=0)] = 10
    rate: float = 1e-4


class Outer(Settings):
    inner: Inner = Inner()
    weights: str | None = "imagenet"
    head: Literal["auto", "logit"] = "auto"
    flip: bool = True
    names: tuple[str, ...] = ()
    layers: tuple[Inner, ...] = ()
    aliases: dict[str, str] = Field(default_factory=dict)


@pytest.mark.parametrize(
    ("assignment", "changed"),
    [
        ("inner.epochs=3", Outer(inner=Inner(epochs=3))),
        ("inner.rate=1e-3", Outer(inner=Inner(rate=0.001))),
        ("weights=None", Outer(weights=None)),
        ("weights=null", Outer(weights=None)),
        ("weights=/data/a=b.h5", Outer(weights="/data/a=b.h5")),
        ("flip=false", Outer(flip=False)),
        ("head=logit", Outer(head="logit")),
        ('names=["a", "b"]', Outer(names=("a", "b"))),
        ("aliases.cats=cat", Outer(aliases={"cats": "cat"})),
        ('inner={"epochs": 1}', Outer(inner=Inner(epochs=1))),
        ("weights=[odd] name.h5", Outer(weights="[odd] name.h5")),
        ("weights=", Outer(weights="")),
        (" inner.epochs = 4 ", Outer(inner=Inner(epochs=4))),
    ],
)
def test_a_value_is_read_as_its_settings_type(assignment, changed):
    assert apply_overrides(Outer(), [assignment]) == changed


def test_the_last_assignment_of_a_key_holds():
    assert apply_overrides(Outer(), ["inner.epochs=1", "inner.epochs=2"]).inner.epochs == 2


def test_every_fault_is_named_at_once_with_the_nearest_key():
    with pytest.raises(TransferlineError) as caught:
        apply_overrides(Outer(), ["inner.epoch=3", "inner.rate=fast", "heads=logit", "flip"])
    cause = caught.value.cause
    assert "inner.epoch: there is no such setting (did you mean 'inner.epochs'?)" in cause
    assert "inner.rate: 'fast'" in cause
    assert "heads: there is no such setting (did you mean 'head'?)" in cause
    assert "'flip': write it as key=value" in cause


def test_a_value_out_of_bounds_names_its_key():
    with pytest.raises(TransferlineError, match=r"inner\.epochs.*greater than or equal to 0"):
        apply_overrides(Outer(), ["inner.epochs=-1"])


def test_an_unknown_key_inside_json_is_named_with_the_nearest():
    with pytest.raises(TransferlineError, match=r"inner\.epoch: there is no such setting \(did you mean 'epochs'\?\)"):
        apply_overrides(Outer(), ['inner={"epoch": 1}'])


def test_an_unknown_key_inside_a_list_is_named():
    with pytest.raises(TransferlineError, match=r"layers\.0\.epoch: there is no such setting"):
        apply_overrides(Outer(), ['layers=[{"epoch": 1}]'])


def test_a_value_that_looks_like_json_but_is_not_says_where():
    with pytest.raises(TransferlineError, match=r"isn't JSON.*character"):
        apply_overrides(Outer(), ['names=["a",'])


@pytest.mark.parametrize("value", ["[" * 50_000, '{"a":' * 50_000, "[" + "9" * 5_000 + "]"], ids=["[", "{", "digits"])
def test_json_that_no_parser_takes_is_said_in_a_few_words(value):
    with pytest.raises(TransferlineError) as caught:
        apply_overrides(Outer(), [f"names={value}"])
    assert "names: " in caught.value.cause
    assert len(caught.value.cause) < 400


def test_a_value_as_long_as_a_book_is_quoted_from_its_beginning():
    with pytest.raises(TransferlineError) as caught:
        apply_overrides(Outer(), ["inner.epochs=" + "a" * 70_000])
    assert "'aaa" in caught.value.cause
    assert len(caught.value.cause) < 400


def test_a_key_as_long_as_a_book_is_told_by_its_beginning():
    for key in ("a" * 70_000, f"inner.{'a' * 70_000}", ".".join(["inner"] * 10_000), f"layers.{'9' * 5_000}.epochs"):
        with pytest.raises(TransferlineError) as caught:
            apply_overrides(Outer(), [f"{key}=1", key])
        assert len(caught.value.cause) < 800


def test_the_original_is_left_alone():
    config = Outer()
    apply_overrides(config, ["aliases.cats=cat"])
    assert config == Outer()


def faults_of(name, *assignments):
    with pytest.raises(TransferlineError) as caught:
        apply_overrides(catalog.load(name), assignments)
    return caught.value.cause.split("\n  - ")[1:]


@pytest.mark.parametrize(
    ("name", "assignment", "suggested"),
    [
        ("digits", "seed=3", " (did you mean 'trainer.seed' or 'yardstick.seed'?)"),
        (
            "digits",
            "trainer.epochs=3",
            " (did you mean 'trainer.fine_tuning.epochs' or 'trainer.feature_extraction.epochs'?)",
        ),
        (
            "digits",
            "trainr.fine_tunning.epochs=3",
            " (did you mean 'trainer.fine_tuning.epochs' or 'trainer.feature_extraction.epochs'?)",
        ),
        ("digits", "trainer.sed=3", " (did you mean 'trainer.seed'?)"),
        ("digits", "trainer.sample_weights=1", ""),
        ("digits", "trainer.early_stopping=1", ""),
        ("digits", "trainer.backbone=EfficientNetB0", ""),
        ("higgs_toy", "trainer.models.tiny.width=1", " (did you mean 'trainer.models.tiny.widths'?)"),
    ],
)
def test_the_same_last_word_anywhere_is_suggested_before_a_near_one_and_nothing_that_is_far(
    name, assignment, suggested
):
    assert faults_of(name, assignment) == [f"{assignment.partition('=')[0]}: there is no such setting{suggested}"]


@pytest.mark.parametrize(
    ("assignment", "fault"),
    [
        ("transform.features=gender", """transform.features: 'gender' must be a list, as '["gender"]'"""),
        ("trainer.models.tiny.widths=64,32", "trainer.models.tiny.widths: '64,32' must be a list, as '[64, 32]'"),
        (
            "trainer.models.big.widths=[64]",
            "trainer.models.big: there is none of this name (there are tiny, small, medium); "
            """give a new one whole: trainer.models.big='{"widths": ...}'""",
        ),
        ('trainer.models.big={"l1": 0}', "trainer.models.big.widths: must be given"),
        ("trainer.models.tiny.dropout=2", "trainer.models.tiny.dropout: '2' must be less than 1"),
        ("trainer.models=3", """trainer.models: '3' must be a group of settings, as JSON: '{"key": "value"}'"""),
        ("trainer.seed=true", "trainer.seed: 'true' must be a whole number"),
        ("trainer.seed.x=1", "trainer.seed: it has no settings of its own"),
        ("source.rows=many", "source.rows: 'many' must be a whole number"),
        ('source={"rows": 3}', "source: must say its 'kind'"),
        ('source={"kind": "higgs_toy", "row": 3}', "source.row: there is no such setting (did you mean 'rows'?)"),
        ("evaluation.thresholds.7.at_least=1", "evaluation.thresholds.7: there are only 2 of them, counted from 0"),
        ("transform.slices.x.column=m_bb", "transform.slices.x: there is none of this name (there are "),
    ],
)
def test_a_fault_is_told_in_the_words_of_the_settings(assignment, fault):
    (found,) = faults_of("higgs_toy", assignment)
    assert found.startswith(fault)


def test_a_group_that_is_not_set_is_given_whole():
    assert faults_of("photos", "source.rows=3") == ["source: it isn't set; give it whole, as JSON"]
    source = apply_overrides(
        catalog.load("photos"), ['source={"kind": "download", "url": "a"}', "source.url=http://b"]
    ).source
    assert source.url == "http://b"


def test_settings_that_need_each_other_are_judged_together():
    given = ["beam.engine=flink", "beam.endpoint=jobs:8099", "beam.image=me"]
    for order in (given, given[::-1]):
        assert apply_overrides(catalog.load("digits"), order).beam.endpoint == "jobs:8099"
    assert faults_of("digits", given[0]) == [
        "beam: with the engine 'flink': endpoint must be given; image or setup_file must be given"
    ]


def test_an_item_of_a_list_and_an_entry_of_a_mapping_are_set_by_their_place_and_name():
    config = apply_overrides(
        catalog.load("higgs_toy"), ["evaluation.thresholds.0.at_least=0.5", "trainer.models.tiny.widths=[8]"]
    )
    assert (config.evaluation.thresholds[0].at_least, config.trainer.models["tiny"].widths) == (0.5, (8,))


def test_features_are_names_or_kinds_by_name():
    given = ['transform.features={"m_bb": {"kind": "number"}}', "transform.features.m_bb.scale=log"]
    assert apply_overrides(catalog.load("higgs_toy"), given).transform.features == {"m_bb": Number(scale="log")}
    assert faults_of("higgs_toy", 'transform.features={"m_bb": {"kind": "num"}}') == [
        "transform.features.m_bb: 'kind' must be one of 'number', 'category', 'boolean', 'date', 'text'"
    ]


def test_values_of_python_are_taken_as_they_are():
    assert with_settings(Outer(), {"names": ["a"], "inner.epochs": 4}) == Outer(names=("a",), inner=Inner(epochs=4))
    with pytest.raises(TransferlineError, match=r"inner\.epoch: there is no such setting"):
        with_settings(Outer(), {"inner.epoch": 4})
