"""Marginal effects, beside a loop that puts word after word into background after background."""

import math
import zlib
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.insertions import consensus, shuffled, start_of, words
from seqattr.analyses.marginalization import Insertions, Marginal, marginalize
from seqattr.dna.alphabet import ALPHABET
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, NotFinite, UnknownName
from seqattr.motifs.pwm import GATA1, PWM
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured

MODELS = ["conv1d", "bpnet", "lstm, both directions", "transformer"]
WORDS = ("GATAA", "CAG", "ACGTAC")
COMPLEMENT = dict(zip("ACGT", "TGCA", strict=True))


def on_strand(word: str, strand: str) -> str:
    return word if strand == "+" else "".join(COMPLEMENT[letter] for letter in reversed(word))


def written(background: Tensor, word: str, start: int) -> Tensor:
    """Letter by letter."""
    edited = background.clone()
    for place, letter in enumerate(word, start):
        edited[:, place] = 0
        edited[ALPHABET.index(letter), place] = 1
    return edited


def changes(model: Model, backgrounds: Tensor, word: str, start: int) -> Tensor:
    """(T, B), one sequence after the other."""
    rows = [model.predict(written(row, word, start)[None])[0] for row in backgrounds]
    return torch.stack(rows, 1) - model.predict(backgrounds).T


def loop(model: Model, backgrounds: Tensor, middle: float) -> np.ndarray:
    """(T, M, 2, B)"""
    length = backgrounds.shape[2]
    rows = []
    for word in WORDS:
        left = math.floor(middle - len(word) / 2)
        mirrored = length - len(word) - math.floor(length - middle - len(word) / 2)
        rows.append(
            [
                changes(model, backgrounds, word, left),
                changes(model, backgrounds, on_strand(word, "-"), mirrored),
            ]
        )
    return np.stack([np.stack([side.numpy() for side in row]) for row in rows]).transpose(2, 0, 1, 3)


@pytest.mark.parametrize("name", MODELS)
def test_effects_are_those_of_the_loop(name: str) -> None:
    """On both strands, at two positions; also of models of which every edit is worked out whole."""
    model, backgrounds = captured(name)[1], one_hot(5)
    settings = Insertions(positions=(5.0, 17.5))
    found = marginalize(model, WORDS, backgrounds, settings)
    assert found.effects.shape == (len(model.targets), 3, 2, 2, 5)
    for place, middle in enumerate(found.positions):
        np.testing.assert_allclose(
            found.effects[:, :, :, place], loop(model, backgrounds, middle), rtol=0, atol=1e-9
        )
    np.testing.assert_allclose(found.without, model.predict(backgrounds).T, rtol=0, atol=1e-9)


