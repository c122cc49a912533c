#!/usr/bin/env python3
"""Model files in our own format, mutated: each ends in an answer or in one line, and no process dies of it.

    python scripts/fuzz_model_files.py [NUMBER] [SEED] [SECONDS]

A worker loads each mutated file, with the fingerprint of just its content, as anybody can write it. Where it
opens, it explains two sequences by one of several methods, at the model's length and at others. A worker that
dies, or takes more than a minute or 4 GB for one file, is a fault, and its number is printed: the same number
and seed make the same file again.
"""

import argparse
import copy
import multiprocessing
import random
import resource
import sys
import time
from collections import Counter
from typing import Any

import torch

import seqattr
from seqattr.engine.elementwise import ELEMENTWISE
from seqattr.engine.graph import Graph
from seqattr.engine.kinds import AVERAGES, KNOWN, MAXIMA, ON_SIZES, PRODUCTS, QUOTIENTS, SUMS
from seqattr.engine.lengths import Lengths
from seqattr.errors import SeqattrError
from seqattr.models import native

Plain = dict[str, Any]
METHODS = ("deeplift", "deeplift-revealcancel", "gradient", "lrp-composite")
NUMBERS = (
    -1,
    0,
    1,
    2,
    3,
    7,
    64,
    1000,
    2**31,
    2**40,
    2**63,
    -(2**62),
    0.5,
    -0.0,
    1e300,
    float("inf"),
    float("nan"),
)
MOST_BYTES, MOST_SECONDS = 4 * 2**30, 60.0
LENGTH = 40


def nets() -> list[Plain]:
    """Small models of every sort of step, as their files have them."""
    torch.manual_seed(0)
    conv, nn = torch.nn.Conv1d, torch.nn
    pools = nn.Sequential(
        conv(4, 8, 5), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), conv(8, 6, 3), nn.GELU()
    )
    modules = [
        nn.Sequential(conv(4, 50, 9), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(50, 2)),
        nn.Sequential(conv(4, 3, 9), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(3, 1)),
        nn.Sequential(pools, nn.Flatten(), nn.Linear(6 * 16, 5), nn.ReLU(), nn.Linear(5, 2), nn.Sigmoid()),
        Attention(),
        Residual(),
        Recurrent(),
    ]
    return [native.to_plain(seqattr.Model(module.eval(), torch.zeros(2, 4, LENGTH))) for module in modules]


class Attention(torch.nn.Module):
    """Heads that share a dimension with the batch, a norm, and sizes worked out from the length."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = torch.nn.Conv1d(4, 6, 5), torch.nn.LayerNorm(6)
        self.attention = torch.nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm(self.conv(x).transpose(1, 2))
        return self.attention(h, h, h)[0].mean(1)


class Recurrent(torch.nn.Module):
    """Two directions through time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(4, 6, 5, stride=3)
        self.layer, self.head = torch.nn.LSTM(6, 3, bidirectional=True), torch.nn.Linear(6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(self.conv(x).permute(2, 0, 1))[0][-1])


class Residual(torch.nn.Module):
    """Dilated convolutions with a profile, crops, pads, joins and a product."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv1d(4, 8, 7, padding=3)
        self.second = torch.nn.Conv1d(8, 8, 3, padding=4, dilation=4)
        self.head = torch.nn.Conv1d(16, 1, 5)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = torch.relu(self.first(x))
        h = torch.cat([h + torch.tanh(self.second(h)), torch.nn.functional.pad(h, (1, 0))[..., :-1]], 1)
        return self.head(h).squeeze(1), (h * h.softmax(1)).amax(2)


# --- mutations ---------------------------------------------------------------------------------


def mutated(plain: Plain, rng: random.Random) -> Plain:
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


def signed(plain: Plain) -> Plain:
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


# --- the answer --------------------------------------------------------------------------------


def answer(plain: Plain, rng: random.Random) -> str:
    """What became of a file: "explained" or "refused"; of a fault its name and text."""
    try:
        model = native.from_plain(plain)
        shortest, longest = model.lengths.shortest, model.lengths.longest or 3 * model.example_length
        outcome = "refused at work"
        for length in {model.example_length, shortest, rng.randint(shortest, longest)}:
            codes = torch.randint(4, (2, min(length, 10_000)), generator=torch.Generator().manual_seed(1))
            sequences = torch.nn.functional.one_hot(codes, 4).transpose(1, 2)
            outcome = explained(model, sequences, rng.choice(METHODS), outcome)
        return outcome
    except SeqattrError as error:
        return "refused" if "\n" not in str(error) else f"FAULT several lines: {error}"
    except Exception as error:
        return f"FAULT {type(error).__name__}: {' '.join(str(error).split())[:150]}"


def explained(model: seqattr.Model, sequences: torch.Tensor, method: str, before: str) -> str:
    try:
        references = sequences[:, None].expand(-1, 2, -1, -1).roll(1, 3).flip(2)
        seqattr.attribute(model, sequences, references, method=method)
    except SeqattrError:
        return before
    return "explained"


def work(numbers: Any, results: Any, seed: int) -> None:
    """A worker: says which file it takes up, and what became of it."""
    resource.setrlimit(resource.RLIMIT_AS, (3 * MOST_BYTES, 3 * MOST_BYTES))
    torch.set_num_threads(1)
    originals = nets()
    for number in iter(numbers.get, None):
        results.put((number, "begun", 0.0))
        started = time.process_time()
        rng = random.Random(f"{seed} {number}")
        outcome = answer(signed(mutated(rng.choice(originals), rng)), rng)
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > MOST_BYTES:
            outcome = f"FAULT memory, {outcome}"
        results.put((number, outcome, time.process_time() - started))


def fuzz(number: int, seed: int = 0, seconds: float = float("inf")) -> tuple[Counter[str], list[str]]:
    """How many files ended how, and the faults; a worker that dies is one, and another takes its place."""
    context = multiprocessing.get_context("spawn")
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    todo, started = iter(range(number)), time.monotonic()
    worker = None
    while time.monotonic() - started < seconds:
        if worker is None or not worker.is_alive():
            numbers, results = context.Queue(), context.Queue()
            worker = context.Process(target=work, args=(numbers, results, seed), daemon=True)
            worker.start()
            waiting = 600.0  # until it has its models
        each = next(todo, None)
        if each is None:
            break
        numbers.put(each)
        ended = ended_how(worker, results, waiting)
        waiting = MOST_SECONDS + 60
        outcomes[ended.split(":")[0].split(",")[0]] += 1
        if ended.startswith("FAULT"):
            faults.append(f"{each}: {ended}")
    if worker is not None and worker.is_alive():
        numbers.put(None)
        worker.join(10)
    return outcomes, faults


def ended_how(worker: Any, results: Any, seconds: float) -> str:
    """What became of the file that a worker was given."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            _, outcome, took = results.get(timeout=0.5)
        except Exception:
            if not worker.is_alive():
                return f"FAULT died: exit code {worker.exitcode}"
            continue
        if outcome != "begun":
            return f"FAULT slow: {took:.0f} s, {outcome}" if took > MOST_SECONDS else str(outcome)
    worker.kill()
    worker.join()
    return f"FAULT no end in {seconds:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, nargs="?", default=1000)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("seconds", type=float, nargs="?", default=float("inf"))
    options = parser.parse_args()
    began = time.monotonic()
    outcomes, faults = fuzz(options.number, options.seed, options.seconds)
    print(f"{sum(outcomes.values())} files in {time.monotonic() - began:.0f} s: {dict(outcomes)}")
    print("\n".join(faults))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
