"""Makes the report of a file of results."""

from pathlib import Path

from components.ingest.outputs import write_quarantine
from components.ingest.results import read_results


def outcome(path):
    """Writes the quarantine beside the results, and returns how many are in it."""
    report, quarantined = read_results(path)
    write_quarantine(quarantined, str(Path(path).parent))
    return report.quarantined
