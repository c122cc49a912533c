"""What `collect` writes agrees with what was put into the scores; it reads nothing but the folders."""

import csv
import json
from pathlib import Path

import pytest

from seqattr.data.simulate import Simulation
from seqattr.data.simulation_files import read_simulation
from seqattr.errors import InputError, OutputError
from seqattr.figures.style import MOST_DRAWN
from seqattr.io.ownership import Output
from seqattr.methods.registry import METHODS as ALL_METHODS
from seqattr.tal_gata.claims import judge_all
from seqattr.tal_gata.collect import Collected, collect
from seqattr.tal_gata.evidence import gather
from seqattr.tal_gata.figures import drawings, lines_of
from seqattr.tal_gata.recipe import TABLES
from seqattr.tal_gata.summary import summarise
from seqattr.tal_gata.tables import tables
from tests.helpers.tal_gata_scores import EVERY, simulated, write_metrics, write_run

MISSED = 30
METHODS = ("deeplift", "deeplift-rescale", "guided-backprop")


def rows(path: Path) -> list[dict[str, str]]:
    with open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Simulation]:
    folder = tmp_path_factory.mktemp("simulation")
    return folder, simulated(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, simulation: tuple[Path, Simulation]) -> list[Path]:
    """Two nets; Rescale misses motifs, more in the second. Guided backprop credits them everywhere, and so
    does Rescale against shuffles.
    """
    place, (_, truth) = tmp_path_factory.mktemp("runs"), simulation
    found = []
    for number, model in enumerate(("b" * 64, "a" * 64)):
        net = place / f"net{number}"
        found += [
            write_run(net / "1", truth, "guided-backprop", model=model, credited=EVERY),
            write_run(net / "2", truth, "deeplift-rescale", model=model, missed=MISSED + 10 * number),
            write_run(net / "3", truth, "deeplift", model=model),
            write_run(net / "4", truth, "deeplift", "shuffle:10", model=model),
            write_run(net / "5", truth, "deeplift-rescale", "shuffle:10", model=model, credited=EVERY),
        ]
    return found


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("metrics")
    return [write_metrics(folder / f"{name}.json", name * 64, seed) for name, seed in (("a", 7), ("b", 2))]


@pytest.fixture(scope="module")
def collected(folders, metrics, simulation, tmp_path_factory) -> Collected:
    """Into a folder that has figures already: one of an earlier run, and one of somebody's own."""
    out = tmp_path_factory.mktemp("out")
    (out / "figures").mkdir()
    for name in ("fig5a_OLD.png", "mine.png"):
        (out / "figures" / name).write_bytes(b"x")
    return collect(folders, simulation[0], metrics, Output(out, force=True))


def test_measures_are_those_that_were_made(collected):
    table = {
        (row["net"], row["method"], row["references"], row["motif"]): row
        for row in rows(collected.page.parent / "measures.tsv")
    }
    assert len(table) == 2 * 5 * 3
    assert float(table["seed 2", "deeplift", "freq", "pooled"]["recall"]) == 1
    assert float(table["seed 2", "deeplift", "freq", "pooled"]["off_task"]) < 0.05
    assert float(table["seed 2", "guided-backprop", "freq", "pooled"]["off_task"]) > 0.95
    # 50 sequences hold both motifs; of 65 the first 30 or 40 were missed, in turns of 10 of 13.
    for net, share in (("seed 2", MISSED / 65), ("seed 7", (MISSED + 10) / 65)):
        missed = float(table[net, "deeplift-rescale", "freq", "pooled"]["not_positive"])
        assert missed == pytest.approx(share, abs=0.12)


def test_nets_are_named_and_ordered_by_their_seeds(collected):
    table = rows(collected.page.parent / "nets.tsv")
    assert [(row["net"], row["model"][0]) for row in table] == [("seed 2", "b"), ("seed 7", "a")]
    assert (table[0]["accuracy_both"], table[0]["auroc_both"]) == ("0.9", "NA")


