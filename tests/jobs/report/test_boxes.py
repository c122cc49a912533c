"""The hits that other figures box are those that a report boxes: of its tables, or judged in the same way."""

import os

import numpy as np
import pytest

from seqattr.dna.loci import loci_of
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.figures.boxes import Box
from seqattr.jobs.report import boxes as module
from seqattr.jobs.report.boxes import FEWEST, Listed, boxed, judged_boxes, report_of, reported_boxes
from seqattr.jobs.report.pictures import believed_boxes
from seqattr.jobs.report.run import gather, report
from seqattr.jobs.report.scores import open_scores
from seqattr.jobs.report.settings import USUAL, Settings
from seqattr.motifs.pwm import GATA1, TAL1
from seqattr.support.progress import silent
from tests.helpers.scored import Made, without_values, write_scores

MOTIFS = [TAL1, GATA1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Both motifs carry; some sequences have no values."""
    folder = tmp_path_factory.mktemp("boxes")
    whole = write_scores(folder / "whole", count=16, gata=0.4)
    return whole._replace(folder=without_values(whole, folder / "scores", [3, 4]))


def of_report(made: Made) -> dict[tuple[str, int], list[Box]]:
    """What a report boxes in each target and row of the files."""
    evidence = gather([open_scores(made.folder)], ["bundled"], USUAL)
    rows = evidence.sources[0].row_in_file.tolist()
    return {
        (one.target, row): believed_boxes(
            one.hits.in_rows(slice(number, number + 1)), evidence.group_of, one.carrying
        )
        for one in evidence.findings
        for number, row in enumerate(rows)
    }


def test_other_figures_box_what_the_report_boxes(made):
    expected = of_report(made)
    assert sum(map(len, expected.values())) == 2 * 7  # row 4 of those that carry has no values
    report([made.folder], ["bundled"], Settings(sequences=1))
    scores = open_scores(made.folder)
    folder = report_of(scores)
    for (target, row), boxes in expected.items():
        listed = reported_boxes(scores, {target: row}, folder)
        judged = judged_boxes(scores, {target: row}, MOTIFS, silent)
        assert sorted(listed.of_target[target]) == sorted(judged.of_target[target]) == sorted(boxes)
    assert listed.ground == f"as {folder} has them"
    assert judged.ground == "judged by 14 sequences and 64 twins of 2 motifs"


def test_a_report_older_than_the_scores_is_none(made):
    report([made.folder], ["bundled"], Settings(sequences=1))
    scores = open_scores(made.folder)
    assert report_of(scores)
    path = scores.path("quiet")
    later = path.stat().st_mtime + 100
    os.utime(path, (later, later))
    assert report_of(scores) is None
    os.utime(path)


def test_of_few_sequences_no_hit_is_sure_and_that_is_told(tmp_path):
    """Each of a motif's hits may as well be one of its twins': with 4 all signs agree in one case of 16."""
    assert FEWEST == 5
    scores = open_scores(write_scores(tmp_path / "few", count=4, gata=0.4).folder)
    found = judged_boxes(scores, {"carries": 0}, MOTIFS, silent)
    assert found.of_target == {"carries": []}
    assert found.ground.endswith("; fewer than 5 do not tell a motif from chance")


def test_of_many_sequences_some_judge_and_that_is_told(made, monkeypatch):
    scores = open_scores(made.folder)
    monkeypatch.setattr(module, "MOST_BASES", 11 * 90)
    for row in (0, 5, 15):
        found = judged_boxes(scores, {"carries": row}, MOTIFS, silent)
        assert found.ground.split(" and ")[0] in {f"judged by {n} of 14 sequences" for n in (11, 12)}
        assert len(found.of_target["carries"]) == (2 if row == 0 else 0)


def test_a_place_that_several_rows_hold_is_boxed_in_all():
    """Whichever way they run."""
    genome = np.random.default_rng(0).integers(0, 4, 100).astype(np.uint8)
    rows = [genome[:60], 3 - genome[20:80][::-1], genome[40:]]
    regions = [Region("chr1", 0, 60, "a"), Region("chr1", 20, 80, "b", "-"), Region("chr1", 40, 100, "c")]
    loci = loci_of([np.stack(rows)], regions)
    hit = Listed(0, 45, 55, -1, "m", True)
    assert boxed(hit, 0, loci) == [Box(45, 55, "m", "-", True)]
    assert boxed(hit, 1, loci) == [Box(80 - 55, 80 - 45, "m", "+", True)]
    assert boxed(hit, 2, loci) == [Box(5, 15, "m", "-", True)]
    assert boxed(hit._replace(start=30, end=45), 2, loci) == []
    other = loci_of([np.stack([rows[0], rows[0] ^ 1])], [regions[0], Region("chr2", 0, 60, "d")])
    assert boxed(hit, 1, other) == []


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("motifs.tsv", "x\n", "is no table of a report"),
        ("hits.tsv", "{head}\na\tb\n", "has 2 cells"),
        ("hits.tsv", "{head}\n{odd}\n", "has what is no number"),
    ],
)
def test_tables_that_are_none_are_refused(made, name, text, line):
    report([made.folder], ["bundled"], Settings(sequences=1))
    scores = open_scores(made.folder)
    path = made.folder / "report" / name
    whole = path.read_text()
    head, first = whole.splitlines()[:2]
    odd = first.replace("\t0\t20\t", "\t0\tx\t")
    path.write_text(text.format(head=head, odd=odd))
    with pytest.raises(InputError, match=line):
        reported_boxes(scores, {"carries": 0}, report_of(scores))
    path.write_text(whole)
