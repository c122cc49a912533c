"""METHODS, the table of them: a new method is one function, or one rulebook, and one entry here."""

from dataclasses import replace

import torch

from seqattr.engine.rules import lrp
from seqattr.engine.rules.deeplift import GENOMICS_DEFAULT, RESCALE, REVEALCANCEL
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.rules.guided import DECONVNET, GUIDED
from seqattr.engine.rules.patterns import PATTERN_ATTRIBUTION, PATTERNNET
from seqattr.errors import InputError, UnknownName
from seqattr.methods import learned
from seqattr.methods.attributors import at_sequence
from seqattr.methods.coalitions import by_groups, lime, shapley, shapley_sampling
from seqattr.methods.families import (
    NOISE,
    NOISY_SAMPLES,
    backward,
    by_patterns,
    class_activation,
    differences,
    gradient,
    integrated_gradients,
    mutating,
    noisy,
    occluding,
    perturbing,
    relevances,
)
from seqattr.methods.grad_cam import grad_cam, guided_grad_cam
from seqattr.methods.gradients import Moments, mean_nearby, moment, size_of_gradient, somewhere_between
from seqattr.methods.learned_patterns import Patterns
from seqattr.methods.masks import meaningful_perturbation
from seqattr.methods.method import Cost, Method
from seqattr.methods.mutagenesis import largest_effect, mean_effect, positions_of

SHRIKUMAR = "Shrikumar, Greenside & Kundaje 2017"
SIMONYAN = "Simonyan, Vedaldi & Zisserman 2014, section 3"
SMILKOV, HOOKER = "Smilkov et al. 2017", "Hooker et al. 2019, section 4.1"
SELVARAJU, BACH = "Selvaraju et al. 2017", "Bach et al. 2015"
TAYLOR, MONTAVON = "Montavon et al. 2017", "Montavon et al. 2019"

