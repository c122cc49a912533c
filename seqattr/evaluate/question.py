"""What a check is asked with: a model, sequences and references, and the explanations of each method."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.walk.forward import flat, output_values
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Session
from seqattr.evaluate.controls import CONTROLS
from seqattr.methods.attribution import Attribution, attribute
from seqattr.methods.learned_patterns import Patterns
from seqattr.methods.method import Method
from seqattr.methods.registry import METHODS, method_named, with_patterns

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """Whether a model's explanations of N sequences are to be believed, method by method.

    `sequences` are one-hot (N, 4, L), `references` (N, R, 4, L), or (R, 4, L) shared by all, or None for
    zeros. `targets` is None for all. `methods` are names of METHODS; those that need them take `patterns`.
    What a check draws at random hangs on `seed`; of what it draws several times, there are `seeds`.
    `permuted` is a model of the same kind that was trained on permuted labels. Layers that are to forget what
    they learned have their weights permuted, or, with `born`, drawn anew as the zoo's architecture begins.
    """

    model: Model
    sequences: Tensor
    references: Tensor | None = None
    methods: tuple[str, ...] = ("deeplift",)
    targets: Sequence[int | str] | None = None
    seed: int = 0
    seeds: int = 3
    device: str = "auto"
    batch_size: int | None = None
    patterns: Patterns | None = None
    permuted: Model | None = None
    born: bool = False
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in self.methods:
            if name not in CONTROLS:
                method_named(name)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The targets' names."""
        return tuple(target.name for target in self.model.pick(self.targets))

    def contributions(self, method: str) -> Tensor:
        """Of the model itself, by a method or a control, worked out once: (T, N, L), float64."""
        if method not in self._kept and method not in CONTROLS:
            result = self._attribution(method, self.model, self.sequences, self.references)
            self._kept[f"hypothetical {method}"] = result.hypothetical
            self._kept[method] = result.contributions.double()
        return self.once(method, lambda: self._control(method, self.sequences))

    def hypothetical(self, method: str) -> Tensor | None:
        """What each base would contribute in each place, of the model itself: (T, N, 4, L), float64; None of
        a control, which has a number for each position alone.
        """
        if method in CONTROLS:
            return None
        self.contributions(method)
        return self._kept[f"hypothetical {method}"].double()

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What is made once, for all methods of a check or for several checks, under a key of its own."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

    def explain(self, method: str, model: Model, sequences: Tensor, references: Tensor | None) -> Tensor:
        """Contributions (T, N, L), float64, of any model with the same targets to any sequences.

        Raises as `attribute` does.
        """
        if method in CONTROLS:
            return self._control(method, sequences)
        return self._attribution(method, model, sequences, references).contributions.double()

    def _control(self, name: str, sequences: Tensor) -> Tensor:
        """The same for each target."""
        return CONTROLS[name].explain(sequences.cpu(), self.seed).expand(len(self.names), -1, -1)

    def _attribution(
        self, method: str, model: Model, sequences: Tensor, references: Tensor | None
    ) -> Attribution:
        return attribute(
            model,
            sequences,
            references,
            method=self.method(method),
            targets=self.targets,
            device=self.device,
            batch_size=self.batch_size,
        )

    def method(self, name: str) -> str | Method:
        """A method, with the patterns that it may need."""
        needy = name in METHODS and METHODS[name].needs_patterns
        return with_patterns(name, self.patterns) if needy and self.patterns is not None else name

    def predict(self, sequences: Tensor) -> Tensor:
        """The targets' values (N, T), float64, as they are explained: before a final sigmoid or softmax."""
        session = self.once("session", lambda: Session(self.model, self.targets, self.device))
        plan = session.plan(None)
        batches = session.batches(plan, sequences, self.batch_size, partial(target_values, session, plan))
        return torch.cat([part for _, _, parts in batches for part in parts])


def target_values(session: Session, plan: Plan, sequences: Tensor, _: int) -> Tensor:
    """The values (B, T) of a session's targets, float64, on the CPU."""
    outputs, names = output_values(plan, sequences), session.graph.outputs
    values = [flat(outputs[names[target.output]])[:, target.index] for target in session.targets]
    return torch.stack(values, 1).double().cpu()
