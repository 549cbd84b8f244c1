"""Drafts a pipeline for rows from what was found in them."""

import math
import re
from collections import Counter
from typing import Any

from components.column_roles import is_named_like_key
from components.contract import FEATURES, LABEL, REGRESSION
from components.csv_example_gen.config import COMMA, CsvData, RowSplit
from components.data_gate.config import GateRules
from components.errors import TransferlineError
from components.evaluator.config import Evaluation, Threshold
from components.trainer.mlp.config import MLP, MLPTraining, RowModel
from components.trainer.trees.config import Trees
from components.transform.config import Number, Quantiles, RowTransform
from components.wording import listed, printable
from pipeline.config import RowPipeline
from pipeline.new.bounds import above_guessing
from pipeline.new.catalog_file import Draft
from pipeline.new.gate import RULES, misses_a_split, rules_for_rows, settings_to_run
from pipeline.new.number_label import expect, thresholds_for
from pipeline.new.operating_point import operating_point_for
from pipeline.new.row_warnings import SLICE_VALUES, warnings_of
from pipeline.profile.classes import (
    FEW,
    MANY_CLASSES,
    MIN_CLASSES,
    RARE,
    auc_at_least,
    count_of,
    margin,
    with_counts,
)
from pipeline.profile.columns import Column, learned_from, left_out, may_be_weights
from pipeline.profile.number_label import about
from pipeline.profile.rows import RowFindings

TOO_MANY_CLASSES = 1_000
LEAST_KEYS = 100
"""Fewer keys than this don't split evenly."""

FEW_ROWS, MANY_ROWS, VERY_MANY_ROWS = 2_000, 100_000, 1_000_000
SLICES = 2
STEPS_AN_EPOCH = 40
LEAST_BATCH, MOST_BATCH = 16, 4096
LONG_LIST = 8
KINDS = {
    "number": ("number", "numbers"),
    "category": ("category", "categories"),
    "boolean": ("column of two values", "columns of two values"),
    "date": ("date", "dates"),
    "text": ("column of free text", "columns of free text"),
}
SCALES = {"log": "Skewed, and so by their logarithms", "quantile": "With values far out, and so by their places"}


def draft_for_rows(name: str, found: RowFindings) -> Draft:
    """Returns the pipeline to begin with.

    Args:
        name: The pipeline's name.
        found: What was found.

    Raises:
        TransferlineError: The label tells no classes, or there is no column to learn from.
    """
    _check_label(found)
    features = learned_from(found.columns)
    if not features:
        raise TransferlineError(
            "There is no column to learn from.",
            place=found.data.path,
            cure="Check the file; the columns are "
            + listed([f"{column.name} ({column.role})" for column in found.columns])
            + ".",
        )
    split = _split(found)
    config = _config(name, found, split)
    long_lists = {
        "transform.features": ("FEATURES", config.transform.features),
        "data.split.key": ("FEATURES", split.key),
        "data.columns": ("COLUMNS", config.data.columns),
    }
    constants = {
        key: (constant, names)
        for key, (constant, names) in long_lists.items()
        if isinstance(names, tuple) and len(names) > LONG_LIST
    }
    return Draft(
        config=config,
        title=_title(found),
        data=_about(found),
        expect=_expect(found),
        details=_details(found),
        settings=settings_to_run(
            found.quarantine,
            class_is_missing=found.all_read and bool(found.classes) and misses_a_split(found.classes),
            conflicts=found.conflicts,
            records=sum(found.classes.values()),
        ),
        warnings=tuple(warnings_of(found, _test_rows(found))),
        comments=_comments(found, split),
        names={key: constant for key, (constant, _) in constants.items()},
        constants=dict(constants.values()),
    )


def _title(found: RowFindings) -> str:
    label = printable(found.data.label)
    what = (
        f"Rows with a number to predict, {label}"
        if found.number
        else f"Rows of {len(found.classes)} classes by {label}"
    )
    return f"{what}: trees and multilayer perceptrons, begun by `transferline new`."


def _config(name: str, found: RowFindings, split: RowSplit) -> RowPipeline:
    slices = _quantiles(found)
    texts = [column.name for column in found.columns if column.role == "text" and column.distinct <= SLICE_VALUES]
    by_class = () if found.number else ("label",)
    data = _data_settings(found, split)
    unused = {column: why for column, why in left_out(found.columns).items() if column not in data.id}
    rules = GateRules() if found.number else RULES
    return RowPipeline.model_validate(
        {
            "name": name,
            **({"task": REGRESSION} if found.number else {}),
            "data": data,
            **({"left_out": unused} if unused else {}),
            "transform": _transform(found, slices),
            "trainer": _trainer(found),
            "evaluation": Evaluation(
                thresholds=_thresholds(found), slices=(*by_class, *slices, *texts), better_than_guessing=True
            ),
            "gate": rules_for_rows(rules, found.columns, _test_rows(found), by_group=bool(split.group)),
        }
    )


