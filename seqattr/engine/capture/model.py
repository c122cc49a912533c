"""A trained model ready to be explained: its graph, its geometry and the names of its targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.dna.alphabet import ALPHABET, one_hot
from seqattr.engine.capture.calls import DICT
from seqattr.engine.capture.export import unwrap
from seqattr.engine.capture.fitting import Fitted, fit, geometry_of, with_type
from seqattr.engine.capture.hints import what_would_run
from seqattr.engine.capture.input_form import InputForm, adapt, check_module, check_unknown
from seqattr.engine.capture.input_layouts import check_layout
from seqattr.engine.capture.left_out import BATCH_FIRST
from seqattr.engine.capture.original import OwnFailure
from seqattr.engine.capture.trial import Trial, capture_checked
from seqattr.engine.capture.watch import Watch
from seqattr.engine.graph.choice import Choice, Wanted, choose
from seqattr.engine.graph.expressions import split_name
from seqattr.engine.graph.forward import floats_of, outputs_of, random_sequences
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.kinds import classify
from seqattr.engine.graph.layouts import ROWS, find_layouts, stretches
from seqattr.engine.graph.lengths import Lengths
from seqattr.engine.graph.outputs import Target, name_targets, take_off_final
from seqattr.engine.graph.selections import Outputs
from seqattr.engine.numerics import forks
from seqattr.engine.ops.kinds import Kind
from seqattr.errors import InputError, ModelError, some_of


class Model:
    """A trained model, captured once as a graph of steps.

    `module` is any nn.Module in which each sequence's output depends on that sequence alone;
    `example_input` is a batch in the model's own layout, (N, 4, L) unless `layout` (one of INPUT_LAYOUTS; a
    fifth channel is 1 where no base is known) or its shape says otherwise; `channels` is the model's order of
    bases, `unknown` what stands in each channel of an unknown one; `targets` names its outputs; `inputs` are
    those beside the sequence, held constant (see `InputForm`).
    The module is not written on. Outputs that cannot be explained beside others are left out, and the
    model's `notes` say why. Of one that was in a file, `provenance` says which.

    Raises ModelError if the module cannot be captured or the graph does not answer as the module does,
    UnsupportedOp if it holds an op that no rule knows, InputError if the input has no 4 channels, UnknownName
    for an input that the module does not have.
    """

    def __init__(
        self,
        module: nn.Module,
        example_input: Tensor,
        *,
        layout: str = "N4L",
        channels: str = ALPHABET,
        targets: Sequence[str] | None = None,
        inputs: Mapping[str, Any] | None = None,
        unknown: float = 0.0,
    ) -> None:
        check_module(module, example_input)
        forks.expect()
        check_layout(layout, channels)
        check_unknown(unknown)
        module = unwrap(module)
        form = InputForm(layout, channels, unknown, dict(inputs or {}))
        form, length = geometry_of(module, example_input, form)
        fitted = fit_or_say(module, form, length)
        dtype = parameter_type(module, example_input)
        device = next((p.device for p in module.parameters()), example_input.device)
        example = random_sequences(ROWS, length, dtype, device)
        trial = capture_checked(adapt(module, fitted.form, fitted.call), example, fitted.answer)
        graph, interface = interface_of(trial, targets, length)
        self._hold(graph, interface, (*trial.notes, *notes_on(fitted)), Watch(trial.original, trial.graph))

    @classmethod
    def from_parts(
        cls,
        graph: Graph,
        lengths: Lengths,
        targets: Sequence[Target],
        *,
        finals: tuple[str, ...],
        shapes: tuple[tuple[int, ...], ...],
        example_length: int,
    ) -> "Model":
        """A model from an already captured graph, as a model file holds it.

        `finals` and `shapes` are the final nonlinearity of each output and its shape for one sequence.
        """
        forks.expect()
        classify(graph)
        model = cls.__new__(cls)  # there is no module to capture
        model._hold(graph, Interface(lengths, example_length, shapes, finals, tuple(targets)), (), Watch())
        return model

    def _hold(self, graph: Graph, interface: "Interface", notes: tuple[str, ...], watch: Watch) -> None:
        """All that a model consists of, however it was made."""
        self.graph, self.notes, self.watch = graph, notes, watch
        self.lengths, self.example_length = interface.lengths, interface.example_length
        self.shapes, self.finals, self.targets = interface.shapes, interface.finals, interface.targets
        self.provenance: Mapping[str, str | int | float] = {}

    def __repr__(self) -> str:
        steps, targets = len(self.graph.steps), some_of([target.name for target in self.targets], 6)
        return f"<seqattr.Model of {self.input_length}, {steps} steps, {self.dtype}; targets: {targets}>"

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the model's own weights, or float32 where that was half of it."""
        return self.graph.once("dtype", lambda: floats_of(self.graph).dtype)

    @property
    def input_length(self) -> str:
        """The length that the model was made for, and at which others it runs."""
        if self.lengths.is_fixed:
            return str(self.lengths)
        return f"{self.example_length} bp (it runs at {self.lengths})"

    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each step, by its name."""
        return classify(self.graph)

    def choose(self, wanted: Wanted) -> Choice:
        """Targets by name, number or expression (docs/targets.md), and the graph that gives them.

        None takes all, or of a model with a profile and counts these two. Raises UnknownName for what is not
        there, and InputError for what cannot be read, and for none at all.
        """
        return choose(self.graph, self.outputs, wanted)

    @cached_property
    def outputs(self) -> Outputs:
        """The outputs with their names, as targets are asked for by them."""
        return Outputs(self.shapes, self.finals, self.targets)

    def pick(self, wanted: Wanted) -> tuple[Target, ...]:
        """The targets of `choose` alone."""
        return self.choose(wanted).targets

    def single(self, wanted: int | str | None) -> tuple[str, str]:
        """The name of one target, and what asks for it: for None the first that is explained by itself.

        Raises as `choose` does, and InputError for several.
        """
        chosen = self.choose(wanted)
        if wanted is not None and len(chosen.targets) > 1:
            raise InputError(f"one target is wanted, and '{wanted}' is {len(chosen.targets)} of them")
        return chosen.targets[0].name, chosen.texts[0]

    def with_targets(self, wanted: Wanted) -> "Model":
        """The same model with these targets and no others: what `choose` takes. Raises as that does."""
        chosen = self.choose(wanted).cut()
        targets = tuple(dict.fromkeys(chosen.targets))
        shapes, finals = chosen.outputs.shapes, chosen.outputs.finals
        model = type(self).__new__(type(self))
        interface = Interface(self.lengths, self.example_length, shapes, finals, targets)
        model._hold(chosen.graph, interface, self.notes, self.watch)
        before = {split_name(text)[0]: text for text in str(self.provenance.get("targets", "")).split("; ")}
        texts = dict.fromkeys(before.get(text, text) for text in chosen.texts)
        model.provenance = {**self.provenance, "targets": "; ".join(texts)}
        return model

    def check_length(self, length: int) -> None:
        """Raises InputError if sequences of this length do not fit."""
        if length not in self.lengths:
            raise InputError(f"sequences of {length} bp do not fit the model, which takes {self.lengths}")

    def predict(self, sequences: Tensor | Sequence[str]) -> Tensor:
        """The targets' values, before the final nonlinearity: (N, 4, L), or N texts, -> (N, T)."""
        if not isinstance(sequences, Tensor):
            sequences = torch.from_numpy(one_hot(sequences))
        self.check_length(sequences.shape[-1])
        with torch.no_grad():
            values = outputs_of(self.graph, sequences.to(self.dtype))
        outputs = [value.reshape(len(sequences), -1) for value in values]
        return torch.stack([outputs[t.output][:, t.index] for t in self.targets], 1)


