"""What a run over variants leaves in its folder: nothing of somebody else's is lost, all comes together."""

import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqattr.io.alone import alone_in
from seqattr.io.atomic import (
    check_writable,
    removed_if_unused,
    scratch_folder,
    uninterrupted,
)
from seqattr.io.kept import is_kept
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import is_unfinished, replacing_run
from seqattr.io.scores_folder import TIMING, file_names, stale_files
from seqattr.io.text import read_json, write_json

VARIANTS, DROPPED, PAGE = "variants.tsv", "dropped.tsv", "variants.html"
ALLELES, SCORES, HITS, FIGURES = "alleles.fa", "contributions", "gained_lost.tsv", "figures"
EFFECTS, FIGURE = r"effects\.(svg|png)", r"(effects|variant_[\w.-]+)\.(svg|png)"
_OWN = re.compile(
    "|".join([*map(re.escape, (VARIANTS, DROPPED, PAGE, ALLELES, HITS)), f"{FIGURES}/{FIGURE}"])
)


class Folder:
    """The folder `output` of a run, which explains alleles or not, and looks for motifs in them or not."""

    def __init__(self, output: Output, explained: bool, motifs: bool) -> None:
        self.output, self.path, self.explained = output, output.path, explained
        self.names = [VARIANTS, DROPPED, PAGE, *[ALLELES] * explained, *[HITS] * motifs]

    def claim(self, command: str) -> None:
        """Before the work. Raises OutputError where files stand there that are not of this run."""
        figures = FIGURE if self.explained else EFFECTS
        self.output.claim_results([*self.names, RUN], command, figures)

    def claim_scores(self, targets: Collection[str], command: str) -> None:
        """The same of the scores of targets (names of files), which are the run's where it was stopped."""
        if self.explained:
            force = self.output.force or is_unfinished(read_json(self.path / RUN))
            scores = replace(self.output, path=self.path / SCORES, force=force)
            scores.claim_results([*file_names(targets), TIMING], command)

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Yield a folder to write all files into. At the end they take their names together, those of the run
        before go, and run.json is given the list of them. After any exception nothing is changed. Raises
        OutputError, also where another run is at work in the folder.
        """
        folders = [self.path / FIGURES, *[self.path / SCORES] * self.explained]
        with ExitStack() as stack:
            for folder in (self.path, *folders):
                stack.enter_context(removed_if_unused(folder))
                check_writable(folder)
            stack.enter_context(alone_in(self.path))
            scratch = stack.enter_context(scratch_folder(self.path, "variants"))
            for folder in folders:
                (scratch / folder.name).mkdir()
            yield scratch
            self._publish(scratch)

    @uninterrupted()
    def _publish(self, scratch: Path) -> None:
        """From the scratch folder to their names."""
        files = [path.relative_to(scratch).as_posix() for path in scratch.rglob("*") if path.is_file()]
        names = [*sorted(set(files) - {RUN}), RUN]
        write_json(scratch / RUN, {**read_json(scratch / RUN), "files": names})
        stale = self._before() - {self.path / name for name in names}
        with replacing_run(self.path, names, stale=stale) as parts:
            for name, part in parts.items():
                shutil.move(scratch / name, part)

    def _before(self) -> set[Path]:
        """The files of the run before, as its run.json tells, and what was made of its scores there."""
        names = [name for name in _files_in(self.path / RUN) if isinstance(name, str)]
        files = {self.path / name for name in names if _OWN.fullmatch(name)}
        if f"{SCORES}/{RUN}" in names:
            files |= set(stale_files(self.path / SCORES))
        return {path for path in files if not is_kept(path)}


def _files_in(path: Path) -> list[Any]:
    """What a run.json says was written; nothing where it says nothing."""
    files = read_json(path).get("files")
    return files if isinstance(files, list) else []
