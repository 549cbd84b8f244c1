"""Defines the settings of ImageExampleGen."""

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from components.settings import Settings


class Split(Settings):
    """How the photos are split into train, eval and test.

    A photo's place in a split by hash depends on its own bytes alone: adding, removing or renaming photos moves no
    other one, and byte-identical photos never fall in different splits.

    Attributes:
        by: "folder": as laid out in folders (train, validation, test) or in the manifest's split column; "hash": by
            the shares below; "auto": "folder" where there is such a layout, else "hash".
        train: Share of the photos, by hash. Laid out by folder without a validation folder, eval / (train + eval) of
            the training photos become eval.
        eval: Share of the photos, by hash.
        test: Share of the photos, by hash.
        test_from_eval: Laid out by folder without a test folder: the share of the validation photos that become test.
        group: By hash: what is hashed in place of a photo's bytes, so that photos of one patient, scene or day stay
            together: in folders and archives the level of a folder below its class's, from 1 on; in a manifest a
            column; in TFRecords a feature. "" for none.
        stratify: By hash: whether each class has its shares of train, eval and test, as exactly as whole photos allow,
            and a rare one a photo in each if it has three. The photos are read twice for it, and more photos may move
            others to another split; without it they never do.
    """

    by: Literal["auto", "folder", "hash"] = "auto"
    train: float = Field(default=0.8, gt=0, lt=1)
    eval: float = Field(default=0.1, gt=0, lt=1)
    test: float = Field(default=0.1, gt=0, lt=1)
    test_from_eval: float = Field(default=0.2, gt=0, lt=1)
    group: Annotated[int, Field(ge=1)] | str = ""
    stratify: bool = False

    @field_validator("group")
    @classmethod
    def _number_as_text(cls, group: int | str) -> int | str:
        """The command line has text alone."""
        return int(group) if isinstance(group, str) and group.isdecimal() and int(group) else group

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "Split":
        total = self.train + self.eval + self.test
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            raise ValueError(f"the shares train + eval + test must sum to 1, and they sum to {total:g}")
        return self


class ExampleFeatures(Settings):
    """The names of the features in existing TFRecords of tf.Example.

    Attributes:
        image: The feature with the encoded photo, bytes.
        label: The feature with the class: its name as bytes or, with `class_names`, its index as int64.
        class_names: The class of each index; empty if the label is a name already.
    """

    image: str = "image"
    label: str = "label"
    class_names: tuple[str, ...] = ()


class ArchiveBounds(Settings):
    """What an archive of photos may come to, so that a small file can't take all time and memory there is.

    Attributes:
        max_unpacked: Bound on the bytes in all that a .zip, a .tar.gz or a gzipped TFRecord unpacks to; one that has
            more is refused.
        max_ratio: Bound on how many times its size anything packed has when it is unpacked: of a member of a .zip above
            1 MiB, which is quarantined otherwise; of a .tar.gz or a gzipped TFRecord above 256 MiB, which is refused.
        max_members: Bound on the files in an archive; one that has more is refused.
    """

    max_unpacked: int = Field(default=2**40, gt=0)
    max_ratio: int = Field(default=200, gt=0)
    max_members: int = Field(default=1_000_000, gt=0)


class ImageData(Settings):
    """Where the photos are and how they become examples.

    Attributes:
        path: A folder of photos, a manifest (.csv), an archive (.zip, .tar.gz, .tgz), or a folder or a glob pattern
            of TFRecords; local, or remote as gs://.
        split: How the photos are split.
        class_aliases: Class name by folder name, as {"cats": "cat"}; names that aren't listed stay as they are.
        longest_side: Bound in pixels; photos with a longer side are stored smaller.
        max_pixels: Bound on width x height as the header tells it; photos above it are never decoded. The default is
            the one at which Pillow speaks of a decompression bomb.
        shard_bytes: Bound on the bytes of a TFRecord file of examples; after it the next file begins. Files are read
            side by side.
        features: The feature names, for TFRecords.
        archive: Bounds on archives.
        outside: What becomes of photos that lie elsewhere than below the data's folder, to which a link leads or a
            manifest's path: "take", which is told; "refuse", which quarantines them. For data that others made.
    """

    path: str = ""
    split: Split = Split()
    class_aliases: dict[str, str] = Field(default_factory=dict)
    longest_side: int = Field(default=1024, gt=0)
    max_pixels: int = Field(default=178_956_970, gt=0)
    shard_bytes: int = Field(default=128 * 2**20, gt=0)
    features: ExampleFeatures = ExampleFeatures()
    archive: ArchiveBounds = ArchiveBounds()
    outside: Literal["take", "refuse"] = "take"