# --- what is given -----------------------------------------------------------------------------


def models_in(given: object) -> list[Model]:
    """One model, or the several of a list. Raises InputError as `check_model` does, and for none at all."""
    models: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
    for model in models:
        check_model(model)
    if not models:
        raise InputError("there is no model to explain")
    return models


def check_model(model: object) -> None:
    """Raises InputError for what is no Model, saying how it becomes one."""
    if isinstance(model, str | Path):
        raise InputError(f"'{model}' is a path, no model: seqattr.load_model('{model}') reads one")
    if isinstance(model, nn.Module):
        raise InputError("a torch module is no model yet: seqattr.Model(module, example_input) makes it one")
    if not isinstance(model, Model):
        raise InputError(f"a seqattr.Model is wanted, not {type(model).__name__}")


# --- construction ------------------------------------------------------------------------------


def fit_or_say(module: nn.Module, form: InputForm, length: int) -> Fitted:
    """How a module runs in a form. Raises OwnFailure, saying in which others it would, InputError."""
    try:
        return fit(module, form, length)
    except OwnFailure as error:
        typed = with_type(module, form, length)
        if typed is not None:
            return fit(module, typed, length)
        raise OwnFailure(f"{error}{what_would_run(module, form, length, str(error))}") from error


def notes_on(fitted: Fitted) -> tuple[str, ...]:
    """What goes into a model beside the sequences as they are, in lines."""
    form, call = fitted.form, fitted.call
    constants = call.spelt()
    return (
        *((f"held constant beside the sequence: {', '.join(constants)}",) if constants else ()),
        *((f"the sequence goes in as '{call.sequence}' of a dict",) if call.packing == DICT else ()),
        *((f"an unknown base goes in as {form.unknown:g} in each channel",) if form.unknown else ()),
        *(
            (f"the model takes {form.dtype}: what is between whole numbers goes in as it is",)
            if form.dtype
            else ()
        ),
    )


