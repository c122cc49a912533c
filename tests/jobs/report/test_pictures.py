"""The figures of a report: every hit of a group that carries is boxed, and nothing else."""

import numpy as np
import pytest

from seqattr.figures.logos import contribution_logos
from seqattr.jobs.report import pictures
from seqattr.jobs.report.findings import Evidence
from seqattr.jobs.report.run import gather
from seqattr.jobs.report.scores import open_scores
from seqattr.jobs.report.settings import Settings
from tests.helpers.scored import GATA_AT, LENGTH, TAL_AT, write_scores

SETTINGS = Settings(sequences=6)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory) -> Evidence:
    made = write_scores(tmp_path_factory.mktemp("pictures") / "scores")
    return gather([open_scores(made.folder)], ["bundled"], SETTINGS)


def test_all_hits_of_groups_that_carry_are_boxed_and_nothing_else(evidence):
    drawn = pictures.excerpts_to_draw(evidence, 6)
    assert {findings.target for findings, _ in drawn} == {"carries", "quiet"}
    for findings, excerpt in drawn:
        boxes = pictures.boxes_in(excerpt, findings, evidence.group_of)
        hits, wanted = findings.hits, []
        for number in np.flatnonzero(hits.matches.sequence == excerpt.row):
            start, end = int(hits.matches.start[number]), int(hits.matches.end[number])
            group = evidence.group_of[hits.matches.names[number]]
            if group in findings.carrying and excerpt.start <= start and end <= excerpt.end:
                assert abs(hits.share[number]) > SETTINGS.hits.least_density / LENGTH  # of one average base
                wanted.append((start, end, group, hits.coefficient[number] < 0))
        assert sorted((box.start, box.end, box.name, box.negative) for box in boxes) == sorted(wanted)
        assert (TAL_AT in {box.start for box in boxes}) == (findings.target == "carries")
        assert GATA_AT not in {box.start for box in boxes}


def test_figures_show_what_they_are_of(evidence, monkeypatch):
    calls = []

    def draw(rows, one_hot, boxes, **options):
        calls.append((rows, options))
        return contribution_logos(rows, one_hot, boxes, **options)

    monkeypatch.setattr(pictures, "contribution_logos", draw)
    drawn = list(pictures.drawings(evidence, SETTINGS))
    names = [drawing.name for drawing in drawn]
    assert names[:2] == ["overview_01", "overview_02"]
    assert [name for name in names if name.startswith("sequence")] == [
        f"sequence_{n:02d}" for n in range(1, 7)
    ]
    assert list(calls[0][0]) == ["carries"]
    ruler = calls[0][1]["ruler"]
    assert ruler.label.startswith("chr1")
    assert ruler.number(0) % 1000 in (0, LENGTH - 1)


def test_the_unit_stands_at_the_axis(evidence):
    findings = evidence.findings[0]
    assert pictures.axis_label(findings) == "carries"
    findings.source.scores.run["units"] = {"carries": "logit"}
    assert pictures.axis_label(findings) == "carries\n(logit)"
    del findings.source.scores.run["units"]


def test_strands_and_signs_of_boxes(evidence):
    hits = evidence.findings[0].hits
    boxes = pictures.boxes_of(hits)
    assert {box.strand for box in boxes} <= {"+", "-"}
    assert [box.strand == "-" for box in boxes] == (hits.matches.strand < 0).tolist()
    assert [box.negative for box in boxes] == (hits.coefficient < 0).tolist()