def _transform(found: RowFindings, slices: dict[str, Quantiles]) -> RowTransform:
    """Each column by its kind; names alone where all are numbers without holes that are standardised."""
    kinds = {column.name: column.feature for column in found.columns if column.feature}
    plain = all(kind == Number() for kind in kinds.values()) and not any(column.missing for column in found.columns)
    features = {"features": tuple(kinds), "standardize": True} if plain else {"features": kinds}
    return RowTransform.model_validate({**features, **({"slices": slices} if slices else {})})


def _check_label(found: RowFindings) -> None:
    """Refuses a label that no model can be made for."""
    if found.number:
        if found.number.distinct == 1 and found.all_read:
            label, value = printable(found.data.label), f"{found.number.lowest:g}"
            raise TransferlineError(
                f"The label {label} is {value} in every row: there is nothing to learn.",
                place=found.data.path,
                cure="Name another column with --label.",
            )
        return
    count, label = len(found.classes), printable(found.data.label)
    if count < MIN_CLASSES and found.all_read:
        cause = (
            f"The label {label} is {listed(found.classes)} in every row, and a classifier needs two classes or more."
        )
    elif found.label_is_continuous and count > SLICE_VALUES:
        cause = f"The label {label} is a number with {count:,} unique values, and classes are asked for."
    elif count > TOO_MANY_CLASSES or (found.read >= SLICE_VALUES and count * 2 > found.read):
        cause = f"The label {label} has {count:,} unique values in {found.read:,} rows, too many for classes."
    else:
        return
    raise TransferlineError(
        cause,
        place=found.data.path,
        cure="Name another column with --label, or group its values into classes first; a number is predicted with "
        "--task regression.",
    )


def _split(found: RowFindings) -> RowSplit:
    same: dict[str, object] = {"key": learned_from(found.columns)}
    same |= {} if found.number else {"count_conflicts": True}
    if "" not in found.splits and {"train", "test"} <= found.splits:
        return RowSplit.model_validate({"by": "file", **same})
    groups = [column for column in found.columns if column.role == "group" and column.distinct >= LEAST_KEYS]
    group = {"group": groups[0].name} if groups else {}
    # To read the rows twice costs little where they are few, or where a class would hardly be in the test otherwise.
    is_uneven = not found.number and (found.rows < MANY_ROWS or _rarest(found) < RARE)
    strata = {"stratify": True} if is_uneven else {}
    if found.rows < FEW_ROWS:  # or a test would say next to nothing
        return RowSplit.model_validate(
            {"by": "hash", "train": 0.6, "eval": 0.2, "test": 0.2, **same, **group, **strata}
        )
    return RowSplit.model_validate({"by": "hash", "train": 0.8, "eval": 0.1, "test": 0.1, **same, **group, **strata})


def _rarest(found: RowFindings) -> int:
    """About how many rows of the rarest class there are, of the classes that were found."""
    return round(min(found.classes.values()) * found.rows / max(found.read, 1))


def _data_settings(found: RowFindings, split: RowSplit) -> CsvData:
    """What was found, without what is the default anyway."""
    given = {name: getattr(found.data, name) for name in CsvData.model_fields if name in found.data.model_fields_set}
    defaults = CsvData()
    given = {
        name: value
        for name, value in given.items()
        if name in ("path", "label", "header") or value != getattr(defaults, name)
    }
    sure = found.all_read or min(found.classes.values(), default=0) >= FEW
    if sure and MIN_CLASSES <= len(found.classes) <= MANY_CLASSES:
        given["classes"] = tuple(found.classes)
    return CsvData.model_validate({**given, **_names_of_rows(found), "split": split})


def _names_of_rows(found: RowFindings) -> dict[str, object]:
    """What the report names a row by: its key, else its line, which to keep takes time where there are very many."""
    keys = [
        column.name
        for column in found.columns
        # A text of its own in each row may be a letter.
        if column.role == "key" and not column.missing and (is_named_like_key(column.name) or _is_number(column, found))
    ]
    if keys:
        types = {name: kind for name, kind in found.data.types.items() if name != keys[0]}
        return {"id": tuple(keys[:1])} | ({"types": types} if found.data.types else {})
    return {"keep_places": True} if found.rows < MANY_ROWS else {}


def _is_number(column: Column, found: RowFindings) -> bool:
    return found.layout.types[column.name] != "string"


def _quantiles(found: RowFindings) -> dict[str, Quantiles]:
    """Quarters of the columns that tell the most, under names that no column has."""
    taken = {column.name for column in found.columns} | {LABEL, FEATURES}
    numbers = [column for column in found.columns if column.role == "feature" and column.distinct > SLICE_VALUES]
    numbers.sort(key=lambda column: -column.separates)
    slices: dict[str, Quantiles] = {}
    for column in numbers[:SLICES]:
        name = f"{re.sub(r'[^A-Za-z0-9_]+', '_', column.name)}_quartile"
        while name in taken:
            name += "_"
        taken.add(name)
        slices[name] = Quantiles(column=column.name)
    return slices


