"""Defines the settings of CsvExampleGen."""

import math
from collections import Counter
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from components.csv_example_gen.date_formats import faults_of
from components.settings import Settings

ColumnType: TypeAlias = Literal["float", "int", "string", "date"]
"""float: float32 in the records; int: int64; string: bytes, UTF-8; date: int64, seconds since 1970-01-01 UTC."""

Decimal: TypeAlias = Literal[".", ","]
"""What stands before a number's fraction."""

POINT: Decimal = "."
COMMA: Decimal = ","


class RowSplit(Settings):
    """How the rows are split into train, eval and test.

    Attributes:
        by: "rows": by the numbers below, in the order of the files' names and of the lines in them; "hash": by the
            shares below; "file": as the files or their folders are named (train, validation, test); "auto": "file"
            where they are named so, else "hash".
        train: Share of the rows, by hash. Where files are named but none is for eval, eval / (train + eval) of the
            training rows become eval.
        eval: Share of the rows, by hash.
        test: Share of the rows, by hash.
        key: By hash: the columns that are hashed, such as those that are learned from: rows of the same key stay
            together, and adding rows moves none. Empty for the whole row with its label: rows that are the same but
            for their label come into different splits then.
        group: By hash: a column that is hashed in place of the key, such as a customer's number, so that a group's rows
            stay together.
        count_conflicts: Whether rows that are the same in the key, or without a key in all columns but the label, the
            weight and `data.id`, and differ in their label are counted. For a key of what is learned from.
        stratify: By hash: whether each class has its shares of train, eval and test, as exactly as whole rows allow,
            and a rare one a row in each if it has three. The data is read twice for it, and more rows may move others
            to another split; without it they never do.
        seed: By hash: another number parts the rows otherwise, by the same shares, which shows how much a result
            depends on the split. 0 is the split of a pipeline that names none.
        eval_rows: By rows: the first so many lines are for validation.
        train_rows: By rows: the next so many lines are for training; None for all up to the test rows.
        test_rows: By rows: the last so many lines are for the test. What is between is left out, and counted.
        least_test: By rows: a share of all lines. Of a file that is too short for all three numbers the test has the
            lines that the other two leave, but at least this share; training lacks them then. None refuses such a file.
    """

    by: Literal["auto", "rows", "hash", "file"] = "auto"
    train: float = Field(default=0.8, gt=0, lt=1)
    eval: float = Field(default=0.1, gt=0, lt=1)
    test: float = Field(default=0.1, gt=0, lt=1)
    key: tuple[str, ...] = ()
    group: str = ""
    count_conflicts: bool = False
    stratify: bool = False
    seed: int = Field(default=0, ge=0, lt=2**31)
    eval_rows: int = Field(default=1_000, ge=1)
    train_rows: int | None = Field(default=None, ge=1)
    test_rows: int = Field(default=1_000, ge=1)
    least_test: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "RowSplit":
        total = self.train + self.eval + self.test
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            raise ValueError(f"the shares train + eval + test must sum to 1, and they sum to {total:g}")
        return self

    def test_rows_of(self, total: int) -> int:
        """Returns how many of all rows are for the test, by rows."""
        if self.least_test is None or total >= self.eval_rows + (self.train_rows or 1) + self.test_rows:
            return self.test_rows
        left = total - self.eval_rows - self.train_rows if self.train_rows else 0
        return min(max(left, math.ceil(total * self.least_test)), self.test_rows)


