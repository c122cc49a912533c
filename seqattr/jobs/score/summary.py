"""What a run did: the content of run.json."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError
from seqattr.evaluate.additivity import Additivity
from seqattr.jobs.score.credit import Credit

Quantiles = dict[str, float]


@dataclass
class Summary:
    """What a run did. `complete` says whether the method promises that contributions sum to the difference,
    `explained` at which step of the model, in words.

    `failed` sequences have no values, as the model answers with NaN or infinity for them; `dropped` are
    those that were left out. `seconds` are those of each part.
    """

    targets: list[str]
    sequences: int
    additivity_error: dict[str, Quantiles]
    cancellation: dict[str, Quantiles]
    complete: bool
    dtype: str
    verdict: Additivity
    explained: str
    failed: int = 0
    dropped: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    done_before: bool = False  # and nothing was done now
    credit: Credit | None = None  # what was asked of it, if that was wanted

    def facts(self) -> dict[str, Any]:
        """What run.json has of it: nothing that another run of the same would have otherwise."""
        left = ("seconds", "done_before", "credit")
        return {name: value for name, value in asdict(self).items() if name not in left}

    @classmethod
    def read(cls, path: Path) -> "Summary":
        """From a run.json. Raises InputError where it is none."""
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            names = {one.name for one in fields(cls)} & set(facts)
            return cls(**{name: facts[name] for name in names} | {"verdict": Additivity(**facts["verdict"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{path} is not what a run of `score` leaves: {error}") from error


def quantiles(numbers: Sequence[npt.NDArray[np.float64]], targets: Sequence[str]) -> dict[str, Quantiles]:
    """Of one number for each target and window: its median, 95th percentile and maximum, by target.

    Windows without values count in none.
    """
    return {
        target: _quantiles(values[~np.isnan(values)]) for target, values in zip(targets, numbers, strict=True)
    }


def _quantiles(values: npt.NDArray[np.float64]) -> Quantiles:
    return {f"q{q:g}": float(np.quantile(values, q)) if len(values) else 0.0 for q in (0.5, 0.95, 1)}
