"""Defines the driver of ImageExampleGen."""

from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import fingerprint
from components.ingest.driver import FingerprintDriver


class Driver(FingerprintDriver):
    """Fingerprints the photos by their names, sizes and times of change."""

    def fingerprint(self, data: str) -> str:
        """See `components.image_example_gen.listing.fingerprint`."""
        return fingerprint(ImageData.model_validate_json(data).path)
