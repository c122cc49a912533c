"""What the workflow's rules know of seqattr is what seqattr knows."""

import json
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from scripts.workflow_tables import tables, text
from seqattr.engine.graph import expressions
from seqattr.errors import SeqattrError
from seqattr.io.scores_folder import file_names, file_stems
from seqattr.methods.registry import METHODS, method_named
from seqattr.motifs.sources import MOTIF_SOURCES
from seqattr.tal_gata.recipe import FULL, QUICK, Recipe, folder_name
from seqattr.workflow.rules import settings
from tests.helpers.workflows import WORKFLOW, settings_in

CONFIGS: list[dict[str, Any]] = [
    {},
    {"methods": ["gradient", "saliency", "patternnet"], "shuffled": ["shuffle:5", "mono:3", "gc"]},
    {"methods": ["shapley", "grad-cam:relu_1"], "refs": ["zeros", "freq:.3,.2,.2,.3"]},
    {"methods": ["deeplift", "deeplift"], "refs": ["shuffle:10", "gc:2"], "shuffled": ["shuffle:10"]},
]
WRONG: list[dict[str, Any]] = [
    {"methods": ["magic"]},
    {"methods": ["gradient:relu_1"]},
    {"methods": ["grad-cam:a/b", "grad-cam:a_b"]},
    {"refs": ["nothing"]},
    {"shuffled": ["shuffle:x"]},
    {"shuffled": ["mono:0"]},
]
EMPTY = {"methods": [], "refs": ["freq"], "shuffled": ["shuffle:10"]}


def recipe_from(config: Mapping[str, Any]) -> Recipe:
    """The recipe within a config, which holds other settings too."""
    known = {field.name for field in fields(Recipe)} & config.keys()
    return Recipe(**{name: tuple(v) if isinstance(v := config[name], list) else v for name in known})


def test_the_tables_are_the_package_s():
    """`python scripts/workflow_tables.py` writes them anew."""
    assert (WORKFLOW / "rules" / "tables.json").read_text() == text()
    assert json.loads(text()).items() >= tables().items()


def test_every_method_needs_what_the_package_says():
    for name in METHODS:
        method = method_named(name)
        assert ("references" in settings.needs_of(name)) == method.needs_references
        assert ("patterns" in settings.needs_of(name)) == method.needs_patterns


@pytest.mark.parametrize("config", CONFIGS)
def test_scorings_are_the_recipe_s(config):
    mine, recipe = settings.scorings(EMPTY | config), recipe_from(EMPTY | config)
    assert [one[:2] for one in mine] == [tuple(one) for one in recipe.scorings]
    assert [one.folder for one in mine] == [one.folder for one in recipe.scorings]
    assert [one.needs_patterns for one in mine] == [one.needs_patterns for one in recipe.scorings]


@pytest.mark.parametrize("config", WRONG)
def test_what_the_recipe_refuses_is_refused_in_a_line_like_its_own(config):
    with pytest.raises(SeqattrError) as package:
        recipe_from(EMPTY | config)
    with pytest.raises(ValueError, match=r"\A.+\Z") as caught:
        settings.scorings(EMPTY | config)
    if config != {"methods": ["gradient:relu_1"]}:  # of methods at one step seqattr says more
        assert str(package.value).startswith(str(caught.value))


def test_references_that_would_share_a_folder_are_refused():
    with pytest.raises(
        ValueError, match=r"against 'fasta:a/b' and against 'fasta:a_b' would both be written to"
    ):
        settings.scorings(EMPTY | {"refs": ["fasta:a/b", "fasta:a_b"]})


def test_the_config_is_the_command_s_recipe():
    assert recipe_from(settings_in("benchmark/config.yaml")) == FULL


def test_the_test_config_is_the_quick_recipe():
    assert recipe_from(settings_in("benchmark/config.yaml", "benchmark/test.yaml")) == QUICK


