"""The check as a whole: curves and areas, who passes, and that no batch matters."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from seqattr.evaluate import curves, faithfulness, flipping
from seqattr.evaluate.controls import CONTROLS, Control
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import summarise
from seqattr.methods.registry import METHODS
from tests.helpers.questions import linear_model, part_of, question, small_model

METHOD_NAMES = ("deeplift", "gradient", "saliency")


def by_key(rows):
    return {(row.metric, row.target, row.at, row.step): row.values for row in rows}


@pytest.fixture(scope="module")
def measured():
    asked = question(small_model(), METHOD_NAMES)
    return by_key(faithfulness.measure(asked, "gradient"))


def test_every_metric_is_measured_and_told(measured):
    assert {metric for metric, *_ in measured} == set(faithfulness.METRICS)


def test_curves_begin_and_end_where_they_must(measured):
    asked = question(small_model())
    whole, others = (asked.model.predict(x) for x in (asked.sequences, asked.references.flatten(0, 1)))
    difference = (others.reshape(6, 2, 2).mean(1) - whole).T.numpy()
    for number, target in enumerate("ab"):
        for metric, sign in (("deletion", 1), ("inverse", 1), ("insertion", -1)):
            assert measured[metric, target, 0.0, "0%"].tolist() == [0] * 6
            end = measured[metric, target, 1.0, "100%"]
            assert end == pytest.approx(sign * difference[number], abs=1e-12)


def test_insertion_is_what_putting_bases_into_the_reference_gives(measured):
    """Worked out in another way than by the inverse order."""
    asked = question(small_model())
    ranks, known = curves.orders_of(asked, "gradient")
    # of an odd number of bases one half is larger: what is inserted is what its mirror image leaves
    counts = known.sum(1)[:, None] - flipping.counts_of(known)[:, ::-1]
    for share, count in zip(flipping.SHARES, counts.T, strict=True):
        for number, target in enumerate("ab"):
            expected = []
            for n in range(6):
                inside = torch.from_numpy(ranks[n, number] < count[n])
                rows = torch.where(inside, asked.sequences[n], asked.references[n])
                both = asked.model.predict(rows) - asked.model.predict(asked.references[n])
                expected.append(float(both[:, number].mean()))
            values = measured["insertion", target, share, f"{share:.0%}"]
            assert values == pytest.approx(np.array(expected), abs=1e-12), share


def test_areas_are_those_of_the_curves(measured):
    early = (0.0, *flipping.EARLY)
    for metric, area, sign in (("deletion", "area", -1), ("insertion", "area-insertion", 1)):
        values = np.stack([measured[metric, "a", share, f"{share:.0%}"] for share in early], 1)
        assert measured[area, "a", 0.0, ""] == pytest.approx(np.trapezoid(sign * values, early) / 0.2)


def test_nothing_hangs_on_batches_or_on_the_other_sequences(measured):
    asked = question(small_model(), METHOD_NAMES)
    again = [
        by_key(faithfulness.measure(part_of(asked, rows, size), "gradient"))
        for rows, size in ((slice(0, 2), 3), (slice(2, 6), 1))
    ]
    for key, values in measured.items():
        parts = np.concatenate([part[key] for part in again])
        assert parts == pytest.approx(values, abs=1e-12, nan_ok=True), key


def judged(asked, *names):
    rows = [row for name in names for row in summarise(name, faithfulness.measure(asked, name))]
    return {name: faithfulness.judge(name, Summaries(rows)) for name in names}


@pytest.fixture
def inverse_control(monkeypatch):
    """An explanation that says the opposite of the model's own, for a linear model."""

    def worst(sequences, seed):
        asked = replace(question(linear_model()), sequences=sequences, references=None, _kept={})
        return -asked.contributions("gradient")[0]

    monkeypatch.setitem(CONTROLS, "inverse", Control("the contributions turned round", worst))