def _trainer(found: RowFindings) -> MLPTraining:
    """Trees, and two networks for so many rows, with epochs that a laptop does in minutes."""
    rows = found.rows
    models: dict[str, RowModel] = {"trees": Trees()}
    if rows < FEW_ROWS:
        models |= {"small": MLP(widths=(16,), l2=1e-3), "dropout": _regular(32, 1, 0.3)}
        epochs, patience = 300, 30
    elif rows < MANY_ROWS:
        models |= {"medium": _regular(64, 3, 0.2), "large": _regular(256, 2, 0.5)}
        epochs, patience = 150, 15
    else:
        models |= {"medium": MLP(widths=(64, 64, 64)), "large": _regular(256, 3, 0.1)}
        epochs, patience = (40, 6) if rows < VERY_MANY_ROWS else (10, 3)
    batch_size = 2 ** round(math.log2(max(rows * 0.8 / STEPS_AN_EPOCH, 1)))
    return MLPTraining(
        models=models,
        batch_size=min(MOST_BATCH, max(LEAST_BATCH, batch_size)),
        max_epochs=epochs,
        patience=patience,
        **_answering(found),
    )


def _answering(found: RowFindings) -> dict[str, Any]:
    """How an answer is made of what was learned."""
    if found.number:
        return {"label_scale": found.number.scale} if found.number.scale != "standard" else {}
    return {"calibrate": True, "operating_point": operating_point_for(found.classes)}


def _regular(width: int, layers: int, dropout: float) -> MLP:
    return MLP(widths=(width,) * layers, l2=1e-4, dropout=dropout)


def _thresholds(found: RowFindings) -> tuple[Threshold, ...]:
    test = _test_rows(found)
    drop = 0.02 if test >= FEW_ROWS / 2 else 0.05
    if found.number:
        return thresholds_for(found.number, test, drop)
    first = above_guessing(found.classes, 0.1, test, drop)
    if len(found.classes) != MIN_CLASSES:
        return (first,)
    return first, Threshold(metric="auc", at_least=auc_at_least(found.classes, 0.6, test), max_drop=drop)


def _test_rows(found: RowFindings) -> int:
    split = _split(found)
    return round(found.rows * (split.test if split.by == "hash" else 0.1))


def _comments(found: RowFindings, split: RowSplit) -> dict[str, str]:
    comments = {
        "trainer.models": "The Tuner trains all of them, and the one that validates best goes on.",
        "evaluation.thresholds": "A beginning: raise them to what you need once you know what the model can do.",
    }
    if found.number:
        comments["task"] = "`new ... --task classification` writes a file for classes."
        comments["evaluation.thresholds"] = (
            "A beginning, better than always predicting the mean: set them to what you need once you know the model."
        )
    if weights := [column.name for column in may_be_weights(found.columns)]:
        comments["transform.features"] = (
            f"If {listed(weights)} says how much each row counts, it belongs in data.weight, not here and in the key."
        )
    comments["data.split.key"] = "What is learned from: rows that are the same in it are never in different splits."
    if split.by == "file" or split.group:
        comments["data.split.key"] = (
            "What is learned from: rows that are the same in it and differ in their label count."
            if split.count_conflicts
            else "What is learned from; rows aren't split by it."
        )
    if split.group:
        comments["data.split.group"] = f"Rows of one {printable(split.group)} stay together."
    if found.data.decimal == COMMA:
        comments["data.decimal"] = "Most numbers with a fraction have a comma before it."
    if "types" in found.data.model_fields_set and found.data.types:
        comments["data.types"] = "What the first rows alone wouldn't tell."
    return comments


def _about(found: RowFindings) -> str:
    about = "" if found.counted else "about "
    kinds = Counter(column.feature.kind for column in found.columns if column.feature)
    learned = listed([count_of(count, *KINDS[kind]) for kind, count in kinds.items()])
    return (
        f"{about}{found.rows:,} rows in {found.data.path}, {'all' if found.all_read else f'{found.read:,}'} looked at. "
        f"{_about_label(found)} To learn from: {learned}."
    )


def _about_label(found: RowFindings) -> str:
    if found.number:
        return about(found.number, found.data.label)
    return f"Classes: {with_counts(found.classes)}."


def _details(found: RowFindings) -> str:
    parts = []
    for scale, why in SCALES.items():
        names = [column.name for column in found.columns if getattr(column.feature, "scale", "") == scale]
        parts += [f"{why}: {listed(names)}."] if names else []
    return " ".join(parts)


def _expect(found: RowFindings) -> str:
    test = _test_rows(found)
    if found.number:
        return expect(found.number, test)
    most = max(found.classes, key=lambda name: found.classes[name])
    return (
        f"not known yet. To answer '{printable(most)}' always would be right for "
        f"{found.classes[most] / sum(found.classes.values()):.0%} of the rows. With about {test:,} test rows, an "
        f"accuracy of 0.9 is known to within {margin(test):.2g} either way."
    )
