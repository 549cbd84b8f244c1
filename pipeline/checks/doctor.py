"""`transferline doctor`: checks whether this machine and its environment are fit for a run."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from urllib.parse import urlsplit

from components.trainer.transfer_learning.bases import KERAS_ADDRESS
from pipeline import catalog
from pipeline.checks import environment, maintenance
from pipeline.checks.devices import check_devices
from pipeline.checks.finding import Finding
from pipeline.checks.folders import check_temporary
from pipeline.checks.network import check_network
from pipeline.checks.weights import check_imagenet, imagenet_needed
from pipeline.config import Pipeline
from pipeline.config.sources import Download

PACKAGE_INDEX = "pypi.org"


def examine(output_dir: str) -> list[Finding]:
    """Looks at all that the catalog's pipelines need of this machine.

    Args:
        output_dir: Where results go.
    """
    configs = [catalog.load(name) for name in catalog.names()]
    with ThreadPoolExecutor(max_workers=2) as meanwhile:
        network, devices = meanwhile.submit(check_network, hosts(configs)), meanwhile.submit(check_devices)
        return [*_machine(output_dir), *devices.result(), *_weights(configs), *network.result()]


def hosts(configs: Sequence[Pipeline]) -> list[str]:
    """Returns the hosts that pipelines download from."""
    addresses = [config.source.url for config in configs if isinstance(config.source, Download)]
    found = [urlsplit(address).hostname or "" for address in [*addresses, KERAS_ADDRESS]]
    return sorted({PACKAGE_INDEX, *found} - {""})


def _machine(output_dir: str) -> Iterator[Finding]:
    installed, locked = environment.installed_versions(), environment.locked_versions(environment.LOCK)
    yield environment.check_python()
    yield maintenance.check_end_of_life(date.today())
    yield from maintenance.check_holes()
    yield environment.check_glibc()
    for name in environment.LIBRARIES:
        yield environment.check_library(name, installed, locked)
    yield from environment.check_others(installed, locked)
    yield from maintenance.check_maintained(installed)
    yield environment.check_pip()
    yield environment.check_cores()
    yield environment.check_memory()
    yield environment.check_room(output_dir)
    yield check_temporary()


def _weights(configs: Sequence[Pipeline]) -> list[Finding]:
    needed = {(base.name, size): base for base, size in filter(None, map(imagenet_needed, configs))}
    return [check_imagenet(base, size) for (_, size), base in sorted(needed.items())]