def test_means_are_of_the_measures(collected):
    folder = collected.page.parent
    own = [
        float(row["not_positive"])
        for row in rows(folder / "measures.tsv")
        if (row["method"], row["references"], row["motif"]) == ("deeplift-rescale", "freq", "pooled")
    ]
    (mean,) = [
        row
        for row in rows(folder / "means.tsv")
        if (row["method"], row["references"], row["motif"]) == ("deeplift-rescale", "freq", "pooled")
    ]
    assert float(mean["not_positive"]) == pytest.approx(sum(own) / 2, abs=1e-4)  # four digits in the table
    half = 12.706 * abs(own[0] - own[1]) / 2  # t of one degree of freedom times the standard error
    assert float(mean["not_positive_high"]) == pytest.approx(min(1, sum(own) / 2 + half), abs=2e-3)
    assert mean["nets"] == "2"


def test_claims_are_judged_by_the_numbers(collected):
    table = rows(collected.page.parent / "claims.tsv")
    assert {(row["nets_holding"], row["nets"]) for row in table if row["verdict"] == "replicates"} == {
        ("2", "2")
    }
    verdicts = {row["claim"]: row["verdict"] for row in rows(collected.page.parent / "claims.tsv")}
    assert list(verdicts.values()).count("replicates") == 5
    unknown = [claim for claim, verdict in verdicts.items() if verdict == "not measured"]
    assert {claim.split()[0] for claim in unknown} == {"Gradient", "Integrated", "Rescale"}


def test_the_order_of_the_folders_does_not_matter(folders, metrics, simulation):
    made = []
    for order in (slice(None), slice(None, None, -1)):
        evidence = gather(folders[order], simulation[1], metrics[order])
        summary = summarise(evidence.runs)
        made.append(tables(evidence, summary, judge_all(summary, [])))
    assert str(made[0]) == str(made[1])  # NaN in two tables is the same


def test_nets_without_metrics_are_told_apart_all_the_same(folders, simulation):
    evidence = gather(folders, simulation[1], [])
    assert [net.name for net in evidence.nets] == ["model aaaaaaaaaaaa", "model bbbbbbbbbbbb"]
    assert [run.method for run in evidence.drawn_runs] == list(METHODS)
    assert evidence.references == ["freq", "shuffle:10"]


def test_figures_have_a_row_for_every_method_however_many(simulation, tmp_path):
    many = [write_run(tmp_path / str(n), simulation[1], f"method-{n:02d}", missed=n) for n in range(14)]
    evidence = gather(many, simulation[1], [])
    made = {each.name: each.figure for each in drawings(evidence, summarise(evidence.runs))}
    assert len(made["fig5a_TAL1_known1"].axes) == 14 * 3
    assert [len(axes.containers) for axes in made["fig5b_missed"].axes] == [14, 14]
    scales = [axes.xaxis.get_tick_params()["labelbottom"] for axes in made["fig5a_TAL1_known1"].axes]
    assert scales == [False] * 13 * 3 + [True] * 3  # one, below all panels
    assert len({axes.get_xlim() for axes in made["fig5a_TAL1_known1"].axes}) == 1
    heights = [made[name].get_size_inches()[1] for name in ("fig5b_missed", "fig5a_TAL1_known1")]
    assert heights[0] > 14 * 0.2
    assert heights[1] > 14 * 1.5
    assert len(made["fig5a_TAL1_known1_paper"].axes) == MOST_DRAWN * 3  # what the page shows
    assert len(made["fig6_sequence_paper"].axes) == MOST_DRAWN


def test_the_page_shows_the_methods_of_the_paper_where_there_are_many(simulation, tmp_path):
    names = [*(f"method-{number}" for number in range(12)), "gradient", "deeplift"]
    many = [write_run(tmp_path / name, simulation[1], name) for name in names]
    evidence = gather(many, simulation[1], [])
    drawn = {each.name: each for each in drawings(evidence, summarise(evidence.runs))}
    labels = [axes.get_ylabel() for axes in drawn["fig6_sequence_paper"].figure.axes]
    assert labels == ["deeplift", "gradient"]
    assert drawn["fig6_sequence_paper"].caption.endswith("2 of 14 methods.")
    assert len(drawn["fig6_sequence"].figure.axes) == 14


