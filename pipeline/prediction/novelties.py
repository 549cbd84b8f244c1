"""Finds what rows have, or lack, that the rows of a model's training didn't."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from components.errors import TransferlineError
from components.intervals import share_interval
from components.settings import Settings
from components.wording import listed, printable
from pipeline.prediction.pushed_model import PushedModel, Values
from pipeline.prediction.results import Scores
from pipeline.prediction.rows import is_missing, nothing_of

SHOWN = 5
MOST_EXAMPLES = 1_000
"""With more different values than this, those that come later aren't counted one by one."""


class TrainedColumn(Settings):
    """What training had in a column.

    Attributes:
        missing: The share of its rows without a value.
        values: Its values as text, of a category; None where each value isn't told from the others.
    """

    missing: float
    values: tuple[str, ...] | None = None


class Novelties:
    """Counts them, batch by batch.

    Args:
        trained: What training had in each column; a column that isn't there isn't looked at.
    """

    def __init__(self, trained: Mapping[str, TrainedColumn]) -> None:
        self._trained = trained
        self._rows = 0
        self._missing: Counter[str] = Counter()
        self._unseen: Counter[str] = Counter()
        self._examples: dict[str, Counter[Any]] = {name: Counter() for name in trained}

    def add(self, columns: Mapping[str, Values]) -> None:
        """Looks at some rows.

        Args:
            columns: The values by column, [rows].
        """
        some = ~nothing_of(columns)  # a row without any value isn't predicted
        self._rows += int(some.sum())
        for name, trained in self._trained.items():
            values = columns[name][some]
            lacking = is_missing(values)
            self._missing[name] += int(lacking.sum())
            if trained.values is not None:
                given = pd.Series(values[~lacking])
                unseen = given[~given.isin(_as(given, trained.values))]
                self._unseen[name] += len(unseen)
                if len(self._examples[name]) < MOST_EXAMPLES:
                    self._examples[name].update(unseen.value_counts().to_dict())

    def lines(self) -> list[str]:
        """Returns what was found, a sentence a column and kind."""
        lines = []
        for name, trained in self._trained.items():
            if count := self._unseen[name]:
                shown = [_text(value) for value, _ in self._examples[name].most_common(SHOWN)]
                lines.append(
                    f"'{printable(name)}' has a value that training didn't have in {count:,} of {self._given(name):,} "
                    f"rows ({self.unseen_share(name):.1%}), such as {listed(map(repr, shown))}."
                )
            if self._lacks_more(name):
                share = self._missing[name] / self._rows
                before = f"{trained.missing:.1%} of the training rows" if trained.missing else "no training row"
                lines.append(
                    f"'{printable(name)}' has no value in {self._missing[name]:,} of {self._rows:,} rows "
                    f"({share:.1%}), and in {before}."
                )
        return lines

    def unseen_share(self, name: str) -> float:
        """Returns the share of a column's values that training didn't have."""
        return self._unseen[name] / max(self._given(name), 1)

    def check_comparable(self) -> None:
        """Looks for a column whose values can be compared with those of training.

        Raises:
            TransferlineError: There is none, so that no bound says anything.
        """
        if all(trained.values is None for trained in self._trained.values()):
            raise TransferlineError(
                "The model says of no column which values training had.",
                place="--max-unseen",
                cure="Leave the option out; or, if the model learned from categories, run the pipeline again with this "
                "release.",
            )

    def check(self, max_unseen: float) -> None:
        """Compares these shares with a bound.

        Raises:
            TransferlineError: One is larger.
        """
        over = {name: self.unseen_share(name) for name in self._trained if self.unseen_share(name) > max_unseen}
        if over:
            shares = listed([f"{name} ({share:.1%})" for name, share in over.items()])
            raise TransferlineError(
                f"More than {max_unseen:.1%} of the values are none that training had: {shares}.",
                place="--max-unseen",
                cure="Train with rows that have them, or allow more.",
            )

    def _given(self, name: str) -> int:
        return self._rows - self._missing[name]

    def _lacks_more(self, name: str) -> bool:
        """Whether more is missing than chance would have it."""
        interval = share_interval(self._missing[name] / max(self._rows, 1), self._rows)
        return interval is not None and interval[0] > self._trained[name].missing


class WatchedModel(PushedModel):
    """A model that is asked about rows, and looks at each of them.

    Args:
        folder: Its numbered folder.
    """

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        trained = {name: TrainedColumn.model_validate(each) for name, each in self.trained_columns().items()}
        self.novelties = Novelties(trained)

    def of_rows(self, columns: Mapping[str, Values]) -> Scores:
        """Looks at rows that come column by column, and answers as the model does."""
        self.novelties.add(columns)
        return super().of_rows(columns)


def _as(like: pd.Series, texts: tuple[str, ...]) -> Values:
    """Returns values of training as those of a column are."""
    return np.array(texts, object) if like.dtype.kind == "O" else np.array(texts, np.float64).astype(like.dtype)


def _text(value: object) -> str:
    """Returns a value as text: a number with all of its digits, but no more than tell it from other float32s."""
    if not isinstance(value, float):
        return str(value)
    return str(int(value)) if value.is_integer() else str(np.float32(value))
