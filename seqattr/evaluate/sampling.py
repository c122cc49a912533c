"""A part of a question, for checks that would take too long with all of it."""

from dataclasses import replace

import torch

from seqattr.evaluate.controls import generator_of
from seqattr.evaluate.question import Question


def part_of(question: Question, sequences: int, references: int) -> Question:
    """The question of at most so many sequences, drawn by its seed, each with its first few references; made
    once, for all methods.
    """
    return question.once(f"part {sequences} {references}", lambda: drawn(question, sequences, references))


def drawn(question: Question, sequences: int, references: int) -> Question:
    """In the order in which they were."""
    number = len(question.sequences)
    order = torch.randperm(number, generator=generator_of(question.seed, number))
    rows = order[:sequences].sort().values
    few = question.references
    if few is not None:
        few = few[rows][:, :references] if few.ndim == 4 else few[:references]
    return replace(question, sequences=question.sequences[rows], references=few, _kept={})
