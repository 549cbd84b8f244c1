"""Defines where a pipeline's data comes from when no folder is given."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from components.settings import Settings


class EmbeddedDigits(Settings):
    """scikit-learn's `load_digits`: 1,797 real 8x8 scans of handwritten digits, written as PNG class folders.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (CC BY 4.0).

    Args:
        kind: Always "embedded_digits".
    """

    kind: Literal["embedded_digits"] = "embedded_digits"


class Download(Settings):
    """A public file.

    Args:
        kind: Always "download".
        url: Where it is: an address of https://, or of http:// if the sha256 is known.
        size: Bytes, where known.
        sha256: Hex digest, where known.
        at_most: Bytes, where the size isn't known; a server that sends more is refused.
    """

    kind: Literal["download"] = "download"
    url: str
    size: int | None = None
    sha256: str | None = None
    at_most: int = Field(default=16 * 2**30, ge=1)

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[-1]


class HiggsToy(Settings):
    """A toy of HIGGS, simulated; see `pipeline.data.higgs_toy`.

    Args:
        kind: Always "higgs_toy".
        rows: How many.
        seed: Same seed, same file.
    """

    kind: Literal["higgs_toy"] = "higgs_toy"
    rows: int = Field(default=12_000, ge=1)
    seed: int = Field(default=0, ge=0)


Source: TypeAlias = Annotated[EmbeddedDigits | Download | HiggsToy, Field(discriminator="kind")]
