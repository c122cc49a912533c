"""The workflow in a folder: whole, upgraded, edited, somebody else's."""

import json
from pathlib import Path

import pytest

from seqattr.errors import OutputError
from seqattr.io.ownership import Output
from seqattr.jobs import workflow
from seqattr.jobs.workflow import BENCHMARK, PEAKS, RECORD, run
from tests.helpers.workflows import WORKFLOW


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", [PEAKS, BENCHMARK])
def test_every_file_of_the_package_is_written(tmp_path, kind):
    own = names_in(WORKFLOW / kind)
    shared = {f"{room}/{name}" for room in ("rules", "profiles") for name in names_in(WORKFLOW / room)}
    wanted = {name for name in own | shared if "__" not in name}
    written = run(Output(tmp_path / "new"), kind)
    assert set(written.written) == wanted >= {"Snakefile", "config.yaml", "profiles/slurm/config.yaml"}
    assert names_in(tmp_path / "new") == wanted | {RECORD}
    assert (tmp_path / "new" / "Snakefile").read_bytes() == (WORKFLOW / kind / "Snakefile").read_bytes()


def test_what_was_edited_stays_and_what_was_not_is_brought_up_to_date(tmp_path, monkeypatch):
    run(Output(tmp_path))
    (tmp_path / "config.yaml").write_text("out: mine\n")
    newer = workflow.texts_of(PEAKS) | {"Snakefile": b"# newer\n", "config.yaml": b"# newer\n"}
    monkeypatch.setattr(workflow, "texts_of", lambda kind: newer)
    for _ in range(2):
        done = run(Output(tmp_path))
        assert done.edited == ["config.yaml"]
        assert "config.yaml" not in done.written
        assert (tmp_path / "config.yaml").read_text() == "out: mine\n"
        assert (tmp_path / "Snakefile").read_text() == "# newer\n"
    assert run(Output(tmp_path, force=True)).edited == []
    assert (tmp_path / "config.yaml").read_text() == "# newer\n"


def test_what_no_call_wrote_is_not_replaced(tmp_path):
    (tmp_path / "Snakefile").write_text("# mine\n")
    with pytest.raises(OutputError, match="Snakefile: what is there was not written by seqattr; name"):
        run(Output(tmp_path))
    assert names_in(tmp_path) == {"Snakefile"}
    run(Output(tmp_path, force=True))
    assert (tmp_path / "Snakefile").read_bytes() == (WORKFLOW / PEAKS / "Snakefile").read_bytes()
    run(Output(tmp_path))


def test_the_other_workflow_is_not_replaced(tmp_path):
    run(Output(tmp_path), BENCHMARK)
    with pytest.raises(OutputError, match="it holds the workflow `benchmark`; name another folder"):
        run(Output(tmp_path), PEAKS)
    run(Output(tmp_path, force=True), PEAKS)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seqattr": 1, "files": 2}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path, text):
    run(Output(tmp_path))
    (tmp_path / RECORD).write_text(text)
    assert run(Output(tmp_path)).edited == []
    assert json.loads((tmp_path / RECORD).read_text())["seqattr"] == PEAKS
    (tmp_path / "Snakefile").write_text("# mine\n")
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(OutputError, match="was not written by seqattr"):
        run(Output(tmp_path))


def test_a_folder_in_the_place_of_a_file_is_refused_and_nothing_is_left(tmp_path):
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(OutputError, match=r"config\.yaml: Is a directory"):
        run(Output(tmp_path))
    assert names_in(tmp_path) == set()
