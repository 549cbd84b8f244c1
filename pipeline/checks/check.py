"""`transferline check`: finds in seconds what would stop a run after hours."""

from collections.abc import Iterator

from components.wording import listed
from pipeline.checks import environment
from pipeline.checks.class_weights import check_class_weights
from pipeline.checks.data import look_at_data
from pipeline.checks.finding import Finding, ok
from pipeline.checks.folders import check_cache, check_temporary, room_needed
from pipeline.checks.here import check_here
from pipeline.checks.learning_rates import check_learning_rates
from pipeline.checks.metadata import check_metadata
from pipeline.checks.schema import check_schema
from pipeline.checks.thresholds import check_thresholds
from pipeline.checks.weights import check_weights
from pipeline.checks.workers import check_workers
from pipeline.config import Pipeline


def check_pipeline(config: Pipeline) -> list[Finding]:
    """Looks at a pipeline's data, at what its thresholds name, and at what it needs of this machine.

    Args:
        config: Valid settings, which is the first thing that was checked.
    """
    look = look_at_data(config)
    return [
        ok("settings", f"{config.place} and the command line are valid"),
        *check_here(config),
        *look.findings,
        *check_schema(config, look),
        *check_thresholds(config, look),
        *check_class_weights(config, look),
        *check_learning_rates(config),
        *check_weights(config),
        *check_workers(config),
        *check_metadata(config.metadata),
        *check_cache(config),
        *check_machine(config),
    ]


def check_machine(config: Pipeline) -> Iterator[Finding]:
    """Looks at Python, the libraries, disk and memory; the libraries that are well are one finding.

    Args:
        config: Where results go, and how large its data is.
    """
    installed, locked = environment.installed_versions(), environment.locked_versions(environment.LOCK)
    libraries = [environment.check_library(name, installed, locked) for name in environment.LIBRARIES]
    well = [f"{finding.subject} {finding.text}" for finding in libraries if finding.level == "ok"]
    yield environment.check_python()
    yield from (finding for finding in libraries if finding.level != "ok")
    if well:
        yield ok("libraries", listed(well, 3))
    yield from environment.check_others(installed, locked)
    yield environment.check_room(config.output_dir, room_needed(config))
    yield check_temporary()
    yield environment.check_memory()
