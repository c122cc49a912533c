"""Which form is taken: the quickest of those that are right, measured once."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.numerics.gpu import choice as choices
from seqattr.engine.numerics.gpu.choice import Choices, largest_share, quickest
from seqattr.engine.numerics.gpu.clock import seconds_of
from seqattr.engine.numerics.gpu.notes import telling
from seqattr.engine.walk.session import Session
from tests.helpers.pieces import Head

CPU = torch.device("cpu")
ANSWER = torch.arange(12.0).view(3, 4) - 4
KEY = "convolution", (64, 64, 3), True, None


class Measured:
    """Forms that count their calls, and a clock that gives each a time and counts what it timed."""

    def __init__(self, seconds: Mapping[str, float], answers: Mapping[str, Tensor | Exception] = {}) -> None:
        self.seconds, self.answers = seconds, answers
        self.calls, self.timed = dict.fromkeys(seconds, 0), list[str]()

    @property
    def forms(self) -> dict[str, Callable[[], Tensor]]:
        return {name: lambda name=name: self.call(name) for name in self.seconds}  # type: ignore[misc]

    def call(self, name: str) -> Tensor:
        self.calls[name] += 1
        answer = self.answers.get(name, ANSWER)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def clock(self, name: str, form: Callable[[], Tensor], device: torch.device) -> float:
        form()
        self.timed.append(name)
        return self.seconds[name]

    def choose(self, folder: Path | None = None, tolerance: float = 1e-5) -> str:
        return Choices(folder, self.clock).quickest(KEY, self.forms, CPU, tolerance)


@pytest.mark.parametrize(
    ("seconds", "quick"),
    [
        ({"torch": 1.0, "ours": 0.5, "other": 0.7}, "ours"),
        ({"torch": 1.0, "ours": 0.9, "other": 0.2}, "other"),
        ({"torch": 1.0, "ours": 1.5}, "torch"),
        ({"torch": 1.0, "ours": 0.99}, "torch"),  # noise
        ({"torch": 1.0, "ours": 0.9, "other": 0.89}, "ours"),
        ({"torch": 1.0}, "torch"),
    ],
    ids=str,
)
def test_the_quickest_is_taken(seconds: dict[str, float], quick: str) -> None:
    measured = Measured(seconds)
    assert measured.choose() == quick
    assert measured.timed == list(seconds)


def test_what_is_known_is_not_measured_again() -> None:
    """Whatever rows there are; another key is another choice, and another form among them is too."""
    measured = Measured({"torch": 1.0, "ours": 0.5})
    known = Choices(None, measured.clock)
    for _ in range(3):
        assert known.quickest(KEY, measured.forms, CPU, 1e-5) == "ours"
    assert measured.calls == {"torch": 2, "ours": 2}  # for the answer and by the clock
    measured.seconds = {"torch": 0.1, "ours": 0.5}
    assert known.quickest(KEY, measured.forms, CPU, 1e-5) == "ours"
    assert known.quickest((*KEY, 1), measured.forms, CPU, 1e-5) == "torch"
    assert known.quickest(KEY, {"torch": measured.forms["torch"]}, CPU, 1e-5) == "torch"


class OutOfResources(Exception):
    """As Triton's, which is no RuntimeError."""


def test_a_form_that_asks_for_too_much_of_the_device_is_not_taken(tmp_path: Path) -> None:
    measured = Measured(
        {"torch": 1.0, "ours": 0.1, "other": 0.5}, {"ours": OutOfResources("out of shared memory")}
    )
    assert measured.choose(tmp_path) == "other"
    (file,) = tmp_path.iterdir()
    failed = json.loads(file.read_text())["choice"]["failed"]
    assert failed == {"ours": "OutOfResources: out of shared memory"}


@pytest.mark.parametrize("error", [RuntimeError("ptxas"), AssertionError("shapes")], ids=repr)
def test_one_that_fails_otherwise_is_said_and_tried_again_by_the_next_run(
    error: Exception, tmp_path: Path
) -> None:
    measured = Measured({"torch": 1.0, "ours": 0.1, "other": 0.5}, {"ours": error})
    notes: list[str] = []
    with telling(notes.append):
        assert measured.choose(tmp_path) == "other"
    assert notes == [
        f"on this GPU the kernel 'ours' failed ({type(error).__name__}: {error}), and is not used in this run"
    ]
    assert not list(tmp_path.iterdir())


