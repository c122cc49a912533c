"""Commands as results record them."""

import pytest

from seqattr.support.commands import but_for_out, with_out, without


def test_options_go_with_the_words_that_they_take():
    words = ["score", "--force", "--seed", "3", "--seed=4", "a b.fa"]
    assert list(without(words, {"--force": 0, "--seed": 1})) == ["score", "a b.fa"]


@pytest.mark.parametrize("out", ["", " --out a", " --out=a", " --out 'a b'"])
def test_a_run_is_the_same_wherever_it_writes(out):
    assert but_for_out(f"seqattr score{out} --seed 1") == "seqattr score --seed 1"


def test_what_no_shell_reads_is_as_it_is():
    assert but_for_out("seqattr 'score") == "seqattr 'score"


@pytest.mark.parametrize(
    ("command", "elsewhere"),
    [
        ("seqattr score --out a --seed 1", "seqattr score --out 'b c' --seed 1"),
        ("seqattr score --out=a --seed 1", "seqattr score '--out=b c' --seed 1"),
        ("seqattr score --seed 1", "seqattr score --seed 1 --out 'b c'"),
        ("", ""),
    ],
)
def test_a_command_can_be_told_to_write_elsewhere(command, elsewhere):
    assert with_out(command, "b c") == elsewhere
