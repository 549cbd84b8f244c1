import json

import pytest

from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.config.reference import groups_of


def settings_of(name, *assignments):
    groups = groups_of(apply_overrides(catalog.load(name), assignments))
    return {setting.key: setting for group in groups for setting in group.settings}


@pytest.mark.parametrize("name", catalog.names())
def test_every_setting_has_a_meaning_and_every_group_too(name):
    groups = groups_of(catalog.load(name))
    assert [group.key for group in groups if not group.meaning] == []
    assert [setting.key for group in groups for setting in group.settings if not setting.meaning] == []


@pytest.mark.parametrize("name", catalog.names())
def test_what_a_setting_is_now_is_what_set_takes(name):
    config = catalog.load(name)
    values = {
        setting.key: setting.now if isinstance(setting.now, str) else json.dumps(setting.now)
        for group in groups_of(config)
        for setting in group.settings
        if group.there
    }
    assert len(values) > 60
    assert apply_overrides(config, [f"{key}={value}" for key, value in values.items()]) == config


def test_type_default_meaning_and_value():
    epochs = settings_of("digits")["trainer.fine_tuning.epochs"]
    assert epochs.model_dump() == {
        "key": "trainer.fine_tuning.epochs",
        "type": "whole number ≥ 0",
        "required": False,
        "default": 10,
        "now": 2,
        "meaning": "Passes over the training photos, at most; 0 skips the phase.",
    }
    assert settings_of("digits", "trainer.fine_tuning.epochs=7")["trainer.fine_tuning.epochs"].now == 7


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("trainer.head", "auto | logit | softmax"),
        ("trainer.weights", "text | none"),
        ("trainer.dropout", "number ≥ 0, < 1"),
        ("gate.fail_on_leak", "true | false"),
        ("evaluation.slices", "list of text"),
        ("data.class_aliases", "mapping of names to text"),
        ("cluster.every_pod.claims", "mapping of names to text"),
        ("cluster.every_pod.scratch", "mapping of names to Scratch"),
        ("source", "embedded_digits | download | higgs_toy | none"),
    ],
)
def test_types_are_told_in_words(key, kind):
    assert settings_of("digits")[key].type == kind


def test_entries_of_a_mapping_and_items_of_a_list():
    settings = settings_of("higgs_toy")
    assert settings["trainer.models.tiny.widths"].now == [16]
    assert settings["trainer.models.tiny.widths"].required
    assert settings["transform.slices.m_bb_quartile.buckets"].now == 4
    assert settings["evaluation.thresholds.1.slice"].now == "m_bb_quartile"
    assert settings["cluster.resources.NAME.cpus"].type == "number > 0 | none"
    assert "trainer.models.NAME.widths" not in settings


def test_a_list_or_a_mapping_has_the_entries_of_what_it_is():
    names = settings_of("higgs_toy")
    assert names["transform.features"].type.startswith("list of text | mapping of names to number | category | ")
    assert not [key for key in names if key.startswith("transform.features.")]
    kinds = settings_of("higgs_toy", 'transform.features={"m_bb": {"kind": "number", "scale": "log"}}')
    assert kinds["transform.features.m_bb.scale"].now == "log"
    assert kinds["transform.features.m_bb.scale"].type == "standard | log | quantile | none"
    assert "transform.features.m_bb.buckets" not in kinds


def test_a_union_has_the_settings_of_its_member_or_of_all_where_it_is_not_set():
    assert settings_of("higgs_toy")["source.rows"].now == 12000
    assert "source.url" not in settings_of("higgs_toy")
    unset = [group for group in groups_of(catalog.load("photos")) if group.key == "source"]
    assert [[each.key for each in group.settings] for group in unset] == [
        ["source.kind"],
        ["source.kind", "source.url", "source.size", "source.sha256", "source.at_most"],
        ["source.kind", "source.rows", "source.seed"],
    ]
    assert not any(group.there for group in unset)