def test_one_that_fails_by_the_clock_alone_is_not_taken() -> None:
    """As a kernel whose error shows only when the device is waited for."""
    measured = Measured({"torch": 1.0, "ours": 0.1})

    def clock(name: str, form: Callable[[], Tensor], device: torch.device) -> float:
        if name == "ours":
            raise RuntimeError("an illegal memory access was encountered")
        return 1.0

    assert Choices(None, clock).quickest(KEY, measured.forms, CPU, 1e-5) == "torch"


@pytest.mark.parametrize("name", ["torch", "ours"])
def test_too_little_memory_is_not_a_forms_fault(name: str, tmp_path: Path) -> None:
    """There will be fewer rows, and then it is measured."""
    measured = Measured({"torch": 1.0, "ours": 0.1}, {name: torch.OutOfMemoryError()})
    known = Choices(tmp_path, measured.clock)
    with pytest.raises(torch.OutOfMemoryError):
        known.quickest(KEY, measured.forms, CPU, 1e-5)
    assert list(tmp_path.iterdir()) == []
    measured.answers = {}
    assert known.quickest(KEY, measured.forms, CPU, 1e-5) == "ours"


def test_what_the_trusted_form_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="no such shape"):
        Measured({"torch": 1.0, "ours": 0.1}, {"torch": ValueError("no such shape")}).choose()


# --- right ones ----------------------------------------------------------------------------------


def moved(by: float) -> Tensor:
    """The answer with one number moved, by a share of the largest, 7."""
    answer = ANSWER.clone()
    answer[1, 2] += 7 * by
    return answer


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (moved(0.9e-5), True),
        (moved(-1.2e-5), False),
        (moved(float("nan")), False),
        (moved(float("inf")), False),
        (ANSWER.t(), False),
        (ANSWER[:, :3], False),
        (ANSWER.t().contiguous().t(), True),  # only elsewhere in memory
    ],
)
def test_a_wrong_answer_is_not_taken_however_quick(answer: Tensor, right: bool) -> None:
    measured, told = Measured({"torch": 1.0, "ours": 0.1}, {"ours": answer}), list[str]()
    known = Choices(None, measured.clock)
    with telling(told.append):
        for _ in range(2):  # whoever asks next is told as well
            assert known.quickest(KEY, measured.forms, CPU, 1e-5) == ("ours" if right else "torch")
    assert len(told) == (0 if right else 2)
    assert all("the kernel 'ours' answers differently from torch's own, by " in note for note in told)
    assert measured.timed == (["torch", "ours"] if right else ["torch"])


def test_the_tolerance_is_the_callers() -> None:
    measured = Measured({"torch": 1.0, "ours": 0.1}, {"ours": moved(1e-3)})
    assert measured.choose(tolerance=1e-4) == "torch"
    assert measured.choose(tolerance=1e-2) == "ours"


def test_numbers_that_are_none_tell_nothing_and_nothing_is_kept(tmp_path: Path) -> None:
    measured = Measured({"torch": 1.0, "ours": 0.1}, {"torch": moved(float("nan"))})
    known = Choices(tmp_path, measured.clock)
    assert known.quickest(KEY, measured.forms, CPU, 1e-5) == "torch"
    measured.answers = {}
    assert known.quickest(KEY, measured.forms, CPU, 1e-5) == "ours"
    assert len(list(tmp_path.iterdir())) == 1


def test_answers_are_compared_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = torch.randn(50, 7, generator=torch.Generator().manual_seed(0))
    answer = exact.clone()
    answer[-1, -1] += 1
    monkeypatch.setattr(choices, "PIECE", 21)
    assert largest_share(answer, exact) == pytest.approx(1 / float(exact.abs().max()))
    assert largest_share(exact, exact) == 0
    assert largest_share(torch.zeros(5), torch.zeros(5)) == 0
    assert largest_share(torch.ones(5), torch.zeros(5)) > 1
    assert largest_share(torch.zeros(0, 5), torch.zeros(0, 5)) == 0


# --- from run to run -----------------------------------------------------------------------------


def test_a_later_run_measures_nothing(tmp_path: Path) -> None:
    first = Measured({"torch": 1.0, "ours": 0.5, "wrong": 0.1}, {"wrong": moved(1)})
    assert first.choose(tmp_path / "new") == "ours"
    later, told = Measured({"torch": 0.1, "ours": 0.5, "wrong": 0.1}), list[str]()
    with telling(told.append):
        assert later.choose(tmp_path / "new") == "ours"
    assert later.calls == {"torch": 0, "ours": 0, "wrong": 0}
    assert len(told) == 1  # what is wrong here still is
    (file,) = (tmp_path / "new").iterdir()
    record = json.loads(file.read_text())
    assert record["key"] == ["convolution", [64, 64, 3], True, None]
    assert record["choice"]["seconds"] == {"torch": 1.0, "ours": 0.5}
    assert record["machine"]["torch"] == torch.__version__


