"""The figure of one region: which bases it shows, of which row, and what its rows are called."""

import re
import shutil

import h5py
import numpy as np
import pytest

from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError, UnknownName
from seqattr.io.hdf5.layout import CANCELLATION, NUMBERS
from seqattr.io.hdf5.stored import open_contributions
from seqattr.io.text import write_json
from seqattr.jobs import plot as module
from seqattr.jobs.plot import Settings, find, plot
from seqattr.jobs.report.scores import open_scores
from seqattr.methods.result_files import TargetRows
from tests.helpers.scored import GATA_AT, LENGTH, TAL_AT, Made, without_rows, without_values, write_scores


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return write_scores(tmp_path_factory.mktemp("plot") / "scores", count=12)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """In the first target GATA1 carries as TAL1 does."""
    return write_scores(tmp_path_factory.mktemp("both") / "scores", count=12, gata=0.4)


def found(made: Made, region: str) -> tuple[int, ...]:
    with open_contributions(made.folder / "carries.h5") as file:
        row, start, end, ruler = find(file, region, made.folder)
        return row, start, end, ruler.number(start)


@pytest.mark.parametrize(
    ("region", "row", "start", "end", "first"),
    [
        ("seq3", 3, 0, LENGTH, 3000),  # its place is known
        ("seq1", 1, 0, LENGTH, 1000 + LENGTH - 1),
        ("seq3:10-40", 3, 10, 40, 10),
        ("chr1:2,010-2,040", 2, 10, 40, 2010),
        ("chr1:1990-2040", 2, 0, 40, 2000),  # as far as it was scored
        ("chr1:1010-1040", 1, LENGTH - 40, LENGTH - 10, 1039),  # strand -: the row runs backwards
    ],
)
def test_a_region_is_found(made, region, row, start, end, first):
    assert found(made, region) == (row, start, end, first)


@pytest.mark.parametrize(
    "region", ["nobody", "chr2:10-20", "chr1:500-600", "chr1:20-10", "seq99:1-2", "a:,-,"]
)
def test_an_unknown_region_is_refused_with_the_names(made, region):
    with pytest.raises(InputError, match=r"holds no sequence .*; there is: seq0, seq1, .*, seq11"):
        found(made, region)


@pytest.mark.parametrize("region", ["seq3:10-10", f"seq3:0-{LENGTH + 1}", "seq3:20-10"])
def test_bases_that_a_sequence_has_not_are_refused(made, region):
    with pytest.raises(InputError, match=f"not within the {LENGTH} bases"):
        found(made, region)