def test_on_a_linear_model_the_gradient_passes_chance_does_not_and_its_inverse_is_worse(inverse_control):
    whole = question(linear_model(), number=40)
    asked = replace(whole, references=None, targets=["a"], _kept={})
    found = judged(asked, "gradient", "random", "inverse")
    assert found["gradient"].passes is True
    assert "beats 100 % (100 to 100)" in found["gradient"].basis
    assert "its inverse 0 % (0 to 0)" in found["gradient"].basis
    assert found["random"].passes is False
    assert "random ones does" in found["random"].sentence
    assert found["inverse"].passes is False
    assert "the wrong ones" in found["inverse"].sentence


def test_of_a_linear_model_no_order_falls_faster_and_none_slower():
    """The closed form of the area: falls are sums of contributions in their order, which no order beats."""
    asked = replace(question(linear_model(), number=8), references=None, _kept={})
    rows = by_key(faithfulness.measure(asked, "gradient"))
    known = flipping.known_bases(asked.sequences)
    counts = flipping.counts_of(known, flipping.EARLY)
    for number, target in enumerate("ab"):
        contributions = asked.contributions("gradient")[number].numpy()
        for name, sign in (("area", -1), ("area-inverse", 1)):
            falls = np.zeros((8, 1 + counts.shape[1]))
            for n in range(8):
                ordered = sign * np.sort(sign * contributions[n][known[n]])
                falls[n, 1:] = [ordered[:count].sum() for count in counts[n]]
            expected = flipping.area((0, *flipping.EARLY), falls)
            assert rows[name, target, 0.0, ""] == pytest.approx(expected, abs=1e-9)
        chance = curves.random_areas(asked)[:, number]
        assert (rows["area", target, 0.0, ""] >= chance).all()
        assert (rows["area-inverse", target, 0.0, ""] <= chance).all()
        gain = rows["area", target, 0.0, ""] - chance.mean(0)
        assert rows["gain", target, 0.0, ""] == pytest.approx(gain)


def test_random_orders_beat_each_other_in_half_of_all_cases():
    asked = question(small_model(), number=60)
    shares = [
        by_key(faithfulness.measure(replace(asked, seed=seed, _kept={}), "random"))[
            "beats-random", "all targets", 0.0, ""
        ]
        for seed in (0, 1)
    ]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)


def test_equal_areas_count_half():
    chance = np.array([[[1.0]], [[2.0]], [[3.0]], [[3.0]]])
    assert curves.wins(np.array([[3.0 + 1e-12]]), chance).tolist() == [[0.75]]
    assert curves.wins(np.array([[0.5]]), chance).tolist() == [[0.0]]


def test_a_method_that_claims_to_add_up_has_to(monkeypatch):
    """The same explanations, once of a method that claims it and once of one that does not."""
    asked = replace(question(linear_model(), number=12), targets=["a"])
    asked.contributions("gradient")
    assert judged(asked, "gradient")["gradient"].passes is True
    asked._kept["gradient"] = 1.5 * asked._kept["gradient"]
    assert judged(asked, "gradient")["gradient"].passes is True
    monkeypatch.setitem(METHODS, "gradient", replace(METHODS["gradient"], complete=True))
    found = judged(asked, "gradient")["gradient"]
    assert found.passes is False
    assert "do not add up" in found.sentence
    assert "100.0% of its explanations" in found.basis


def test_figures_are_of_every_target_and_pair():
    asked = question(small_model())
    rows = [
        row for name in ("gradient", "random") for row in summarise(name, faithfulness.measure(asked, name))
    ]
    drawings = {drawing.name: drawing.figure for drawing in faithfulness.draw(Summaries(rows))}
    titles = {name: [axes.get_title() for axes in figure.axes] for name, figure in drawings.items()}
    assert titles["faithfulness-deletion"] == titles["faithfulness-insertion"] == ["a", "b"]
    assert titles["faithfulness-orders"] == ["a", "b", "all targets"]
    assert titles["faithfulness-classes"] == ["a to b", "b to a"]
    lines = drawings["faithfulness-deletion"].axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["gradient", "random"]