@pytest.mark.parametrize("what", ["torch", "triton", "seqattr", "kernels", "cudnn", "device"])
def test_another_machine_or_version_measures_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    Measured({"torch": 1.0, "ours": 0.5}).choose(tmp_path)
    assert what in choices.machine(CPU)
    other = {**choices.machine(CPU), what: "another"}
    monkeypatch.setattr(choices, "machine", lambda device: other)
    assert Measured({"torch": 0.1, "ours": 0.5}).choose(tmp_path) == "torch"
    assert len(list(tmp_path.iterdir())) == 2


WRONG = ["", "{", "[1]", '{"choice": 3}', '{"choice": {"form": "ours"}}']


@pytest.mark.parametrize("wrong", WRONG)
def test_a_broken_file_is_measured_anew(tmp_path: Path, wrong: str) -> None:
    Measured({"torch": 1.0, "ours": 0.5}).choose(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(wrong)
    assert Measured({"torch": 0.1, "ours": 0.5}).choose(tmp_path) == "torch"
    assert json.loads(file.read_text())["choice"]["form"] == "torch"


@pytest.mark.parametrize(("field", "value"), [("form", "none"), ("form", []), ("seconds", {"torch": "1"})])
def test_a_file_with_another_choice_is_measured_anew(tmp_path: Path, field: str, value: object) -> None:
    Measured({"torch": 1.0, "ours": 0.5}).choose(tmp_path)
    (file,) = tmp_path.iterdir()
    record = json.loads(file.read_text())
    record["choice"][field] = value
    file.write_text(json.dumps(record))
    assert Measured({"torch": 0.1, "ours": 0.5}).choose(tmp_path) == "torch"


def test_what_another_process_chose_meanwhile_holds_here_too(tmp_path: Path) -> None:
    other = Measured({"torch": 1.0, "ours": 0.5})
    here = Measured({"torch": 0.1, "ours": 0.5})

    def clock(name: str, form: Callable[[], Tensor], device: torch.device) -> float:
        other.choose(tmp_path)
        return here.clock(name, form, device)

    assert Choices(tmp_path, clock).quickest(KEY, here.forms, CPU, 1e-5) == "ours"


def test_no_place_to_keep_it_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert Measured({"torch": 1.0, "ours": 0.5}).choose(tmp_path / "file" / "kernels") == "ours"


def test_the_interpreters_choices_are_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQATTR_CACHE", "/cache")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert choices.folder() is None
    monkeypatch.setenv("TRITON_INTERPRET", "0")
    assert choices.folder() == Path("/cache/kernels")


# --- by a clock of this machine ------------------------------------------------------------------


@pytest.mark.parametrize("device", [CPU, pytest.param(torch.device("cuda"), marks=pytest.mark.gpu)], ids=str)
def test_the_clock_tells_a_long_form_from_a_short_one(device: torch.device) -> None:
    if device.type == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    square = torch.ones(512, 512, device=device)

    def long() -> Tensor:
        for _ in range(20):
            answer = square @ square
        return answer

    assert 0 < seconds_of("short", lambda: square @ square, device) < seconds_of("long", long, device)
    key = ("by this clock", str(device))
    assert quickest(key, {"long": long, "short": lambda: square @ square}, device) == "short"


def test_a_session_notes_what_is_wrong_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = Measured({"torch": 1.0, "ours": 0.5}, {"ours": moved(1)})
    monkeypatch.setattr(choices, "CHOICES", Choices(None, measured.clock))
    torch.manual_seed(0)
    session = Session(Model(Head(4), torch.zeros(2, 4, 30)), device="cpu")
    for _ in range(2):
        with session.running():
            assert quickest(KEY, measured.forms, CPU) == "torch"
    (note,) = session.notes
    assert note == (
        "on this GPU the kernel 'ours' answers differently from torch's own, by 1 of the largest value, and "
        "is not used"
    )
    assert quickest(KEY, measured.forms, CPU) == "torch"  # outside of it nobody listens
    assert len(session.notes) == 1
