"""What a report is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from seqattr.errors import InputError
from seqattr.motifs.hits import HitSettings
from seqattr.motifs.scan import Pick
from seqattr.support.seeds import check_seed

P_VALUE = 1e-4  # of a match: one place in 10,000, on either strand


@dataclass(frozen=True)
class Settings:
    """How to look for matches, and how much to draw.

    Matches are those on a `strand` whose log-odds random bases reach with a probability of at most `p_value`.
    The background is measured where none is given. `sequences` are drawn. The seed is that of the motifs'
    twins. An odd motif is left out, unless it is to be strict. `command` is what was typed.
    """

    strand: str = "both"
    p_value: float = P_VALUE
    background: Sequence[float] | None = None
    sequences: int = 20
    seed: int = 0
    strict: bool = False
    command: str = ""

    def __post_init__(self) -> None:
        if self.sequences < 0:
            raise InputError(f"the number of sequences to draw must be 0 or more, not {self.sequences}")
        if not 0 < self.p_value <= 1:
            raise InputError(f"p_value must be above 0 and at most 1, not {self.p_value:g}")
        check_seed(self.seed)
        _ = self.pick  # refuses an unknown strand

    @property
    def hits(self) -> HitSettings:
        """What may be a hit."""
        return HitSettings(strand=self.strand)

    @property
    def pick(self) -> Pick:
        """Which matches are listed."""
        return Pick(None, None, self.p_value, self.strand)


USUAL = Settings()
