"""The form in which a module runs, found by trying: its layout, its type, the shapes of its other inputs."""

import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seqattr.engine.capture.answers import answers_each, named_tensors
from seqattr.engine.capture.calls import (
    DICT,
    Call,
    call_of,
    keys_asked_for,
    keys_of_keras,
    names_in,
)
from seqattr.engine.capture.constants import Constant, candidates, others_like
from seqattr.engine.capture.export import evaluating
from seqattr.engine.capture.input_form import InputAdapter, InputForm, adapt
from seqattr.engine.capture.input_layouts import (
    INPUT_LAYOUTS,
    USUAL,
    batch_first,
    fits,
)
from seqattr.engine.capture.original import OwnFailure, own_answer
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import InputError, UnknownName

ROWS = 3
MOST_TRIES = 80  # of shapes for a model's other inputs
# Types of one-hot sequences that models insist on, the likeliest first.
TYPES = (
    torch.int8,
    torch.uint8,
    torch.int64,
    torch.int32,
    torch.bool,
    torch.float16,
    torch.bfloat16,
    torch.float64,
    torch.float32,
)
IN_WHOLE_NUMBERS = "argument #1 'indices'"  # of an embedding: such a model wants no one-hot sequences at all


class Fitted(NamedTuple):
    """A form in which a module runs, how it is then called, and what it answers to a few random sequences."""

    form: InputForm
    call: Call
    answer: Any


def sequences_for(module: nn.Module, length: int, rows: int = ROWS) -> Tensor:
    """Random ones, of the type of the module's weights and where these are."""
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    return random_sequences(rows, length, like.dtype, like.device)


def fit(module: nn.Module, form: InputForm, length: int) -> Fitted:
    """How a module is called in a form: what is left open in it is tried.

    Raises OwnFailure where it fails in all that was tried, InputError where other inputs could be of several
    shapes, with different answers.
    """
    call, sequences = call_of(module, form.inputs), sequences_for(module, length)
    if not form.inputs:
        return fit_alone(module, form, call, sequences)
    if call.packing == DICT and call.sequence is None:
        call = replace(call, sequence=key_of_sequence(module, form, call, sequences))
    options = [candidates(constant) for constant in call.constants.values()]
    if all(len(option) == 1 for option in options):
        chosen = tuple(option[0] for option in options)
        try:
            return attempt(module, form, with_constants(call, chosen), sequences)
        except OwnFailure as error:
            if not changed(chosen, str(error)):
                raise
    fitted = list(tries(module, form, call, sequences))
    different = [one for one in fitted if not same_answers(fitted[0].answer, one.answer)]
    apart = [one for one in fitted if keeps_apart(module, one, sequences)] if different else fitted[:1]
    if any(not same_answers(apart[0].answer, one.answer) for one in apart[1:]):
        shapes = " or ".join(", ".join(one.call.spelt()) for one in apart)
        raise InputError(f"other inputs of several shapes go into the model: say which is meant, {shapes}")
    return apart[0] if apart else fitted[0]


def fit_alone(module: nn.Module, form: InputForm, call: Call, sequences: Tensor) -> Fitted:
    """With nothing but the sequences, in a dict if the module asks for one of their key alone."""
    try:
        return attempt(module, form, call, sequences)
    except OwnFailure:
        if not keys_left(module, form, call, sequences):
            raise
    return attempt(module, form, Call(DICT, key_of_sequence(module, form, call, sequences)), sequences)


