"""What a cut that is chosen on a small validation split does to test accuracy, beside one half: is it worth it?

    .venv/bin/python benchmarks/chosen_cut.py

Scikit-learn's trees on its own breast cancer table, and on simulated rows of which a tenth is mislabelled; of each 80 %
train, 10 % choose the cut and 10 % are the test, drawn anew twenty times. Prints the mean difference and its standard
error.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.model_selection import train_test_split

from components.operating_point import EVEN, Maximize, choose_cut

SPLITS = 20
MEASURES = {"accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score}


def main() -> None:
    """Prints a line a table."""
    for name, rows, labels in _tables():
        differences = np.array([_differences(rows, labels, seed) for seed in range(SPLITS)])
        errors = differences.std(axis=0, ddof=1) / SPLITS**0.5
        said = [
            f"{metric} {mean:+.4f} ± {error:.4f}"
            for metric, mean, error in zip(MEASURES, differences.mean(axis=0), errors, strict=True)
        ]
        print(f"{name}, {len(rows):,} rows, {labels.mean():.0%} of the second class: {', '.join(said)}", flush=True)


def _tables() -> Iterator[tuple[str, npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
    yield "breast cancer", *load_breast_cancer(return_X_y=True)
    for seed, first in enumerate((0.5, 0.7, 0.9, 0.95)):
        rows, labels = make_classification(
            3000, 15, n_informative=6, weights=[first], flip_y=0.1, class_sep=0.7, random_state=seed
        )
        yield "simulated", rows, labels.astype(bool)


def _differences(rows: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_], seed: int) -> list[float]:
    """Returns what each metric gains on the test rows by a cut that is chosen for it."""
    rest, test, of_rest, of_test = train_test_split(rows, labels, test_size=0.1, random_state=seed, stratify=labels)
    train, validation, of_train, of_validation = train_test_split(
        rest, of_rest, test_size=1 / 9, random_state=seed, stratify=of_rest
    )
    model = HistGradientBoostingClassifier(max_iter=80, random_state=0).fit(train, of_train)
    chosen_on, tested_on = (model.predict_proba(each)[:, 1].astype(np.float32) for each in (validation, test))
    return [
        measure(of_test, tested_on > choose_cut(Maximize(metric=metric), chosen_on, of_validation, None))
        - measure(of_test, tested_on > EVEN)
        for metric, measure in MEASURES.items()
    ]


if __name__ == "__main__":
    main()