METHODS: dict[str, Method] = {
    # differences
    "deeplift": differences(
        GENOMICS_DEFAULT,
        "DeepLIFT with RevealCancel after dense layers, Rescale after convolutions",
        f"{SHRIKUMAR}, section 4.2",
    ),
    "deeplift-rescale": differences(
        RESCALE, "DeepLIFT with the Rescale rule at every nonlinearity", f"{SHRIKUMAR}, section 3.5.2"
    ),
    "deeplift-revealcancel": differences(
        REVEALCANCEL,
        "DeepLIFT with the RevealCancel rule at every nonlinearity",
        f"{SHRIKUMAR}, section 3.5.3",
    ),
    "deepshap": differences(
        RESCALE,
        "deeplift-rescale by its other name: its mean over the references as background",
        "Lundberg & Lee 2017, section 4.2",
    ),
    # gradients
    "gradient": gradient(
        at_sequence,
        "the gradient at the sequence, times its difference from the reference",
        f"{SIMONYAN}; times the input: Shrikumar et al. 2016",
        True,
    ),
    "saliency": gradient(size_of_gradient(torch.abs), "the size of the gradient", SIMONYAN, False),
    "squared-gradient": gradient(
        size_of_gradient(torch.square),
        "the square of the gradient: sensitivity",
        "Gevrey, Dimopoulos & Lek 2003",
        False,
    ),
    "smoothgrad": noisy(
        mean_nearby(NOISY_SAMPLES, NOISE), "the mean gradient, times the difference,", SMILKOV, True
    ),
    "smoothgrad-squared": noisy(
        moment(Moments.mean_square, NOISY_SAMPLES, NOISE), "the mean of the squared gradients", HOOKER, False
    ),
    "vargrad": noisy(
        moment(Moments.variance, NOISY_SAMPLES, NOISE),
        "the variance of the gradients",
        f"Adebayo et al. 2018; {HOOKER}",
        False,
    ),
    "integrated-gradients-5": integrated_gradients(5),
    "integrated-gradients-10": integrated_gradients(10),
    "integrated-gradients-50": integrated_gradients(50),
    "expected-gradients": gradient(
        somewhere_between,
        "the gradient at one random point between each reference and the sequence, times the difference",
        "Erion et al. 2021",
        True,
        Cost("2 * R + 1", "R * T"),
    ),
    # modified backward
    "deconvnet": backward(
        DECONVNET,
        "the deconvolutional network's signal, times the difference from the reference",
        "Zeiler & Fergus 2014, section 2.1",
    ),
    "guided-backprop": backward(
        GUIDED,
        "guided backpropagation, times the difference from the reference",
        "Springenberg et al. 2015, section 3.4",
    ),
    "grad-cam": class_activation(
        GRADIENT,
        grad_cam,
        "where the last convolution's channels that matter are on; grad-cam:STEP for another step",
        f"{SELVARAJU}, section 3",
        guided=False,
    ),
    "guided-grad-cam": class_activation(
        GUIDED,
        guided_grad_cam,
        "grad-cam times guided-backprop; guided-grad-cam:STEP for another step",
        f"{SELVARAJU}, section 3.2",
        guided=True,
    ),
    # relevance
    "lrp-0": relevances(
        lrp.LRP_0,
        "each input's share in what it adds up to: gradient * base for ReLU nets",
        f"{BACH}, equation 56",
    ),
    "lrp-epsilon": relevances(
        lrp.LRP_EPSILON,
        "LRP-0 that damps weak units, epsilon a quarter of a step's root mean square",
        f"{BACH}, equation 58",
    ),
    "lrp-gamma": relevances(
        lrp.LRP_GAMMA, "what agrees in sign with the unit counts 1.25 times", f"{MONTAVON}, section 10.2.1"
    ),
    "lrp-alpha2-beta1": relevances(
        lrp.LRP_ALPHA_BETA,
        "positive contributions twice, minus negative ones once; the last layer by LRP-0",
        f"{BACH}, equation 60",
    ),
    "lrp-z-plus": relevances(
        lrp.LRP_Z_PLUS,
        "positive contributions only: alpha 1, beta 0; the last layer by LRP-0",
        f"{BACH}, equation 60; {TAYLOR}, section 4",
    ),
    "lrp-flat": relevances(
        lrp.LRP_FLAT,
        "flat at the bases, z+ at convolutions, epsilon at dense layers, LRP-0 at the last",
        "Kohlbrenner et al. 2020",
    ),
    "lrp-w2": relevances(
        lrp.LRP_W2, "w2 at the bases, z+ above without biases, LRP-0 at the last", f"{TAYLOR}, section 4"
    ),
    "lrp-zb": relevances(
        lrp.LRP_ZB,
        "zB, for bases between 0 and 1, and epsilon above; LRP-0 at the last",
        f"{TAYLOR}, section 4",
    ),
    "deep-taylor": relevances(
        lrp.DEEP_TAYLOR,
        "zB at the bases and z+ above, without biases: a positive output is conserved",
        f"{TAYLOR}, sections 4 and 5",
    ),
    "lrp-composite": relevances(
        lrp.LRP_COMPOSITE,
        "zB at the bases, gamma at convolutions, epsilon at dense layers, LRP-0 at the last",
        f"{MONTAVON}, section 10.3",
    ),
    # learned patterns
    "patternnet": by_patterns(
        PATTERNNET,
        learned.signal,
        "each base's signal: the gradient, with patterns of `seqattr patterns` for weights",
    ),
    "patternattribution": by_patterns(
        PATTERN_ATTRIBUTION,
        learned.share,
        "each position's share in the output by its signal: the same with weights times patterns",
    ),
    # perturbation
    "ism": mutating(
        mean_effect,
        "in-silico mutagenesis: a base's effect less the mean effect of the three others",
        "Zhou & Troyanskaya 2015",
    ),
    "ism-any-base": mutating(
        largest_effect,
        "in-silico mutagenesis: a base's effect less that of the base that changes the output most",
        "Kelley, Snoek & Rinn 2016",
    ),
    "occlusion-1": occluding(1),
    "occlusion-5": occluding(5),
    "occlusion-20": occluding(20),
    "shapley": perturbing(
        by_groups(shapley, 12),
        "exact Shapley values of 12 windows that divide the sequence",
        "Shapley 1953; Lundberg & Lee 2017, equation 4",
        Cost("4097 * R + 1", "0"),
        complete=True,
    ),
    "shapley-sampling": perturbing(
        by_groups(shapley_sampling, 40),
        "Shapley values of 40 windows, over 20 random orders of them, with standard errors",
        "Castro, Gomez & Tejada 2009",
        Cost("801 * R + 1", "0"),
        complete=True,
    ),
    "lime": perturbing(
        by_groups(lime, 40),
        "slopes of 40 windows, with standard errors, in a linear fit to 500 mixtures with the reference",
        "Ribeiro, Singh & Guestrin 2016, section 3.4",
        Cost("501 * R + 1", "0"),
    ),
    "meaningful-perturbation": perturbing(
        meaningful_perturbation,
        "how far a smooth mask, learned to undo the output, deletes each base",
        "Fong & Vedaldi 2017, section 4",
        Cost("100 * R * T + R + 1", "100 * R * T"),
    ),
}
# So many passes for each pair of a sequence and a reference that the benchmark runs them only by name.
COSTLY = frozenset({"shapley", "shapley-sampling", "lime", "meaningful-perturbation"})


def method_named(name: str) -> Method:
    """The method of this name, which may end in :STEP where the method looks at one step of the model, and in
    :START-END where it can be held to some positions.

    Raises UnknownName, listing what there is, and InputError for a step that plays no part in the method, or
    positions that are none.
    """
    known, colon, step = str(name).partition(":")
    if known not in METHODS:
        raise UnknownName("method", str(name), METHODS)
    method = METHODS[known]
    if not colon:
        return method
    if method.at_positions is not None:
        return replace(method, attributor=method.at_positions(positions_of(step)), one_strand=True)
    if method.at_step is None or not step:
        able = ", ".join(f"{key}:STEP" for key, entry in METHODS.items() if entry.at_step)
        raise InputError(f"the method '{known}' looks at no one step, as '{name}' asks; there is: {able}")
    return replace(method, attributor=method.at_step(step))


def name_of(method: Method) -> str:
    """What a method of the table, or one made of it, is called; its rulebook's name where it is none."""
    names = (name for name, one in METHODS.items() if one.summary == method.summary)
    return next(names, method.rulebook.name if method.rulebook else "a method of the caller's")


def with_patterns(name: str, patterns: Patterns) -> Method:
    """The method of this name with patterns of a model, for `attribute`.

    Raises UnknownName, and InputError for a method that uses none.
    """
    method = method_named(name)
    if not method.needs_patterns:
        able = ", ".join(key for key, entry in METHODS.items() if entry.needs_patterns)
        raise InputError(f"the method '{name}' uses no patterns; these do: {able}")
    return replace(method, patterns=patterns)