def test_in_single_precision_they_are_the_loop_s_but_for_rounding() -> None:
    model, backgrounds = captured("bpnet")[1], one_hot(5)
    single = Model.from_parts(
        model.graph.to("cpu", torch.float32),
        model.lengths,
        model.targets,
        finals=model.finals,
        shapes=model.shapes,
        example_length=model.example_length,
    )
    found = marginalize(single, WORDS, backgrounds)
    np.testing.assert_allclose(
        found.effects[:, :, :, 0], loop(model, backgrounds, LENGTH / 2), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("name", ["bpnet", "transformer"])
def test_how_many_go_through_together_changes_nothing(name: str) -> None:
    model, backgrounds = captured(name)[1], one_hot(5)
    usual = marginalize(model, WORDS, backgrounds)
    for size in (1, 3, 1000):
        found = marginalize(model, WORDS, backgrounds, Insertions(batch_size=size))
        np.testing.assert_allclose(found.effects, usual.effects, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.twins, usual.twins, rtol=0, atol=1e-12)


class Mirrored(nn.Module):
    """A model that reads the other strand."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x.flip(1, 2))


@pytest.mark.parametrize("instances", ["consensus", "sampled"])
def test_what_reads_the_other_strand_finds_everything_mirrored(instances: str) -> None:
    """Strands change places, positions count from the other end; exactly, with the twins."""
    module, model = captured("conv1d")
    backgrounds, motifs = one_hot(5), [GATA1, *WORDS]
    there = Insertions(positions=(5.0, 8.5, 12.0), instances=instances)
    back = Insertions(positions=(LENGTH - 5.0, LENGTH - 8.5, LENGTH - 12.0), instances=instances)
    one = marginalize(model, motifs, backgrounds, there)
    other = marginalize(Model(Mirrored(module), backgrounds), motifs, backgrounds.flip(1, 2), back)
    np.testing.assert_allclose(other.effects[:, :, ::-1], one.effects, rtol=0, atol=1e-12)
    np.testing.assert_allclose(other.twins[:, :, ::-1], one.twins, rtol=0, atol=1e-12)
    by_default = marginalize(Model(Mirrored(module), backgrounds), motifs, backgrounds.flip(1, 2))
    np.testing.assert_allclose(
        by_default.effects[:, :, ::-1], marginalize(model, motifs, backgrounds).effects, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("length", [23, 24])
@pytest.mark.parametrize("width", [5, 6])
def test_a_word_in_the_middle_is_where_it_was_from_the_other_end(length: int, width: int) -> None:
    plus, minus = (start_of(length / 2, width, strand) for strand in "+-")
    assert minus == length - width - plus
    assert plus == (length - width) // 2


def test_folds_are_averaged() -> None:
    (_, one), (_, other) = captured("conv1d"), captured("relu, overlapping max pool")
    backgrounds = one_hot(4)
    both = marginalize([one, other], WORDS, backgrounds)
    each = [marginalize(model, WORDS, backgrounds) for model in (one, other)]
    np.testing.assert_allclose(both.effects, (each[0].effects + each[1].effects) / 2, rtol=0, atol=1e-12)


# --- words --------------------------------------------------------------------------------------


def test_instances_are_drawn_by_the_motif_and_the_background_alone() -> None:
    model, backgrounds, sampled = captured("conv1d")[1], one_hot(6), Insertions(instances="sampled")
    alone = marginalize(model, [GATA1], backgrounds, sampled)
    beside = marginalize(model, [*WORDS, GATA1], backgrounds, sampled)
    np.testing.assert_allclose(beside.effects[:, 3], alone.effects[:, 0], rtol=0, atol=1e-12)
    other = marginalize(model, [GATA1], backgrounds, Insertions(instances="sampled", seed=1))
    assert abs(other.effects - alone.effects).max() > 1e-3
    consensus = marginalize(model, [GATA1], backgrounds)
    assert abs(consensus.effects - alone.effects).max() > 1e-3


@pytest.mark.parametrize("instances", ["consensus", "sampled"])
def test_words_hang_on_the_number_of_the_background_and_not_on_its_neighbours(instances: str) -> None:
    """As one draws them one after the other, whichever are asked for together."""
    rng, every = np.random.default_rng([3, zlib.crc32(GATA1.name.encode())]), range(11)
    slow = np.stack([GATA1.sample(rng) for _ in every])
    drawn = words(GATA1, every, instances, 3)
    np.testing.assert_array_equal(drawn, slow if instances == "sampled" else [consensus(GATA1)] * 11)
    twins = shuffled(GATA1, drawn, every, 4, 3)
    for some in (range(1), range(4, 9), range(10, 11)):
        part = words(GATA1, some, instances, 3)
        np.testing.assert_array_equal(part, drawn[some.start : some.stop])
        np.testing.assert_array_equal(shuffled(GATA1, part, some, 4, 3), twins[some.start : some.stop])


def test_backgrounds_that_go_through_in_several_parts_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sampled instances and twins too."""
    model, backgrounds, sampled = captured("conv1d")[1], one_hot(7), Insertions(instances="sampled", twins=3)
    whole = marginalize(model, [GATA1, *WORDS], backgrounds, sampled)
    monkeypatch.setattr("seqattr.analyses.marginalization.backgrounds_at_once", lambda *_: 2)
    parts = marginalize(model, [GATA1, *WORDS], backgrounds, sampled)
    np.testing.assert_allclose(parts.effects, whole.effects, rtol=0, atol=1e-12)
    np.testing.assert_allclose(parts.twins, whole.twins, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(parts.without, whole.without)


def test_twins_are_other_orders_of_the_same_letters() -> None:
    """A model that only counts bases cannot tell them from the motif."""

    class Counting(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sum(2)[:, :2]

    model, backgrounds = Model(Counting(), one_hot(2)), one_hot(12)
    found = marginalize(model, [GATA1, "AAAA"], backgrounds, Insertions(instances="sampled"))
    np.testing.assert_allclose(found.twins, found.effects, rtol=0, atol=1e-12)
    assert {row.p_value for row in found.table()} == {1.0}


def test_a_motif_of_one_strand_is_not_put_on_the_other() -> None:
    rna = PWM("rna", GATA1.probabilities, one_strand=True)
    found = marginalize(captured("conv1d")[1], [rna, "GATA"], one_hot(4))
    assert np.isnan(found.effects[:, 0, 1]).all()
    assert np.isfinite(found.effects[:, 1]).all()
    assert [(row.motif, row.strand) for row in found.table()[:3]] == [
        ("rna", "+"),
        ("GATA", "+"),
        ("GATA", "-"),
    ]


# --- tables -------------------------------------------------------------------------------------


class Finder(nn.Module):
    """As often as GATAAG is there, and what it answers to chance."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 1, 6).double()
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(4)[:, [ALPHABET.index(letter) for letter in "GATAAG"]][None])
            self.conv.bias.fill_(-5.0)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x)).sum(2)


def test_a_motif_that_is_read_is_told_from_its_twins_and_others_are_not() -> None:
    model = Model(Finder(), torch.zeros(2, 4, 60, dtype=torch.float64))
    found = marginalize(model, ["GATAAG", "CCCTGA"], one_hot(40, 60))
    rows = {(row.motif, row.strand): row for row in found.table()}
    bound = rows["GATAAG", "+"]
    assert bound.mean == pytest.approx(1, abs=0.1)
    assert bound.low <= bound.mean <= bound.high
    assert (bound.start, bound.end, bound.position) == (27, 33, 30)
    assert bound.q_value < 1e-3
    assert min(row.p_value for key, row in rows.items() if key != ("GATAAG", "+")) > 0.05


def test_a_table_has_a_row_for_each_cell() -> None:
    found = marginalize(captured("conv1d")[1], WORDS, one_hot(4), Insertions(positions=(6.0, 12.0)))
    rows = found.table()
    assert len(rows) == found.effects[..., 0].size
    means = np.array([row.mean for row in rows]).reshape(found.effects.shape[:-1])
    np.testing.assert_allclose(means, found.effects.mean(-1), rtol=1e-12)
    assert all(row.end - row.start == len(row.motif) for row in rows)
    assert "3 motifs at 2 positions of 4 backgrounds" in repr(found)
    assert isinstance(found, Marginal)


# --- what is refused ----------------------------------------------------------------------------


def test_what_cannot_be_put_in_is_refused() -> None:
    model, backgrounds = captured("conv1d")[1], one_hot(3)
    with pytest.raises(InputError, match="the motif long is 30 bp long, the backgrounds 24"):
        marginalize(model, {"long": "A" * 30}, backgrounds)
    with pytest.raises(InputError, match=r"GATA of 4 bp around position 1 leaves .* from 2 to 22"):
        marginalize(model, ["GATA"], backgrounds, Insertions(positions=(1.0,)))
    with pytest.raises(InputError, match="there are no backgrounds"):
        marginalize(model, ["GATA"], backgrounds[:0])
    with pytest.raises(InputError, match="there are no motifs"):
        marginalize(model, [], backgrounds)
    with pytest.raises(InputError, match="'GATA' is there twice"):
        marginalize(model, ["GATA", "GATA"], backgrounds)
    with pytest.raises(InputError, match="A C G T alone, not 'GANTC'"):
        marginalize(model, ["GANTC"], backgrounds)
    with pytest.raises(InputError, match=r"background number 2 has no base \(N\) at position 4"):
        marginalize(model, ["GATA"], ["ACGTACGT" * 3, "ACGNACGT" * 3])
    with pytest.raises(UnknownName, match="unknown kind of instances"):
        Insertions(instances="best")


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("twins", 1, "at least 2 shuffled twins are a control, not 1"),
        ("twins", 2.5, "shuffled twins are a whole number, not 2.5"),
        ("twins", "3", "shuffled twins are a whole number, not '3'"),
        ("positions", (), r"positions are one or more numbers, each once, not \(\)"),
        ("positions", (3.0, 3.0), "positions are one or more numbers, each once"),
        ("positions", ("a",), r"positions are one or more numbers, each once, not \('a',\)"),
        ("positions", "12", "positions are one or more numbers, each once, not '12'"),
        ("positions", 5.0, "positions are one or more numbers, each once, not 5.0"),
        ("positions", (float("nan"),), "positions are one or more numbers, each once"),
        ("batch_size", 0, "the batch size must be at least 1, not 0"),
        ("batch_size", 2.5, "the batch size must be a whole number from 1 on, not 2.5"),
        ("seed", -1, "the seed must be a whole number from 0 on, not -1"),
        ("seed", 0.5, "the seed must be a whole number from 0 on, not 0.5"),
        ("instances", None, "unknown kind of instances 'None'; there is: consensus, sampled"),
    ],
)
def test_settings_that_cannot_be_are_refused(field: str, value: Any, line: str) -> None:
    with pytest.raises(InputError, match=line):
        Insertions(**{field: value})


def test_positions_may_be_an_array() -> None:
    assert Insertions(positions=np.array([3, 4.5])).positions == (3.0, 4.5)


def test_what_is_no_list_of_motifs_no_model_no_backgrounds_is_said_to_be_none() -> None:
    model, backgrounds = captured("conv1d")[1], one_hot(3)
    for motifs, line in (
        ("GATAAG", "motifs are a list of PWMs and words, or a table of names, not 'GATAAG' alone"),
        (GATA1, "motifs are a list of PWMs and words, or a table of names, not GATA_disc1 alone"),
        (None, "motifs are a list of PWMs and words, or a table of names, not None alone"),
        ([3], "a motif is a PWM or a word of letters, not 3"),
        ({"a": 3}, "a motif is a PWM or a word of letters, not 3"),
    ):
        with pytest.raises(InputError, match=line):
            marginalize(model, motifs, backgrounds)
    with pytest.raises(InputError, match=r"sequences are a list of texts, as \['ACGT'\], not a single one"):
        marginalize(model, ["GATA"], "ACGT")
    with pytest.raises(InputError, match=r"backgrounds are \(B, 4, L\), or a list of texts, not None"):
        marginalize(model, ["GATA"], None)
    with pytest.raises(InputError, match=r"a path, no model: seqattr\.load_model\('model\.pt'\) reads one"):
        marginalize("model.pt", ["GATA"], backgrounds)  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match=r"unknown target '2\.5'; there is: target0"):
        marginalize(model, ["GATA"], backgrounds, targets=[2.5])  # type: ignore[list-item]


def test_a_background_that_the_model_cannot_answer_is_named() -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x.sum(2)[:, :1] - 2).log()

    model = Model(Odd(), one_hot(2))
    backgrounds = one_hot(3)
    backgrounds[1, :, :] = torch.eye(4)[3][:, None]
    with pytest.raises(NotFinite, match="sequence number 1"):
        marginalize(model, ["GATA"], backgrounds)
