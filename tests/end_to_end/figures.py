"""Compares every figure of a report with TFMA's own output."""

import json
import math
import re

import tensorflow_model_analysis as tfma

NEEDS_BOTH_CLASSES = ("auc", "auc_precision_recall", "precision", "recall", "f1", "negative_predictive_value")
OF_ONE_CLASS = re.compile(r"(precision|recall|f1)_of_")
"""Values by class are in a table of their own."""

READ_TABLE = """() => {
  const names = [...metrics.tHead.rows[0].cells].map((cell) => cell.textContent.trim().replaceAll('\u200b', ''));
  return [...metrics.tBodies[0].rows].map((row) => [...row.cells].map((cell, at) => [names[at], {
    value: cell.dataset.value, baseline: cell.querySelector('[data-baseline]')?.dataset.baseline,
    shown: (cell.firstChild?.textContent ?? '').trim()}]));
}"""

READ_CONFUSION = """[...confusion.tBodies[0].rows].map((row) =>
  [...row.querySelectorAll('[data-count]')].map((cell) => Number(cell.dataset.count)))"""


def results(folder, model_name):
    """Returns {slice: {metric: value}} and {slice: plots} as TFMA gives them."""
    found = tfma.load_eval_result(folder, model_name=model_name)

    def name(key):
        return ", ".join(f"{feature}={value}" for feature, value in key) or "all examples"

    metrics = {
        name(key): {
            metric: float(value["doubleValue"]) for metric, value in outputs[""][""].items() if "doubleValue" in value
        }
        for key, outputs in found.slicing_metrics
    }
    return metrics, {name(key): outputs[""][""] for key, outputs in found.plots}


def compare_with_tfma(page, folder):
    """Asserts that the page's figures are TFMA's; returns how many were compared."""
    decision = json.loads((folder / "decision.json").read_text())
    has_baseline = bool(decision["baseline_uri"])
    metrics, plots = results(str(folder), tfma.CANDIDATE_KEY if has_baseline else "")
    baseline = results(str(folder), tfma.BASELINE_KEY)[0] if has_baseline else {}
    compared = _compare_table(page, metrics, baseline)
    compared += _compare_checks(page, metrics)
    compared += _compare_classes(page, metrics["all examples"])
    return compared + _compare_plots(page, plots)


def _compare_table(page, metrics, baseline):
    rows = page.evaluate(READ_TABLE)
    assert {cells[0][1]["value"] for cells in rows} == set(metrics)
    compared = 0
    for (_, first), (_, count), *cells in rows:
        expected = metrics[first["value"]]
        assert float(count["value"]) == expected["example_count"]
        aside = [
            name for name in expected if name == "example_count" or name.endswith("_diff") or OF_ONE_CLASS.match(name)
        ]
        names = set(expected) - set(aside)
        assert {name for name, _ in cells} == names
        for name, cell in cells:
            compared += 1
            if cell["value"] == "":
                degenerate = name in NEEDS_BOTH_CLASSES and expected[name] in (0.0, 1.0)
                degenerate |= name == "calibration" and expected["auc"] in (0.0, 1.0)
                assert math.isnan(expected[name]) or degenerate, (first, name, expected[name])
                continue
            assert float(cell["value"]) == expected[name]
            assert cell["shown"] == f"{expected[name]:.4f}"
            if cell["baseline"]:
                assert float(cell["baseline"]) == baseline[first["value"]][name]
    return compared


def _compare_classes(page, expected):
    rows = page.evaluate("[...classes.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.dataset.value))")
    if len(rows) == 2:
        second = dict(zip(("precision", "recall", "f1"), rows[1][2:], strict=True))
        found = {**second, "specificity": rows[0][3], "negative_predictive_value": rows[0][2]}
    else:
        rates = ("precision", "recall", "f1")
        found = {
            f"{rate}_of_{name}": value for name, _, *values in rows for rate, value in zip(rates, values, strict=True)
        }
    for name, value in found.items():
        assert math.isnan(expected[name]) if value == "" else math.isclose(float(value), expected[name], rel_tol=1e-6)
    return len(found)


def _compare_checks(page, metrics):
    values = "[1, 2, 3].map((at) => row.cells[at].dataset.value)"
    rows = page.evaluate(f"[...document.querySelectorAll('.checks tbody tr')].map((row) => {values})")
    for metric, where, value in rows:
        assert float(value) == metrics[where][metric]
    return len(rows)


def _compare_plots(page, plots):
    thresholds = json.loads(page.text_content("#thresholds"))
    compared = 0
    for where, points in thresholds.items():
        matrices = {
            matrix.get("threshold", 0.0): matrix for matrix in plots[where]["confusionMatrixAtThresholds"]["matrices"]
        }
        keys = ("truePositives", "falsePositives", "trueNegatives", "falseNegatives")
        for threshold, *counts in points:
            assert counts == [matrices[threshold].get(key, 0.0) for key in keys]
            compared += 1
    cells = page.evaluate(READ_CONFUSION)
    overall = plots["all examples"]
    if thresholds:
        (half,) = [m for m in overall["confusionMatrixAtThresholds"]["matrices"] if m.get("threshold") == 0.5]
        counted = [
            [half.get(key, 0.0) for key in pair]
            for pair in (("trueNegatives", "falsePositives"), ("falseNegatives", "truePositives"))
        ]
    else:
        counted = [[0.0] * len(cells) for _ in cells]
        for entry in overall["multiClassConfusionMatrixAtThresholds"]["matrices"][0]["entries"]:
            counted[entry.get("actualClassId", 0)][entry.get("predictedClassId", 0)] = entry["numWeightedExamples"]
    assert cells == counted
    return compared + len(cells) ** 2
