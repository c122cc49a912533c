"""Where a command is told to write: what cannot be is one line before the work, and nothing is lost."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.killed import contents_of
from tests.helpers.scored import write_scores

SIMULATE = ("simulate", "tal-gata", "--count", 20, "--out")
EXPORT = ("export", "scores", "--target", "quiet", "--out")
PLOT = ("plot", "scores", "--region", "seq0", "--out")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_scores(tmp_path / "scores", count=4)
    (tmp_path / "file").write_text("mine")
    return tmp_path


@pytest.mark.parametrize("call", [SIMULATE, EXPORT], ids=["simulate", "export"])
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("file", "it is, or lies in, a file"),
        ("file/within", "it is, or lies in, a file"),
        ("broken", "it is a link to what is not there"),
    ],
)
def test_a_folder_that_cannot_be(refused, here, call, place, why):
    Path("broken").symlink_to("nowhere")
    assert refused(*call, place) == f"cannot write to {place}: {why}"
    assert Path("file").read_text() == "mine"
    assert not Path("nowhere").exists()


def test_a_folder_may_be_this_one_or_a_link_or_end_with_a_slash(ran, here, monkeypatch):
    ran(*SIMULATE, "whole/")
    Path("target").mkdir()
    Path("link").symlink_to("target")
    ran(*SIMULATE, "link/")
    assert Path("link").is_symlink()
    Path("inside").mkdir()
    monkeypatch.chdir("inside")
    ran(*SIMULATE, ".")
    ran(*SIMULATE, ".")
    assert contents_of(here / "whole") == contents_of(here / "target") == contents_of(here / "inside")


def test_a_link_in_a_folder_of_results_is_followed(ran, here):
    """Also to another file system: the temporary file lies beside what the link leads to."""
    ran(*SIMULATE, "whole")
    Path("out").mkdir()
    Path("elsewhere").mkdir()
    Path("out/sequences.fa").symlink_to("../elsewhere/kept.fa")
    ran(*SIMULATE, "out")
    assert Path("out/sequences.fa").is_symlink()
    assert contents_of(Path("out")) == contents_of(Path("whole"))
    assert os.listdir("elsewhere") == ["kept.fa"]


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="there is no second file system")
def test_results_may_lie_on_another_file_system(ran, here):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        ran(*EXPORT, f"{folder}/new")
        ran(*EXPORT, f"{folder}/new")
        assert sorted(os.listdir(f"{folder}/new")) == ["ohe.npz", "run.json", "shap.npz"]


def test_a_figure_s_folder_is_made_and_what_names_a_folder_is_no_file(ran, run, refused, here):
    ran(*PLOT, "new/figure.svg")
    assert Path("new/figure.svg").is_file()
    done = run(*PLOT, "new/")
    assert done.code == 2
    assert "'new/' names a folder; a file is wanted" in done.err
    assert refused(*PLOT, "file/figure.svg").endswith("/file: it is, or lies in, a file")


@pytest.fixture
def full() -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    resource = pytest.importorskip("resource")
    handler, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.fixture
def old(ran, here) -> dict[str, bytes]:
    ran(*SIMULATE, "out")
    return contents_of(here / "out")


def test_a_full_disk_leaves_the_results_before(old, full, refused):
    line = refused(*SIMULATE, "out", "--seed", 1, "--force")
    assert line == "cannot write out/sequences.fa: File too large"
    assert contents_of(Path("out")) == old
    assert sorted(os.listdir("out")) == sorted(old)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_in_which_nobody_may_write_leaves_the_results_before(old, refused):
    Path("out").chmod(0o500)
    try:
        assert refused(*SIMULATE, "out", "--force") == "cannot write out: Permission denied"
        assert contents_of(Path("out")) == old
    finally:
        Path("out").chmod(0o700)
