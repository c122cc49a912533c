"""A simulated data set in a folder."""

from dataclasses import dataclass, replace
from typing import Any

from seqattr.data.simulate import PRESETS, TalGata, simulate_tal_gata
from seqattr.data.simulation_files import claim_simulation, write_simulation
from seqattr.errors import UnknownName
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import Output


@dataclass(frozen=True)
class Request:
    """Which PRESETS to simulate by, and what is to differ: the number of sequences, the shares of kinds."""

    preset: str = "published"
    count: int | None = None
    shares: tuple[int, ...] | None = None
    seed: int = 0


def run(output: Output, request: Request) -> TalGata:
    """Simulate the TAL-GATA data set and write it; how it was simulated.

    Raises UnknownName for a preset that there is not, InputError for settings that cannot be, OutputError.
    """
    if request.preset not in PRESETS:
        raise UnknownName("settings", request.preset, PRESETS)
    changes: dict[str, Any] = {"count": request.count, "shares": request.shares}
    given = {name: value for name, value in changes.items() if value is not None}
    settings = replace(PRESETS[request.preset], **given)
    check_writable(output.path)
    claim_simulation(output, settings, request.seed)
    write_simulation(output.path, simulate_tal_gata(settings, request.seed))
    return settings
