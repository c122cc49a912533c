"""What the rules take from the config: plain Python, as Snakemake reads it where there is no seqattr.

TABLES is what seqattr knows of its methods, references and files. Every function raises ValueError, with one
line, for a config that cannot be.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations
from pathlib import Path
from typing import Any, NamedTuple

TABLES: dict[str, Any] = json.loads((Path(__file__).parent / "tables.json").read_text(encoding="utf-8"))


class Scoring(NamedTuple):
    """One method against one kind of references; `needs_patterns` says what else the method takes."""

    method: str
    references: str
    needs_patterns: bool

    @property
    def references_folder(self) -> str:
        return folder_name(self.references)

    @property
    def method_folder(self) -> str:
        return folder_name(self.method)

    @property
    def folder(self) -> str:
        """Where its scores lie within those of a net."""
        return f"{self.references_folder}/{self.method_folder}"


def scorings(config: Mapping[str, Any]) -> list[Scoring]:
    """All that is scored for each net, each once: every method (with [] all that are not too costly) against
    each of refs, those that take references against each of shuffled too.
    """
    names = config["methods"] or [name for name, facts in TABLES["methods"].items() if "costly" not in facts]
    needs = {name: needs_of(name) for name in names}
    for references in (*config["refs"], *config["shuffled"]):
        check_references(references)
    pairs = [(name, references) for references in config["refs"] for name in names]
    pairs += [
        (name, references)
        for references in config["shuffled"]
        for name in names
        if "references" in needs[name]
    ]
    every = [Scoring(*pair, "patterns" in needs[pair[0]]) for pair in dict.fromkeys(pairs)]
    refuse_one_folder({f"by '{one.method}'": one.method_folder for one in every})
    refuse_one_folder({f"against '{one.references}'": one.references_folder for one in every})
    return every


def needs_of(method: str) -> list[str]:
    """What a method needs; its name may end in :STEP where it looks at one step of the model."""
    name, colon, _ = method.partition(":")
    known = {key: facts for key, facts in TABLES["methods"].items() if not colon or "step" in facts}
    if name not in known:
        raise ValueError(unknown("method", name, known))
    return known[name]


def check_references(references: str) -> None:
    """The kind must be known, and its number a number; the rest is for `seqattr score` to judge."""
    name, colon, argument = references.partition(":")
    if name not in TABLES["references"]:
        raise ValueError(unknown("reference", name, TABLES["references"]))
    if colon and name in TABLES["numbered"] and not re.fullmatch("[1-9][0-9]*", argument):
        raise ValueError(f"'{references}' must say how many, a whole number from 1 on, as in {name}:10")


ALL_LISTED, MOST_LISTED = 12, 8


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """As seqattr says it: a dozen names all, of more some."""
    names = list(known)
    shown = (
        names
        if len(names) <= ALL_LISTED
        else [*names[:MOST_LISTED], f"... and {len(names) - MOST_LISTED} more"]
    )
    return f"unknown {kind} '{name}'; there is: {', '.join(shown)}"


def refuse_one_folder(folders: Mapping[str, str]) -> None:
    for (one, folder), (other, again) in combinations(folders.items(), 2):
        if folder == again:
            raise ValueError(
                f"scores {one} and {other} would both be written to the folder {folder}; "
                "leave one of them out"
            )


def models_of(config: Mapping[str, Any], every: Sequence[Scoring]) -> list[str]:
    """The models that are scored together, as folds of one; `model` is one alone."""
    models = [config["model"]] if "model" in config else list(config["models"])
    learning = next((one.method for one in every if one.needs_patterns), None)
    if len(models) > 1 and learning:
        raise ValueError(
            f"the method '{learning}' needs patterns, which are of one model; leave it out of `methods`, "
            "or give one of `models`"
        )
    return models


def motifs_of(config: Mapping[str, Any]) -> list[str]:
    """The motif sources of the reports."""
    if not config["motifs"]:
        raise ValueError(
            "the config's `motifs` names no file; give a collection such as JASPAR's, in MEME format"
        )
    return list(config["motifs"])


def motif_files(sources: Iterable[str]) -> list[str]:
    """Which of them are files, and not what comes with seqattr or out of a database."""
    return [source for source in sources if source != "bundled" and not source.startswith("jaspar:")]


def reference_file(references: str) -> list[str]:
    """The file that references are read from, as that of fasta:FILE, if there is one."""
    name, _, argument = references.partition(":")
    return [argument] if name == "fasta" and argument else []


def file_name(target: str) -> str:
    """A target's name where only letters, digits and ._- may stand, and no dot in front."""
    name = "".join(c if c.isalnum() or c in "._-" else "_" for c in target)
    return f"_{name}" if name.startswith(".") or not name else name


def target_name(target: str) -> str:
    """What a target is called: NAME of NAME=EXPRESSION, else as it is written."""
    name, equals, _ = target.partition("=")
    return name.strip() if equals and name.strip() else target.strip()


def folder_name(name: str) -> str:
    """A method or references as a folder; a colon is no letter of a file name everywhere."""
    return file_name(name.replace(":", "-"))


def score_files(targets: Iterable[str]) -> list[str]:
    """The files of a folder of scores; run.json, which says that they belong together, is the last."""
    names = {target: file_name(target_name(target)) for target in targets}
    for (one, name), (other, again) in combinations(names.items(), 2):
        if name == again:
            raise ValueError(f"the targets '{one}' and '{other}' would both be written to {name}.h5")
    tracks = chain.from_iterable((f"{name}.h5", f"{name}.bw") for name in names.values())
    return [*tracks, "regions.bed", "run.json"]


def parents(paths: Iterable[str]) -> list[str]:
    """The folder of each of some files."""
    return [str(Path(path).parent) for path in paths]


def words(option: str, values: str | Iterable[str]) -> list[str]:
    """An option of the command line for each value, or for the one there is, in the words of a shell."""
    every = [values] if isinstance(values, str) else values
    return [word for value in every for word in (option, value)]


def devices(gpus: int) -> list[str]:
    """The device of a job that has so many GPUs; with none it is left to seqattr."""
    return [] if gpus < 1 else ["cuda"] if gpus == 1 else ["cuda:all"]
