"""Labels: does an explanation change when the model has learned labels that tell nothing of the sequences?

A model of the same kind is trained on permuted labels until it fits them, and the two models' explanations of
the same sequences are compared. Adebayo et al. 2018, Sanity Checks for Saliency Maps, section 5.

Both models have learned something, so the scores of no method need be without any likeness; a method whose
scores are alike beyond what the models' own gradients are does not tell what was learned from what was not.
"""

from functools import partial

from seqattr.evaluate import similarity
from seqattr.evaluate.bounds import Bounds, bounds_of
from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.explaining import BEYOND_GRADIENT, explained, size_kept
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.question import Question
from seqattr.evaluate.sampling import part_of
from seqattr.evaluate.similarity import compare
from seqattr.figures.drawings import Drawing
from seqattr.figures.intervals import Point, PointPanel, interval_figure
from seqattr.support.progress import Progress

SEQUENCES, REFERENCES = 40, 5  # at most
# The limits of `sanity`, for the same measures.
LEFT, BEYOND = 0.2, 0.2
LIMITS = (
    f"A method passes whose scores for the two models have a rank correlation that surely lies within {LEFT} "
    f"of 0, and whose sizes surely agree by less than {BEYOND} more than the gradient's do."
)
METRICS = {
    **similarity.METRICS,
    BEYOND_GRADIENT: "The rank correlation of sizes less that of the gradient's, which shows how alike the "
    "models are.",
}
TITLES = {
    "spearman": "rank correlation",
    "spearman-abs": "rank correlation of sizes",
    "pearson": "correlation",
    "ssim": "structural similarity",
}


def missing(question: Question) -> str:
    """Why it cannot be done: there is no other model."""
    if question.permuted is not None:
        return ""
    return (
        "it compares with a model that was trained on permuted labels; train one with `permute_labels=True`, "
        "and give it as `permuted`"
    )


def measure(question: Question, method: str, progress: Progress) -> list[Measured]:
    """How alike the scores of the two models are."""
    part = part_of(question, SEQUENCES, REFERENCES)
    assert part.permuted is not None  # else it is `missing`
    original = explained(part, method, part.model)
    progress(1, 2)
    tables = compare(original, explained(part, method, part.permuted))
    kept = part.once("kept on permuted labels", partial(size_kept, part, part.permuted))
    tables[BEYOND_GRADIENT] = tables["spearman-abs"] - kept
    progress(2, 2)
    return [
        Measured(metric, target, values)
        for metric, table in tables.items()
        for target, values in zip(part.names, table, strict=True)
    ]


def judge(method: str, summaries: Summaries) -> Judgement:
    """By the order of contributions, and by their sizes beyond the gradient's."""
    signed, sizes = (
        bounds_of(summaries.select(method=method, metric=metric)) for metric in ("spearman", BEYOND_GRADIENT)
    )
    basis = f"ρ {signed}, ρ of sizes beyond the gradient's {sizes}"
    return Judgement(method, "labels", *verdict(signed, sizes), basis)


def verdict(signed: Bounds, sizes: Bounds) -> tuple[bool | None, str]:
    """Whether it passes, and why, for a reader who knows no metric."""
    if signed.beyond(LEFT) or sizes.above(BEYOND):
        return False, (
            "Its scores are much the same for a model that has learned nothing but noise: they show the "
            "sequence, not what was learned."
        )
    if signed.within(LEFT) and sizes.below(BEYOND):
        return True, (
            "Its scores are others for a model that has learned nothing but noise: they show what was "
            "learned."
        )
    return None, (
        "Whether its scores tell what was learned from noise cannot be said; more sequences would tell."
    )


def draw(summaries: Summaries) -> list[Drawing]:
    """A point for each method, a panel for each measure."""
    methods = summaries.methods
    panels = [
        PointPanel(title, [point_of(summaries, method, metric) for method in methods], 0.0)
        for metric, title in TITLES.items()
    ]
    caption = (
        "How alike the scores are to those for a model that was trained on permuted labels: 1 for a method "
        "that shows the sequence alone."
    )
    return [Drawing.of("labels", caption, partial(interval_figure, panels, methods))]


def point_of(summaries: Summaries, method: str, metric: str) -> Point:
    """The mean over targets."""
    return Point(*bounds_of(summaries.select(method=method, metric=metric)), method in CONTROLS)