class CsvData(Settings):
    """Where the rows are and how they become examples.

    Attributes:
        path: A file (.csv, .csv.gz, .parquet, or any name for CSV), a folder of such, or a glob pattern; local, or
            remote as gs://.
        label: The column with the class. It is stored as text in the feature `label`; whole numbers lose their
            fraction, so that 1.0 and 1 are one class. Where the first rows have a label such as 01, all are codes, kept
            as they are. With task="regression", the column with the number to predict, stored as such; a row without a
            finite one is quarantined.
        weight: The column with each row's weight, 0 or more, in training and in the metrics; "" for rows that all count
            the same. It is never learned from. A row with no weight, or one below 0, is quarantined.
        classes: The classes there may be; a row with another label is quarantined. Empty for any.
        columns: The columns' names, in the order of the file: needed where there is no header, checked where there is.
        header: Whether the first line names the columns; "auto" looks.
        types: Type by column, where neither the schema nor the first rows tell the right one.
        dates: How dates and times are written, by column: as strptime has it ("%d.%m.%Y", in English), or "iso" for ISO
            8601; what Parquet itself has as dates is taken as it is. Without a time zone they are in UTC. Such a column
            is stored as seconds since 1970-01-01 UTC; a row with a date that there isn't is quarantined.
        id: Columns with the number or key of each row. They are stored as text and not learned from; the report and
            predictions name a row by them.
        keep_places: Whether the records keep the file and the line of each row, so that the report can name them where
            there is no `id`. It takes time: each record is encoded by itself.
        delimiter: What stands between two cells.
        decimal: What stands before a number's fraction, in all columns of CSV: "." or ",".
        missing: What a cell says that has no value, whatever blanks are around it. In a column of numbers "-999" is
            also the number, however it is written (-999.0), and "nan" any NaN; what has zeros before it, as "00" or
            "-007", is a code, and only that text. NaN in a column of Parquet's floats is always missing. In a column of
            dates "9999-12-31" is that day's midnight, however it is written.
        newlines_in_values: Whether cells in quotes may hold line breaks. Such a file is read from its beginning to its
            end by one worker.
        split: How the rows are split.
    """

    path: str = ""
    label: str = "label"
    weight: str = ""
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    header: Literal["auto", "yes", "no"] = "auto"
    types: dict[str, ColumnType] = Field(default_factory=dict)
    dates: dict[str, str] = Field(default_factory=dict)
    id: tuple[str, ...] = ()
    keep_places: bool = False
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Decimal = POINT
    missing: tuple[str, ...] = ("",)
    newlines_in_values: bool = False
    split: RowSplit = RowSplit()

    @property
    def no_inputs(self) -> tuple[str, ...]:
        """The columns that say which row it is and how much it counts, which is nothing to learn from."""
        return (*self.id, self.weight) if self.weight else self.id

    @model_validator(mode="after")
    def _columns_differ(self) -> "CsvData":
        twice = sorted(name for name, times in Counter(self.columns).items() if times > 1)
        if twice:
            raise ValueError(f"columns: {', '.join(twice)} occurs twice")
        if self.columns and self.label not in self.columns:
            raise ValueError(f"columns: the label '{self.label}' isn't among them")
        return self

    @model_validator(mode="after")
    def _weights_are_numbers(self) -> "CsvData":
        if self.weight and self.columns and self.weight not in self.columns:
            raise ValueError(f"columns: the weight '{self.weight}' isn't among them")
        if self.weight and self.weight == self.label:
            raise ValueError(f"weight: {self.weight} is the label")
        if self.weight and self.types.get(self.weight, "float") != "float":
            raise ValueError(f"weight: {self.weight} is a number, and types says {self.types[self.weight]}")
        return self

    @model_validator(mode="after")
    def _keys_are_text(self) -> "CsvData":
        for name in self.id:
            if name in (self.label, self.weight):
                raise ValueError(f"id: {name} is the {'label' if name == self.label else 'weight'}")
            if name in self.dates or self.types.get(name, "string") != "string":
                raise ValueError(f"id: {name} is kept as text, and types or dates say otherwise")
        return self

    @model_validator(mode="after")
    def _dates_can_be_read(self) -> "CsvData":
        for name, written in self.dates.items():
            if fault := faults_of(written):
                raise ValueError(f"dates: the format '{written}' of {name} can't be read: {fault}")
            if self.types.get(name, "date") != "date":
                raise ValueError(f"types: {name} is {self.types[name]} there, and a date in dates")
        undated = [name for name, kind in self.types.items() if kind == "date" and name not in self.dates]
        if undated:
            raise ValueError(f"types: {undated[0]} is a date, and dates doesn't say how it is written")
        if self.label in self.dates:
            raise ValueError(f"dates: {self.label} is the label, which is no date")
        if self.weight in self.dates:
            raise ValueError(f"dates: {self.weight} is the weight, which is a number")
        return self
