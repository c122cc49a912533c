"""What a module would take that fails on what it was given, in words: tried, as far as it can be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from seqattr.engine.capture.batch_faults import FIXES, WRITE, numbers_that_run
from seqattr.engine.capture.calls import Call, call_of, names_in, parameters, required
from seqattr.engine.capture.fitting import ROWS, fit, layouts_that_run, runs, sequences_for
from seqattr.engine.capture.input_form import InputForm, adapt
from seqattr.engine.capture.input_lengths import lengths_that_run
from seqattr.engine.capture.original import OwnFailure, own_answer
from seqattr.errors import InputError

MUCH_LONGER = 10  # times the length that is too short
BATCHES = (1, 2, 4, 8, 16, 32, 64)  # numbers of sequences that are tried
MOST_INPUTS = 8  # of those that a model can do without, tried
NUMBERS = (
    "; it takes the bases' numbers for an embedding: wrap it in a module whose forward takes the sequences "
    "and multiplies them with the weight of the embedding"
)
# What a model's own failure comes to, by what is said.
CURES = {
    "argument #1 'indices' to have": NUMBERS,
    rf"too many values to unpack \(expected|to unpack \(expected \d+, got {ROWS}\)": "; where it takes its "
    "inputs in a list, the others are given by their numbers, as in `inputs=1=zeros`",
}


def what_would_run(module: nn.Module, form: InputForm, length: int, failure: str) -> str:
    """What a module wants that fails as it is, by what its failure says, and with which number of sequences,
    other inputs, layout or length it runs.
    """
    if takes_numbers(module, form, length):
        return NUMBERS
    cure = next((cure for words, cure in CURES.items() if re.search(words, failure)), "")
    return f"{cure}{form_that_runs(module, form, length)}"


def takes_numbers(module: nn.Module, form: InputForm, length: int) -> bool:
    """Whether a module runs on whole numbers (N, L), one for each base, as language models do."""
    if form.inputs:
        return False
    device = sequences_for(module, length).device
    try:
        own_answer(module, torch.arange(ROWS * length, device=device).reshape(ROWS, length) % 4)
    except OwnFailure:
        return False
    return True


def form_that_runs(module: nn.Module, form: InputForm, length: int) -> str:
    """With which number of sequences, other inputs, layout or length a module runs that fails as it is."""
    numbers = of_batch(module, form, length)
    if numbers:
        return f"; {FIXES}, of which {numbers} run; {WRITE}"
    if len(names_in(module)) > 1 and (hint := of_inputs(module, form, length)):
        return hint
    layouts = [other for other in layouts_that_run(module, form, length) if other != form.layout]
    if layouts:
        return f"; it runs in the layout {' or '.join(layouts)}"
    lengths = fitting_lengths(module, form, length)
    if lengths is not None:
        return f"; it runs on sequences of {in_bases(lengths)}"
    longer = runs(module, form, MUCH_LONGER * length)
    return f"; it runs on longer sequences, as of {MUCH_LONGER * length} bp" if longer else ""


def fitting_lengths(module: nn.Module, form: InputForm, length: int) -> tuple[int, int] | None:
    """The shortest and the longest sequences that a module's dense layers take; `length` is where the search
    begins. None where they do not tell.
    """
    return None if form.inputs else lengths_that_run(adapt(module, form, Call()), length)


def in_bases(lengths: tuple[int, int]) -> str:
    """The one length, or the first and the last."""
    first, last = lengths
    return f"{first} bp to {last} bp" if last > first else f"{first} bp"


def of_batch(module: nn.Module, form: InputForm, length: int) -> str:
    """Other numbers of sequences, of which a module runs, in words; "" where there are none."""
    if form.inputs:
        return ""
    adapted, sequences = adapt(module, form, call_of(module, {})), sequences_for(module, length)
    return " or ".join(map(str, numbers_that_run(adapted, sequences, BATCHES)))


# --- other inputs --------------------------------------------------------------------------------


def of_inputs(module: nn.Module, form: InputForm, length: int) -> str:
    """Which inputs beside the sequence a module wants; "" where it wants none."""
    for inputs in more_inputs(module, form.inputs):
        try:
            fit(module, replace(form, inputs=inputs), length)
        except OwnFailure:
            continue
        except InputError:
            break  # of several shapes
        return f"; it runs with {spelt(inputs, form.inputs)}, which holds that input constant"
    missing = [name for name in required(module) if name not in form.inputs][1:]
    if not missing:
        return ""
    names, first = ", ".join(missing), missing[0]
    return f"; it takes {names} beside the sequence: hold it constant, as in `inputs={first}=zeros(2,L)`"


def more_inputs(module: nn.Module, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The inputs given with zeros for the others that a module needs, or for one that it can do without."""
    open_ones = [name for name in required(module) if name not in given]
    for sequence in open_ones if len(open_ones) > 1 else ():
        yield {**given, **{name: "zeros" for name in open_ones if name != sequence}}
    declared = parameters(module)
    without = [name for name in names_in(module) if name not in given and declared[name].default is None]
    for name in without[:MOST_INPUTS]:
        yield {**given, **dict.fromkeys(open_ones[1:], "zeros"), name: "zeros"}


def spelt(inputs: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """As one gives them."""
    return " ".join(f"`inputs={name}={value}`" for name, value in inputs.items() if name not in given)