def test_a_sequence_without_values_is_refused(made, tmp_path):
    folder = without_values(made, tmp_path / "nan", [3])
    for region in ("seq3", "seq3:10-40", "chr1:3010-3020"):
        with pytest.raises(InputError, match=f"has no values of carries at {region}: seq3 has NaN"):
            plot([folder], region, tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()


def test_a_place_is_shown_by_a_sequence_that_has_values(made, tmp_path):
    """Of two that cover it, the one that covers more has none."""
    folder = without_values(made, tmp_path / "nan", [3])
    with h5py.File(folder / "carries.h5", "r+") as file:
        file["regions/start"][4], file["regions/end"][4] = 3030, 3030 + LENGTH
    with open_contributions(folder / "carries.h5") as file:
        assert find(file, "chr1:3000-3080", folder)[:2] == (4, 0)
        assert find(file, "chr1:3000-3020", folder)[:2] == (3, 0)


@pytest.fixture
def drawn(monkeypatch):
    """What is given to the figure, instead of drawing it."""
    calls = []

    def instead(rows, units, note):
        calls.append((rows, units, note))

    monkeypatch.setattr(module, "stretch_figure", instead)
    monkeypatch.setattr(module, "save", lambda figure, path, form: path.write_bytes(b"figure"))
    return calls


@pytest.mark.parametrize("failed", [[], [0, 3], [7]])
def test_boxes_are_those_of_a_file_without_the_rows_that_have_no_values(both, tmp_path, drawn, failed):
    for folder in (
        without_values(both, tmp_path / "nan", failed),
        without_rows(both, tmp_path / "few", failed),
    ):
        plot([folder], "chr1:4000-4080", tmp_path / "x.png", Settings(["carries"], hits=True))
    assert drawn[0][0].own == drawn[1][0].own
    assert len(drawn[0][0].own["carries"]) == 2


@pytest.mark.parametrize(
    ("ending", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89")]
)
def test_the_ending_says_the_format(made, tmp_path, ending, begins):
    labels, note = plot([made.folder], "seq0:10-30", tmp_path / f"x.{ending}", Settings(["carries"]))
    assert (labels, note) == (["carries"], "")
    assert (tmp_path / f"x.{ending}").read_bytes().startswith(begins)
    assert len(list(tmp_path.iterdir())) == 1


def test_another_ending_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(UnknownName, match=r"'gif'; there is: \.png, \.svg, \.pdf"):
        plot([tmp_path / "none"], "x", tmp_path / "x.gif")


def test_hits_are_boxed_in_the_rows_that_they_explain(both, drawn, tmp_path):
    """In `carries` both motifs have contributions, in `quiet` neither."""
    plot([both.folder], "chr1:2000-2090", tmp_path / "x.png", Settings(hits=True))
    rows, units, _ = drawn[0]
    assert list(rows.contributions) == ["carries", "quiet"]
    assert units == ["output of carries", "output of quiet"]
    assert rows.first == 0
    assert rows.ruler.number(0) == 2000
    assert {(box.name, box.start) for box in rows.own["carries"]} == {
        ("TAL1_known1", TAL_AT),
        ("GATA_disc1", GATA_AT),
    }
    assert rows.own["quiet"] == []
    assert not rows.boxes


def test_a_match_without_contributions_is_not_boxed(made, drawn, tmp_path):
    """GATA1 is planted here too, and carries nothing."""
    plot([made.folder], "chr1:2000-2090", tmp_path / "x.png", Settings(hits=True))
    assert [box.name for box in drawn[0][0].own["carries"]] == ["TAL1_known1"]


def test_without_motifs_nothing_is_boxed(made, drawn, tmp_path):
    plot([made.folder], "chr1:2000-2090", tmp_path / "x.png")
    assert drawn[0][0].own is None


def test_a_hit_against_the_target_is_one_too(both, drawn, tmp_path):
    folder = tmp_path / "against"
    shutil.copytree(both.folder, folder)
    with h5py.File(folder / "carries.h5", "r+") as file:
        for name in ("shap/seq", "projected_shap/seq"):
            file[name][...] = -file[name][...]
    plot([folder], "chr1:2000-2090", tmp_path / "x.png", Settings(["carries"], hits=True))
    own = drawn[0][0].own["carries"]
    assert {(box.name, box.start, box.negative) for box in own} == {
        ("TAL1_known1", TAL_AT, True),
        ("GATA_disc1", GATA_AT, True),
    }


def test_a_hit_is_cut_to_the_region_or_left_out(both, drawn, tmp_path):
    region = f"seq0:{TAL_AT + 4}-{GATA_AT + 2}"
    plot([both.folder], region, tmp_path / "x.png", Settings(motif_specs=["bundled"]))
    boxes = {box.name: box for box in drawn[0][0].own["carries"]}
    assert boxes["TAL1_known1"].start == TAL_AT + 4
    assert "GATA_disc1" not in boxes  # only 2 of its 10 bases are in the region


def test_several_methods_are_stacked(made, drawn, tmp_path):
    other = write_scores(tmp_path / "other", count=12, method="gradient")
    same = write_scores(tmp_path / "same", count=12)
    folders = [made.folder, other.folder]
    out = tmp_path / "x.png"
    assert plot(folders, "seq0", out, Settings(["carries"])).labels == ["deeplift", "gradient"]
    assert plot(folders, "seq0", out).labels[::3] == ["carries\ndeeplift", "quiet\ngradient"]
    assert plot([made.folder, same.folder], "seq0", out, Settings(["quiet"])).labels == [
        str(made.folder),
        str(same.folder),
    ]
    assert plot([made.folder] * 2, "seq0", out, Settings(["quiet"])).labels == [
        f"{made.folder} (1)",
        f"{made.folder} (2)",
    ]


def test_the_target_is_told_where_no_row_is_named_after_it(made):
    (track, quiet) = module.tracks_of(open_scores(made.folder), "seq0", [])
    rows = [track._replace(method=name, unit="logit") for name in ("deeplift", "gradient")]
    assert module.target_of(rows, ["deeplift", "gradient"]) == "contributions to carries"
    assert module.target_of(rows[:1], ["carries"]) == ""
    assert module.target_of([rows[0], quiet], ["carries", "quiet"]) == ""
    assert module.target_of([track], ["deeplift"]) == ""  # its unit is the output of carries


def test_the_letters_are_the_contributions_in_the_file(made, drawn, tmp_path):
    plot([made.folder], "seq2:5-25", tmp_path / "x.png", Settings(["carries"]))
    with h5py.File(made.folder / "carries.h5") as file:
        expected = file["projected_shap/seq"][2, :, 5:25].sum(axis=0)
    assert np.allclose(drawn[0][0].contributions["carries"], expected)


def test_folders_of_different_sequences_are_refused(made, tmp_path):
    other = write_scores(tmp_path / "other", count=12, seed=1)
    with pytest.raises(InputError, match="different sequences"):
        plot([made.folder, other.folder], "seq1", tmp_path / "x.png")


def test_an_unknown_target_is_refused(made, tmp_path):
    with pytest.raises(UnknownName, match="unknown target 'no'; there is: carries, quiet"):
        plot([made.folder], "seq0", tmp_path / "x.png", Settings(["no"]))


def test_a_long_window_is_drawn_whole(tmp_path):
    """Of 2,114 bases as of any number, in a size that fits a screen."""
    folder = tmp_path / "scores"
    rng = np.random.default_rng(0)
    codes, values = rng.integers(0, 4, (1, 2114)).astype(np.uint8), rng.normal(size=(1, 4, 2114))
    fields = {name: np.zeros(1) for name in (*NUMBERS, CANCELLATION)}
    fields |= {"contributions": values[:, 0], "hypothetical": values}
    places = Places.of([Region("chr20", 17_036_400, 17_038_514)])
    folder.mkdir()
    TargetRows(codes, fields, places, {"seqattr": ""}).write_h5(folder / "counts.h5")
    write_json(
        folder / "run.json", {"settings": {}, "targets": ["counts"], "units": {"counts": "log counts"}}
    )
    assert plot([folder], "chr20:17036400-17038514", tmp_path / "a.svg").labels == ["counts"]
    drawn = (tmp_path / "a.svg").read_text()
    texts = re.findall(r"<!-- (.*?) -->", drawn)
    assert {"17,036,500", "17,038,500", "chr20 (bp, 0-based)", "contribution (log counts)"} <= set(texts)
    assert float(re.search(r'width="([\d.]+)pt"', drawn)[1]) < 72 * 13
    assert len(drawn) < 400_000


def test_a_run_knows_its_targets_in_their_order(tmp_path):
    made = write_scores(tmp_path / "s", count=2, targets=("z", "a"))
    assert open_scores(made.folder).targets == ["z", "a"]


@pytest.mark.parametrize("end", ["9" * 5000, "\u0664\u0660", ","])
def test_what_is_no_number_is_part_of_a_name(made: Made, end: str) -> None:
    with pytest.raises(InputError, match="holds no sequence"):
        found(made, f"seq3:10-{end}")
