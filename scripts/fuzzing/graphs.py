"""Changes to the graph in a model file of our own format, that a file of bytes would hardly survive."""

import copy
import random
from typing import Any

import torch

import seqattr
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.lengths import Lengths
from seqattr.engine.ops.elementwise import ELEMENTWISE
from seqattr.engine.ops.kinds import AVERAGES, KNOWN, MAXIMA, PRODUCTS, QUOTIENTS, SUMS
from seqattr.engine.ops.sizes import ON_SIZES
from seqattr.models import native

Plain = dict[str, Any]
NUMBERS = (
    *(-1, 0, 1, 2, 3, 7, 64, 1000, 2**31, 2**40, 2**63, -(2**62)),
    *(0.5, -0.0, 1e300, float("inf"), float("nan")),
)


def mutate(plain: Plain, rng: random.Random) -> Plain:
    """One to four things changed."""
    plain = copy.copy(plain) | {"steps": copy.deepcopy(plain["steps"]), "tensors": dict(plain["tensors"])}
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(MUTATIONS)(plain, rng)
    return plain


def change_argument(plain: Plain, rng: random.Random) -> None:
    step = rng.choice(plain["steps"])
    change_within(step["args"], plain, rng)


def change_within(arguments: list[Any], plain: Plain, rng: random.Random) -> None:
    if not arguments:
        arguments.append(value(plain, rng))
        return
    place = rng.randrange(len(arguments))
    if isinstance(arguments[place], list) and rng.random() < 0.8:
        change_within(arguments[place], plain, rng)
    elif rng.random() < 0.15:
        arguments.insert(place, value(plain, rng))
    elif rng.random() < 0.15:
        del arguments[place]
    else:
        arguments[place] = value(plain, rng)


def value(plain: Plain, rng: random.Random) -> Any:
    """Whatever an argument may be."""
    names = ["sequence", *plain["tensors"], *(step["name"] for step in plain["steps"])]
    kind = rng.randrange(6)
    if kind < 2:
        return rng.choice(NUMBERS)
    if kind == 2:
        return {"ref": rng.choice(names)}
    if kind == 3:
        return [value(plain, rng) for _ in range(rng.randrange(4))]
    return rng.choice(
        (None, True, False, "constant", "x", {"dtype": rng.choice(list(native.DTYPES))}, rng.randrange(9))
    )


def nudge(plain: Plain, rng: random.Random) -> None:
    """A whole number among the arguments, by one."""
    lists = [arguments for step in plain["steps"] for arguments in lists_in(step["args"])]
    places = [(each, i) for each in lists for i, number in enumerate(each) if type(number) is int]
    if places:
        arguments, place = rng.choice(places)
        arguments[place] += rng.choice((-1, 1, 1, 2))


def lists_in(argument: Any) -> list[list[Any]]:
    inside = [found for each in argument for found in lists_in(each)] if isinstance(argument, list) else []
    return [argument, *inside] if isinstance(argument, list) else inside


def swap_op(plain: Plain, rng: random.Random) -> None:
    """For another of the same sort."""
    step = rng.choice(plain["steps"])
    alike = next((table for table in ALIKE if step["op"] in table), None)
    if alike:
        step["op"] = rng.choice(sorted(alike))


def change_op(plain: Plain, rng: random.Random) -> None:
    rng.choice(plain["steps"])["op"] = rng.choice([*sorted(KNOWN), *ON_SIZES])


def insert_step(plain: Plain, rng: random.Random) -> None:
    """A new one that a later step may read."""
    step = copy.deepcopy(rng.choice(plain["steps"]))
    step |= {"name": f"new{rng.randrange(10**6)}", "op": rng.choice([*sorted(KNOWN), *ON_SIZES])}
    step["args"] = [value(plain, rng) for _ in range(rng.randrange(1, 5))]
    place = rng.randrange(len(plain["steps"]))
    reader = plain["steps"][place]
    plain["steps"].insert(place, step)
    if reader["args"] and rng.random() < 0.7:
        reader["args"][rng.randrange(len(reader["args"]))] = {"ref": step["name"]}


def drop_step(plain: Plain, rng: random.Random) -> None:
    del plain["steps"][rng.randrange(len(plain["steps"]))]


def change_field(plain: Plain, rng: random.Random) -> None:
    step, field = (
        rng.choice(plain["steps"]),
        rng.choice(("output", "layout", "part_of", "shape", "name", "source")),
    )
    step[field] = rng.choice(
        (None, 0, 1, "", "softmax", "norm", [0, 1, 1], [1, 1, 1], [0, 2, 3], [5, 1, 1], "(N, 2)")
    )


def change_tensor(plain: Plain, rng: random.Random) -> None:
    name = rng.choice(list(plain["tensors"]))
    tensor = plain["tensors"][name]
    changes = (
        lambda: tensor[..., :-1].contiguous(),
        lambda: tensor.unsqueeze(0),
        lambda: tensor.flatten(),
        lambda: torch.cat([tensor, tensor]),
        lambda: tensor.new_zeros([0] * tensor.ndim),
        lambda: tensor.to(rng.choice(list(native.DTYPES.values()))),
        lambda: tensor.double() * rng.choice((float("nan"), float("inf"), 1e300, 0.0)),
        lambda: tensor.new_zeros([rng.choice((1, 2, 9, 100)) for _ in range(rng.randrange(5))]),
    )
    plain["tensors"][name] = rng.choice(changes)()


def change_claim(plain: Plain, rng: random.Random) -> None:
    key = rng.choice(("lengths", "example_length", "shapes", "finals", "targets", "outputs"))
    choices: dict[str, Any] = {
        "lengths": [rng.choice((1, 2, 7, 40)), rng.choice((None, 40, 41, 10**9, -3))],
        "example_length": rng.choice((1, 2, 12, 39, 41, 100, 10**6, "x", None)),
        "shapes": rng.choice(([[2]], [[1]], [[]], [[40]], [[2**40]], [[-1]])),
        "finals": rng.choice(([""], ["softmax"], ["", ""], [None])),
        "targets": rng.choice(([["a", 0, 0]], [["a", 0, 10**9]], [["a", 1, 0]], [["a", 0, -1]], [])),
        "outputs": [rng.choice(plain["steps"])["name"]],
    }
    plain[key] = choices[key]


ALIKE = (set(ELEMENTWISE), SUMS | PRODUCTS | QUOTIENTS, AVERAGES, MAXIMA)
MUTATIONS = (
    *(nudge, nudge, nudge, swap_op, swap_op),
    *(change_argument, change_argument, change_argument, insert_step, insert_step, change_op),
    *(change_op, change_field, change_tensor, change_claim, change_claim, drop_step),
)


def with_fingerprint(plain: Plain) -> Plain:
    """With the fingerprint of what it holds, where that can be worked out."""
    try:
        steps = tuple(native.decode_step(step) for step in plain["steps"])
        model = seqattr.Model.__new__(seqattr.Model)
        model.graph = Graph(steps, plain["tensors"], tuple(plain["outputs"]))
        model.lengths, model.example_length = Lengths(*plain["lengths"]), plain["example_length"]
        model.targets = tuple(seqattr.Target(*target) for target in plain["targets"])
        model.finals, model.shapes = tuple(plain["finals"]), tuple(map(tuple, plain["shapes"]))
        return plain | {"fingerprint": native.checksum(model)}
    except Exception:
        return plain
