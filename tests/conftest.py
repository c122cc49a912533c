"""Two small models in files, FASTA files to score with them, and the command line in this process."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from seqattr.cli.main import main
from seqattr.io.fasta.records import write_fasta
from seqattr.support import threads

# For nets as small as these, threads only wait for each other: up to ten times slower beside other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Kernels for a GPU run in Triton's interpreter where there is none.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

LENGTH = 40


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


# Test files that read the models of the zoo: in one process, so that each model is captured once.
TOGETHER = {
    f"tests/{file}.py": "zoo"
    for file in (
        "models/test_zoo_engine",
        "models/test_content",
        "engine/edits/test_edits",
        "analyses/test_patterns",
        "analyses/test_attention",
    )
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files in processes: each as a whole, and some together."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return TOGETHER.get(file, file)

    return Scheduling(config, log)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Done]]:
    """Run `seqattr` with these arguments, in this process."""
    handler, number = signal.getsignal(signal.SIGTERM), threads.in_use()

    def call(*arguments: Any) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        return Done(int(left.value.code or 0), *capsys.readouterr())

    yield call
    signal.signal(signal.SIGTERM, handler)
    threads.use(number)


@pytest.fixture
def ran(run: Callable[..., Done]) -> Callable[..., str]:
    """Run a command that must succeed; what it says on stderr."""

    def call(*arguments: Any) -> str:
        done = run(*arguments)
        assert done.code == 0, done.err
        return done.err

    return call


@pytest.fixture
def refused(run: Callable[..., Done]) -> Callable[..., str]:
    """Run a command that must fail with exit code 1 and one line; that line."""

    def call(*arguments: Any) -> str:
        done = run(*arguments)
        assert done.code == 1, done
        assert done.out == ""
        assert done.err.startswith("seqattr: error: "), done.err
        assert done.err.count("\n") == 1, done.err
        return done.err.removeprefix("seqattr: error: ").rstrip("\n")

    return call


def random_texts(count: int, length: int = LENGTH, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices("ACGT", k=length)) for _ in range(count)]


@pytest.fixture
def texts() -> Callable[..., list[str]]:
    """Random DNA: texts(count, length, seed)."""
    return random_texts


@pytest.fixture
def fasta(tmp_path: Path) -> Callable[..., Path]:
    """Write texts as records r0, r1 ..., or a dict of names and texts, to a FASTA file."""

    def write(records: Any = 7, name: str = "s.fa") -> Path:
        if isinstance(records, int):
            records = random_texts(records)
        if not isinstance(records, dict):
            records = {f"r{number}": text for number, text in enumerate(records)}
        write_fasta(tmp_path / name, list(records), list(records.values()))
        return tmp_path / name

    return write


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with free.pt (7 bp or more, 2 targets) and fixed.pt (40 bp, a b c before a sigmoid)."""
    import torch
    from torch import nn

    import seqattr

    class Mean(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean(-1)

    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        head = nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)
        free = nn.Sequential(nn.Conv1d(4, 6, 7), nn.ReLU(), Mean(), *head)
        dense = nn.Linear(6 * (LENGTH - 6), 3)
        fixed = nn.Sequential(nn.Conv1d(4, 6, 7), nn.ReLU(), nn.Flatten(), dense, nn.Sigmoid())
    folder = tmp_path_factory.mktemp("models")
    example = torch.zeros(2, 4, LENGTH)
    seqattr.save_model(folder / "free.pt", seqattr.Model(free, example))
    seqattr.save_model(folder / "fixed.pt", seqattr.Model(fixed, example, targets=["a", "b", "c"]))
    return folder


@pytest.fixture
def free(models: Path) -> Path:
    return models / "free.pt"


@pytest.fixture
def fixed(models: Path) -> Path:
    return models / "fixed.pt"


@pytest.fixture(scope="session")
def attending(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two encoder layers of three heads, for 40 bp."""
    import torch
    from torch import nn

    import seqattr
    from tests.helpers.pieces import over_positions

    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        layer = nn.TransformerEncoderLayer(6, 3, 9, batch_first=True)
        encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        module = over_positions(lambda m, h: m.encoder(h), encoder=encoder).eval()
    path = tmp_path_factory.mktemp("attending") / "m.pt"
    seqattr.save_model(path, seqattr.Model(module, torch.zeros(2, 4, LENGTH)))
    return path


# Tests with very many cases that each take long, mostly by capturing a model: of these `make test` runs one
# case in so many, and `make test-slow` the others.
EVERY = {
    "analyses/test_attention.py::test_rows_sum_to_one_and_no_batch_matters": 3,
    "analyses/test_patterns.py::test_any_graph_has_patterns_that_give_back_the_value": 4,
    "cli/test_stopped.py::test_an_interrupted_run": 2,
    "engine/capture/test_answers.py::test_an_output_that_cannot_be_explained_is_left_out_and_said": 4,
    "engine/capture/test_check.py::test_what_is_said_was_tried": 3,
    "engine/capture/test_spellings.py::test_spellings_agree_to_the_last_bit": 3,
    "engine/edits/test_edits.py::test_edits_of_several_sequences_answer_as_the_whole_model_does": 3,
    "engine/graph/test_recurrent.py::test_contributions_equal_those_of_the_unrolled_graph": 3,
    "engine/rules/test_quotients.py::test_of_two_vectors_too": 3,
    "engine/walk/test_work.py::test_batch_size_does_not_matter": 2,
    "methods/test_every_method.py::test_numbers_are_valid": 3,
    "methods/test_mirror.py::test_the_explanation_is_mirrored": 3,
    "methods/test_zero_vectors.py::test_the_gradient_is_torchs_own": 3,
    "models/test_content.py::test_any_graph_has_a_hash_that_its_own_file_keeps": 5,
    "models/test_content.py::test_formats_of_one_model_have_one_hash": 3,
    "models/test_zoo_engine.py::test_contributions_sum_to_the_difference": 4,
    "test_fuzz.py::test_no_mutated_file_harms": 2,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks as slow what EVERY leaves out."""
    seen: dict[str, int] = {}
    for item in items:
        test = item.nodeid.removeprefix("tests/").split("[")[0]
        if test in EVERY:
            seen[test] = seen.get(test, -1) + 1
            if seen[test] % EVERY[test]:
                item.add_marker(pytest.mark.slow)
