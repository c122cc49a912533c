"""What was asked of a run's results, and what came out: the content of check.json."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqattr.evaluate.additivity import Additivity, cure
from seqattr.evaluate.judgement import Judgement
from seqattr.evaluate.measured import Summary
from seqattr.io.text import read_json, write_json
from seqattr.support.advice import phrased
from seqattr.support.rounding import rounded

COMPLETENESS = "completeness"


@dataclass(frozen=True)
class Credit:
    """Whether a method's contributions are to be believed, by `judgements` of some of `all` sequences;
    `curve` is the deletion curve of the first target, and that of random numbers.

    `about` tells what run it is of, `notes` what was left out.
    """

    method: str
    sequences: int
    all: int
    judgements: list[Judgement]
    curve: list[Summary]
    about: dict[str, Any]
    notes: list[str]

    @property
    def believed(self) -> bool | None:
        """Whether it passes all that was asked; None where it fails nothing, but something cannot be said.

        That contributions add up is asked of methods that claim it.
        """
        passed = [one.passes for one in self.judgements if not unclaimed(one)]
        if False in passed:
            return False
        return True if passed and None not in passed else None

    @property
    def heading(self) -> str:
        """The answer, in a few words."""
        words = {True: "To be believed.", False: "Not to be believed.", None: "Not settled."}
        return words[self.believed]

    def line(self) -> str:
        """All of it on one line: of what fails why, else which checks were passed."""
        wanted = None if self.believed is None else False
        telling = [one for one in self.judgements if one.passes is wanted and not unclaimed(one)]
        why = " ".join(one.sentence for one in telling)
        asked = ", ".join(one.check for one in self.judgements if one.passes)
        passed = f" It passes {asked}." if asked else ""
        return f"{self.heading} {why}{passed}".replace("  ", " ")

    # --- as a file ---------------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """As JSON. Raises OutputError."""
        facts = {**vars(self), "believed": self.believed}
        facts["judgements"] = [one._asdict() for one in self.judgements]
        facts["curve"] = [
            {name: without_nan(value) for name, value in row._asdict().items()} for row in self.curve
        ]
        write_json(path, facts)

    @classmethod
    def read(cls, path: Path, about: dict[str, Any]) -> "Credit | None":
        """From a file, if there is one of this run, and whole."""
        facts = read_json(path)
        try:
            judgements = [Judgement(**one) for one in facts.pop("judgements")]
            rows = [
                Summary(**{name: with_nan(name, value) for name, value in row.items()})
                for row in facts.pop("curve")
            ]
            facts.pop("believed")
            credit = cls(judgements=judgements, curve=rows, **facts)
        except (KeyError, TypeError, AttributeError):
            return None
        return credit if credit.about == about else None


def without_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def with_nan(name: str, value: Any) -> Any:
    return float("nan") if value is None and name != "seed" else value


def about_run(run: dict[str, Any]) -> dict[str, Any]:
    """What a run's check must be of, from the content of its run.json."""
    settings = run.get("settings", {})
    names = ("method", "references", "seed", "precision")
    return {"model": run.get("model"), "seqattr": run.get("seqattr"), **{n: settings.get(n) for n in names}}


def completeness(method: str, complete: bool, dtype: str, verdict: Additivity) -> Judgement:
    """Whether contributions add up, of all sequences of the run."""
    counts = f"{verdict.missing:,} of {verdict.explanations:,} explanations"
    basis = f"{counts} miss the difference; the worst by {rounded(verdict.worst_error)} of it"
    if not complete:
        sentence = "It does not claim that its scores add up to what the model says, so that is not asked."
        return Judgement(method, COMPLETENESS, None, sentence, basis)
    if verdict.additive and not verdict.cancels:
        sentence = "Its scores add up to what the model says of a sequence more than of its references."
        return Judgement(method, COMPLETENESS, True, sentence, basis)
    why = verdict.cancellations() if verdict.additive else f"{verdict.misses()}; {phrased(cure(dtype))}"
    sentence = f"Its scores do not tell what the model says: {why}."
    return Judgement(method, COMPLETENESS, False, sentence, basis)


def unclaimed(judgement: Judgement) -> bool:
    """Whether the method does not claim what was asked."""
    return judgement.check == COMPLETENESS and judgement.passes is None