@pytest.mark.parametrize("name", ["benchmark/config.yaml", "benchmark/test.yaml", "peaks/config.yaml"])
def test_every_setting_is_in_the_schema(name):
    schema = (WORKFLOW / "rules" / f"{Path(name).parent}.schema.yaml").read_text().splitlines()
    described = {line.strip(" :") for line in schema if line.startswith("  ") and not line.startswith("   ")}
    assert set(settings_in(name)) <= described


def test_the_peaks_config_shows_every_setting():
    schema = (WORKFLOW / "rules" / "peaks.schema.yaml").read_text().partition("\nproperties:\n")[2]
    described = {line.strip(" :") for line in schema.splitlines() if not line.startswith("    ")}
    assert set(settings_in("peaks/config.yaml")) == described - {"model", "shuffled"}


def test_your_own_peaks_need_your_own_motifs():
    assert settings_in("peaks/config.yaml")["motifs"] == []
    with pytest.raises(ValueError, match="`motifs` names no file; give a collection such as JASPAR's"):
        settings.motifs_of({"motifs": []})
    assert settings.motifs_of({"motifs": ["bundled", "a.meme"]}) == ["bundled", "a.meme"]


def test_motif_files_are_told_from_what_is_no_file():
    no_files = [source.form for source in MOTIF_SOURCES.values() if source.form != "FILE"]
    assert no_files == ["bundled", "jaspar:NAME"]
    assert settings.motif_files(["a.meme", *no_files, "b/c.txt"]) == ["a.meme", "b/c.txt"]


def test_only_references_of_a_file_have_one():
    assert settings.reference_file("fasta:a/b.fa") == ["a/b.fa"]
    assert [settings.reference_file(spec) for spec in ("shuffle:10", "freq", "zeros", "fasta:")] == [[]] * 4


NAMES = ["TAL1", "a b", "x/y", "../up", ".dot", "ß-é", "7", "", "Ⅳ", "a.b_c-d"]


def test_files_of_a_target_have_the_names_that_score_gives_them():
    assert settings.score_files(NAMES) == file_names(file_stems(NAMES).values())
    assert [settings.folder_name(name) for name in NAMES] == [folder_name(name) for name in NAMES]
    with pytest.raises(ValueError, match=r"'a b' and 'a/b' would both be written to a_b\.h5"):
        settings.score_files(["a b", "a/b"])


def test_files_of_an_expression_are_those_of_its_name():
    asked = ["counts", "gap = A-B", "sum(x:0,4..6)", "y=log(a/b)"]
    named = [expressions.split_name(text)[0] for text in asked]
    assert settings.score_files(asked) == file_names(file_stems(named).values())


def test_several_models_are_scored_by_methods_without_patterns():
    both = {"models": ["a.pt", "b.pt"]}
    by = {name: settings.scorings(EMPTY | {"methods": [name]}) for name in ("gradient", "patternnet")}
    assert settings.models_of(both, by["gradient"]) == ["a.pt", "b.pt"]
    assert settings.models_of({"models": ["a.pt"]}, by["patternnet"]) == ["a.pt"]
    assert settings.models_of({"model": "a.pt"}, by["patternnet"]) == ["a.pt"]
    with pytest.raises(ValueError, match="'patternnet' needs patterns, which are of one model"):
        settings.models_of(both, by["patternnet"])


def test_words_and_devices():
    assert settings.words("--model", ["a", "b c"]) == ["--model", "a", "--model", "b c"]
    assert settings.words("--patterns", "a.h5") == ["--patterns", "a.h5"]
    assert settings.words("--patterns", []) == []
    assert [settings.devices(gpus) for gpus in (0, 1, 2)] == [[], ["cuda"], ["cuda:all"]]
    assert settings.parents(["a/1-2/shard.json", "b"]) == ["a/1-2", "."]


def test_the_rules_import_nothing_but_the_standard_library():
    lines = (WORKFLOW / "rules" / "settings.py").read_text().splitlines()
    modules = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert modules <= set(sys.stdlib_module_names)