@dataclass(frozen=True)
class Interface:
    """What a captured graph takes and what it answers with."""

    lengths: Lengths
    example_length: int
    shapes: tuple[tuple[int, ...], ...]  # of each output, for one sequence
    finals: tuple[str, ...]  # each output's final nonlinearity, which was taken off; "" for none
    targets: tuple[Target, ...]


def interface_of(trial: Trial, names: Sequence[str] | None, length: int) -> tuple[Graph, Interface]:
    """The graph up to the final nonlinearities, with where the batch sits in each step; and what it takes.

    `length` is that of the example.
    """
    graph, finals = take_off_final(trial.graph)
    classify(graph)
    like = floats_of(graph)
    example = random_sequences(ROWS, length, like.dtype, like.device)
    other = random_sequences(ROWS, trial.lengths.other_than(length), like.dtype, like.device)
    graph = find_layouts(graph, example)
    stretching = trial.lengths.is_fixed or stretches(graph, other)
    lengths = trial.lengths if stretching else Lengths(length, length)
    graph = graph.to("cpu", like.dtype)
    shapes = output_shapes(graph, example.cpu())
    return graph, Interface(lengths, length, shapes, finals, targets_of(shapes, names, trial.labels))


def parameter_type(module: nn.Module, example: Tensor) -> torch.dtype:
    floats = [t.dtype for t in (*module.parameters(), *module.buffers()) if t.is_floating_point()]
    return floats[0] if floats else (example.dtype if example.is_floating_point() else torch.float32)


def output_shapes(graph: Graph, example: Tensor) -> tuple[tuple[int, ...], ...]:
    """The shape of each output for one sequence."""
    with torch.no_grad():
        outputs = outputs_of(graph, example)
    layouts = {step.name: step.layout for step in graph.steps}
    for name in graph.outputs:
        if layouts.get(name) != (0, 1, 1):
            raise ModelError(BATCH_FIRST)
    return tuple(tuple(value.shape[1:]) for value in outputs)


def targets_of(
    shapes: Sequence[tuple[int, ...]], names: Sequence[str] | None, labels: Sequence[str]
) -> tuple[Target, ...]:
    try:
        return name_targets([int(torch.Size(shape).numel()) for shape in shapes], names, labels)
    except ValueError as error:
        raise InputError(str(error)) from error
