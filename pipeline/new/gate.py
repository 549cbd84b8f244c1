"""Says what the gate of a new pipeline does with records that can't be used."""

from components.data_gate.config import GateRules
from pipeline.profile.quarantine import Quarantine

MOST = GateRules().max_quarantined


def what_stops(found: Quarantine) -> str:
    """Returns how much can't be used, and whether that stops a run."""
    return found.text + f"; more than {MOST:.0%} stop the run" * found.stops(MOST)


def settings_to_run(found: Quarantine) -> tuple[str, ...]:
    """Returns the settings without which a run would stop; none where it goes on."""
    return (found.setting,) if found.stops(MOST) else ()