def attempt(module: nn.Module, form: InputForm, call: Call, sequences: Tensor) -> Fitted:
    """Raises OwnFailure."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is tried in vain
        return Fitted(form, call, own_answer(adapt(module, form, call), sequences))


def with_constants(call: Call, constants: Sequence[Constant]) -> Call:
    return replace(call, constants=dict(zip(call.constants, constants, strict=True)))


def tries(module: nn.Module, form: InputForm, call: Call, sequences: Tensor) -> Iterator[Fitted]:
    """What runs and answers for each sequence, of the shapes that other inputs may have.

    What a failure says of channels is tried too. Raises OwnFailure, of the first try, where nothing runs.
    """
    queue = deque(product(*map(candidates, call.constants.values())))
    seen, failure, runs_at_all = set(queue), None, False
    for _ in range(MOST_TRIES):
        if not queue:
            break
        chosen = queue.popleft()
        try:
            fitted = attempt(module, form, with_constants(call, chosen), sequences)
        except OwnFailure as error:
            failure = failure or error
            more = [each for each in changed(chosen, str(error)) if each not in seen]
            queue.extend(more)
            seen.update(more)
            continue
        if answers_each(fitted.answer, len(sequences)):
            runs_at_all = True
            yield fitted
    if not runs_at_all:
        raise failure or OwnFailure(
            "the model answers with nothing of a sequence, whatever its other inputs are"
        )


def changed(chosen: tuple[Constant, ...], failure: str) -> list[tuple[Constant, ...]]:
    """These constants with one of them as a failure suggests."""
    return [
        (*chosen[:at], other, *chosen[at + 1 :])
        for at, constant in enumerate(chosen)
        for other in others_like(constant, failure)
    ]


def same_answers(a: Any, b: Any) -> bool:
    """Whether two answers are the same but for rounding."""
    pairs = [(x, y) for (_, x), (_, y) in zip(named_tensors(a), named_tensors(b), strict=False)]
    return all(
        x.shape == y.shape and torch.allclose(x, y, rtol=1e-3, atol=1e-5, equal_nan=True) for x, y in pairs
    )


def key_of_sequence(module: nn.Module, form: InputForm, call: Call, sequences: Tensor) -> str:
    """The one key that a module asks for beside those given.

    Raises UnknownName where it asks for none, InputError where there are several.
    """
    keys = keys_left(module, form, call, sequences)
    if not keys:
        raise UnknownName("input", next(iter(call.constants), ""), names_in(module))
    if len(keys) > 1:
        raise InputError(
            f"the model wants a dict with the keys {', '.join(keys)}: say which is the sequence's, as in "
            f"`inputs={keys[0]}=sequence`, and hold the others constant, as in `inputs={keys[1]}=zeros`"
        )
    return keys[0]


def keys_left(module: nn.Module, form: InputForm, call: Call, sequences: Tensor) -> list[str]:
    """The keys beside those given of a dict that a module wants; none where it wants no dict."""
    keras = keys_of_keras(module)
    if keras:
        return [key for key in keras if key not in call.constants] if len(keras) > 1 else []
    like = InputAdapter(module, form, call).laid_out(sequences)
    rows, _, length = sequences.shape
    known = {name: candidates(c)[0].of(like, rows, length) for name, c in call.constants.items()}
    with evaluating(module):
        return keys_asked_for(module, like, known)


# --- layouts -------------------------------------------------------------------------------------


def running(module: nn.Module, form: InputForm, length: int) -> Fitted | None:
    """How a module runs in a form; None where it does not, or answers not for each of several sequences."""
    try:
        fitted = fit(module, form, length)
    except (OwnFailure, InputError):
        return None
    return fitted if answers_each(fitted.answer, ROWS) else None


def runs(module: nn.Module, form: InputForm, length: int) -> bool:
    """Whether a module answers for each of several sequences of a length."""
    return running(module, form, length) is not None


def layouts_that_run(module: nn.Module, form: InputForm, length: int) -> list[str]:
    """The layouts in which a module runs: those with the batch first, if any, and of several those in which
    no sequence's answer depends on the others."""
    fives = len(form.channels) == 5
    among = [layout for layout in INPUT_LAYOUTS if not fives or "5" in layout]
    for group in ([x for x in among if batch_first(x)], [x for x in among if not batch_first(x)]):
        fitted = [one for x in group if (one := running(module, replace(form, layout=x), length))]
        if len(fitted) > 1:
            sequences = sequences_for(module, length)
            fitted = [one for one in fitted if keeps_apart(module, one, sequences)] or fitted
        if fitted:
            return [one.form.layout for one in fitted]
    return []


def keeps_apart(module: nn.Module, fitted: Fitted, sequences: Tensor) -> bool:
    """Whether a sequence alone has the answer that it has in a batch."""
    try:
        alone = named_tensors(own_answer(adapt(module, fitted.form, fitted.call), sequences[:1]))
    except OwnFailure:
        return False
    batch = named_tensors(fitted.answer)
    return all(same_answers(one, several[:1]) for (_, one), (_, several) in zip(alone, batch, strict=False))


def find_form(module: nn.Module, form: InputForm, length: int) -> InputForm:
    """In the one layout and the type in which the module runs, where it does not run in the usual ones."""
    if form.layout != USUAL or runs(module, form, length):
        return form
    others = layouts_that_run(module, form, length)
    if others:
        return replace(form, layout=others[0]) if len(others) == 1 else form
    typed = [
        with_type(module, replace(form, layout=layout), length)
        for layout in INPUT_LAYOUTS
        if batch_first(layout)
    ]
    return next((other for other in typed if other is not None), form)


def with_type(module: nn.Module, form: InputForm, length: int) -> InputForm | None:
    """In the first type in which the module runs, if there is one, and it does not ask for token numbers."""
    try:
        fit(module, form, length)
    except OwnFailure as error:
        if IN_WHOLE_NUMBERS in str(error):
            return None
    except InputError:
        return None
    typed = (replace(form, dtype=dtype) for dtype in TYPES)
    return next((other for other in typed if runs(module, other, length)), None)


def geometry_of(module: nn.Module, example: Tensor, form: InputForm) -> tuple[InputForm, int]:
    """The form, and the length of the sequences in bases.

    An example of another shape than the usual layout's tells the layout, where one fits and runs. Raises
    InputError.
    """
    if fits(example.shape, form.layout):
        return form, example.shape[form.layout.index("L")]
    lengths = {
        other: example.shape[other.index("L")] for other in INPUT_LAYOUTS if fits(example.shape, other)
    }
    fitting = [other for other in lengths if runs(module, replace(form, layout=other), lengths[other])]
    fitting = [other for other in fitting if batch_first(other)] or fitting
    if form.layout == USUAL and len(fitting) == 1:
        return replace(form, layout=fitting[0]), lengths[fitting[0]]
    hint = f"; it fits the layout {' or '.join(fitting)}" if fitting else ""
    channel = "5" if "5" in form.layout else "4"
    raise InputError(
        f"the model's input must have {channel} channels in the layout {form.layout}, "
        f"but the example has the shape {tuple(example.shape)}{hint}"
    )


def exported_geometry(module: nn.Module) -> tuple[str, int] | None:
    """The layout and length that an exported module was written down for; None where these are not fixed."""
    for shape in sequence_sizes(module):
        for layout in INPUT_LAYOUTS:
            size = shape[layout.index("L")] if fits(shape, layout) else None
            if isinstance(size, int):
                return layout, size
    return None


def sequence_sizes(module: nn.Module) -> Iterator[torch.Size]:
    """The shape of each input that an exported module was written down with."""
    graph = getattr(module, "graph", None)
    for node in getattr(graph, "nodes", ()):
        value = node.meta.get("val") if node.op == "placeholder" else None
        if isinstance(value, Tensor):
            yield value.shape
