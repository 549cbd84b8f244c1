"""Defines the driver of CsvExampleGen."""

from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import fingerprint
from components.ingest.driver import FingerprintDriver


class Driver(FingerprintDriver):
    """Fingerprints the files by their names, sizes and times of change."""

    def fingerprint(self, data: str) -> str:
        """See `components.csv_example_gen.files.fingerprint`."""
        return fingerprint(CsvData.model_validate_json(data).path)
