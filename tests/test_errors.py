"""An unknown name is told with the one that was probably meant; errors go between processes."""

import pickle
from pathlib import Path

import pytest

from seqattr import errors
from seqattr.errors import InputError, UnknownName, no_folder
from seqattr.jobs.report.scores import open_scores
from seqattr.methods.registry import METHODS


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DeepLIFT", "deeplift"),
        ("deep_lift_rescale", "deeplift-rescale"),
        ("integrated-gradients", "integrated-gradients-50"),
        ("saliancy", "saliency"),
        ("SmoothGrad", "smoothgrad"),
        ("deepliftrevealcancel", "deeplift-revealcancel"),
        ("deeplif", "deeplift"),
    ],
)
def test_the_nearest_name_is_told(name: str, meant: str) -> None:
    assert str(UnknownName("method", name, METHODS)).endswith(f"; did you mean '{meant}'?")


HOCOMOCO = [
    *("AHR.H13CORE.0.P.B", "ANDR.H13CORE.0.P.B", "GATA1.H13CORE.0.P.B", "GATA1.H13CORE.1.PSM.A"),
    *("GATA10.H13CORE.0.P.B", "GATA2.H13CORE.0.PSM.A", "ZBT7A.H13CORE.0.P.C"),
    *(f"ZN{number}.H13CORE.0.P.C" for number in range(100, 1700)),
]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GATA1", ["GATA1.H13CORE.0.P.B", "GATA1.H13CORE.1.PSM.A", "GATA10.H13CORE.0.P.B"]),
        ("gata1.h13core", ["GATA1.H13CORE.1.PSM.A", "GATA1.H13CORE.0.P.B"]),
        ("GATTA1", ["GATA1.H13CORE.0.P.B", "GATA1.H13CORE.1.PSM.A"]),
        ("ZN250", ["ZN250.H13CORE.0.P.C", "ZN1250.H13CORE.0.P.C"]),
    ],
)
def test_of_very_many_names_the_nearest_are_told_and_how_many_more(name: str, meant: list[str]) -> None:
    told = str(UnknownName("motif", name, HOCOMOCO))
    assert told.startswith(f"unknown motif '{name}'; there is: {', '.join(meant)}, ")
    assert told.endswith(f", ... and 1,599 more; did you mean '{meant[0]}'?")
    assert told.count("H13CORE") == 8 + 1


def test_a_dozen_names_are_told_all() -> None:
    names = [f"target{number}" for number in range(13)]
    assert (
        str(UnknownName("target", "x", names[:12]))
        == f"unknown target 'x'; there is: {', '.join(names[:12])}"
    )
    some = ", ".join(names[:8])
    assert str(UnknownName("target", "x", names)) == f"unknown target 'x'; there is: {some}, ... and 5 more"


@pytest.mark.parametrize("name", ["magic", "", "x", "$"])
def test_nothing_is_guessed_where_no_name_is_near(name: str) -> None:
    assert "did you mean" not in str(UnknownName("method", name, METHODS))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\r\n c", "a b c"),
        ("a\x00\x1b[31m\x85\u2028b", "a\\x00\\x1b[31m\\x85\\u2028b"),
        ("\udc80", "\\udc80"),
        ("\u03c7 r\u00e9cord", "\u03c7 r\u00e9cord"),
        ("9" * 5000, "9" * 99 + "..." + "9" * 19),
        ("/tmp/" + "d" * 200 + "/x.fa", "/tmp/" + "d" * 200 + "/x.fa"),
    ],
)
def test_a_message_is_one_line_whatever_it_names(name: str, shown: str) -> None:
    assert str(InputError(f"there is no '{name}' here")) == f"there is no '{shown}' here"


def test_a_long_message_keeps_its_cure() -> None:
    told = str(InputError(f"unknown names {', '.join(map(str, range(5000)))}; give others"))
    assert len(told) < 2100
    assert told.startswith("unknown names 0, 1, 2")
    assert told.endswith("; give others")


@pytest.mark.parametrize(
    "error",
    [
        errors.UnknownName("method", "a", ["b", "c"]),
        errors.UnsupportedOp("aten.x", "net.py:3", "a hint"),
        errors.UntrustedModel("it is a pickle", Path("m.pt"), {"length": 3}),
        errors.NotFinite("the model answered NaN for", 3),
        errors.OutputError("cannot write x"),
    ],
)
def test_an_error_is_the_same_in_another_process(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_a_file_in_a_folder_s_place_is_told_as_one(tmp_path):
    (tmp_path / "file").touch()
    assert (
        no_folder(tmp_path / "file", "a run is wanted") == f"{tmp_path / 'file'} is a file; a run is wanted"
    )
    assert no_folder(tmp_path / "none", "a run is wanted").startswith("there is no folder ")
    with pytest.raises(InputError, match="file is a file; it should be what"):
        open_scores(tmp_path / "file")
