"""From files to a `Question`: which sequences are taken, with which references."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from seqattr.dna.alphabet import one_hot
from seqattr.engine.numerics.device import pick_device
from seqattr.errors import InputError, SeqattrError
from seqattr.evaluate.question import Question
from seqattr.inputs import Aligned, Window, Windows, naming, once
from seqattr.jobs.evaluate.settings import Settings, methods_of
from seqattr.jobs.patterns import load_patterns
from seqattr.jobs.score.planning import file_digest
from seqattr.jobs.sources import ModelFile, SequenceFile, open_both
from seqattr.models.content import content_hash
from seqattr.refs.kinds import parse, reference_file
from seqattr.support.caller import Caller
from seqattr.support.version import package_version


@dataclass(frozen=True)
class Asked:
    """A question with the names of its sequences, what must be the same to go on with it, and notes."""

    question: Question
    names: list[str]
    identity: dict[str, Any]
    notes: list[str]


def ask(model: ModelFile, sequences: SequenceFile, settings: Settings, caller: Caller) -> Asked:
    """Read all of it. Raises as reading models and sequences does, and InputError for too few sequences."""
    loaded, inputs = open_both(model, sequences, caller)
    Aligned(inputs.windows)  # which have one length, or are refused
    windows = chosen(inputs.windows, settings)
    references, alone = references_of(windows, Windows.of(inputs.windows).names, settings)
    names = [window.name for window in windows]
    question = Question(
        loaded,
        torch.from_numpy(one_hot(codes_of(windows))).float(),
        torch.from_numpy(np.array(references)).float(),
        methods=methods_of(settings),
        targets=settings.targets,
        seed=settings.seed,
        seeds=settings.seeds,
        device=settings.device,
        batch_size=settings.batch_size,
        patterns=None if settings.patterns is None else load_patterns(settings.patterns),
        permuted=None if settings.permuted is None else settings.permuted.open(caller),
        born=settings.born,
    )
    check_permuted(question, caller)
    notes = [*choice_in_words(len(names), len(inputs.windows), settings), *alone]
    return Asked(question, names, identity_of(question, names, settings), notes)


def chosen(windows: Sequence[Window], settings: Settings) -> Windows:
    """So many of those that are not given again, drawn by the seed, in the order of the file."""
    single = once(windows)[0]
    rows = np.arange(len(single))
    if len(single) > settings.sequences:
        rng = np.random.default_rng(settings.seed)
        rows = np.sort(rng.choice(len(single), settings.sequences, replace=False))
    if len(rows) < 2:
        raise InputError("there must be at least two different sequences, as numbers are told with intervals")
    return single.select(rows)


def codes_of(windows: Windows) -> np.ndarray:
    """Of all of them: (N, L)."""
    return windows.codes(np.arange(len(windows)))


def references_of(windows: Windows, every: Sequence[str], settings: Settings) -> tuple[np.ndarray, list[str]]:
    """(N, R, 4, L), drawn as `seqattr score` draws them, and a note where some are their own only ones.

    A file of references may hold one for each of `every` window.
    """
    sequences = one_hot(codes_of(windows))
    reference = parse(settings.references, every)
    drawn = reference.draw(sequences, settings.seed, [window.name for window in windows])
    same = len(reference.degenerate(sequences, drawn))
    note = f"{same} of {len(windows)} sequences have only themselves for references, and no contributions"
    return drawn, [note] if same else []


def choice_in_words(taken: int, there: int, settings: Settings) -> list[str]:
    """How many of how many sequences, where some are left out."""
    if taken == there:
        return []
    return [f"{taken:,} of {there:,} sequences are asked for, drawn by seed {settings.seed}"]


def check_permuted(question: Question, caller: Caller) -> None:
    """Raises InputError for a model of permuted labels that is the model itself, or has other targets."""
    permuted = question.permuted
    if permuted is None:
        return
    permuted.pick(question.names)
    if content_hash(permuted) == content_hash(question.model):
        raise InputError("`permuted` is the model itself; train one with `permute_labels=True`")
    if permuted.provenance.get("labels") != "permuted":
        caller.tell(
            ["what `permuted` names does not say that its labels were permuted; it is taken as if they were"]
        )


def identity_of(question: Question, names: Sequence[str], settings: Settings) -> dict[str, Any]:
    """What must be the same for a run to go on with the units of another, by the words for it."""
    permuted = question.permuted
    return {
        "model": content_hash(question.model),
        "input": digest(question, names),
        "kind of references": settings.references,
        "file of references": file_digest(reference_file(settings.references)),
        "choice of methods": list(question.methods),
        "choice of targets": list(question.names),
        "seed": settings.seed,
        "number of seeds": settings.seeds,
        "file of patterns": file_digest(settings.patterns),
        "model of permuted labels": None if permuted is None else content_hash(permuted),
        "way of forgetting": "born" if settings.born else "permuted",
        "batch size": settings.batch_size,
        "kind of device": pick_device(settings.device).type,
        "version of seqattr": package_version(),
        "version of torch": torch.__version__,
    }


def digest(question: Question, names: Sequence[str]) -> str:
    """Of the sequences and their names."""
    content = hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass"))
    content.update(question.sequences.numpy().tobytes())
    return content.hexdigest()


def without_failing(asked: Asked, failures: Mapping[str, str]) -> Asked:
    """The question of the methods that work."""
    able = tuple(name for name in asked.question.methods if name not in failures)
    return replace(asked, question=replace(asked.question, methods=able))


def failing(asked: Asked, progress: Any) -> dict[str, str]:
    """Why some methods cannot explain these sequences. Raises the first one's error where none can."""
    question, failures, errors = asked.question, dict[str, str](), list[SeqattrError]()
    for number, name in enumerate(question.methods):
        try:
            with naming(asked.names):
                question.contributions(name)
        except SeqattrError as error:
            failures[name] = str(error)
            errors.append(error)
        progress(number + 1, len(question.methods))
    if errors and len(errors) == len(question.methods):
        raise errors[0]
    return failures
