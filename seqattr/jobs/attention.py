"""What a model attends to as files: all weights, a table of the rollout, and a figure of one sequence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seqattr.analyses.attention import Attending, Layer, Maps
from seqattr.engine.capture.model import Model
from seqattr.figures.attention import AttentionMap, Rollout, attention_figure
from seqattr.figures.style import save
from seqattr.inputs import Aligned, Window, names_of, naming
from seqattr.io.atomic import check_writable
from seqattr.io.hdf5.arrays import ArrayWriter
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.stale import drop_stale
from seqattr.io.tables import MISSING, growing_table
from seqattr.io.text import write_json
from seqattr.jobs.provenance import facts_of_run
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.models.content import content_hash
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.progress import Progress, silent

ARRAYS, TABLE, FIGURE = "attention.h5", "rollout.tsv", "attention.png"
COLUMNS = ("sequence", "token", "chrom", "start", "end", "rollout")


class Written(NamedTuple):
    """What was written: the layers, the files, and what a user should know."""

    layers: tuple[Layer, ...]
    files: list[str]
    notes: list[str]


@dataclass(frozen=True)
class Settings:
    """Whether to write attention.h5, of heads x tokens x tokens for each layer and sequence; the device; and
    what was typed.
    """

    hdf5: bool = True
    device: str = "auto"
    command: str = ""


def run(
    model: ModelFile, sequences: SequenceFile, output: Output, settings: Settings, caller: Caller = LIBRARY
) -> Written:
    """What a model in a file attends to in sequences of a file. Raises as `write_attention` does."""
    check_writable(output.path)
    output.claim_results([ARRAYS, TABLE, FIGURE, RUN], settings.command)
    loaded = model.open(caller)
    inputs = sequences.read(loaded, caller)
    written = write_attention(loaded, inputs.windows, output.path, settings, caller.progress)
    caller.tell([*inputs.notes, *written.notes])
    return written


def write_attention(
    model: Model,
    windows: Sequence[Window],
    out: Path | str,
    settings: Settings = Settings(),
    progress: Progress = silent,
) -> Written:
    """Write OUT/attention.h5, rollout.tsv, attention.png and run.json, all of them or none.

    Without `settings.hdf5` not the first; without a rollout that is defined, no table. Raises InputError
    where the model has no attention or the windows differ in length, OutputError for what cannot be written.
    """
    sequences = Aligned(windows)
    attending = Attending(model, sequences.shape[2], settings.device)
    files = [*[ARRAYS] * settings.hdf5, *[TABLE] * bool(attending.rolled), FIGURE, RUN]
    check_writable(out)
    with replacing_run(out, files) as paths, naming(names_of(windows)):
        first = write_rows(attending, sequences, paths, progress)
        save(figure_of(attending.layers, first, names_of(windows)[0]), paths[FIGURE], "png")
        facts = {"settings": vars(settings), "model": content_hash(model), "length": sequences.shape[2]}
        write_json(paths[RUN], facts_of_run(**facts))
    drop_stale(Path(out), files, r"attention\.h5|rollout\.tsv")
    return Written(attending.layers, files, attending.notes)


def write_rows(
    attending: Attending,
    sequences: Aligned,
    paths: Mapping[str, Path],
    progress: Progress,
) -> Maps:
    """The arrays and the table, batch by batch; what the first sequence attends to."""
    first, done = None, 0
    with ExitStack() as stack:
        sinks = list(sinks_of(attending, sequences, paths, stack))
        for upto, maps in attending.batches(sequences):
            for sink in sinks:
                sink(done, maps)
            first, done = first or one_row(maps), upto
            progress(done, len(sequences))
    assert first is not None  # there is a sequence
    return first


def sinks_of(
    attending: Attending, sequences: Aligned, paths: Mapping[str, Path], stack: ExitStack
) -> Iterator[Callable[[int, Maps], None]]:
    """What takes each batch, from row number so and so on."""
    if ARRAYS in paths:
        names = names_of(sequences.windows)
        writer = stack.enter_context(ArrayWriter(paths[ARRAYS], names, shapes_of(attending)))
        describe(writer, attending.layers)
        yield lambda start, maps: writer.write(start, arrays_of(maps))
    if TABLE in paths:
        add = stack.enter_context(growing_table(paths[TABLE], COLUMNS))
        layer = next(layer for layer in attending.layers if layer.name == attending.rolled[0])
        yield lambda start, maps: add(rollout_rows(maps, layer, sequences.windows[start:]))


def shapes_of(attending: Attending) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        layer.name: (layer.heads, layer.queries, layer.keys) for layer in attending.layers
    }
    if attending.rolled:
        shapes["rollout"] = shapes[attending.rolled[0]][1:]
    return shapes


def describe(writer: ArrayWriter, layers: Sequence[Layer]) -> None:
    """The source line of each layer, and the bases of its tokens."""
    for layer in layers:
        writer.describe(layer.name, source=layer.source)
        if layer.bases is not None:
            writer.add(f"bases/{layer.name}", layer.bases.numpy())


def arrays_of(maps: Maps) -> dict[str, Any]:
    rolled = {} if maps.rollout is None else {"rollout": maps.rollout.numpy()}
    return {name: weights.numpy() for name, weights in maps.weights.items()} | rolled


def one_row(maps: Maps) -> Maps:
    weights = {name: values[:1].clone() for name, values in maps.weights.items()}
    return Maps(weights, None if maps.rollout is None else maps.rollout[:1].clone())


def figure_of(layers: Sequence[Layer], maps: Maps, name: str) -> Figure:
    """The figure of one sequence's maps: the heads averaged, and the rollout's mean over all tokens."""
    drawn = [
        AttentionMap(layer.name, layer.heads, maps.weights[layer.name][0].mean(0).numpy()) for layer in layers
    ]
    if maps.rollout is None:
        return attention_figure(drawn, None, name)
    bases = next(layer for layer in layers if layer.square).bases
    middles = None if bases is None else bases.double().mean(1).numpy() - 0.5
    return attention_figure(drawn, Rollout(maps.rollout[0].mean(0).numpy(), middles), name)


def rollout_rows(maps: Maps, layer: Layer, windows: Sequence[Window]) -> dict[str, Any]:
    """Rows of the table: for each token its bases, and the mean over all tokens of what they draw from it."""
    assert maps.rollout is not None  # else there is no table
    shares = maps.rollout.mean(1)
    rows, tokens = shares.shape
    some = windows[:rows]
    starts, ends = token_regions(layer, some)
    return {
        "sequence": np.repeat(list(names_of(some)), tokens),
        "token": np.tile(np.arange(tokens), rows),
        "chrom": np.repeat([window.region.chrom for window in some], tokens),
        "start": starts,
        "end": ends,
        "rollout": shares.flatten().numpy(),
    }


def token_regions(layer: Layer, windows: Sequence[Window]) -> tuple[Any, Any]:
    """Where each token of each window lies on its chromosome, or, without one, on its sequence.

    Padding lies nowhere: it is cut off, and a token that has seen nothing else has no place.
    """
    if layer.bases is None:
        unknown = [""] * (layer.keys * len(windows))
        return unknown, unknown
    bases = layer.bases.numpy()
    starts, ends = np.concatenate([token_spans(bases, window) for window in windows]).T
    alone = starts >= ends
    return with_missing(starts, alone), with_missing(ends, alone)


def token_spans(bases: npt.NDArray[np.integer], window: Window) -> npt.NDArray[np.integer]:
    """Start and end (tokens, 2) of what each token has seen of a window's own bases."""
    whole, unpadded = window.region, window.own_region
    minus = whole.strand == "-"
    spans = whole.end - bases[:, ::-1] if minus else whole.start + bases
    return spans.clip(unpadded.start, unpadded.end)


def with_missing(numbers: npt.NDArray[np.integer], missing: npt.NDArray[np.bool_]) -> Any:
    """Whole numbers, or NA."""
    if not missing.any():
        return numbers
    return [MISSING if gone else str(number) for number, gone in zip(numbers, missing, strict=True)]


def in_words(layers: Sequence[Layer]) -> str:
    """The layers in one line."""
    sizes = [f"{layer.name} ({layer.heads} heads, {layer.queries} x {layer.keys} tokens)" for layer in layers]
    return ", ".join(sizes)
