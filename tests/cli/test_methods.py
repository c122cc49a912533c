"""seqattr methods: all that there are, for a terminal and for the README."""

import seqattr
from seqattr.methods.listing import HEADINGS, markdown


def test_every_method_is_listed_with_its_source(run):
    lines = run("methods").out.splitlines()
    assert lines[0].split()[: len(HEADINGS[:2])] == list(HEADINGS[:2])
    assert [line.split()[0] for line in lines[1:]] == list(seqattr.METHODS)


def test_as_markdown_it_is_the_readme_s_table(run):
    assert run("methods", "--markdown").out == markdown() + "\n"
