import subprocess
import sys

import pytest

from components.errors import TransferlineError


def test_a_table_in_groups(transferline):
    lines = [line.split() for line in transferline("settings", "digits").splitlines()]
    at = lines.index(
        [
            "trainer.fine_tuning",
            "Phase",
            "2:",
            "the",
            "upper",
            "layers",
            "of",
            "the",
            "base",
            "learn",
            "too,",
            "with",
            "RMSprop.",
        ]
    )
    assert lines[at + 1][:7] == ["epochs", "2", "10", "whole", "number", "≥", "0"]
    assert ["thresholds", "2", "items", "(needed)"] in [line[:4] for line in lines]


def test_only_some_with_what_is_set_as_json(transferline):
    found = transferline.json("settings", "digits", "trainer.fine", "--set", "trainer.fine_tuning.epochs=5")
    assert [(each["key"].rpartition(".")[2], each["now"]) for each in found] == [
        ("epochs", 5),
        ("learning_rate", 1e-05),
        ("schedule", "constant"),
        ("patience", None),
        ("from_layer", None),
    ]


def test_what_is_not_set_has_no_value(transferline):
    assert ["url", "(needed)", "text", "Where", "it", "is:"] in [
        line.split()[:6] for line in transferline("settings", "photos", "source").splitlines()
    ]


def test_a_beginning_of_no_setting(transferline):
    with pytest.raises(
        TransferlineError, match=r"no such setting \(did you mean 'trainer.seed' or 'yardstick.seed'\?\)"
    ):
        transferline("settings", "digits", "seed")


def test_it_answers_without_tensorflow():
    code = "import sys; from pipeline.cli import app; app(['settings', 'digits'], standalone_mode=False); "
    code += "sys.exit(bool({'tensorflow', 'tfx', 'apache_beam', 'pandas'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
