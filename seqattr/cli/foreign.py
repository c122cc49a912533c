"""The options that say what a model file of another format leaves open: the fields of `Foreign`."""

import click

from seqattr.cli.values import inputs_in, json_object, names_in, read_by

FOREIGN = (
    click.option(
        "--trust-model", "trust", is_flag=True, help="Read a format that can run code, or needs some."
    ),
    click.option(
        "--input-length",
        "foreign_length",
        type=int,
        metavar="L",
        help="Length of the model's input in bases.",
    ),
    click.option(
        "--input-layout",
        "foreign_layout",
        default="N4L",
        show_default=True,
        help="N4L, NL4, N41L, N4L1, N14L, NL41, N1L4, NL14, LN4, N5L, NL5 ...; batch N, channels 4 (5 with "
        "one for unknown bases) and length L in any order, with a 1 anywhere.",
    ),
    click.option(
        "--channels",
        "foreign_channels",
        default="ACGT",
        show_default=True,
        callback=read_by(str.upper),
        help="The model's order of bases.",
    ),
    click.option(
        "--unknown",
        "foreign_unknown",
        type=float,
        metavar="VALUE",
        default=0.0,
        show_default=True,
        help="What the model wants in each channel of an unknown base, such as 0.25.",
    ),
    click.option(
        "--input",
        "foreign_inputs",
        metavar="NAME=VALUE",
        multiple=True,
        callback=read_by(inputs_in),
        help="Hold another input constant, by its name, number or key: zeros, a number, either with a shape "
        "as zeros(2,L), FILE.npz or FILE.npz:KEY; NAME=sequence says which is explained.",
    ),
    click.option(
        "--arch",
        "foreign_arch",
        metavar="MODULE:CLASS",
        help="What weights are of: MODULE:CLASS, FILE.py:CLASS, a name of the zoo, or a Keras model's JSON.",
    ),
    click.option(
        "--arch-args",
        "foreign_arch_args",
        metavar="JSON",
        default="{}",
        callback=read_by(json_object),
        help="Arguments for that class.",
    ),
    click.option(
        "--target-names",
        "foreign_targets",
        metavar="A,B,...",
        callback=read_by(names_in),
        help="Names for the model's outputs.",
    ),
)
