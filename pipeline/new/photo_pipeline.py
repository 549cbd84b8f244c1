"""Drafts a pipeline for photos from what was found in them."""

import math
from collections.abc import Iterable, Iterator

from components.contract import PHOTO_SLICES, SPLITS
from components.errors import TransferlineError
from components.evaluator.config import Evaluation, Threshold
from components.image_example_gen.config import ImageData, Split
from components.ingest.findings import REFUSE_OUTSIDE
from components.ingest.report import Quarantined
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning
from components.transform.config import ImageTransform
from components.wording import listed, printable
from components.yardstick.config import YardstickSettings
from pipeline.config import ImagePipeline
from pipeline.new.bounds import above_guessing
from pipeline.new.catalog_file import Draft
from pipeline.new.gate import MOST, RULES, misses_a_split, missing_warning, settings_to_run, what_stops
from pipeline.new.operating_point import operating_point_for
from pipeline.profile.classes import MIN_CLASSES, RARE, auc_at_least, count_of, few, margin, unbalanced, with_counts
from pipeline.profile.photos import PhotoFindings

IMAGE_SIZES = (160, 128, 96, 64)
FEW_PHOTOS, MANY_PHOTOS = 300, 20_000
FEW_TO_TEST, MANY_TO_TEST = 100, 1_000
BATCH_SIZES = {16: 300, 32: 5_000, 64: math.inf}
"""Batch sizes, and up to how many training photos."""

LEAST_EPOCHS, MOST_EPOCHS = 2, 15
STEPS = 350
"""Training steps of a phase, at 1e-4, after which cats and dogs are told apart; epochs are chosen to come to it."""

SHOWN = 5


def draft_for_photos(name: str, found: PhotoFindings) -> Draft:
    """Returns the pipeline to begin with.

    Args:
        name: The pipeline's name.
        found: What was found.

    Raises:
        TransferlineError: There are fewer than two classes, or no photo can be read.
    """
    _check(found)
    split = _split(found)
    config = ImagePipeline(
        name=name,
        data=ImageData(path=found.data.path, split=split),
        transform=ImageTransform(image_size=_image_size(found)),
        trainer=_trainer(found, split),
        evaluation=_evaluation(found, split),
        gate=RULES,
        yardstick=YardstickSettings(),
    )
    return Draft(
        config=config,
        title=f"Photos of {len(found.counts)} classes: transfer learning, begun by `transferline new`.",
        data=_data(found),
        expect=_expect(found, split),
        warnings=tuple(_warnings(found, split)),
        settings=settings_to_run(found.quarantine, class_is_missing=_misses_a_split(found, split)),
        comments=_comments(found),
        names={"evaluation.slices": '("label", *PHOTO_SLICES)'},
        imports=("PHOTO_SLICES",),
    )


def _check(found: PhotoFindings) -> None:
    """Refuses photos that no classifier can be made for."""
    if len(found.rejected) == found.read:
        what = count_of(found.read, "photo", "photos") if found.read else count_of(len(found.others), "file", "files")
        raise TransferlineError(
            f"None of the {what} that were read can be used: {_places(found.rejected or found.others)}.",
            place=found.data.path,
            cure="Give JPEG, PNG, GIF, BMP or WebP files.",
        )
    if len(found.counts) < MIN_CLASSES:
        raise TransferlineError(
            f"There are photos of {count_of(len(found.counts), 'class', 'classes')}, and a classifier needs two or more"
            + (f": {listed(found.counts)}." if found.counts else "."),
            place=found.data.path,
            cure="Lay the photos out in one folder for each class.",
        )


def _comments(found: PhotoFindings) -> dict[str, str]:
    return {
        "transform.image_size": f"The photos that were read are about {found.shorter_side} pixels at their shorter "
        "side; more pixels take more time.",
        "trainer.augmentation": "The classes look like letters or digits: mirrored or turned they would be others.",
        "trainer.pooling": "Of photos this small the base leaves 2 x 2 places, which an average would lose.",
        "evaluation.thresholds": "A beginning: raise them to what you need once you know what the model can do.",
    }


def _split(found: PhotoFindings) -> Split:
    named = set(found.by_split) - {""}
    if "train" in named and len(named) > 1:
        return Split(by="folder")
    if found.photos < FEW_PHOTOS:  # or a test would say next to nothing
        return Split(by="hash", train=0.6, eval=0.2, test=0.2, stratify=True)
    if found.photos < MANY_PHOTOS or min(found.counts.values()) < RARE:
        return Split(by="hash", train=0.8, eval=0.1, test=0.1, stratify=True)
    return Split(by="hash", train=0.8, eval=0.1, test=0.1)


def _expected(found: PhotoFindings, split: Split) -> dict[str, int]:
    """Returns about how many photos each split will have."""
    if split.by == "hash":
        return {name: round(found.photos * getattr(split, name)) for name in SPLITS}
    counts = {name: found.by_split.get(name, 0) for name in SPLITS}
    if not counts["eval"]:
        counts["eval"] = round(counts["train"] * split.eval / (split.train + split.eval))
        counts["train"] -= counts["eval"]
    if not counts["test"]:
        counts["test"] = round(counts["eval"] * split.test_from_eval)
        counts["eval"] -= counts["test"]
    return counts


