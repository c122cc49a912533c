"""What a report is asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seqattr.errors import InputError
from seqattr.motifs.matches import STRONG
from seqattr.motifs.scan import Pick
from seqattr.support.seeds import check_seed


@dataclass(frozen=True)
class Settings:
    """How to look for matches, and how much to draw.

    Matches are the `top` of each motif and sequence (all with None) that reach `log_odds` and `p_value`;
    those that reach `strong` count as strong. The background is measured where none is given. `sequences`
    are drawn. The seed is that of the shuffled motifs. An odd motif is left out, unless it is to be strict.
    """

    strand: str = "both"
    top: int | None = 5
    log_odds: float | None = 0.0
    p_value: float | None = None
    strong: float = STRONG
    background: Sequence[float] | None = None
    sequences: int = 20
    seed: int = 0
    strict: bool = False

    def __post_init__(self) -> None:
        if self.sequences < 0:
            raise InputError(f"the number of sequences to draw must be 0 or more, not {self.sequences}")
        for name in ("log_odds", "p_value", "strong"):
            if getattr(self, name) is not None and math.isnan(getattr(self, name)):
                raise InputError(f"{name} must be a number, not nan")
        check_seed(self.seed)

    @property
    def pick(self) -> Pick:
        return Pick(self.top, self.log_odds, self.p_value, self.strand)


USUAL = Settings()
