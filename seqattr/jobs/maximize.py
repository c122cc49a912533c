"""What a model wants, in files: the maximised sequences, the path to them, and figures of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure

from seqattr.analyses.maximize import Maximized, Settings, headers, maximize, path_table
from seqattr.dna.alphabet import codes_of, decode
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.figures.maximize import DRAWN, ascent_figure, maximized_logos, strongest_stretch
from seqattr.figures.style import save
from seqattr.inputs import frequencies
from seqattr.io.atomic import check_writable
from seqattr.io.fasta.records import write_fasta
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.tables import write_table
from seqattr.io.text import write_json
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile
from seqattr.support.caller import LIBRARY, Caller

FILES = ("path.tsv", "logos.svg", "logos.png", "ascent.svg", "ascent.png", "sequences.fa", RUN)


@dataclass(frozen=True)
class Request:
    """Which target to maximise and how. The background is written A,C,G,T, or a FASTA file to count;
    `command` is what was typed.
    """

    target: int | str | None = None  # the first
    background: str | None = None
    climb: Settings = field(default_factory=Settings)
    device: str = "auto"
    command: str = ""


def request(
    target: int | str | None, background: str | None, device: str, command: str, **climb: Any
) -> Request:
    """A request of which everything is said; `climb` are fields of Settings."""
    return Request(target, background, Settings(**climb), device, command)


def run(model: ModelFile, output: Output, request: Request, caller: Caller = LIBRARY) -> Maximized:
    """Maximise an output of a model in a file, and write the FILES. Raises as `maximize` does, and
    OutputError.
    """
    output.claim_results(FILES, request.command)
    loaded, climb = model.open(caller), request.climb
    if request.background is not None:
        climb = replace(climb, background=frequencies(request.background))
    name, text = loaded.single(request.target)
    check_writable(output.path)
    maximized = maximize(loaded, text, climb, request.device, caller.progress)
    write_files(output.path, maximized, name, facts_of(loaded, maximized, replace(request, climb=climb)))
    return maximized


def facts_of(model: Model, maximized: Maximized, request: Request) -> dict[str, Any]:
    """What it takes to do it again."""
    target = model.single(request.target)[1]
    settings = {"target": target, **vars(request.climb), "command": request.command}
    return provenance(Session(model, [target], request.device), settings, maximized.sequences.shape[2])


def write_files(folder: Path | str, maximized: Maximized, target: str, facts: Mapping[str, Any]) -> None:
    """Write the FILES to a folder that is there, all or none. Raises OutputError."""
    codes = codes_of(maximized.sequences.numpy())
    drawn = figures_of(maximized, target)
    with replacing_run(folder, FILES) as paths:
        write_json(paths[RUN], facts)
        write_table(paths["path.tsv"], path_table(maximized))
        for name, figure in drawn.items():
            for form in ("svg", "png"):
                save(figure, paths[f"{name}.{form}"], form)
        write_fasta(paths["sequences.fa"], headers(maximized), [decode(row) for row in codes])


def figures_of(maximized: Maximized, target: str) -> dict[str, Figure]:
    """The figures by their files' names: the best sequences as letters, and all ascents."""
    one_hot = maximized.sequences[:DRAWN].to(torch.int8).numpy()
    importance = maximized.importance[:DRAWN].double().numpy()
    stretches = [strongest_stretch(*pair) for pair in zip(one_hot, importance, strict=True)]
    ascent = maximized.ascent
    return {
        "logos": maximized_logos(stretches, maximized.output[:DRAWN].tolist(), target),
        "ascent": ascent_figure(ascent.relaxed.double().numpy(), ascent.discretised.double().numpy(), target),
    }