def _image_size(found: PhotoFindings) -> int:
    return next((size for size in IMAGE_SIZES if size <= found.shorter_side), IMAGE_SIZES[-1])


def _trainer(found: PhotoFindings, split: Split) -> TransferLearning:
    train = _expected(found, split)["train"]
    batch_size = next(size for size, most in BATCH_SIZES.items() if train <= most)
    steps = max(1, math.ceil(train / batch_size))
    epochs = min(MOST_EPOCHS, max(LEAST_EPOCHS, math.ceil(STEPS / steps)))
    # More classes, or fewer steps, need longer ones.
    learning_rate = 1e-4 if len(found.counts) == MIN_CLASSES and epochs * steps >= STEPS else 1e-3
    trainer = TransferLearning(
        batch_size=batch_size,
        feature_extraction=FeatureExtraction(epochs=epochs, learning_rate=learning_rate),
        fine_tuning=FineTuning(epochs=min(10, epochs)),
        calibrate=True,
        operating_point=operating_point_for(found.counts),
    )
    if _are_signs(found):
        trainer = trainer.model_copy(update={"augmentation": Augmentation(horizontal_flip=False, rotation=0.0)})
    if _image_size(found) == IMAGE_SIZES[-1]:
        trainer = trainer.model_copy(update={"pooling": "flatten"})
    return trainer


def _are_signs(found: PhotoFindings) -> bool:
    """Whether the classes are letters or digits, which mirrored or turned are others."""
    return all(len(name) == 1 for name in found.counts)


def _evaluation(found: PhotoFindings, split: Split) -> Evaluation:
    test = _expected(found, split)["test"]
    thresholds = [above_guessing(found.counts, 0.25, test, drop=0.02 if test > MANY_TO_TEST else 0.05)]
    if len(found.counts) == MIN_CLASSES:
        thresholds.append(Threshold(metric="auc", at_least=auc_at_least(found.counts, 0.65, test)))
    return Evaluation(thresholds=tuple(thresholds), slices=("label", *PHOTO_SLICES), better_than_guessing=True)


def _data(found: PhotoFindings) -> str:
    named = {name: count for name, count in found.by_split.items() if name}
    laid_out = f", laid out as {with_counts(named)}" if named else ""
    return (
        f"{found.photos:,} photos in {found.data.path}{laid_out}. Classes: {with_counts(found.counts)}. "
        f"{'All' if found.all_read else f'{found.read:,}'} were read: they are about {found.shorter_side} "
        f"pixels at their shorter side, and {f'{len(found.rejected):,}' if found.rejected else 'none'} can't be used."
    )


def _expect(found: PhotoFindings, split: Split) -> str:
    test = _expected(found, split)["test"]
    most = max(found.counts, key=lambda name: found.counts[name])
    return (
        f"not known yet. To answer '{printable(most)}' always would be right for "
        f"{found.counts[most] / found.photos:.0%} of the photos. With about {test:,} test photos, an accuracy of 0.9 "
        f"is known to within {margin(test):.2f} either way."
    )


def _warnings(found: PhotoFindings, split: Split) -> Iterator[str]:
    if rare := few(found.counts, "photos"):
        yield f"{rare}; a hundred or more of each are a good beginning."
    if _misses_a_split(found, split):
        yield missing_warning("photos")
    if uneven := unbalanced(found.counts, "photos"):
        yield f"{uneven}; look at each class's slice, not at the accuracy alone."
    test = _expected(found, split)["test"]
    if test < FEW_TO_TEST:
        yield f"The test split has about {test} photos: an accuracy of 0.9 is known to within {margin(test):.2f} only."
    if found.rejected:
        yield f"{len(found.rejected):,} of {found.read:,} photos read can't be used: {_places(found.rejected)}."
    if found.others:
        yield f"{count_of(len(found.others), 'file is', 'files are')} no photo of a class: {_places(found.others)}."
    if found.outside:
        yield f"{found.outside}. {REFUSE_OUTSIDE}"
    if found.empty_folders:
        count = count_of(len(found.empty_folders), "folder has", "folders have")
        yield f"{count} no files: {listed(found.empty_folders)}."
    if found.quarantine.count > max(len(found.rejected), len(found.others)) or found.quarantine.stops(MOST):
        yield f"{what_stops(found.quarantine)}."
    if found.copies:
        yield (
            f"{_groups(len(found.copies))} identical in different classes, and a run sets them aside: "
            f"{_names(found.copies)}."
        )
    if found.leaks:
        yield (
            f"{_groups(len(found.leaks))} identical in different splits, which stops the run: {_names(found.leaks)}; "
            'remove the copies, or set data.split.by to "hash".'
        )
    if not found.all_read:
        yield f"Only {found.read:,} of {found.photos:,} photos were read to know this; the run reads all."


def _misses_a_split(found: PhotoFindings, split: Split) -> bool:
    return misses_a_split(found.counts, found.splits) if split.by == "folder" else misses_a_split(found.counts)


def _groups(count: int) -> str:
    return count_of(count, "group of photos is", "groups of photos are")


def _places(faults: Iterable[Quarantined]) -> str:
    return listed([f"{fault.place}: {fault.reason}" for fault in faults], SHOWN, "; ")


def _names(groups: Iterable[tuple[str, ...]]) -> str:
    return listed([" = ".join(group[:SHOWN]) for group in groups], SHOWN, "; ")
