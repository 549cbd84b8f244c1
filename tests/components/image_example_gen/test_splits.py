import hashlib

import numpy as np
import pytest

from components.errors import TransferlineError
from components.image_example_gen.config import Split
from components.image_example_gen.splits import fraction, hash_of, make_rule

DIGESTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(4000)]


def share(rule, split, laid_out=""):
    return sum(rule.split_of(digest, laid_out) == split for digest in DIGESTS) / len(DIGESTS)


def test_fraction_is_uniform():
    values = sorted(fraction(digest) for digest in DIGESTS)
    assert values[0] >= 0
    assert values[-1] < 1
    # Kolmogorov-Smirnov: the largest distance from the diagonal, at the 0.1 % level for n = 4,000.
    assert max(abs(value - index / len(values)) for index, value in enumerate(values)) < 1.95 / len(values) ** 0.5


def test_fraction_stays_what_it_is():
    """A change of this number moves photos between the splits of every existing run."""
    assert fraction("0" * 64) == pytest.approx(0.5531461329698566, abs=1e-15)


def test_shares_by_hash():
    rule = make_rule(Split(by="hash", train=0.7, eval=0.2, test=0.1), frozenset(), "")
    assert share(rule, "train") == pytest.approx(0.7, abs=0.03)
    assert share(rule, "eval") == pytest.approx(0.2, abs=0.03)
    assert share(rule, "test") == pytest.approx(0.1, abs=0.03)


def test_more_training_moves_photos_into_training_only():
    small = make_rule(Split(by="hash", train=0.7, eval=0.2, test=0.1), frozenset(), "")
    large = make_rule(Split(by="hash", train=0.8, eval=0.1, test=0.1), frozenset(), "")
    for digest in DIGESTS[:500]:
        before, after = small.split_of(digest, ""), large.split_of(digest, "")
        assert before == after or (before, after) == ("eval", "train")


def test_folders_decide():
    rule = make_rule(Split(), frozenset({"train", "eval", "test"}), "")
    assert all(share(rule, split, split) == 1.0 for split in ("train", "eval", "test"))


def test_without_a_test_folder_a_share_of_validation_is_test():
    rule = make_rule(Split(test_from_eval=0.2), frozenset({"train", "eval"}), "")
    assert share(rule, "train", "train") == 1.0
    assert share(rule, "test", "eval") == pytest.approx(0.2, abs=0.03)
    assert share(rule, "eval", "eval") == pytest.approx(0.8, abs=0.03)


def test_without_a_validation_folder_a_share_of_training_is_eval():
    rule = make_rule(Split(train=0.6, eval=0.2, test=0.2), frozenset({"train", "test"}), "")
    assert share(rule, "eval", "train") == pytest.approx(0.25, abs=0.03)
    assert share(rule, "test", "test") == 1.0


def test_hash_ignores_folders():
    rule = make_rule(Split(by="hash"), frozenset({"train", "eval"}), "")
    assert share(rule, "train", "eval") == pytest.approx(0.8, abs=0.03)


def test_auto_splits_by_hash_what_is_laid_out_as_train_only():
    assert not make_rule(Split(), frozenset({"train"}), "").by_folder
    assert not make_rule(Split(), frozenset(), "").by_folder


@pytest.mark.parametrize(
    ("laid_out", "by", "words"),
    [
        ({"eval", "test"}, "auto", "only names eval, test"),
        (set(), "folder", "names no splits"),
        ({"train"}, "folder", "only names train"),
    ],
)
def test_a_layout_without_the_splits_asked_for(laid_out, by, words):
    with pytest.raises(TransferlineError, match=words) as caught:
        make_rule(Split(by=by), frozenset(laid_out), "photos")
    assert 'split.by to "hash"' in caught.value.cure


def test_photos_of_one_group_stay_together_and_groups_have_their_shares():
    rule = make_rule(Split(by="hash"), frozenset(), "")
    splits = [rule.split_of(digest, "", f"patient {number % 400}") for number, digest in enumerate(DIGESTS)]
    assert all(len(set(splits[group::400])) == 1 for group in range(400))
    assert splits.count("train") / len(splits) == pytest.approx(0.8, abs=0.06)
    assert len(set(splits)) == 3


def test_a_stratified_split_gives_a_rare_class_a_photo_in_each():
    rule = make_rule(Split(by="hash", stratify=True), frozenset(), "")
    hashes = {name: np.array([hash_of(digest) for digest in DIGESTS[start : start + count]], np.uint64)
              for name, start, count in (("rose", 0, 3), ("tulip", 10, 300))}  # fmt: skip
    strata = rule.strata_of(hashes)
    roses = [rule.split_of(digest, "", strata=strata) for digest in DIGESTS[:3]]
    assert sorted(roses) == ["eval", "test", "train"]
    tulips = [rule.split_of(digest, "", strata=strata) for digest in DIGESTS[10:310]]
    assert [tulips.count(split) for split in ("train", "eval", "test")] == [240, 30, 30]
    others = [rule.split_of(digest, "", strata=strata) for digest in DIGESTS[310:]]
    assert others == [rule.split_of(digest, "") for digest in DIGESTS[310:]]


@pytest.mark.parametrize("setting", [{"group": 1}, {"stratify": True}])
def test_groups_and_strata_are_for_a_split_by_hash(setting):
    with pytest.raises(TransferlineError, match="split as they are laid out") as caught:
        make_rule(Split(**setting), frozenset({"train", "test"}), "photos")
    assert caught.value.place == f"data.split.{next(iter(setting))}"
    make_rule(Split(by="hash", **setting), frozenset({"train", "test"}), "photos")