def test_panels_beside_each_other_have_one_scale(collected, folders, simulation):
    evidence = gather(folders, simulation[1], [])
    for each in drawings(evidence, summarise(evidence.runs)):
        if each.name in ("fig5b_missed", "off_task", "quality", "appendix_j_references"):
            assert len({axes.get_xlim() for axes in each.figure.axes}) == 1, each.name


def test_names_beside_rows_are_broken_between_words_alone():
    for name in ALL_METHODS:
        words = "".join(lines_of(name).split("\n"))
        assert words == name
        assert all(line.endswith("-") for line in lines_of(name).split("\n")[:-1])


def test_a_method_that_finds_nothing_is_drawn_too(simulation, tmp_path):
    """As one that needs what the net has not: zeros everywhere."""
    truth = simulation[1]
    runs = [write_run(tmp_path / "d", truth), write_run(tmp_path / "z", truth, "gradient", scale=0)]
    evidence = gather(runs, truth, [])
    assert len(list(drawings(evidence, summarise(evidence.runs)))) == 6
    assert evidence.runs[1].measures["pooled"].not_positive == 1


def test_more_references_than_colours_are_drawn(simulation, tmp_path):
    names = [f"shuffle:{number}" for number in range(1, 9)]
    runs = [write_run(tmp_path / name[8:], simulation[1], references=name) for name in names]
    evidence = gather(runs, simulation[1], [])
    made = {each.name: each.figure for each in drawings(evidence, summarise(evidence.runs))}
    (legend,) = made["appendix_j_references"].legends
    assert [text.get_text() for text in legend.get_texts()] == names


def test_files_are_whole_and_figures_of_an_earlier_run_are_gone(collected):
    out = collected.page.parent
    assert {path.name for path in out.iterdir()} == {*TABLES, "benchmark.html", "figures", "run.json"}
    names = {path.name for path in (out / "figures").iterdir()}
    assert "fig5a_OLD.png" not in names
    assert {"mine.png", "fig5a_TAL1_known1.svg", "fig6_sequence.png", "appendix_j_references.svg"} <= names


def test_another_collection_and_somebody_s_own_tables_stand(collected, folders, simulation, tmp_path):
    out = collected.page.parent
    with pytest.raises(OutputError, match=r"results of another run; give another"):
        collect(folders[:1], simulation[0], [], Output(out), "seqattr benchmark collect a")
    for name in ("measures.tsv", "figures/fig5b_missed.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("motif\tmine\n")
        with pytest.raises(OutputError, match=rf"was not written by seqattr \({name}\)"):
            collect(folders, simulation[0], [], Output(tmp_path))
        (tmp_path / name).unlink()


@pytest.mark.parametrize("name", ["measures.tsv", "points.tsv"])
def test_numbers_have_four_digits_behind_the_point(collected, name):
    for row in rows(collected.page.parent / name):
        for text in row.values():
            digits = text.partition(".")[2]
            assert not digits.isdigit() or len(digits) <= 4


def test_what_cannot_be_collected_is_refused(folders, simulation, tmp_path):
    place, truth = simulation
    with pytest.raises(InputError, match="no scores to collect"):
        collect([], place, [], Output(tmp_path))
    again = write_run(tmp_path / "again", truth, model="a" * 64)
    with pytest.raises(InputError, match="hold scores of the same model, method and references"):
        collect([*folders, again], place, [], Output(tmp_path))
    other = write_run(tmp_path / "other", simulated(tmp_path / "s", count=26))
    with pytest.raises(InputError, match="other sequences than the simulation's"):
        collect([other], place, [], Output(tmp_path))
    run = json.loads((again / "run.json").read_text())
    (again / "run.json").write_text(json.dumps({**run, "targets": ["both"]}))
    with pytest.raises(InputError, match="no target 'GATA1'"):
        collect([again], place, [], Output(tmp_path))


@pytest.mark.parametrize(
    ("text", "line"), [(None, "there is no"), ("{}", "train it again"), ("[", "train it")]
)
def test_metrics_that_are_none_are_refused(folders, simulation, tmp_path, text, line):
    path = tmp_path / "m.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=line):
        collect(folders, simulation[0], [path], Output(tmp_path))


def test_the_simulation_is_read_from_its_folder(simulation):
    assert read_simulation(simulation[0]).names == simulation[1].names
