"""Several models, or both strands, explained as one: the mean of what they say of the same sequences.

What reads one strand as the other is said of the other: a sequence's contributions are the mean of its own
and its reverse complement's, read backwards; so are hypothetical ones, on both axes.
"""

import contextlib
from collections.abc import Iterator, Sequence

import torch

from seqattr.engine.capture.model import Model, models_in
from seqattr.engine.numerics.device import FULL
from seqattr.engine.walk.comparison import Comparison
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError
from seqattr.methods.explainer import Explainer, Explaining
from seqattr.methods.pending import Part, Pending
from seqattr.methods.sums import Fields, mean_of

REVERSE = "reverse strand"


def sessions(
    models: Model | Sequence[Model],
    targets: Sequence[int | str] | None = None,
    device: str = "auto",
    dtype: torch.dtype | None = None,
    products: str = FULL,
) -> list[Session]:
    """A session for each model, or for the one, all with the first one's targets, in its order.

    The other models have these by their names, and make of expressions what theirs is. Raises as `Session`,
    and InputError for no model, and for one that has not the first one's targets, naming both.
    """
    models = models_in(models)
    first = Session(models[0], targets, device, dtype, products)
    texts = models[0].choose(targets).texts
    own = {target.name for target in models[0].targets}
    wanted = texts if targets is None else [text for text in texts if text in own]
    others = []
    for number, model in enumerate(models[1:], 2):
        there = model.pick(None) if targets is None else model.targets
        check_names(number, [target.name for target in there], wanted, targets is None)
        with of_model(number):
            others.append(Session(model, texts, device, dtype, products))
    return [first, *others]


@contextlib.contextmanager
def of_model(number: int) -> Iterator[None]:
    """Raises InputError that names the model, where an expression is none of its."""
    try:
        yield
    except InputError as error:
        raise InputError(f"model {number}: {error}") from error


def check_names(number: int, names: Sequence[str], wanted: Sequence[str], all_of_them: bool) -> None:
    """Raises InputError where a model has not the targets of the first, or others if all are explained."""
    model, missing = f"model {number}", [name for name in wanted if name not in names]
    if missing:
        raise InputError(f"{model} has no target '{missing[0]}', as model 1 has; it has: {', '.join(names)}")
    others = [name for name in names if name not in wanted]
    if all_of_them and others:
        raise InputError(f"{model} has the target '{others[0]}', which model 1 has not: say which `targets`")


class Ensemble(Explaining):
    """Explainers whose attributions are averaged, over both strands where it is said.

    What there is one number of for each sequence is averaged too, but `additivity_error` and `cancellation`
    are the worst of all. A row fails where it does for any. With `each`, `Pending.each` has the models' own.
    Raises InputError for explainers of other targets than the first one's.
    """

    def __init__(
        self, explainers: Sequence[Explainer], both_strands: bool = False, each: bool = False
    ) -> None:
        self.explainers, self.both_strands, self.each = list(explainers), both_strands, each
        self.session, self.method = self.explainers[0].session, self.explainers[0].method
        if both_strands and any(explainer.method.one_strand for explainer in self.explainers):
            raise InputError("chosen positions are of one strand: leave `both_strands`, or the positions")
        wanted = [target.name for target in self.session.targets]
        for number, explainer in enumerate(self.explainers, 1):
            names = [target.name for target in explainer.session.targets]
            check_names(number, names, wanted, all_of_them=True)
            if names != wanted:
                raise InputError(f"model {number} has the targets in another order than model 1")

    @property
    def models(self) -> list[Model]:
        return [explainer.session.model for explainer in self.explainers]

    @property
    def notes(self) -> list[str]:
        return list(dict.fromkeys(note for explainer in self.explainers for note in explainer.notes))

    def pairs(self, length: int, batch_size: int | None = None) -> int:
        """The least of the models'."""
        return min(explainer.pairs(length, batch_size) for explainer in self.explainers)

    def begin(self, comparison: Comparison, pairs: int | None, multipliers: bool) -> Pending:
        targets, members, parts = self.session.targets, list[Pending](), list[Part]()

        def of_models() -> Iterator[Fields]:
            for fields, own in self._find(comparison, pairs, multipliers):
                parts.extend(own)
                if self.each:
                    members.append(Pending(targets, fields, [part._replace(look=None) for part in own]))
                yield fields

        return Pending(targets, mean_of(of_models()), parts, members)

    def _find(
        self, comparison: Comparison, pairs: int | None, multipliers: bool
    ) -> Iterator[tuple[Fields, list[Part]]]:
        """Of each model, the mean over the strands and what each strand says. The bases travel once."""
        rows = [explainer.pairs(comparison.length, pairs) for explainer in self.explainers]
        there = comparison.on(self.session)
        strands = [there, there.mirrored()] if self.both_strands else [there]
        for number, (explainer, at_once) in enumerate(zip(self.explainers, rows, strict=True), 1):
            found = [explainer.find(strand, at_once, multipliers) for strand in strands]
            fields = [one.fields.mirrored() if i else one.fields for i, one in enumerate(found)]
            labels = [self._label(number, reverse=i > 0) for i in range(len(found))]
            parts = [Part(one.facts, one.stopped, label) for one, label in zip(found, labels, strict=True)]
            parts[0] = explainer.part(found[0], comparison, labels[0])
            yield mean_of(fields), parts

    def _label(self, number: int, reverse: bool) -> str:
        """What a part of several is told apart by."""
        model = [f"model {number}"] if len(self.explainers) > 1 else []
        return ", ".join([*model, REVERSE] if reverse else model)
