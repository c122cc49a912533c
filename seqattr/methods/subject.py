"""What a result is of: the sequences, the targets, the method, the references and the models."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from seqattr.dna.alphabet import UNKNOWN, codes_of
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.comparison import Comparison
from seqattr.errors import InputError, some_of
from seqattr.models.content import content_hash
from seqattr.support.rounding import number_of

SHOWN_TARGETS = 4  # in a line about a result
ZEROS = "zeros"  # as `seqattr.references` has it


class Subject(NamedTuple):
    """What was explained, and by what: codes (N, L) of the sequences, None where these are no bases, the
    names of the T targets and the unit of each, at which step of the model, in words, the method, whether it
    promises that contributions sum to the difference, and the type of the model's numbers.

    `zeros` says that the references are no base at any position, `given` in words how many others there were;
    both are empty of a method that takes none. `models` are the models' hashes, `sources` the files that
    they are from, where they know, and `both_strands` whether both were explained.
    """

    codes: npt.NDArray[np.uint8] | None
    targets: Sequence[str]
    units: Mapping[str, str]
    explained: str
    method: str
    complete: bool
    dtype: str
    zeros: bool = False
    given: str = ""
    models: Sequence[str] = ()
    sources: Sequence[str] = ()
    both_strands: bool = False

    def in_words(self) -> str:
        """The method, the references and the first targets."""
        against = f" against {self.against}" if self.against else ""
        return f"method {self.method}{against}, targets {some_of(self.targets, SHOWN_TARGETS, total=True)}"

    @property
    def model(self) -> str:
        """The hash of the model, or of several."""
        return "+".join(self.models)

    @property
    def against(self) -> str:
        """The references, in words; "" of a method that takes none."""
        return ZEROS if self.zeros else self.given

    def settings(self) -> dict[str, Any]:
        """How it was explained, as run.json tells it."""
        references = {"references": ZEROS} if self.zeros else {}
        return {"method": self.method, **references, "both_strands": self.both_strands}

    def facts(self) -> dict[str, Any]:
        """What run.json tells beside these; what is not known is left out."""
        known = {
            "model": self.model,
            "models": len(self.models),
            "model_files": list(self.sources),
            "given_references": self.given,
        }
        return {
            **{name: value for name, value in known.items() if value},
            "targets": list(dict.fromkeys(self.targets)),
            "complete": self.complete,
            "dtype": self.dtype.removeprefix("torch."),
            "explained": self.explained,
            "units": dict(self.units),
        }


def codes_in(comparison: Comparison) -> npt.NDArray[np.uint8] | None:
    """The codes (N, L) of what is explained; None where it is no bases."""
    bases = comparison.sequences
    codes: npt.NDArray[np.uint8] | None = bases.data.cpu().numpy() if bases.coded else None
    return codes if bases.coded else codes_if_bases(bases.data)


def codes_if_bases(sequences: Tensor) -> npt.NDArray[np.uint8] | None:
    """The codes (N, L) of sequences (N, 4, L); None where a column is neither one-hot nor zero."""
    try:
        return codes_of(sequences.cpu().numpy())
    except InputError:
        return None


def no_base_in(comparison: Comparison) -> bool:
    """Whether the references have no base at any position."""
    pool = comparison.references
    return not bool(((pool.data != UNKNOWN) if pool.coded else pool.data).any())


def references_in_words(comparison: Comparison) -> str:
    """How many references there are."""
    count = number_of(comparison.number, "given reference")
    return f"{count} shared by all sequences" if comparison.shared else f"{count} of each sequence's own"


def hashes_of(models: Sequence[Model]) -> list[str]:
    """Of each model, worked out once."""
    return [model.graph.once("content hash", partial(content_hash, model)) for model in models]


def sources_of(models: Sequence[Model]) -> list[str]:
    """The names of the files that models are from, where all of them know."""
    names = [str(model.provenance.get("source", "")) for model in models]
    return names if all(names) else []
