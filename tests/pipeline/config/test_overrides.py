from typing import Annotated, Literal

import pytest
from pydantic import Field

from components.errors import TransferlineError
from components.settings import Settings
from pipeline.config.overrides import apply_overrides


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


def test_the_original_is_left_alone():
    config = Outer()
    apply_overrides(config, ["aliases.cats=cat"])
    assert config == Outer()
