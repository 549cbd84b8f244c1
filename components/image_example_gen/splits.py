"""Assigns each photo to a split."""

import hashlib
from dataclasses import dataclass

from components.errors import TransferlineError
from components.image_example_gen.config import Split
from components.ingest.strata import ClassHashes, Strata, strata_of

SALT = b"transferline split: "
_HEX_DIGITS = 13  # 52 bits: every value is exact in a float64.


def fraction(sha256: str, group: str = "") -> float:
    """Returns a number in [0, 1) that is uniform over photos and depends on the photo's content, or its group, alone.

    Args:
        sha256: Hex digest of the photo's bytes. It is hashed again, so that photos chosen by their digest elsewhere
            still split evenly here.
        group: What is hashed in its place; "" for none.
    """
    return float(hash_of(sha256, group)) / float(16**_HEX_DIGITS)


def hash_of(sha256: str, group: str = "") -> int:
    """Returns a whole number of 52 bits that photos have in common which stay together; arguments as above."""
    hashed = f"group: {group}".encode("utf-8", "surrogateescape") if group else sha256.encode("ascii")
    return int(hashlib.sha256(SALT + hashed).hexdigest()[:_HEX_DIGITS], 16)


@dataclass(frozen=True)
class SplitRule:
    """Assigns the split of a photo from its content and from the split it is laid out in.

    Attributes:
        by_folder: Whether the layout decides, or the hash.
        train: Upper bound of train in [0, 1), by hash.
        eval: Upper bound of eval in [0, 1), by hash.
        eval_from_train: Share of the photos laid out as train that becomes eval.
        test_from_eval: Share of the photos laid out as eval that becomes test.
    """

    by_folder: bool
    train: float
    eval: float
    eval_from_train: float = 0.0
    test_from_eval: float = 0.0

    def split_of(self, sha256: str, laid_out: str, group: str = "", strata: Strata | None = None) -> str:
        """Returns "train", "eval" or "test".

        Args:
            sha256: Hex digest of the photo's bytes.
            laid_out: The split whose folder the photo lies in; empty where there is none.
            group: The photo's group; "" for none.
            strata: The splits of the photos of rare classes, where the split is stratified.
        """
        at = fraction(sha256, group)
        if not self.by_folder:
            split = "train" if at < self.train else "eval" if at < self.eval else "test"
            return strata.split_of(hash_of(sha256, group), split) if strata else split
        if laid_out == "train" and at < self.eval_from_train:
            return "eval"
        if laid_out == "eval" and at < self.test_from_eval:
            return "test"
        return laid_out

    def strata_of(self, classes: ClassHashes) -> Strata:
        """Returns the splits of the photos of rare classes.

        Args:
            classes: The hashes of all photos, see `hash_of`, by class.
        """
        return strata_of(classes, (self.train, self.eval - self.train, 1 - self.eval))


def make_rule(split: Split, laid_out: frozenset[str], place: str) -> SplitRule:
    """Returns the rule for data laid out in the given splits.

    Args:
        split: The user's settings.
        laid_out: The splits, of train, eval and test, that the layout of the data names; empty where it names none.
        place: Where the data is, for the error.

    Raises:
        TransferlineError: The settings ask for a split by folder that the data doesn't have, or for groups or strata in
            one.
    """
    laid_out_by_split = bool(laid_out) and laid_out != {"train"}
    by_folder = split.by == "folder" or (split.by == "auto" and laid_out_by_split)
    if by_folder and not ("train" in laid_out and len(laid_out) > 1):
        named = f"only names {', '.join(sorted(laid_out))}" if laid_out else "names no splits"
        raise TransferlineError(
            f"The photos are to be split as they are laid out, but the layout {named}.",
            place=place,
            cure="Lay the photos out in folders train, validation and test (or fill the manifest's split column), "
            'or set split.by to "hash".',
        )
    only_by_hash = "group" if split.group else "stratify" if split.stratify else ""
    if by_folder and only_by_hash:
        raise TransferlineError(
            f"data.split.{only_by_hash} is set, but the photos are split as they are laid out.",
            place=f"data.split.{only_by_hash}",
            cure=f'Set data.split.by to "hash", or leave data.split.{only_by_hash} out.',
        )
    return SplitRule(
        by_folder=by_folder,
        train=split.train,
        eval=split.train + split.eval,
        eval_from_train=0.0 if "eval" in laid_out else split.eval / (split.train + split.eval),
        test_from_eval=0.0 if "test" in laid_out else split.test_from_eval,
    )
